"""The stretches of time over which answers are averaged into one baseline value.

An interval runs from one held session to the next, or 14 days if that is shorter, and again 14 days while no session is
held. Before the first known session it is the client's calendar week (Monday to Sunday on their own clock).
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.signals.history import History, Span

LONGEST = timedelta(days=14)
A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Intervals:
    """`sessions` held, in order; `zone` the client's."""

    sessions: tuple[datetime, ...]
    zone: ZoneInfo

    @classmethod
    def of(cls, history: History) -> "Intervals":
        """Of a history that is in order (`History.until`)."""
        return cls(history.sessions, ZoneInfo(history.timezone))

    def start(self, at: datetime) -> datetime:
        """When the interval that holds `at` began. Depends on nothing later than `at`."""
        held = bisect_right(self.sessions, at)
        if held == 0:
            return self._monday(at)
        last = self.sessions[held - 1]
        return last + (at - last) // LONGEST * LONGEST

    def end(self, at: datetime) -> datetime:
        """When the interval that holds `at` ends, as far as sessions are known."""
        held = bisect_right(self.sessions, at)
        longest = self._monday(at, weeks=1) if held == 0 else self.start(at) + LONGEST
        return min(longest, self.sessions[held]) if held < len(self.sessions) else longest

    def passed(self, since: datetime, now: datetime, most: int) -> int:
        """How many intervals have ended between `since` and `now`, counted up to `most`."""
        count, at = 0, self.end(since)
        while at <= now and count < most:
            count, at = count + 1, self.end(at)
        return count

    def _monday(self, at: datetime, weeks: int = 0) -> datetime:
        return _monday(at.astimezone(self.zone).date() + weeks * A_WEEK, self.zone)


def closures(dates: Iterable[date], timezone: str) -> tuple[Span, ...]:
    """The days on which the service is closed, on the client's own clock."""
    zone = ZoneInfo(timezone)
    starts = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in sorted(dates)]
    return tuple(Span(start, start + timedelta(days=1)) for start in starts)


@lru_cache(maxsize=4096)
def _monday(day: date, zone: ZoneInfo) -> datetime:
    """When the calendar week that holds `day` begins on that clock."""
    monday = day - timedelta(days=day.weekday())
    return datetime(monday.year, monday.month, monday.day, tzinfo=zone).astimezone(UTC)
