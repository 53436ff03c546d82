"""When somebody is next at work: the day that a client is told, so that nothing is promised that nobody keeps."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain.schedules import Calendar
from bot.domain.wall import DAY
from bot.domain.words import DutyHours, Weekday

FAR = 60
"""Days ahead; whoever is away longer than this is not announced."""


def next_in(now: datetime, calendar: Calendar, away_until: datetime | None = None) -> date | None:
    """The first day with working hours left after `now`, on the organisation's clock. None: not in sight."""
    since = max(now, away_until) if away_until else now
    local = since.astimezone(ZoneInfo(calendar.timezone))
    for day in (local.date() + n * DAY for n in range(FAR)):
        if not works_on(day, calendar.working) or day in calendar.closed_dates:
            continue
        if day > local.date() or local.time() < calendar.working.hours.end or _over_midnight(calendar.working):
            return day
    return None


def works_on(day: date, duty: DutyHours) -> bool:
    return Weekday(day.weekday()) in duty.days


def _over_midnight(duty: DutyHours) -> bool:
    return duty.hours.start > duty.hours.end
