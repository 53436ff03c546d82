"""Checks of schedules: when they ask, for how long, and whether somebody could act on what comes back."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.config.document import Document, Duty, ScheduleTable
from bot.config.problems import Fault, Path, Weight
from bot.domain import ladder
from bot.domain.words import DutyHours, Hours, Weekday

DEFAULT_QUIET = Hours(time(20), time(9))
DEFAULT_WINDOW = timedelta(hours=24)
DEFAULT_DUTY = DutyHours(frozenset(Weekday) - {Weekday.SAT, Weekday.SUN}, Hours(time(9), time(17)))
SHORTEST_WINDOW = timedelta(minutes=10)
NO_TAP = timedelta(hours=2)
"""How long the client has to choose how the worker shall hear."""
TO_ACT = timedelta(hours=1)
"""Working time that acting on an alert takes at least."""
WEEK_OF = datetime(2024, 1, 1, tzinfo=UTC)
"""A Monday without clock changes near it."""


def times(document: Document) -> Iterator[Fault]:
    """What is wrong with the times of each schedule."""
    for index, schedule in enumerate(document.schedules):
        here: Path = ("schedules", index)
        yield from _kind(here, schedule)
        yield from _window(here, schedule)
        yield from _quiet(here, schedule, document.service.quiet_hours or DEFAULT_QUIET)
        yield from _overlap(here, schedule)
        yield from _handling(here, schedule, document)


def _kind(here: Path, schedule: ScheduleTable) -> Iterator[Fault]:
    by_session = [key for key in ("after_session", "before_session") if getattr(schedule, key) is not None]
    by_day = [key for key in ("days", "time") if getattr(schedule, key) is not None]
    if len(by_session) == 2:
        yield Fault((*here, "before_session"), "a schedule follows sessions in one way only", "keep one of the two")
    if by_session and by_day:
        right = f"keep {by_session[0]}, or days and time"
        yield Fault((*here, by_day[0]), f"does not go together with {by_session[0]}", right)
    if not by_session and schedule.days is None:
        yield Fault((*here, "days"), "is missing", 'write days = ["tue", "thu"], or after_session = "20h"')
    if not by_session and schedule.time is None:
        yield Fault((*here, "time"), "is missing", 'write time = "14:00", or after_session = "20h"')
    if schedule.days == []:
        yield Fault((*here, "days"), "is empty", 'write days = ["tue", "thu"]')
    if by_session and schedule.every_weeks != 1:
        yield Fault((*here, "every_weeks"), f"does not go together with {by_session[0]}", "take it out")


def _window(here: Path, schedule: ScheduleTable) -> Iterator[Fault]:
    window = schedule.expires_after if schedule.expires_after is not None else DEFAULT_WINDOW
    if window < SHORTEST_WINDOW:
        weight = Weight.WARNING if window > timedelta(0) else Weight.ERROR
        yield Fault((*here, "expires_after"), "hardly anybody answers that quickly", 'write "10m" or more', weight)
    if schedule.remind_after is not None and schedule.remind_after >= window:
        right = "make remind_after shorter than expires_after"
        if schedule.expires_after is None:
            right += ' (without it: "24h")'
        wrong = "the check-in is over before it is due"
        yield Fault((*here, "remind_after"), wrong, right, rests_on=(*here, "expires_after"))
    if schedule.remind_after is not None and schedule.remind_after <= timedelta(0):
        yield Fault((*here, "remind_after"), "a reminder cannot come at once", 'write "3h", or take it out')


def _quiet(here: Path, schedule: ScheduleTable, quiet: Hours) -> Iterator[Fault]:
    if schedule.time is None or schedule.time not in quiet:
        return
    start = datetime.combine(WEEK_OF, schedule.time)
    end = datetime.combine(WEEK_OF if schedule.time < quiet.end else WEEK_OF + timedelta(days=1), quiet.end)
    inside = end - start < (schedule.expires_after or DEFAULT_WINDOW)
    what = f"waits until {quiet.end:%H:%M}" if inside else "is never sent: its window is over by then"
    right = f"choose a time outside {quiet}"
    yield Fault((*here, "time"), f"lies in the quiet hours and {what}", right, Weight.WARNING)


def _overlap(here: Path, schedule: ScheduleTable) -> Iterator[Fault]:
    days = sorted(schedule.days or ())
    if not days or schedule.expires_after is None:
        return
    around = [*days, days[0] + 7 * schedule.every_weeks]
    shortest = min(after - before for before, after in pairwise(around))
    if schedule.expires_after > timedelta(days=shortest):
        right = f'write "{shortest}d" or less; nobody is asked while the last one is still open'
        wrong = "the next check-in is due before this one is over"
        yield Fault((*here, "expires_after"), wrong, right, Weight.WARNING)


def _handling(here: Path, schedule: ScheduleTable, document: Document) -> Iterator[Fault]:
    """An answer on the spot, and no tap on the sharing choice: is there an hour of work within the next 24 hours?"""
    if schedule.time is None or not schedule.days or document.service.timezone is None:
        return
    late = [day for day in sorted(set(schedule.days)) if _first_hour(document, schedule.time, day) > timedelta(hours=24)]
    if late:
        names = ", ".join(day.name.lower() for day in late)
        wrong = f"an alert from a check-in on {names} could not be handled within one working day"
        right = "ask earlier, on another day, or have somebody here the day after"
        yield Fault((*here, "days"), wrong, right, Weight.WARNING)


def _first_hour(document: Document, wall: time, day: Weekday) -> timedelta:
    zone = document.service.timezone or "UTC"
    raised = datetime.combine(WEEK_OF.date() + timedelta(days=int(day)), wall, ZoneInfo(zone)).astimezone(UTC) + NO_TAP
    return ladder.due(raised, TO_ACT, ladder.Duty(duty_hours(document), (), zone)) - raised


def hours_of(table: Duty | None) -> DutyHours | None:
    """Hours on days, where both are written."""
    if table is None or not table.days or table.hours is None:
        return None
    return DutyHours(frozenset(table.days), table.hours)


def duty_hours(document: Document) -> DutyHours:
    """The hours in which somebody is there: as written, else Monday to Friday from nine to five."""
    return hours_of(document.service.working_hours) or DEFAULT_DUTY
