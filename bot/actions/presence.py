"""Whether we were there: silence counts against nobody while the bot could not hear.

Within a process an absence is measured on the monotonic clock, since a jump of the wall clock is not one; across
restarts by the wall time of the last good receive, which is written down every few seconds. Where another process on
the same database has received meanwhile, there was no absence: its mark is fresher than ours.

A good receive is an answer to `getUpdates`; in webhook mode an update that was brought, or Telegram saying that it
brings them here and that nothing has gone wrong with that (handlers/hook.py).
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.actions.desk import Desk, Turn

LONGEST_GAP = timedelta(seconds=120)
"""Telegram throws button taps away after 150 s; after more than this, every open check-in is offered again."""
WRITTEN_EVERY = timedelta(seconds=15)
HEARD = "heard"
RECEIVE = "receive"
"""The loop that sees to it that updates come in, in the account of what got through when."""


def hears(desk: Desk) -> bool:
    """Could this process receive lately, and so has noted any absence? One that does not listen need not."""
    age = desk.progress.since(RECEIVE)
    return not desk.listens or (age is not None and age <= LONGEST_GAP.total_seconds())


async def heard_since(turn: Turn, moment: datetime) -> bool:
    """Has Telegram been heard all the time since then, and lately? Whoever has never listened can't tell."""
    mark = await turn.m.marks.get(HEARD)
    if mark is None or turn.now - mark.at > LONGEST_GAP:
        return False
    return not any(ends_at > moment for _, ends_at in await turn.m.marks.absences())


class Presence:
    """Keeps account of when updates could last come in."""

    def __init__(self, desk: Desk, came_back: Callable[[Turn, datetime], Awaitable[None]]) -> None:
        self._desk = desk
        self._came_back = came_back
        self._last: float | None = None
        self._written: float | None = None
        self._mark: datetime | None = None
        """The mark that this process wrote last."""

    async def heard(self) -> None:
        """Call after each good receive."""
        now = self._desk.clock.monotonic()
        gap = await self._gap(now)
        due = self._written is None or now - self._written >= WRITTEN_EVERY.total_seconds()
        if due or gap > LONGEST_GAP:
            async with self._desk.turn() as turn:
                if gap > LONGEST_GAP:
                    since = turn.now - gap
                    await turn.m.marks.note_absence(since, turn.now)
                    await self._came_back(turn, since)
                await turn.m.marks.set(HEARD, turn.now)
                self._mark = turn.now
            self._written = now
        self._last = now

    async def _gap(self, now: float) -> timedelta:
        own = timedelta(seconds=now - self._last) if self._last is not None else None
        if own is not None and own <= LONGEST_GAP:
            return own
        async with self._desk.glance() as m:
            mark = await m.marks.get(HEARD)
        if mark is None:
            return own or timedelta(0)
        since = self._desk.clock.now() - mark.at
        if own is None:
            return since
        return since if mark.at != self._mark and timedelta(0) <= since < own else own
