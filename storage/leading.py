"""A process's own line to PostgreSQL: it holds the locks of what the process leads, and hears when others ring.

Locks of a session end with its connection, however that ends. A server does not notice that somebody was cut off; so
it is told to end this session when it has not been heard for a while (`idle_session_timeout`; a server older than 14
knows only the TCP settings). Each line has a name of its own, and a lock of that name: whatever was claimed under a
name that is not locked any more is in nobody's hands. A second lock, shared, says which version of the plan its process
goes by.

A pooler that gives each statement another connection can't hold a session's lock: that is noticed, and refused.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leading import ANSWERED_WITHIN, FREE_AFTER, Lead
from storage import engine as engines
from storage import tables as t

SENDER, LEAD = "checkin_sender", "checkin_lead"
"""Channels: something may be sent at once; a lock may be free."""
HOUSE = 0x1A_B0C6
"""The first number of the locks of those who lead; the second is their place here."""
LEADS = (Lead.RECEIVE, Lead.SEND)

OPEN_WITHIN = 10.0
A_MOMENT = 0.1
GOODBYE_WITHIN = 1.0
"""Seconds for the last word of a process that ends."""

Query = tuple[str, tuple[object, ...]]


class Lost(Exception):
    """The line is gone, and with it every lock."""


class LockLine:
    """One open line. Each question is answered in time, or the line is cut."""

    def __init__(self, driver: "psycopg.AsyncConnection[Any]") -> None:
        self._driver = driver
        self._server_process: int | None = None
        self.name = t.new_id()
        self._held: set[Lead] = set()

    async def open(self, plan: str) -> None:
        setting = "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = 'idle_session_timeout'"
        await self._ask(setting, str(int(FREE_AFTER * 1000)))
        pid, mine = await self._ask("SELECT pg_backend_pid(), pg_try_advisory_lock(%s)", _number(self.name))
        if not mine:
            raise Lost("two lines of one name")
        self._server_process = pid
        await self._ask("SELECT pg_advisory_lock_shared(%s)", _number(plan))
        await self._ask(f"LISTEN {SENDER}")
        await self._ask(f"LISTEN {LEAD}")

    async def beat(self, wanted: Collection[Lead]) -> frozenset[Lead]:
        """Say that we are there; take what is wanted and free, give back what is not wanted. What is held now."""
        asks = [(one, self._held_or_taken(one)) for one in LEADS if one in wanted]
        gives = [one for one in self._held if one not in wanted]
        row = await self._ask(
            ", ".join(("SELECT pg_backend_pid()", *(sql for _, (sql, _) in asks), *(_UNLOCK for _ in gives))),
            *(value for _, (_, values) in asks for value in values),
            *(value for one in gives for value in _lock(one)),
        )
        if row[0] != self._server_process:
            raise Lost("a pooler gives each statement another connection; connect to the server itself")
        self._held = {one for (one, _), held in zip(asks, row[1:], strict=False) if held}
        if gives:
            await self._ask("SELECT pg_notify(%s, '')", LEAD)
        return frozenset(self._held)

    def _held_or_taken(self, lead: Lead) -> Query:
        # A lock that is taken twice has to be given back twice.
        return ("true", ()) if lead in self._held else ("pg_try_advisory_lock(%s, %s)", _lock(lead))

    async def newer_plan(self, than: str) -> str | None:
        """The version of the plan that is in force, if it is not this one and somebody who is alive goes by it."""
        row = await self._ask(_NEWER, than)
        return str(row[0]) if row else None

    async def hear(self, seconds: float) -> set[str]:
        """The channels on which somebody rang; returns with the first, or after that long."""
        try:
            return {one.channel async for one in self._driver.notifies(timeout=seconds, stop_after=1)}
        except psycopg.Error as broken:
            raise Lost(type(broken).__name__) from None

    async def give_up(self) -> None:
        """Give everything back, and let whoever waits for it know."""
        with suppress(Lost):
            await self._ask("SELECT pg_advisory_unlock_all(), pg_notify(%s, '')", LEAD, within=GOODBYE_WITHIN)

    async def _ask(self, sql: str, *values: object, within: float | None = None) -> tuple[Any, ...]:
        # Cancelling would ask the server to cancel, and wait for it: of no use on a line that may be dead.
        with _cutting(self._driver, ANSWERED_WITHIN if within is None else within):
            try:
                done = await self._driver.execute(sql.encode(), values or None)
                return (await done.fetchone() or ()) if done.description else ()
            except psycopg.Error as broken:
                raise Lost(type(broken).__name__) from None


@contextmanager
def _cutting(driver: "psycopg.AsyncConnection[Any]", after: float) -> Iterator[None]:
    """Cut this connection if the block takes so long; a moment later, for where the process itself was held up, the
    answer is here and is read first.
    """
    loop, timers = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    timers.append(loop.call_later(after, lambda: timers.append(loop.call_later(A_MOMENT, engines.cut, driver))))
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


_LOCKED = (
    "SELECT lpad(to_hex(classid::bigint), 8, '0') || lpad(to_hex(objid::bigint), 8, '0') FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""Every lock of one number, as the name that it stands for."""
_LATEST = "(SELECT version FROM plan_version ORDER BY number DESC LIMIT 1) latest"
_NEWER = f"SELECT version FROM {_LATEST} WHERE version <> %s AND version IN ({_LOCKED})"  # noqa: S608  # constants only
_UNLOCK = "pg_advisory_unlock(%s, %s)"


def _lock(lead: Lead) -> tuple[int, int]:
    return HOUSE, LEADS.index(lead)


def _number(name: str) -> int:
    """The name as PostgreSQL's signed number of 64 bits."""
    number = int(name, 16)
    return number - 2**64 if number >= 2**63 else number


@asynccontextmanager
async def lock_line(url: str, plan: str) -> AsyncIterator[LockLine]:
    """A line for as long as the block lasts, of a process that goes by this version of the plan. Raises Lost."""
    engine = engines.alone(url)
    try:
        try:
            async with asyncio.timeout(OPEN_WITHIN):  # connecting, and what SQLAlchemy asks of a server it meets
                con = await engine.connect()
        except sa.exc.DBAPIError as broken:
            raise Lost(type(broken.orig).__name__) from None
        driver = (await con.get_raw_connection()).driver_connection
        assert driver is not None
        line = LockLine(driver)
        try:
            await line.open(plan)
            yield line
            await line.give_up()
        except asyncio.CancelledError:
            await line.give_up()
            raise
        finally:
            await driver.close()
            await con.invalidate()
    finally:
        await engine.dispose()


async def call_sender(con: AsyncConnection) -> None:
    """Ring for whoever sends, with the commit of this transaction."""
    await con.execute(sa.select(sa.func.pg_notify(SENDER, "")))


async def living(con: AsyncConnection) -> set[str]:
    """The names of all lines that are open, whoever's (and the versions that are gone by)."""
    return set(await con.scalars(sa.text(_LOCKED)))
