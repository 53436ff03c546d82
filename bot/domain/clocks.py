"""Which time zone somebody is in, told by what their clock shows now, or by the name of a place."""

import re
from collections.abc import Collection, Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
A_DAY = timedelta(days=1)
AROUND = 6
"""How many clocks are offered besides the one that was shown first."""

COMMON = (
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "Europe/Istanbul",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Tehran",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Brisbane",
    "Australia/Adelaide",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Atlantic/Azores",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Halifax",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
"""One zone for each way of keeping time that is common; the first that shows the right clock is taken."""


def offset(zone: str, now: datetime) -> timedelta:
    return now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)


def offered(zone: str, home: str, now: datetime) -> list[tuple[int, time]]:
    """Other clocks to choose from, nearest first in time of day: (minutes from UTC, what the clock shows)."""
    here = offset(zone, now)
    others = {offset(one, now) for one in (home, *COMMON)} - {here}
    near = sorted(others, key=lambda one: abs(one - here))[:AROUND]
    return [(int(one.total_seconds() // 60), (now + one).time()) for one in sorted(near)]


def by_clock(wall: time, home: str, now: datetime) -> str | None:
    """The zone whose clock shows `wall` now, give or take a few minutes; the organisation's own where it fits."""
    shown = timedelta(hours=wall.hour, minutes=wall.minute)
    utc = timedelta(hours=now.hour, minutes=now.minute)
    apart = round((shown - utc) / QUARTER) * QUARTER % A_DAY
    return by_offset(apart, home, now) or by_offset(apart - A_DAY, home, now)


def by_offset(apart: timedelta, home: str, now: datetime) -> str | None:
    return next((zone for zone in (home, *COMMON) if offset(zone, now) == apart), None)


def by_place(typed: str, zones: Collection[str]) -> str | None:
    """The zone named after a city: "kathmandu", "New York". None when it is no city that names a zone."""
    wanted = "_".join(typed.split()).casefold()
    return next((zone for zone in sorted(zones) if wanted in set(_names(zone))), None) if wanted else None


def _names(zone: str) -> Iterator[str]:
    yield zone.casefold()
    if "/" in zone and not zone.startswith("Etc/"):
        yield zone.rpartition("/")[2].casefold()


_CLOCK = re.compile(r"(\d{1,2})(?:[:.h]?(\d{2}))?\s*(am|pm)?", re.IGNORECASE)


def read_clock(typed: str) -> time | None:
    """ "14:05", "14.05", "2:05 pm", "1405", "9" → a time of day; None for anything else."""
    found = _CLOCK.fullmatch(typed.strip())
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").casefold()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None
