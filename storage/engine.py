"""Engines with the settings that decide whether writes are lost (docs/decisions/0003-sqlite-settings.md)."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Cursor as SqliteCursor
from typing import Any, TypeVar
from weakref import WeakSet

import psycopg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

Result = TypeVar("Result")
BUSY_MS = 10_000


def is_sqlite(url: str) -> bool:
    return sa.make_url(url).get_backend_name() == "sqlite"


def writer(url: str) -> AsyncEngine:
    """The engine that writes. SQLite: one connection, so that writers queue fairly instead of failing."""
    if not is_sqlite(url):
        return _postgres(url)
    engine = create_async_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)
    _prepare_sqlite(engine, "BEGIN IMMEDIATE")
    return engine


def reader(url: str) -> AsyncEngine:
    """An engine that only reads; on SQLite it never waits for the writer (WAL)."""
    if not is_sqlite(url):
        return _postgres(url)
    engine = create_async_engine(url, pool_size=4, max_overflow=4, hide_parameters=True)
    _prepare_sqlite(engine, "BEGIN", read_only=True)
    return engine


SERVER_SETTINGS = {
    "timezone": "UTC",
    "statement_timeout": "30s",
    # Whoever was cut off in the middle of a transaction keeps others waiting for its rows no longer than this.
    "idle_in_transaction_session_timeout": "20s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "12s",
}
"""What the server is told for each connection; the TCP ones let it notice that a computer is gone."""
OUR_SETTINGS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 12_000}
"""The same, so that we notice when the server's is."""


def _postgres(url: str) -> AsyncEngine:
    return create_async_engine(
        url, pool_size=16, max_overflow=8, pool_pre_ping=True, hide_parameters=True, connect_args=_connecting(10)
    )


def alone(url: str) -> AsyncEngine:
    """An engine for one connection to PostgreSQL that lives by itself, with no transaction around what it is asked."""
    return create_async_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True, connect_args=_connecting(5)
    )


def _connecting(seconds: int) -> dict[str, Any]:
    options = " ".join(f"-c {name}={value}" for name, value in SERVER_SETTINGS.items())
    # What is asked again and again the server plans once: a third of the time of most questions (psycopg's own limit).
    return {"options": options, "connect_timeout": seconds, "prepare_threshold": 5, **OUR_SETTINGS}


def watched(engine: AsyncEngine) -> "WeakSet[psycopg.AsyncConnection[Any]]":
    """Its connections to a server from now on, in use or not."""
    opened: WeakSet[psycopg.AsyncConnection[Any]] = WeakSet()

    @sa.event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        opened.add(connection.driver_connection)

    return opened


def cut(driver: "psycopg.AsyncConnection[Any]") -> None:
    """End this connection under whoever waits for an answer on it."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(driver.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _prepare_sqlite(engine: AsyncEngine, begin: str, *, read_only: bool = False) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        raw: SqliteConnection = connection
        # No BEGIN from the driver: it would be a deferred one, and two of those can't both become writers.
        raw.isolation_level = None
        cursor = raw.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        # What is deleted is overwritten: nobody finds it in the file afterwards.
        cursor.execute("PRAGMA query_only=ON" if read_only else "PRAGMA secure_delete=ON")
        cursor.close()
        _let_it_finish(connection.driver_connection)
        _go_once(connection.driver_connection)

    @sa.event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)


# A statement runs in a thread and goes on there when the task that waits for it is cancelled. SQLAlchemy would throw
# its connection away, unfinished statement, write lock and all, and nobody could write any more. Cut off while it is
# opened or closed, a connection leaves tasks behind that wait for a thread which has ended. So a cancellation waits
# until the statement is done, the connection open or closed, and is raised where the unit of work ends.

_postponed: "WeakSet[asyncio.Task[Any]]" = WeakSet()


def postpone() -> None:
    """This task is cancelled, but not now."""
    task = asyncio.current_task()
    if task is not None:
        _postponed.add(task)


def now_if_cancelled() -> None:
    """Raise the cancellation that was postponed."""
    task = asyncio.current_task()
    if task is not None and task in _postponed:
        _postponed.discard(task)
        raise asyncio.CancelledError


async def to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Wait until it is done, cancelled or not."""
    task = asyncio.get_running_loop().create_task(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # the loop itself is being closed
                raise
            postpone()


@asynccontextmanager
async def unbroken(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that is opened and closed whole."""
    con = await to_its_end(engine.connect().start())
    try:
        yield con
    finally:
        await to_its_end(con.close())


def _let_it_finish(driver: Any) -> None:
    at_once = driver._execute

    async def execute(fn: Any, *args: Any, **kwargs: Any) -> Any:
        return await to_its_end(at_once(fn, *args, **kwargs))

    driver._execute = execute


# aiosqlite goes to its thread and back for each step: make a cursor, execute, fetch, close. On a busy computer each such
# journey waits for its turn on a processor, twice. With one journey a statement, a message sent takes 16 instead of 50.


class _Cursor:
    """What SQLAlchemy asks of a cursor of aiosqlite; all of it is done in one journey."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount, self.lastrowid, self.arraysize = -1, None, 1

    async def __aenter__(self) -> "_Cursor":
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> "_Cursor":
        await self._go(SqliteCursor.execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Any) -> "_Cursor":
        await self._go(SqliteCursor.executemany, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """It is closed already."""

    async def _go(self, how: Callable[..., Any], sql: str, parameters: Any) -> None:
        def there() -> None:
            with closing(self._driver._conn.cursor()) as cursor:
                how(cursor, sql, parameters)
                self._rows = cursor.fetchall() if cursor.description else []
                self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid

        await self._driver._execute(there)


def _go_once(driver: Any) -> None:
    driver.cursor = lambda: _Cursor(driver)
