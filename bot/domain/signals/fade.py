"""`fade`: more and more check-ins without a tap, though never a long run of them.

A Bernoulli CUSUM of the odds of an answer falling to `odds` times the client's own: with p0 as `silence` has it at
that moment, o = odds·p0/(1 − p0) and p1 = o/(1 + o),

    c = max(0, c + log(p1/p0))        after an answered check-in
    c = c + log((1 − p1)/(1 − p0))    after one without a tap

What `silence` leaves out counts neither way here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log

from bot.domain.signals.history import Signal
from bot.domain.signals.occasions import Occasion
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.signals.silence import Outcome, ended, newest, outcomes
from bot.domain.usual import figure
from bot.domain.words import Tier


@dataclass(frozen=True, slots=True)
class Fading:
    """The sum, the own rate at its last step, and how many of how many were missed since it left zero."""

    c: float = 0.0
    p0: float = 0.0
    missed: int = 0
    of: int = 0


def fade(reading: Reading, numbers: Parameters) -> Finding:
    """c ≥ `h` at a check-in without a tap. It starts anew once it is on record."""
    if newest(reading.history) is not Outcome.MISSED:
        return Unmet("answering")
    over = outcomes(reading.history)
    if not reading.is_news(ended(over[-1][0])):
        return Unmet("answering")
    told = max((one.raised_at for one in reading.history.told if one.rule == "fade"), default=None)
    found = fading(over, reading.settings["silence"], numbers["odds"], told)
    if found.c < numbers["h"]:
        return Unmet("sum_below_limit", {"c": figure(found.c), "limit": numbers["h"], "p0": figure(found.p0)})
    last = over[-1][0]
    before = [outcome.name.lower() for _, outcome in over[: len(over) - found.of]]
    evidence = shown(found.missed, found.p0, before, c=found.c, limit=numbers["h"], of=found.of)
    return (Signal("fade", None, ended(last), Tier.DIGEST, evidence, last.check_in_id),)


def fading(
    over: Sequence[tuple[Occasion, Outcome]], rates: Parameters, odds: float, since: datetime | None = None
) -> Fading:
    """The sum over check-ins in order; those that ended by `since` teach the own rate only."""
    weight, lag = rates["weight"], int(rates["lag"])
    old, now = [weight * rates["p_service"], weight], Fading()
    for n, (occasion, outcome) in enumerate(over):
        if n >= lag and over[n - lag][1] is not Outcome.TOUCHED:
            old = [old[0] + (over[n - lag][1] is Outcome.ANSWERED), old[1] + 1]
        if since is None or ended(occasion) > since:
            now = _step(now, outcome, old[0] / old[1], odds)
    return now


def _step(now: Fading, outcome: Outcome, p0: float, odds: float) -> Fading:
    o = odds * p0 / (1 - p0)
    p1 = o / (1 + o)
    if outcome is Outcome.TOUCHED:
        return now
    if outcome is Outcome.MISSED:
        return Fading(now.c + log((1 - p1) / (1 - p0)), p0, now.missed + 1, now.of + 1)
    c = max(0.0, now.c + log(p1 / p0))
    return Fading(c, p0, now.missed, now.of + 1) if c > 0 else Fading(0.0, p0)
