"""Cancelled anywhere: in the middle of a statement, of a commit, of waiting for its turn."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.words import Role
from storage import engine
from storage.unit_of_work import Memory, _Turns
from tests.support.desks import START, sqlite_memory


async def add(memory: Memory, ref: str) -> None:
    async with memory.unit() as m:
        for part in range(3):
            await m.people.add(Role.WORKER, f"{ref}-{part}", "Sam", "en", "UTC", START)
        await m.people.everybody()


async def refs(memory: Memory) -> set[str]:
    async with memory.glance() as m:
        return {person.ref for person in await m.people.everybody()}


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_a_unit_cancelled_after_so_many_turns_of_the_loop_is_there_wholly_or_not_at_all(
    memory: Memory, turns: int
) -> None:
    cancelled = asyncio.get_running_loop().create_task(add(memory, "W-1"))
    others = [asyncio.get_running_loop().create_task(add(memory, f"W-{n}")) for n in range(2, 5)]
    for _ in range(turns):
        await asyncio.sleep(0.0003)
    cancelled.cancel()
    outcome, *rest = await asyncio.gather(cancelled, *others, return_exceptions=True)
    assert rest == [None] * 3
    found = await refs(memory)
    mine = {ref for ref in found if ref.startswith("W-1-")}
    assert len(found - mine) == 9
    assert len(mine) in (0, 3)
    assert outcome is None or isinstance(outcome, asyncio.CancelledError)
    assert mine or isinstance(outcome, asyncio.CancelledError)


async def test_after_many_cancellations_the_memory_still_works(memory: Memory) -> None:
    for turn in range(40):
        task = asyncio.get_running_loop().create_task(add(memory, f"X{turn}"))
        for _ in range(turn % 13):
            await asyncio.sleep(0.0005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5):
        await add(memory, "W-9")
    assert {"W-9-0", "W-9-1", "W-9-2"} <= await refs(memory)


async def test_a_time_limit_around_a_unit_still_ends_it(memory: Memory) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await add(memory, "W-1")
    async with asyncio.timeout(5):
        await add(memory, "W-2")


async def test_cancelled_while_a_broken_connection_is_put_away(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is locked, and just then the unit is cancelled: whoever comes next gets their turn."""
    monkeypatch.setattr(engine, "BUSY_MS", 20)
    put_away = _Turns.close

    async def cancelled_meanwhile(turns: _Turns) -> None:
        first.cancel()
        await put_away(turns)

    async with sqlite_memory(sqlite_template, tmp_path) as memory:
        await add(memory, "W-0")
        with (
            closing(sqlite3.connect(tmp_path / "checkin.db", isolation_level=None)) as other,
            monkeypatch.context() as now,
        ):
            other.execute("BEGIN IMMEDIATE")
            now.setattr(_Turns, "close", cancelled_meanwhile)
            first = asyncio.get_running_loop().create_task(add(memory, "W-1"))
            await asyncio.wait([first])
        async with asyncio.timeout(5):
            await add(memory, "W-2")
        assert {ref[:3] for ref in await refs(memory)} == {"W-0", "W-2"}


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_cancelled_again_and_again_while_the_database_is_opened_nothing_is_left_waiting(
    tmp_path: Path, sqlite_template: Path, turns: int
) -> None:
    """Nobody's turn, no connection, and no task that nobody looks after."""
    before = asyncio.all_tasks()
    async with sqlite_memory(sqlite_template, tmp_path) as memory:
        tasks = [asyncio.get_running_loop().create_task(work) for work in (add(memory, "W-1"), refs(memory))]
        for turn in range(turns + 6):
            if turn >= turns:
                for task in tasks:
                    task.cancel()
            await asyncio.sleep(0 if turn % 2 else 0.0001)
        await asyncio.wait(tasks)
        async with asyncio.timeout(5):
            await add(memory, "W-2")
        assert {"W-2-0", "W-2-1", "W-2-2"} <= await refs(memory)
    assert asyncio.all_tasks() == before
