"""Desks to test actions at: a real database, a clock that is moved by hand, a small plan."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.actions.desk import Desk
from bot.domain.plan import Plan
from bot.rehearsal.clock import RehearsalClock
from storage.engine import is_sqlite
from storage.sealing import Seal, new_key
from storage.tables import meta
from storage.unit_of_work import Memory

START = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
"""A Tuesday, 13:00 in London."""


async def make_sqlite(path: Path) -> None:
    """An empty database with all tables."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    async with engine.begin() as con:
        await con.run_sync(meta.create_all)
    await engine.dispose()


@asynccontextmanager
async def sqlite_memory(template: Path, folder: Path) -> AsyncIterator[Memory]:
    shutil.copy(template, folder / "checkin.db")
    memory = Memory(f"sqlite+aiosqlite:///{folder / 'checkin.db'}", Seal([new_key()]))
    try:
        yield memory
    finally:
        await memory.close()


@asynccontextmanager
async def postgres_memory(url: str) -> AsyncIterator[Memory]:
    """The same, on a server."""
    memory = Memory(url, Seal([new_key()]))
    try:
        async with memory.unit() as m:
            await m.con.run_sync(meta.create_all)
        yield memory
    finally:
        await memory.close()


@contextmanager
def broom(url: str) -> Iterator[Callable[[], object]]:
    """Takes every row out of a database, each time it is called. Small DELETEs are ten times as quick as TRUNCATE,
    which makes new files for every index; all in one journey to the database, which a test makes before anything else.
    """
    emptying = ";".join(str(table.delete()) for table in reversed(meta.sorted_tables))
    if is_sqlite(url):
        with closing(sqlite3.connect(sa.make_url(url).database or "", isolation_level=None)) as file:
            yield partial(file.executescript, f"BEGIN;{emptying};COMMIT")
    else:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as server:
            yield partial(server.execute, emptying.encode())


def desk_for(memory: Memory, plan: Plan) -> Desk:
    return Desk(memory=memory, clock=RehearsalClock(START, speed=0), plan=plan)
