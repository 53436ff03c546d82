"""Cancelled anywhere: in the middle of a statement, of a commit, of waiting for its turn."""

import asyncio

import pytest

from bot.domain.words import Role
from storage.unit_of_work import Memory
from tests.support.desks import START


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
