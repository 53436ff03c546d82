"""What one action sees of the memory, and what has to hold before any of it is kept."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.sealing import KeyGone, Seal
from storage.stores import Stores


class Unit(Stores):
    """What one action sees of the memory, through one open transaction."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        super().__init__(con, seal)
        self._afterwards: list[Callable[[], None]] = []
        self._closes_with, self._closings = seal.number, seal.closings
        self.overwrites = False
        """What this unit deletes must not be left behind in any file of the database once it has ended."""
        self.calls_sender = False
        """Once this is on disk, whichever process sends shall look for it."""

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call this once everything is on disk; never if the unit fails. It must not raise and not wait."""
        self._afterwards.append(call)

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[None]:
        """A part of this unit that may fail by itself: what it did is undone then, and the unit can go on."""
        before = len(self._afterwards)
        try:
            async with self.con.begin_nested():
                yield
        except BaseException:
            del self._afterwards[before:]
            raise

    async def finish(self) -> None:
        """The last thing before the commit. Raises KeyGone."""
        if self.seal.closings != self._closings:  # in this unit, or in another one meanwhile
            await self.key_holds()
        if "audit" in self.__dict__:  # it has been asked for
            await self.audit.link()

    async def key_holds(self) -> None:
        """Whoever slept through an exchange of keys must not close with one that is gone. Raises KeyGone; the next
        unit then has those that stand there now, if there are any. Asked before the audit's lock is taken.
        """
        gone = await self.marks.gone_keys({self._closes_with, self.seal.number})
        if gone:
            self.seal.look_again(gone)
            raise KeyGone

    def committed(self) -> None:
        for call in self._afterwards:
            call()
