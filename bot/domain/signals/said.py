"""What a client says in so many words. One explicit answer beats any chart."""

from collections.abc import Sequence

from bot.domain.signals.history import Signal
from bot.domain.signals.occasions import Reply
from bot.domain.signals.reading import Finding, Reading, Unmet
from bot.domain.signals.settings import Parameters
from bot.domain.words import Construct, Json, Tier

YES, NO, SAME = "yes", "no", "same"
WORSE = ("worse", "bit_worse")
"""Meanings of options, as `questions.MEANINGS` lists them."""


def said_bothered(reading: Reading, numbers: Parameters) -> Finding:
    """Something from last time is still there: yes once, or a bit in `times` of the last `of`."""
    answers = _of_this_worker(reading, "bothered")
    if not answers or not reading.is_news(answers[-1][1].at):
        return Unmet("not_asked")
    degrees = [reply.choice or NO for _, reply in answers]
    lately = degrees[-int(numbers["of"]) :]
    if degrees[-1] == YES:
        return (_signal("said_bothered", answers[-1][1].construct, answers, degrees),)
    often = sum(degree != NO for degree in lately)
    if degrees[-1] == NO or often < numbers["times"]:
        return Unmet("not_bothered", {"last": degrees[-1], "times": often})
    return (_signal("said_bothered", answers[-1][1].construct, answers, degrees),)


def said_worse(reading: Reading, numbers: Parameters) -> Finding:
    """Working together feels worse than before: worse once, or a bit worse `times` running."""
    answers = _of_this_worker(reading, "direction")
    if not answers or not reading.is_news(answers[-1][1].at):
        return Unmet("not_asked")
    running = int(numbers["times"])
    degrees = [reply.choice or SAME for _, reply in answers]
    lately = degrees[-running:]
    if degrees[-1] == WORSE[0] or (len(lately) == running and set(lately) <= set(WORSE)):
        return (_signal("said_worse", answers[-1][1].construct, answers, degrees),)
    return Unmet("not_worse", {"last": degrees[-1]})


def said_stopping(reading: Reading, numbers: Parameters) -> Finding:
    """Not coming any more: yes once is an alert; now and then in `times` of the last `of` is for the digest."""
    answers = _of_this_worker(reading, "stopping")
    if not answers or not reading.is_news(answers[-1][1].at):
        return Unmet("not_asked")
    degrees = [reply.choice or NO for _, reply in answers]
    often = sum(degree != NO for degree in degrees[-int(numbers["of"]) :])
    if degrees[-1] == YES:
        return (_signal("said_stopping", answers[-1][1].construct, answers, degrees),)
    if degrees[-1] == NO or often < numbers["times"]:
        return Unmet("not_stopping", {"last": degrees[-1], "times": often})
    return (_signal("said_stopping", answers[-1][1].construct, answers, degrees, Tier.DIGEST),)


def _of_this_worker(reading: Reading, asks: str) -> list[tuple[str, Reply]]:
    """Answers since the usual began that held at the newest: what was said of another worker is not added to it."""
    answers = reading.asked(asks)
    since = reading.since_at(answers[-1][1].at) if answers else None
    return [one for one in answers if since is None or one[1].at >= since]


def _signal(
    rule: str,
    construct: Construct,
    answers: Sequence[tuple[str, Reply]],
    degrees: Sequence[str],
    tier: Tier = Tier.ALERT,
) -> Signal:
    check_in_id, reply = answers[-1]
    last_three: list[Json] = list(degrees[-4:-1])
    evidence: dict[str, Json] = {
        "value": degrees[-1],
        "usual": None,
        "last_three": last_three,
        "question": reply.question,
    }
    return Signal(rule, construct, reply.at, tier, evidence, check_in_id)
