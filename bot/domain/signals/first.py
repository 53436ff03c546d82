"""`first_low`: a low start, before there is a usual. The client is asked directly first; only what they confirm rings."""

from collections.abc import Mapping

from bot.domain.signals.history import Signal
from bot.domain.signals.observations import Observation
from bot.domain.signals.occasions import Reply
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure
from bot.domain.words import Tier

CONFIRMS: Mapping[str, tuple[str, ...]] = {
    "bothered": ("a_bit", "yes"),
    "direction": ("bit_worse", "worse"),
    "stopping": ("now_and_then", "yes"),
}
"""Direct questions, and the answers to them that say that something is wrong."""


def first_low(reading: Reading, numbers: Parameters) -> Finding:
    """One of the first `first_n` observations ≤ `level`, or `drop` below the one before: for the digest. A direct answer
    that says so too, in that check-in or one of the `confirm_within` after it: an alert."""
    if not reading.series:
        return Unmet("no_observation")
    first = reading.series[: int(numbers["first_n"])]
    low = [n for n, one in enumerate(first) if _is_low(n, one, first, numbers)]
    confirmed = _confirmed(reading, first, low, numbers)
    newest = reading.series[-1]
    found = []
    if newest in first and first.index(newest) in low and (confirmed is None or confirmed.source != newest.check_in_id):
        found.append(_signal(first, first.index(newest), newest))
    if confirmed is not None and reading.is_news(confirmed.raised_at):
        found.append(
            confirmed
        )  # also where the direct question alone was answered, and the low start is still the newest
    if found:
        return tuple(found)
    if newest not in first:
        return Unmet("not_the_first", {"n": len(reading.series)})
    return Unmet("not_low", {"value": figure(newest.value), "n": len(reading.series)})


def _is_low(n: int, one: Observation, first: tuple[Observation, ...], numbers: Parameters) -> bool:
    fell = n > 0 and first[n - 1].value - one.value >= numbers["drop"]
    return fell or one.value <= numbers["level"]


def _confirmed(reading: Reading, first: tuple[Observation, ...], low: list[int], numbers: Parameters) -> Signal | None:
    """The first direct answer that confirms one of them; what is said of a new worker confirms nothing of the last."""
    found = []
    for n in low:
        for occasion in reading.following(first[n].check_in_id, int(numbers["confirm_within"])):
            found += [
                (reply.at, n, occasion.check_in_id, reply)
                for reply in occasion.answers()
                if reply.choice in CONFIRMS.get(reply.asks or "", ())
                and reading.since_at(reply.at) == reading.since_at(first[n].at)
            ]
    if not found:
        return None
    _, n, check_in_id, reply = min(found, key=lambda one: (one[0], one[1], one[3].key))
    return _signal(first, n, first[n], reply, check_in_id)


def _signal(
    first: tuple[Observation, ...],
    n: int,
    one: Observation,
    confirmed_by: Reply | None = None,
    check_in_id: str | None = None,
) -> Signal:
    earlier = [before.value for before in first[:n]]
    usual = sum(earlier) / n if n else None
    evidence = shown(one.value, usual, earlier, n=n + 1)
    if confirmed_by is None:
        return Signal("first_low", None, one.last_at, Tier.DIGEST, evidence, one.check_in_id)
    said = {"question": confirmed_by.question, "answer": confirmed_by.choice}
    return Signal("first_low", None, confirmed_by.at, Tier.ALERT, evidence | said, check_in_id)
