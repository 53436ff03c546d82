"""From check-ins to the series that score rules read.

An observation is the mean of the bond, goals and tasks answers of one check-in (at least two of the three). A missing
answer is missing, never zero. A new worker, or more than 60 days without an observation, starts a new usual.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from bot.domain.signals.history import History
from bot.domain.signals.intervals import Intervals

LONG_GAP = timedelta(days=60)
FRESH = timedelta(days=14)
"""Older evidence is not news any more; only after an outage of ours could it come up at all."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One check-in's mean on 0–10. `at` is the first of its answers (it stays when one is changed), `last_at` the
    newest. `era` counts new starts of the usual, `interval` is the start of its interval."""

    check_in_id: str
    value: float
    at: datetime
    last_at: datetime
    era: int
    interval: datetime


def observations(history: History, now: datetime) -> tuple[Observation, ...]:
    """All observations of a history in order, of check-ins that may be read at `now`, by time of their first answer."""
    found = sorted(
        (*one.rated_from_to, one.check_in_id, one.mean)
        for one in history.occasions
        if one.mean is not None and one.rated_from_to is not None and one.readable(now)
    )
    intervals = Intervals.of(history)
    eras = _eras([at for at, _, _, _ in found], history.assignments)
    return tuple(
        Observation(name, mean, at, last_at, era, intervals.start(at))
        for (at, last_at, name, mean), era in zip(found, eras, strict=True)
    )


def _eras(times: Sequence[datetime], assignments: Sequence[datetime]) -> list[int]:
    eras, gaps = [], 0
    for at, before in zip(times, (None, *times), strict=False):
        gaps += before is not None and at - before > LONG_GAP
        eras.append(gaps + bisect_right(assignments, at))
    return eras


def era_start(history: History, now: datetime) -> datetime | None:
    """When the present usual began; None if with the first answer."""
    return max(era_starts(history, observations(history, now)), default=None)


def era_starts(history: History, known: Sequence[Observation]) -> tuple[datetime, ...]:
    """When each usual but the first began, where the observations are at hand."""
    gaps = (late.at for early, late in pairwise(known) if late.at - early.at > LONG_GAP)
    return tuple(sorted((*gaps, *history.assignments)))


def weekly(series: Sequence[Observation]) -> list[float]:
    """One value per interval: the mean of its observations."""
    groups = (list(group) for _, group in groupby(series, key=lambda one: (one.era, one.interval)))
    return [sum(one.value for one in group) / len(group) for group in groups]
