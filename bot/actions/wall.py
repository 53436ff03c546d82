"""The wall clock is set, by a person, a time server or a machine that slept: the log says so, and nothing waits for a
time that comes twice.

What is due stands in the database as instants. Put forward, they are due at once, and what is too late by then is
missed by us as after any absence of ours; put back, what was to leave in a moment would wait until that moment comes
again.
"""

from datetime import datetime, timedelta

import structlog

from bot.actions.desk import Desk

NOTICED = timedelta(seconds=30)
"""Smaller corrections are everyday, and hurt nobody."""

log = structlog.get_logger()


class Watch:
    """Compares the wall clock with the one that only grows."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    async def look(self, desk: Desk) -> None:
        """Call it again and again. Raises if what waits could not be put right; the next call tries again."""
        now, steady = desk.clock.now(), desk.clock.monotonic()
        if self._last is not None:
            jumped = (now - self._last[0]) - timedelta(seconds=steady - self._last[1])
            if jumped > NOTICED:
                log.info("clock_jumped", seconds=round(jumped.total_seconds()))
            elif jumped < -NOTICED:
                await self._put_right(desk, jumped)
        self._last = now, steady

    async def _put_right(self, desk: Desk, jumped: timedelta) -> None:
        async with desk.turn() as turn:
            waited = await turn.m.wall.reckon_anew(turn.now)
            turn.ring(desk.bells.deliver)
            turn.ring(desk.bells.inbox)
        log.warning("clock_jumped", seconds=round(jumped.total_seconds()), count=waited)
