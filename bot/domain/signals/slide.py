"""`slide`: several answers a little below the usual. One bad answer adds at most 2.0 and so can never do it alone.

The prior pulls the usual of somebody who always answers low towards what is expected of a new client, so that z stays
below zero for about ten intervals although nothing changes: the answer must be below the client's own mean as well.
"""

from collections.abc import Sequence
from datetime import datetime
from statistics import fmean

from bot.domain.signals.drop import figures
from bot.domain.signals.history import Signal, Told
from bot.domain.signals.reading import Finding, Reading, Unmet
from bot.domain.signals.settings import Parameters
from bot.domain.usual import Step, cusum, figure
from bot.domain.words import Construct, Tier

NO_RUPTURE = ("blocked", "missed_sessions", "risk_text", "silence")
"""Absence and danger: whatever they mean, they say nothing about working together."""


def slide(reading: Reading, numbers: Parameters) -> Finding:
    """CUSUM of z (clipped to `clip_low`–`clip_high`, slack `k`) ≥ `h`, from interval `min_n` on.

    It steps once per interval: a closed one with its mean, the present one with its mean so far. An alert about working
    together, a confirmed repair or goals agreed anew set it back to zero for the rest of that interval. Who has always
    answered so low falls short of what is expected of a new client, but of nothing of their own: that is no slide.
    """
    if not reading.series:
        return Unmet("no_observation")
    one, steps = reading.series[-1], reading.steps
    if len(steps) < numbers["min_n"]:
        return Unmet("too_few", {"n": len(steps) - 1})
    c = _sum(reading, steps, numbers)
    if c < numbers["h"]:
        return Unmet("sum_below_limit", {"c": figure(c), "limit": numbers["h"]})
    own = fmean(before.value for before in reading.series[:-1])
    if one.value >= own:
        return Unmet("not_below_own_mean", {"value": figure(one.value), "mean": figure(own)})
    usual = steps[-1].before
    evidence = {**figures(reading, usual, usual.z(one.value)), "c": figure(c), "limit": numbers["h"]}
    return (Signal("slide", None, one.last_at, Tier.ALERT, evidence, one.check_in_id),)


def _sum(reading: Reading, steps: Sequence[Step], numbers: Parameters) -> float:
    starts = list(dict.fromkeys(one.interval for one in reading.series))
    ends = [*starts[1:], reading.series[-1].last_at]
    resets = _resets(reading)
    c = 0.0
    for step, start, end in zip(steps, starts, ends, strict=True):
        if step.before.n:
            c = cusum(c, step.z, numbers["k"], numbers["clip_low"], numbers["clip_high"])
        if any(start <= reset < end for reset in resets):
            c = 0.0
    return c


def _resets(reading: Reading) -> tuple[datetime, ...]:
    """When the sum was set back. What the check-in in question itself has raised does not count against it."""
    here = reading.series[-1].check_in_id
    alerts = (one.raised_at for one in reading.history.told if _is_rupture(one) and one.source != here)
    return (*alerts, *reading.history.resets)


def _is_rupture(told: Told) -> bool:
    """An alert about working together. Times and places, or the wish for somebody else, of which the worker must see
    nothing, end no slide either.
    """
    someone_else = told.rule == "asked_to_talk" and told.construct is None
    other = someone_else or told.construct is Construct.LOGISTICS or told.rule in NO_RUPTURE
    return told.alerted and told.tier >= Tier.ALERT and not other
