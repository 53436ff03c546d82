"""*Later*: in an hour, tonight, tomorrow; only times that are inside the window and outside quiet hours."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.schedules import Calendar
from bot.domain.wall import DAY, instant, out_of_quiet

LEAST_LEFT = timedelta(minutes=30)
"""Somebody who asks for it later still has this long to answer then."""


class Later(StrEnum):
    """What *Later* offers."""

    HOUR = "hour"
    TONIGHT = "tonight"
    TOMORROW = "tomorrow"


EVENING, MORNING = time(19), time(10)


def later_times(now: datetime, closes_at: datetime, timezone: str, calendar: Calendar) -> Mapping[Later, datetime]:
    """When each choice of *Later* would ask again; those that lie in quiet hours or too near the end are left out."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    wanted = {
        Later.HOUR: now + timedelta(hours=1),
        Later.TONIGHT: instant(today, EVENING, zone),
        Later.TOMORROW: instant(today + DAY, MORNING, zone),
    }
    return {
        choice: at
        for choice, at in wanted.items()
        if at is not None
        and at >= now + timedelta(hours=1)
        and at <= closes_at - LEAST_LEFT
        and out_of_quiet(at, calendar.quiet_hours, zone) == at
    }


def in_quiet_hours(now: datetime, timezone: str, calendar: Calendar) -> bool:
    return now.astimezone(ZoneInfo(timezone)).time() in calendar.quiet_hours
