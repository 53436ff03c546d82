"""A clock that is moved by hand, for the demo, the rehearsal and the tests."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from bot.ports import PATIENCE

STEP = timedelta(minutes=1)
"""How much one `advance` adds to the monotonic clock at most: a day skipped by hand is not a day of absence."""


class RehearsalClock:
    """`bot.ports.Clock`, moved by `advance`. With `speed` 0 it stands still between two moves.

    Waiting follows the same time: `wait` returns when its event is set, when `until` has passed on this clock, or
    whenever somebody moves the clock, since every loop has to look again then. It returns after five real seconds
    too, whatever the clock says: a loop must look again, and looking costs nothing.
    """

    def __init__(self, start: datetime, speed: float = 0.0) -> None:
        if start.tzinfo is None:
            raise ValueError("a rehearsal starts at an aware moment")
        self._start, self._speed = start.astimezone(UTC), speed
        self._began = time.monotonic()
        self._moved, self._steady = timedelta(), timedelta()
        self._moves = 0
        self._sleepers: set[asyncio.Timeout] = set()
        self._seen: WeakKeyDictionary[asyncio.Event, int] = WeakKeyDictionary()

    def now(self) -> datetime:
        return self._start + self._moved + timedelta(seconds=self._lived())

    def monotonic(self) -> float:
        return self._lived() + self._steady.total_seconds()

    @property
    def speed(self) -> float:
        """Seconds of this clock in one real second."""
        return self._speed

    def advance(self, by: timedelta, *, steady: timedelta | None = None) -> datetime:
        """Move forward and let every loop look again. `steady`: what the monotonic clock gains, at most a minute."""
        if by < timedelta():
            raise ValueError("time goes forward; use set_back to play a wrong wall clock")
        self._steady += min(by, STEP) if steady is None else steady
        return self._move(by)

    def advance_to(self, moment: datetime) -> datetime:
        """Move forward to a moment; one that is already past changes nothing."""
        return self.advance(max(timedelta(), moment - self.now()))

    def set_back(self, by: timedelta) -> datetime:
        """Play a wall clock that is put back: only `now` moves, the monotonic clock does not."""
        return self._move(-by)

    async def wait(self, event: asyncio.Event, until: timedelta = PATIENCE) -> None:
        if self._overlooked(event):
            return
        try:
            async with asyncio.timeout(self._patience(until)) as sleeper:
                self._sleepers.add(sleeper)
                try:
                    await event.wait()
                finally:
                    self._sleepers.discard(sleeper)
        except TimeoutError:
            return
        finally:
            self._seen[event] = self._moves
        event.clear()

    def _lived(self) -> float:
        return (time.monotonic() - self._began) * self._speed

    def _move(self, by: timedelta) -> datetime:
        self._moved += by
        self._moves += 1
        soon = asyncio.get_running_loop().time() if self._sleepers else 0.0
        for sleeper in self._sleepers:
            if not sleeper.expired():
                sleeper.reschedule(soon)
        return self.now()

    def _overlooked(self, event: asyncio.Event) -> bool:
        """The clock was moved since this loop last waited: it may have looked just before, so let it look again."""
        seen = self._seen.get(event, self._moves)
        self._seen[event] = self._moves
        return seen != self._moves

    def _patience(self, until: timedelta) -> float:
        """Real seconds to wait at most."""
        seconds = max(0.0, until.total_seconds())
        if seconds == 0.0 or self._speed == 0.0:
            return 0.0 if seconds == 0.0 else PATIENCE.total_seconds()
        return min(seconds / self._speed, PATIENCE.total_seconds())
