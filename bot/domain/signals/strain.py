"""`worker_strain`: the worker's own rating is low, or far from the client's. For that worker's eyes only."""

from datetime import timedelta
from statistics import fmean

from bot.domain.signals.history import Signal
from bot.domain.signals.observations import observations
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure, median
from bot.domain.words import Tier


def worker_strain(reading: Reading, numbers: Parameters) -> Finding:
    """The newest rating ≤ `level`, or `gap` or more away from the mean of the client's observations in the `days`
    before it. Only ratings since the worker took over."""
    took_over = max(reading.history.assignments, default=None)
    ratings = [one for one in reading.history.ratings if took_over is None or one.at >= took_over]
    if not ratings or not reading.is_news(ratings[-1].at):
        return Unmet("not_rated")
    newest, earlier = ratings[-1], [one.value for one in ratings[:-1]]
    since = newest.at - timedelta(days=numbers["days"])
    if took_over is not None:
        since = max(since, took_over)
    theirs = [one.value for one in observations(reading.history, reading.now) if since <= one.at <= newest.at]
    client = fmean(theirs) if theirs else None
    apart = abs(newest.value - client) if client is not None else 0.0
    if newest.value > numbers["level"] and apart < numbers["gap"]:
        return Unmet("no_strain", {"value": figure(newest.value), "apart": figure(apart)})
    evidence = shown(newest.value, median(earlier), earlier, client=client)
    return (Signal("worker_strain", None, newest.at, Tier.DIGEST, evidence),)
