"""All rules over one history: live, in a replay and on simulated clients the very same call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import History, Signal, Told
from bot.domain.signals.intervals import Intervals
from bot.domain.signals.reading import Reading, Unmet
from bot.domain.signals.settings import Settings
from bot.domain.words import Tier

REST_INTERVALS = 3
REST = timedelta(days=28)
BREAKS_REST = 1.0
"""A rule that rests speaks again when z has fallen by this much more."""
SAME_WEEK = timedelta(days=7)
"""So near another signal, one that says nothing alone goes into the digest with it."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found. `resting` are those of `signals` whose rule told somebody lately: they make no new alert.

    `why_not` holds the condition that failed, for every rule that found nothing.
    """

    signals: tuple[Signal, ...]
    resting: tuple[Signal, ...]
    why_not: Mapping[str, Unmet]


def evaluate(history: History, settings: Settings, now: datetime, about: str | None = None) -> Evaluation:
    """Everything that the rules find at `now` and that is not yet on record (`history.told`).

    The newest check-in is judged, or the one with id `about`. To read one again after a changed answer, leave out of
    `told` what is on record from it: what is then found still holds, what is not found has gone.
    """
    reading = Reading.of(history, settings, now, about)
    known = {(one.rule, one.construct, one.source, one.raised_at) for one in reading.history.told}
    signals: list[Signal] = []
    why_not: dict[str, Unmet] = {}
    for rule in RULES.values():
        numbers = settings[rule.name]
        found = rule.find(reading, numbers) if numbers.enabled else Unmet("switched_off")
        if isinstance(found, Unmet):
            why_not[rule.name] = found
            continue
        new = [one for one in found if (one.rule, one.construct, one.source, one.raised_at) not in known]
        signals += new
        if not new:
            why_not[rule.name] = Unmet("told_already")
    signals = _beside(signals, reading.history, now)
    resting = tuple(one for one in signals if rests(one, reading.history, now))
    return Evaluation(tuple(signals), resting, why_not)


def _beside(signals: list[Signal], history: History, now: datetime) -> list[Signal]:
    """What says nothing alone is for the digest beside another signal of the same week, and else for charts only."""
    lately = (one for one in history.told if one.raised_at > now - SAME_WEEK)
    if not (_speaks(signals) or _speaks(lately)):
        return signals
    return [replace(one, tier=Tier.DIGEST) if RULES[one.rule].beside else one for one in signals]


def _speaks(known: Iterable[Signal | Told]) -> bool:
    """Is there one among these that the digest or an alert tells of by itself?"""
    loud = (RULES.get(one.rule) for one in known if one.tier >= Tier.DIGEST)
    return any(rule is not None and not rule.beside and not rule.private for rule in loud)


def rests(signal: Signal, history: History, now: datetime) -> bool:
    """Did the same rule tell somebody within three intervals (those that follow its own) or 28 days?

    Whichever is shorter. A z that has fallen by a further 1.0 breaks it, and so does a higher tier.
    """
    earlier = [one for one in history.told if one.rule == signal.rule and one.alerted and one.source != signal.source]
    if not RULES[signal.rule].rests or not earlier:
        return False
    last = max(earlier, key=lambda one: one.raised_at)
    if signal.tier > last.tier or _breaks(signal, last) or now - last.raised_at >= REST:
        return False
    return Intervals.of(history).passed(last.raised_at, now, REST_INTERVALS + 1) <= REST_INTERVALS


def _breaks(signal: Signal, last: Told) -> bool:
    z = signal.evidence.get("z")
    return last.z is not None and isinstance(z, int | float) and z <= last.z - BREAKS_REST
