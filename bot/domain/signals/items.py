"""`item_low`: one answer that stands out, however good the others are."""

from collections.abc import Sequence

from bot.domain.signals.history import Signal
from bot.domain.signals.occasions import Occasion, Reply, Scored
from bot.domain.signals.reading import Finding, Reading, Unmet
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure, median
from bot.domain.words import ALLIANCE, Construct, Json, Tier


def item_low(reading: Reading, numbers: Parameters) -> Finding:
    """A bond, goals or tasks answer ≤ `level` and ≥ `fall` below that question's own median (`early_n` earlier answers
    or more); with fewer, ≤ `level_early`. Needs no complete check-in. Of one construct only the lowest is a signal."""
    answered = [occasion for occasion in reading.occasions if occasion.ratings]
    if not answered or not reading.is_news(max(one.at for one in answered[-1].ratings)):
        return Unmet("no_answer")
    newest = answered[-1].scored
    low: dict[Construct, Signal] = {}
    for one in sorted(newest, key=lambda one: one.value):
        signal = _low(one, earlier_answers(one.reply, answered[:-1], reading), numbers)
        if signal is not None:
            low.setdefault(one.reply.construct, signal)
    if not low:
        return Unmet("not_low", {"lowest": figure(min(one.value for one in newest))})
    return tuple(low[construct] for construct in ALLIANCE if construct in low)


def earlier_answers(reply: Reply, before: Sequence[Occasion], reading: Reading) -> list[float]:
    """What was answered to the same question in the check-ins `before`, as far as it belongs to that answer's usual."""
    since = reading.since_at(reply.at)
    return [
        other.value_0_10 or 0.0
        for occasion in before
        for other in occasion.by_question.get(reply.key, ())
        if since is None or other.at >= since
    ]


def _low(one: Scored, earlier: Sequence[float], numbers: Parameters) -> Signal | None:
    usual = median(earlier)
    if usual is None or len(earlier) < numbers["early_n"]:
        low = one.value <= numbers["level_early"]
    else:
        low = one.value <= numbers["level"] and usual - one.value >= numbers["fall"]
    if not low:
        return None
    last_three: list[Json] = [figure(value) for value in earlier[-3:]]
    evidence: dict[str, Json] = {
        "value": figure(one.value),
        "usual": None if usual is None else figure(usual),
        "last_three": last_three,
        "n": len(earlier),
        "limit_is": "early" if len(earlier) < numbers["early_n"] else "usual",
        "question": one.reply.question,
    }
    return Signal("item_low", one.reply.construct, one.reply.at, Tier.ALERT, evidence, one.check_in_id)
