"""Units of work: all or nothing, alone or sharing a commit with others."""

import asyncio

import pytest
import sqlalchemy as sa

from bot.actions.desk import Desk
from bot.domain.words import Role
from storage import tables as t
from storage.unit_of_work import Memory
from tests.support.desks import START


async def _refs(memory: Memory) -> set[str]:
    async with memory.glance() as m:
        return {person.ref for person in await m.people.everybody()}


async def test_what_a_unit_wrote_is_there_when_it_was_left(desk: Desk) -> None:
    async with desk.turn() as turn:
        await turn.m.people.add(Role.WORKER, "W-1", "Sam", "en", "Europe/London", START)
    async with desk.glance() as m:
        sam = await m.people.by_ref("W-1")
    assert sam is not None
    assert sam.name == "Sam"


async def test_a_failing_unit_rolls_back_alone(memory: Memory) -> None:
    async def one(n: int) -> None:
        async with memory.unit() as m:
            await m.people.add(Role.WORKER, f"W-{n}", "Sam", "en", "UTC", START)
            if n % 3 == 0:
                raise KeyError(n)

    results = await asyncio.gather(*(one(n) for n in range(12)), return_exceptions=True)
    assert await _refs(memory) == {f"W-{n}" for n in range(12) if n % 3}
    assert [type(result) for result in results] == [KeyError if n % 3 == 0 else type(None) for n in range(12)]


async def test_units_side_by_side_overwrite_nothing(memory: Memory) -> None:
    """Read, think, write: three hundred times by twelve at once, and no step is lost."""
    async with memory.unit() as m:
        await m.con.execute(t.mark.insert().values(name="n", at=START, value="0"))

    async def steps() -> None:
        for _ in range(25):
            async with memory.unit() as m:
                query = sa.select(t.mark.c.value).where(t.mark.c.name == "n").with_for_update()
                seen = int((await m.con.execute(query)).scalar_one())
                await asyncio.sleep(0)
                await m.con.execute(t.mark.update().where(t.mark.c.name == "n").values(value=str(seen + 1)))

    await asyncio.gather(*(steps() for _ in range(12)))
    async with memory.glance() as m:
        assert (await m.con.execute(sa.select(t.mark.c.value))).scalar_one() == "300"


async def test_what_is_to_happen_after_the_commit_happens_after_it_and_only_then(memory: Memory) -> None:
    seen: list[set[str]] = []
    heard: list[str] = []
    async with memory.unit() as m:
        await m.people.add(Role.WORKER, "W-1", None, "en", "UTC", START)
        m.after_commit(lambda: heard.append("kept"))
        seen.append(await _refs(memory))

    async def fails() -> None:
        async with memory.unit() as m:
            m.after_commit(lambda: heard.append("failed"))
            raise KeyError

    with pytest.raises(KeyError):
        await fails()
    assert seen == [set()]
    assert heard == ["kept"]


async def test_a_unit_that_is_cancelled_leaves_nothing_and_blocks_nobody(memory: Memory) -> None:
    inside = asyncio.Event()

    async def never_ends() -> None:
        async with memory.unit() as m:
            await m.people.add(Role.WORKER, "W-lost", None, "en", "UTC", START)
            inside.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        stuck = group.create_task(never_ends())
        await inside.wait()
        stuck.cancel()
    async with memory.unit() as m:
        await m.people.add(Role.WORKER, "W-next", None, "en", "UTC", START)
    assert await _refs(memory) == {"W-next"}


async def test_names_are_sealed_and_bound_to_their_row(memory: Memory) -> None:
    async with memory.unit() as m:
        first = await m.people.add(Role.CLIENT, "R-1", "Alexandra", "en", "UTC", START)
        second = await m.people.add(Role.CLIENT, "R-2", "Bertram", "en", "UTC", START)
    async with memory.unit() as m:
        stored = (await m.con.execute(sa.select(t.person.c.name_sealed).where(t.person.c.id == first))).scalar_one()
        assert b"Alexandra" not in stored
        await m.con.execute(t.person.update().where(t.person.c.id == second).values(name_sealed=stored))
    async with memory.glance() as m:
        with pytest.raises(Exception, match=r"person\.name"):
            await m.people.by_ref("R-2")
