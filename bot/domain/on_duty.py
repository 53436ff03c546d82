"""Whether somebody is on duty now, until when, or from when on again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.wall import DAY, instant
from bot.domain.words import DutyHours, Weekday

FAR = 60
"""Days ahead; whoever is away longer than this is not announced."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """`here`: until `at`; otherwise: from `at` on."""

    here: bool
    at: datetime


def on_duty(now: datetime, duty: DutyHours, closed: Collection[date], timezone: str) -> OnDuty | None:
    """None: nobody in sight. A duty over midnight belongs to the day on which it starts."""
    zone, hours = ZoneInfo(timezone), duty.hours
    first = now.astimezone(zone).date() - DAY
    for day in (first + n * DAY for n in range(FAR)):
        if Weekday(day.weekday()) not in duty.days or day in closed or hours.start == hours.end:
            continue
        start = instant(day, hours.start, zone)
        end = instant(day if hours.start < hours.end else day + timedelta(days=1), hours.end, zone)
        if start is None or end is None or end <= now:
            continue
        return OnDuty(start <= now, end if start <= now else start)
    return None
