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
from bot.domain.leading import Lead

LONGEST_GAP = timedelta(seconds=120)
"""Telegram throws button taps away after 150 s; after more than this, every open check-in is offered again."""
WRITTEN_EVERY = timedelta(seconds=15)
HEARD = "heard"
RECEIVE = Lead.RECEIVE
"""The loop that sees to it that updates come in, in the account of what got through when."""


async def heard_until(turn: Turn) -> datetime | None:
    """Up to when everything has been heard that was sent to us, and any absence noted; None: that can't be said.

    In a process that receives that is now. Another one goes by the mark: what came since may still wait at Telegram.
    One that is not the bot need not listen.
    """
    age = turn.desk.progress.since(RECEIVE)
    if not turn.desk.listens or (age is not None and age <= LONGEST_GAP.total_seconds()):
        return turn.now
    if age is not None:
        return None
    mark = await turn.m.marks.get(HEARD)
    return mark.at if mark is not None and abs(turn.now - mark.at) <= LONGEST_GAP else None


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
        due = self._written is None or now - self._written >= WRITTEN_EVERY.total_seconds()
        if due or self._own_gap(now) is None:
            async with self._desk.turn() as turn:
                gap = await self._gap(turn, now)
                if gap > LONGEST_GAP:
                    since = turn.now - gap
                    await turn.m.marks.note_absence(since, turn.now)
                    await self._came_back(turn, since)
                await turn.m.marks.set(HEARD, turn.now)
                self._mark = turn.now
            self._written = now
        self._last = now

    def _own_gap(self, now: float) -> timedelta | None:
        """Since this process heard last; None if it has not, or if it was too long ago to be no absence."""
        own = timedelta(seconds=now - self._last) if self._last is not None else None
        return own if own is not None and own <= LONGEST_GAP else None

    async def _gap(self, turn: Turn, now: float) -> timedelta:
        """Since anybody heard last. Two who come back at once wait for each other here: only one was away."""
        if (short := self._own_gap(now)) is not None:
            return short
        own = timedelta(seconds=now - self._last) if self._last is not None else None
        mark = await turn.m.marks.get(HEARD, lock=True)
        if mark is None:
            return own or timedelta(0)
        since = self._desk.clock.now() - mark.at
        if own is None:
            return since
        return since if mark.at != self._mark and timedelta(0) <= since < own else own
