"""The access log is a chain: what is changed, taken out or put in afterwards shows; what was meant to go does not."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage import migrate
from storage import tables as t
from storage.chain import UNNAMED, Flaw, Why
from storage.sealing import Seal, WrongKey, new_key
from storage.unit_of_work import Memory
from tests.storage.test_migrations import NOW, told
from tests.support.desks import START


async def noted(memory: Memory, *abouts: str, by: str = "W-1") -> list[int]:
    """A line each, in a unit of its own."""
    numbers = []
    for about in abouts:
        async with memory.unit() as m:
            numbers.append(await m.audit.note(START, by, "read_answers", about))
    return numbers


async def flaws(memory: Memory) -> list[Flaw]:
    async with memory.glance() as m:
        return await m.audit.check(lambda: None)


async def changed(memory: Memory, statement: sa.Executable) -> None:
    """What somebody does who can write to the database but has no key."""
    async with memory.unit() as m:
        await m.con.execute(statement)


async def test_a_log_that_nobody_touched_is_whole(memory: Memory) -> None:
    assert await flaws(memory) == []
    await noted(memory, "R-1", "R-2", "R-3")
    assert await flaws(memory) == []
    async with memory.glance() as m:
        assert [(one.about, one.place) for one in await m.audit.lines()] == [("R-1", 1), ("R-2", 2), ("R-3", 3)]


@pytest.mark.parametrize(
    "values", [{"by": "W-2"}, {"did": "in_touch"}, {"about": "R-9"}, {"about": None}, {"at": START - timedelta(days=1)}]
)
async def test_a_line_that_was_changed_is_named(memory: Memory, values: dict[str, object]) -> None:
    _, second, _ = await noted(memory, "R-1", "R-2", "R-3")
    await changed(memory, t.audit.update().where(t.audit.c.number == second).values(**values))
    assert await flaws(memory) == [Flaw(second, Why.CHANGED)]


async def test_a_line_that_was_taken_out_is_missed_at_the_next_one(memory: Memory) -> None:
    _, second, third = await noted(memory, "R-1", "R-2", "R-3")
    await changed(memory, t.audit.delete().where(t.audit.c.number == second))
    assert await flaws(memory) == [Flaw(third, Why.MISSING)]


async def test_the_last_line_cannot_be_taken_out_unseen(memory: Memory) -> None:
    first, second = await noted(memory, "R-1", "R-2")
    await changed(memory, t.audit.delete().where(t.audit.c.number == second))
    assert await flaws(memory) == [Flaw(None, Why.CUT_OFF)]
    async with memory.unit() as m:
        before = (await m.con.execute(sa.select(t.audit.c.hash).where(t.audit.c.number == first))).scalar_one()
    await changed(memory, t.audit_head.update().values(place=1, hash=before))
    assert await flaws(memory) == [Flaw(None, Why.CUT_OFF)]


@pytest.mark.parametrize("place", [None, 1, 2])
async def test_a_line_that_was_put_in_is_named(memory: Memory, place: int | None) -> None:
    await noted(memory, "R-1", "R-2")
    line = {"number": 999, "at": START, "by": "W-1", "did": "read_answers", "about": "R-1", "place": place}
    await changed(memory, t.audit.insert().values(**line, hash="0" * 64 if place else None))
    assert await flaws(memory) == [Flaw(999, Why.PUT_IN)]


async def test_two_lines_that_changed_places_are_named(memory: Memory) -> None:
    first, second, _ = await noted(memory, "R-1", "R-2", "R-3")
    for number, place in ((first, 2), (second, 1)):
        await changed(memory, t.audit.update().where(t.audit.c.number == number).values(place=place))
    assert {one.line for one in await flaws(memory)} >= {first, second}


async def test_units_side_by_side_make_one_chain(memory: Memory) -> None:
    """As several processes do on one server; nobody waits for whoever else is in the middle of their unit."""
    second, all_noted = Memory(memory.url, memory.seal), asyncio.Barrier(12)

    async def one(where: Memory, n: int) -> None:
        async with where.unit() as m:
            await m.audit.note(START, "W-1", "read_answers", f"R-{n}")
            if not memory.is_sqlite:
                await all_noted.wait()
            await m.audit.note(START, "W-1", "read_alert", f"R-{n}")

    async with asyncio.TaskGroup() as group:
        for n in range(12):
            group.create_task(one((memory, second)[n % 2], n))
    await second.close()
    assert await flaws(memory) == []
    async with memory.glance() as m:
        places = sorted(line.place or 0 for line in await m.audit.lines())
    assert places == list(range(1, 25))


async def test_what_was_undone_leaves_no_gap(memory: Memory) -> None:
    with suppress(ZeroDivisionError):
        async with memory.unit() as m:
            await m.audit.note(START, "W-1", "read_answers", "R-1")
            raise ZeroDivisionError
    async with memory.unit() as m:
        with suppress(ZeroDivisionError):
            async with m.apart():
                await m.audit.note(START, "W-1", "read_answers", "R-2")
                raise ZeroDivisionError
        await m.audit.note(START, "W-1", "read_answers", "R-3")
    assert await flaws(memory) == []
    async with memory.glance() as m:
        assert [(one.about, one.place) for one in await m.audit.lines()] == [("R-3", 1)]


async def test_whoever_was_erased_is_named_no_more_and_the_chain_holds(memory: Memory) -> None:
    await noted(memory, "R-1", "R-2")
    async with memory.unit() as m:
        number = await m.audit.note(START, "R-1", "erased", "R-1")
        m.audit.unname("R-1")
    assert await flaws(memory) == []
    async with memory.glance() as m:
        every, theirs = await m.audit.lines(), await m.audit.lines("R-1")
    assert "R-1" not in {name for line in every for name in (line.by, line.about)}
    assert [line.about for line in every if line.number != number][1] == "R-2"
    assert len(theirs) == 2  # whoever knows the ref, and has the key, still finds them
    assert all((line.about or "").startswith(UNNAMED) for line in theirs)


async def test_another_name_than_the_right_one_in_their_place_shows(memory: Memory) -> None:
    first, _ = await noted(memory, "R-1", "R-2")
    await changed(memory, t.audit.update().where(t.audit.c.number == first).values(about=f"{UNNAMED}{'0' * 16}"))
    assert await flaws(memory) == [Flaw(first, Why.CHANGED)]


async def test_without_the_right_key_nothing_is_judged_and_an_action_still_goes_on(memory: Memory) -> None:
    await noted(memory, "R-1")
    other = Memory(memory.url, Seal([new_key()]))
    with pytest.raises(WrongKey):
        await flaws(other)
    [loose] = await noted(other, "R-2")
    await other.close()
    assert await flaws(memory) == [Flaw(loose, Why.PUT_IN)]


async def test_lines_of_an_earlier_version_are_tied_in_their_order(url: str) -> None:
    migrate._move(url, "0001", forwards=True)
    for n in range(3):
        told(url, t.audit.insert().values(at=NOW, by="W-1", did="read_answers", about=f"R-{n}"))
    migrate.upgrade(url)
    memory = Memory(url, Seal([new_key()]))
    try:
        async with memory.unit() as m:
            await m.audit.begin(START)
        await noted(memory, "R-3")
        async with memory.glance() as m:
            assert [(one.about, one.place) for one in await m.audit.lines()] == [(f"R-{n}", n + 1) for n in range(4)]
        assert await flaws(memory) == []
    finally:
        await memory.close()
