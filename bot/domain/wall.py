"""Wall time: what a clock on the client's wall shows, and the instant at which it shows it.

gap     a wall time that the clocks jump over: the first minute that exists
fold    a wall time that comes twice: the first one
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.words import Hours

DAY = timedelta(days=1)


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime | None:
    """When it is `wall` on `day` in `zone`, in UTC; gap and fold as above; None if the zone never had that day."""
    found = _first(day, wall, zone)
    if found.astimezone(zone).date() > day and _first(day, time(0), zone).astimezone(zone).date() > day:
        return None
    return found


def _first(day: date, wall: time, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day, wall, tzinfo=zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    # In a gap the later reading (fold=1) lies before the change and the earlier one (fold=0) behind it.
    before, behind = local.replace(fold=1).astimezone(UTC), found
    offset = before.astimezone(zone).utcoffset()
    while behind - before > timedelta(minutes=1):
        middle = before + (behind - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return behind.replace(second=0, microsecond=0)


def out_of_quiet(at: datetime, quiet: Hours, zone: ZoneInfo) -> datetime:
    """`at`, or the end of the quiet hours that it lies in."""
    while (local := at.astimezone(zone)).time() in quiet:
        day = local.date() if local.time() < quiet.end else local.date() + DAY
        end = _first(day, quiet.end, zone)
        if end <= at:  # the end comes twice that night, and this is the second time
            end = datetime.combine(day, quiet.end, tzinfo=zone).replace(fold=1).astimezone(UTC)
        at = end
    return at
