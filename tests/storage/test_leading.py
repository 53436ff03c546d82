"""The line that holds a process's locks: one holder, until it lets go, dies, or has not been heard for a while."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
import sqlalchemy as sa

from bot.domain.leading import ANSWERED_WITHIN, BEAT, FREE_AFTER, LEADS_FOR, Lead
from storage import leading
from storage.leading import LEAD, SENDER, LockLine, Lost
from storage.unit_of_work import Memory
from tests.support.cable import Cable, cable
from tests.support.desks import START

BOTH = frozenset(Lead)
PLAN, NEWER = "0" * 15 + "1", "f" * 16
SOON = 5.0


@pytest.fixture
async def line(postgres_empty: Memory) -> AsyncIterator[LockLine]:
    async with postgres_empty.lock_line(PLAN) as one:
        yield one


@pytest.fixture
async def far(postgres_empty: Memory) -> AsyncIterator[tuple[Cable, Memory]]:
    """The same database at the other end of a cable."""
    url = sa.make_url(postgres_empty.url)
    assert url.port is not None
    async with cable(url.port) as between:
        there = url.set(port=between.port).render_as_string(hide_password=False)
        memory = Memory(there, postgres_empty.seal)
        try:
            yield between, memory
        finally:
            memory.cut()
            await memory.close()


async def gets(line: LockLine) -> float:
    """Beat until everything is held; how many seconds that took."""
    time = asyncio.get_running_loop().time
    began = time()
    async with asyncio.timeout(SOON):
        while await line.beat(BOTH) != BOTH:
            await line.hear(0.05)
    return time() - began


async def ends(memory: Memory, name: str) -> None:
    """The server ends the session that holds the lock of that name, as an administrator may."""
    async with memory.unit() as m:
        key = sa.text(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
            " AND lpad(to_hex(classid::bigint), 8, '0') || lpad(to_hex(objid::bigint), 8, '0') = :name"
        )
        assert (await m.con.execute(key, {"name": name})).scalar_one()


def test_whoever_is_cut_off_stops_before_another_may_begin() -> None:
    assert BEAT + ANSWERED_WITHIN < LEADS_FOR < FREE_AFTER
    assert FREE_AFTER + BEAT < 30


async def test_one_holds_what_the_other_wants(line: LockLine, postgres_empty: Memory) -> None:
    async with postgres_empty.lock_line(PLAN) as other:
        assert await line.beat(BOTH) == BOTH
        assert await other.beat(BOTH) == frozenset()
        assert await line.beat(BOTH) == BOTH
        assert await line.beat({Lead.SEND}) == {Lead.SEND}
        assert await other.beat(BOTH) == {Lead.RECEIVE}
        async with postgres_empty.glance() as m:
            assert {line.name, other.name} <= await leading.living(m.con)


async def test_whoever_waits_hears_that_a_lock_is_free(line: LockLine, postgres_empty: Memory) -> None:
    async with postgres_empty.lock_line(PLAN) as other:
        assert await other.beat(BOTH) == BOTH
        assert await line.beat(BOTH) == frozenset()
        await other.beat({Lead.SEND})
        assert await line.hear(SOON) == {LEAD}
    assert await line.hear(SOON) == {LEAD}
    assert await line.beat(BOTH) == BOTH


async def test_a_line_that_is_ended_lets_go_of_everything(line: LockLine, postgres_empty: Memory) -> None:
    async with postgres_empty.lock_line(PLAN) as other:
        assert await other.beat(BOTH) == BOTH
        await ends(postgres_empty, other.name)
        await gets(line)
        async with postgres_empty.glance() as m:
            assert other.name not in await leading.living(m.con)
        with pytest.raises(Lost):
            await other.beat(BOTH)


async def test_the_server_itself_lets_go_of_one_that_is_heard_no_more(
    line: LockLine, far: tuple[Cable, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ends of the cable think that the connection is there."""
    monkeypatch.setattr(leading, "FREE_AFTER", 0.6)
    between, memory = far
    async with memory.lock_line(PLAN) as other:
        assert await other.beat(BOTH) == BOTH
        between.pull()
        assert await gets(line) < SOON
        monkeypatch.setattr(leading, "ANSWERED_WITHIN", 0.1)  # what the end of the block asks, nobody hears


async def test_a_question_without_an_answer_cuts_the_line(
    far: tuple[Cable, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "ANSWERED_WITHIN", 0.2)
    between, memory = far
    async with memory.lock_line(PLAN) as other:
        between.pull()
        with pytest.raises(Lost):
            await other.beat(BOTH)


async def test_cutting_tells_whoever_waits_for_the_database(far: tuple[Cable, Memory]) -> None:
    between, memory = far
    connected = asyncio.Event()

    async def waits() -> None:
        async with memory.unit() as m:
            await m.con.execute(sa.text("SELECT 1"))
            between.pull()
            connected.set()
            await m.con.execute(sa.text("SELECT 2"))

    async with asyncio.timeout(SOON), asyncio.TaskGroup() as house:
        waiting = house.create_task(_broken(waits))
        await connected.wait()
        memory.cut()
        assert isinstance(await waiting, sa.exc.OperationalError)
    between.put_back()
    async with memory.unit() as m:
        assert await m.con.scalar(sa.text("SELECT 3")) == 3


async def test_a_call_to_the_sender_comes_with_the_commit_and_only_then(line: LockLine, postgres_empty: Memory) -> None:
    with suppress(ZeroDivisionError):
        async with postgres_empty.unit() as m:
            m.calls_sender = True
            raise ZeroDivisionError
    assert await line.hear(0) == set()
    async with postgres_empty.unit() as m:
        m.calls_sender = True
    assert await line.hear(SOON) == {SENDER}


async def test_a_pooler_that_shares_connections_is_refused(line: LockLine, postgres_empty: Memory) -> None:
    """A lock would stay with a connection that somebody else uses."""
    async with postgres_empty.lock_line(PLAN) as other:
        other._driver, line._driver = line._driver, other._driver
        with pytest.raises(Lost, match="pooler"):
            await other.beat(BOTH)
        other._driver, line._driver = line._driver, other._driver


async def test_the_plan_of_whoever_started_last_counts_while_somebody_goes_by_it(
    line: LockLine, postgres_empty: Memory
) -> None:
    async with postgres_empty.unit() as m:
        await m.plans.note(PLAN, {}, START)
        await m.plans.note(NEWER, {}, START)
    assert await line.newer_plan(PLAN) is None
    async with postgres_empty.lock_line(NEWER) as other:
        assert await line.newer_plan(PLAN) == NEWER
        assert await other.newer_plan(NEWER) is None
    assert await line.newer_plan(PLAN) is None


async def _broken(work: Callable[[], Awaitable[None]]) -> Exception | None:
    try:
        await work()
    except Exception as broken:
        return broken
    return None
