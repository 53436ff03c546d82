"""`steady_low`: answers that are low and stay low, for whom no usual can make a difference."""

from collections.abc import Sequence

from bot.domain.signals.history import Signal
from bot.domain.signals.observations import Observation
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure
from bot.domain.words import Tier

BY_NUMBERS = ("item_low", "drop", "slide", "steady_low", "first_low")
"""Rules by which somebody may have heard of low numbers before."""


def steady_low(reading: Reading, numbers: Parameters) -> Finding:
    """The last `last` observations ≤ `level`: for the digest, once in `again_after` days. All ≤ `level_alert`: an alert,
    once for as long as it stays so. Who has been so low from the first answer on has been told of by any number."""
    lately = reading.series[-int(numbers["last"]) :]
    if len(lately) < numbers["last"]:
        return Unmet("too_few", {"n": len(lately)})
    highest = max(one.value for one in lately)
    if highest > numbers["level"]:
        return Unmet("not_low", {"highest": figure(highest)})
    if highest <= numbers["level_alert"] and not _heard(reading, numbers["level_alert"]):
        return (_signal(reading, lately, Tier.ALERT),)
    if reading.told_lately("steady_low", numbers["again_after"]):
        return Unmet("told_lately", {"highest": figure(highest)})
    return (_signal(reading, lately, Tier.DIGEST),)


def _heard(reading: Reading, level: float) -> bool:
    """Has an alert told of it since it became so low?"""
    above = [one for one in reading.series if one.value > level]
    since = above[-1].at if above else reading.series[0].at
    rules = ("steady_low",) if above else BY_NUMBERS
    return any(
        one.alerted and one.tier >= Tier.ALERT and one.rule in rules and one.raised_at >= since
        for one in reading.history.told
    )


def _signal(reading: Reading, lately: Sequence[Observation], tier: Tier) -> Signal:
    one, usual = lately[-1], reading.steps[-1].before
    evidence = shown(
        one.value,
        usual.m if usual.n else None,
        [earlier.value for earlier in reading.series[:-1]],
        n=len(lately),
        highest=max(each.value for each in lately),
    )
    return Signal("steady_low", None, one.last_at, tier, evidence, one.check_in_id)
