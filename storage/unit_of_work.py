"""One action is one unit of work: leaving it normally means that all of it is on disk, any other way that none is.

    async with memory.unit() as m:
        await m.people.by_ref("R-118")

On SQLite all units share one writing connection and take turns; each is a SAVEPOINT, and those that were waiting
when one ended share its COMMIT (one sync to disk for many taps). Leaving returns only after that COMMIT. A unit that
fails rolls back alone. On PostgreSQL each unit is a transaction on a connection of its own.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from storage import engine as engines
from storage import leading
from storage.leading import LockLine
from storage.sealing import KeyGone, Seal
from storage.stores import Stores
from storage.unit import Unit

log = structlog.get_logger()
CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"
EMPTYING_MS = 500
"""So long emptying the log waits for somebody who still reads old pages; nobody can write meanwhile."""


class _Turns:
    """The one writing connection of SQLite, handed from unit to unit, with shared commits."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()
        self._con: AsyncConnection | None = None
        self._transaction: AsyncTransaction | None = None
        self._unfinished: list[asyncio.Future[None]] = []

    async def begin(self) -> AsyncConnection:
        await self._lock.acquire()
        try:
            return await engines.to_its_end(self._savepoint())
        except BaseException as broken:
            try:
                await self._give_up(broken)
            finally:
                self._lock.release()
            raise

    async def _savepoint(self) -> AsyncConnection:
        if self._con is None:
            self._con = await self._engine.connect().start()
        if self._transaction is None:
            self._transaction = await self._con.begin()
        await self._con.exec_driver_sql("SAVEPOINT unit")
        return self._con

    async def end(self, *, keep: bool) -> None:
        """Close the running unit's savepoint; if kept, return only once a COMMIT has put it on disk."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            assert self._con is not None
            if not keep:
                await self._con.exec_driver_sql("ROLLBACK TO unit")
            await self._con.exec_driver_sql("RELEASE unit")
            self._unfinished.append(done)
        except BaseException as broken:
            await self._give_up(broken)
            raise
        finally:
            self._lock.release()
        await self._commit(done)

    async def _commit(self, done: asyncio.Future[None]) -> None:
        # The lock is fair: whoever waited before us runs first, and shares this commit or makes it for us.
        await self._wait_for_turn()
        try:
            if not done.done():
                await self._commit_all()
        finally:
            self._lock.release()
        await done

    async def _commit_all(self) -> None:
        try:
            assert self._transaction is not None
            await self._transaction.commit()
        except BaseException as broken:
            await self._give_up(broken)
            raise
        self._transaction = None
        self._settle(None)

    async def empty_log(self) -> bool:
        """Put what the write-ahead log holds into the database file and cut the log to nothing: old pages stay in it
        otherwise. False: somebody is reading old pages at this moment.
        """
        await self._wait_for_turn()
        try:
            if self._transaction is not None:
                await self._commit_all()
            if self._con is None:
                return False
            driver = (await self._con.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute(f"PRAGMA busy_timeout={EMPTYING_MS}")
            try:
                async with driver.execute(CHECKPOINT) as cursor:
                    busy, _, _ = await cursor.fetchone()
            finally:
                await driver.execute(f"PRAGMA busy_timeout={engines.BUSY_MS}")
            return not busy
        finally:
            self._lock.release()

    async def _wait_for_turn(self) -> None:
        """What is to be committed is committed, cancelled or not: somebody has to do it."""
        while True:
            try:
                await self._lock.acquire()
            except asyncio.CancelledError:
                engines.postpone()
            else:
                return

    async def _give_up(self, broken: BaseException) -> None:
        """The shared transaction can't be saved: every unit in it fails, the next one starts afresh."""
        self._settle(broken)
        try:
            if self._transaction is not None:
                await engines.to_its_end(self._transaction.rollback())
        finally:
            # A connection on which a statement was cut off is of no use any more.
            await self.close()

    def _settle(self, broken: BaseException | None) -> None:
        for future in self._unfinished:
            if not future.done():
                if broken is None:
                    future.set_result(None)
                else:
                    future.set_exception(NotSaved())
                    future.exception()  # asked for, so that asyncio does not complain where nobody waits any more
        self._unfinished.clear()

    async def close(self) -> None:
        con, self._con, self._transaction = self._con, None, None
        if con is not None:
            await engines.to_its_end(con.close())


class NotSaved(Exception):
    """The transaction that this unit shared with others could not be committed. Nothing of it was kept."""


def is_trouble(broken: BaseException) -> bool:
    """Is the database at fault (locked, full, out of reach), or the key, and not what was asked of it? Then it may do
    later."""
    return isinstance(broken, NotSaved | KeyGone | OperationalError | InterfaceError | PoolTimeout)


class Memory:
    """The database: units of work that write, and glances that only read."""

    def __init__(self, url: str, seal: Seal) -> None:
        self.url = url
        self.seal = seal
        self._writer = engines.writer(url)
        self._reader = engines.reader(url) if engines.is_sqlite(url) else self._writer
        self._turns = _Turns(self._writer) if engines.is_sqlite(url) else None
        self.holds_old_pages = self._turns is not None
        """Deleted words may still stand in the log: somebody was reading old pages, or the last process died."""
        self.keyless = asyncio.Event()
        """Set once the key that closes here is out of use and no other has come in its place: nothing can be kept."""
        self._to_server = () if engines.is_sqlite(url) else engines.watched(self._writer)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        opened = self._turn(self._turns) if self._turns else self._own_transaction()
        cut_off: asyncio.CancelledError | None = None
        try:
            async with opened as unit:
                try:
                    yield unit
                except asyncio.CancelledError as cancelled:
                    cut_off = cancelled
                    raise
        except KeyGone:
            if await self._has_no_key():
                self.keyless.set()
            raise
        except Exception:
            # Rolling back after a cancellation may fail in its own way; whoever was cancelled must still end.
            if cut_off is not None:
                raise cut_off from None
            raise
        unit.committed()
        if unit.overwrites:
            self.holds_old_pages = self._turns is not None
            await self.overwrite()
        engines.now_if_cancelled()

    async def _has_no_key(self) -> bool:
        async with self.glance() as m:
            return bool(await m.marks.gone_keys({self.seal.number}))

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[Stores]:
        """Read only, without waiting for any writer. What it sees may be older than what is being written."""
        async with engines.unbroken(self._reader) if self._turns else self._reader.connect() as con:
            engines.now_if_cancelled()
            yield Stores(con, self.seal)
            await con.rollback()
        engines.now_if_cancelled()

    @asynccontextmanager
    async def _turn(self, turns: _Turns) -> AsyncIterator[Unit]:
        unit = Unit(await turns.begin(), self.seal)
        try:
            engines.now_if_cancelled()
            yield unit
            engines.now_if_cancelled()
            await unit.finish()
        except BaseException:
            await turns.end(keep=False)
            raise
        await turns.end(keep=True)

    @asynccontextmanager
    async def _own_transaction(self) -> AsyncIterator[Unit]:
        async with self._writer.begin() as con:
            unit = Unit(con, self.seal)
            yield unit
            await unit.finish()
            if unit.calls_sender:
                await leading.call_sender(con)

    @asynccontextmanager
    async def lock_line(self, plan: str) -> AsyncIterator[LockLine]:
        """What a process leads among those on one PostgreSQL. Raises `leading.Lost` when the line breaks."""
        async with leading.lock_line(self.url, plan) as line:
            yield line

    def cut(self) -> None:
        """The database can't be reached: whoever waits for it shall know."""
        for driver in list(self._to_server):
            engines.cut(driver)

    async def overwrite(self) -> bool:
        """See to it that nothing that was deleted is left in any file. False: not now, since somebody reads old pages
        or the disk is full; `erasures.overwrite` tries again."""
        if self.holds_old_pages and self._turns:
            try:
                self.holds_old_pages = not await self._turns.empty_log()
            except sqlite3.Error as broken:  # a full disk; what was to be deleted is on disk, and this comes later
                log.warning("log_not_emptied", error=type(broken).__name__)
        return not self.holds_old_pages

    async def close(self) -> None:
        if self._turns:
            await self._turns.close()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()

    @cached_property
    def is_sqlite(self) -> bool:
        return engines.is_sqlite(self.url)
