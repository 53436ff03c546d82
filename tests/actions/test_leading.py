"""Two desks on one database, each with its own process's line: who receives, who sends, who stands by."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions import line as lines
from bot.actions.courier import Courier
from bot.actions.couriers import Couriers
from bot.actions.desk import Desk
from bot.actions.leading import LOOP, Leading, Term
from bot.domain.delivery import LEASE, Post, PostState, Urgency
from bot.domain.leading import Lead
from bot.domain.plan import Plan
from bot.ports import Letter, Sent, SystemClock, Verdict
from storage.unit_of_work import Memory
from tests.support.people import a_client
from tests.support.post_office import UNPACED, post_all, rows, settled_down
from tests.support.scripted import Scripted

AT_ONCE = 3.0
"""Seconds; without a call, and without looking every half second, it would be five."""
WITHIN = 10.0


@pytest.fixture
async def desks(postgres_empty: Memory, plan: Plan) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two processes on one database, by the computer's own clock."""
    other = Memory(postgres_empty.url, postgres_empty.seal)
    try:
        yield Desk(postgres_empty, SystemClock(), plan), Desk(other, SystemClock(), plan)
    finally:
        await other.close()


class Process:
    """The part of a process that leads and sends."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.messenger = desk, Scripted(desk.clock)
        self.leading = Leading(desk)
        self.couriers = Couriers(desk, self.leading, self._hire)

    def _hire(self, term: Term) -> Courier:
        return Courier(self.desk, self.messenger, None, UNPACED, term=term)

    async def run(self) -> None:
        await self.couriers.run()

    async def sends(self) -> None:
        """Return when it has taken over."""
        async with asyncio.timeout(WITHIN):
            await self.leading.term(Lead.SEND)
            while self.desk.hand_over is None:
                await settled_down(1)


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[Process]:
    """It dies with the end of the block: nothing in its hands is settled."""
    async with asyncio.TaskGroup() as house:
        life = house.create_task(process.run())
        try:
            yield process
        finally:
            life.cancel()


async def sent(desk: Desk, count: int = 1) -> None:
    async with asyncio.timeout(WITHIN):
        while [row.state for row in await rows(desk)].count(PostState.SENT) < count:
            await settled_down(1)


async def test_on_sqlite_a_process_leads_everything_from_the_start(sqlite_empty: Memory, plan: Plan) -> None:
    leading = Leading(Desk(sqlite_empty, SystemClock(), plan))
    await leading.run()
    assert [(await leading.term(lead)).holds() for lead in Lead] == [True, True]


async def test_one_leads_and_the_other_follows_when_it_is_gone(desks: tuple[Desk, Desk]) -> None:
    one, other = (Process(desk) for desk in desks)
    async with running(other):
        async with running(one):
            async with asyncio.timeout(WITHIN):
                while one.desk.hand_over is None and other.desk.hand_over is None:
                    await settled_down(1)
            assert None in (one.desk.hand_over, other.desk.hand_over)
        await other.sends()
        await other.couriers.idle()
        assert {LOOP, Lead.SEND} <= set(other.desk.progress.ages())


async def test_what_a_follower_posts_is_sent_at_once(desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """It calls the one that sends, which need not look by itself."""
    monkeypatch.setattr(lines, "WHERE_OTHERS_POST", timedelta(seconds=60))
    client = await a_client(desks[0])
    async with running(Process(desks[0])) as sender:
        await sender.sends()
        await sender.couriers.idle()
        for n in range(3):
            began = asyncio.get_running_loop().time()
            await post_all(desks[1], Post(client.id, "said", f"r{n}"))
            await sent(desks[0], n + 1)
            assert asyncio.get_running_loop().time() - began < AT_ONCE
    assert [row.claimed_by for row in await rows(desks[0])] == [desks[0].process] * 3


async def test_a_call_that_goes_unheard_costs_half_a_second(
    desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await a_client(desks[0])
    monkeypatch.setattr(desks[0].bells.deliver, "set", lambda: None)
    async with running(Process(desks[0])) as sender:
        await sender.sends()
        await sender.couriers.idle()
        began = asyncio.get_running_loop().time()
        await post_all(desks[1], Post(client.id, "said", "r"))
        await sent(desks[0])
        assert asyncio.get_running_loop().time() - began < AT_ONCE


async def test_what_a_dead_process_had_in_flight_is_taken_up_long_before_its_lease_runs_out(
    desks: tuple[Desk, Desk],
) -> None:
    never = asyncio.Event()

    async def hangs(_: Letter) -> Verdict:
        await never.wait()
        return Sent(1)

    client = await a_client(desks[0])
    one, other = (Process(desk) for desk in desks)
    one.messenger.says = [hangs]
    async with running(one):
        await one.sends()
        await post_all(desks[0], Post(client.id, "client.question", "q", urgency=Urgency.QUESTION))
        await one.messenger.heard.wait()
    (row,) = await rows(desks[1])
    assert row.state == PostState.SENDING
    async with running(other):
        await other.sends()
        async with asyncio.timeout(WITHIN):
            while (row := (await rows(desks[1]))[0]).state == PostState.SENDING:
                await settled_down(1)
    assert (row.state, row.unsure) == (PostState.WAITING, 1)
    assert desks[1].clock.now() < row.made_at + LEASE / 2


async def test_what_a_living_process_has_in_flight_is_left_to_it(desks: tuple[Desk, Desk]) -> None:
    never = asyncio.Event()

    async def hangs(_: Letter) -> Verdict:
        await never.wait()
        return Sent(1)

    client = await a_client(desks[0])
    one = Process(desks[0])
    one.messenger.says = [hangs]
    async with running(one):
        await one.sends()
        await post_all(desks[0], Post(client.id, "said", "r"))
        await one.messenger.heard.wait()
        async with desks[1].glance() as m:
            assert await m.sending.run_out(desks[1].clock.now(), (), all_of_them=False) == []


async def test_nothing_leaves_once_a_term_no_longer_holds(desks: tuple[Desk, Desk]) -> None:
    """A process that was stopped for a while does not know yet that another one sends."""
    client = await a_client(desks[0])
    messenger, term = Scripted(desks[0].clock), Term("stopped", good=lambda: False)
    courier = Courier(desks[0], messenger, None, UNPACED, term=term)
    async with asyncio.timeout(WITHIN), asyncio.TaskGroup() as house:
        house.create_task(courier.run())
        await post_all(desks[0], Post(client.id, "said", "r"))
        await settled_down()
        courier.stop()
    assert messenger.letters == []
    assert [row.state for row in await rows(desks[0])] == [PostState.WAITING]


async def test_what_was_being_prepared_when_a_term_ended_is_put_back(desks: tuple[Desk, Desk]) -> None:
    """Drawing a picture and waiting for a slot take time."""
    client, holds = await a_client(desks[0]), [True]

    class Slow(Scripted):
        async def prepare(self, letter: Letter) -> Letter:
            holds[0] = False
            return letter

    messenger = Slow(desks[0].clock)
    courier = Courier(desks[0], messenger, None, UNPACED, term=Term("one", good=lambda: holds[0]))
    async with asyncio.timeout(WITHIN), asyncio.TaskGroup() as house:
        house.create_task(courier.run())
        await post_all(desks[0], Post(client.id, "said", "r"))
        while holds[0] or [row.state for row in await rows(desks[0])] != [PostState.WAITING]:
            await settled_down(1)
        courier.stop()
    assert messenger.letters == []
    assert [(row.state, row.unsure) for row in await rows(desks[0])] == [(PostState.WAITING, 0)]


async def test_whoever_has_an_older_plan_stands_by_while_a_newer_one_is_gone_by(
    desks: tuple[Desk, Desk], plan: Plan
) -> None:
    old, new = (Process(desk) for desk in desks)
    new.desk.plan = replace(plan, service=replace(plan.service, name="Another Hill"))
    assert old.desk.plan.version != new.desk.plan.version
    await _in_force(old.desk)
    async with running(old):
        await old.sends()
        await _in_force(new.desk)
        async with running(new):
            await new.sends()
            assert (old.desk.stands_by, new.desk.stands_by) == (True, False)
            assert old.desk.hand_over is None
        await old.sends()
        assert not old.desk.stands_by


async def _in_force(desk: Desk) -> None:
    async with desk.turn() as turn:
        await turn.m.plans.note(turn.plan.version, turn.plan.rules, turn.now)
