"""Who is told next when nobody takes an alert, and when.

The ladder: the worker → the worker again → cover → the people of `escalate_to` in order, the last of them being the
last resort. Every rung has the same time, `acknowledge_within`. The ladder is fixed when the alert is raised; what
stands above those who have been reached is put in order when other people are named, or somebody has left (`renewed`).

`acknowledge_within` counts duty hours only: `"30m"` is half an hour of duty. From one day on it counts working days:
`"1d"` is the same time on the next working day, `"36h"` is one working day and twelve duty hours. Outside duty hours
the clock starts when the next duty begins. Tier 3 counts real time.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.words import DutyHours, Weekday

A_DAY = timedelta(days=1)
FAR_AHEAD = 400
"""Days looked ahead for somebody on duty before real time counts instead."""


class Rung(StrEnum):
    """Why this person is told."""

    FIRST = "first"
    REMINDER = "reminder"
    COVER = "cover"
    MANAGER = "manager"
    LAST_RESORT = "last_resort"


HIGHER = (Rung.MANAGER, Rung.LAST_RESORT)
"""Whoever is told there sees handling facts alone."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: whom, and why."""

    ref: str
    rung: Rung


def ladder(worker: str | None, cover: str | None, escalate_to: Sequence[str]) -> tuple[Step, ...]:
    """Everybody on the way up, each person once but for the reminder. Without a worker it starts at cover.

    For danger the duty contact, for someone-else the complaints contact stands in place of the worker.
    """
    wanted = [] if worker is None else [Step(worker, Rung.FIRST), Step(worker, Rung.REMINDER)]
    if cover is not None:
        wanted.append(Step(cover, Rung.COVER))
    wanted += [Step(ref, Rung.MANAGER) for ref in escalate_to[:-1]]
    wanted += [Step(ref, Rung.LAST_RESORT) for ref in escalate_to[-1:]]
    return tuple(_each_once(wanted))


def _each_once(steps: Sequence[Step]) -> Iterator[Step]:
    seen: set[str] = set()
    for step in steps:
        if step.rung is Rung.REMINDER or step.ref not in seen:
            yield step
        seen.add(step.ref)


def after(steps: Sequence[Step], taken: int) -> int:
    """The rung after `taken`; the last one is repeated until somebody acknowledges."""
    return min(taken + 1, len(steps) - 1)


def renewed(reached: Sequence[Step], wanted: Sequence[Step], *, only_higher: bool) -> tuple[Step, ...]:
    """The ladder as it goes on when other people are named by now: whoever has been reached stays, and above them
    stands who is wanted and has not been told. `only_higher`: once managers have it, it goes down to nobody.
    """
    refs, last = {one.ref for one in reached}, reached[-1:]
    more = [one for one in wanted if one.ref not in refs or (one.rung is Rung.REMINDER and _is_first(last, one.ref))]
    if only_higher and any(one.rung in HIGHER for one in reached):
        more = [one for one in more if one.rung in HIGHER]
    return (*reached, *more)


def _is_first(last: Sequence[Step], ref: str) -> bool:
    return list(last) == [Step(ref, Rung.FIRST)]


def next_person(steps: Sequence[Step], taken: int) -> int:
    """The rung to go to at once when the person on `taken` cannot be reached: the next one that is somebody else."""
    others = (at for at in range(taken + 1, len(steps)) if steps[at].ref != steps[taken].ref)
    return next(others, len(steps) - 1)


@dataclass(frozen=True, slots=True)
class Duty:
    """When the acknowledge clock runs: the service's duty hours, its closed dates (local), its zone."""

    hours: DutyHours
    closed: Collection[date]
    zone: str


def due(since: datetime, within: timedelta, duty: Duty, *, real_time: bool = False) -> datetime:
    """When a rung taken at `since` has run out (UTC). `real_time` for tier 3."""
    if real_time:
        return since + within
    days, rest = divmod(within, A_DAY)
    at = _next_on_duty(since, duty)
    if at is None:
        return since + within  # nobody is ever on duty: better early than never
    for _ in range(days):
        at = _same_time_next_duty_day(at, duty)
    return _spend(at, rest, duty)


def _same_time_next_duty_day(at: datetime, duty: Duty) -> datetime:
    zone = ZoneInfo(duty.zone)
    local = at.astimezone(zone)
    later = (local.date() + timedelta(days=ahead) for ahead in range(1, FAR_AHEAD))
    day = next((day for day in later if _works(day, duty)), local.date() + A_DAY)
    return datetime.combine(day, local.time(), zone).astimezone(UTC)


def _next_on_duty(at: datetime, duty: Duty) -> datetime | None:
    stretch = next(_stretches(at, duty), None)
    return max(at, stretch[0]) if stretch else None


def _spend(at: datetime, left: timedelta, duty: Duty) -> datetime:
    for start, end in _stretches(at, duty):
        begin = max(at, start)
        if left <= end - begin:
            return begin + left
        left -= end - begin
    return at + left


def _stretches(at: datetime, duty: Duty) -> Iterator[tuple[datetime, datetime]]:
    """Stretches of duty that end after `at`, in order, in UTC; one over midnight belongs to the day it starts on."""
    zone, hours = ZoneInfo(duty.zone), duty.hours.hours
    first = at.astimezone(zone).date() - A_DAY
    for day in (first + timedelta(days=ahead) for ahead in range(FAR_AHEAD)):
        if not _works(day, duty):
            continue
        last_day = day if hours.start < hours.end else day + A_DAY
        start = datetime.combine(day, hours.start, zone).astimezone(UTC)
        end = datetime.combine(last_day, hours.end, zone).astimezone(UTC)
        if end > at and end > start:
            yield start, end


def _works(day: date, duty: Duty) -> bool:
    if duty.hours.hours.start == duty.hours.hours.end:
        return False
    return Weekday(day.weekday()) in duty.hours.days and day not in duty.closed
