"""Whoever acts on a client at the same time waits in one order: on PostgreSQL nobody ever waits in a ring.

Two desks are two processes: each has connections of its own. What they do is what handlers, loops and the courier do.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions import checkins, followup, handling, ladder, reassigning, sharing
from bot.actions.courier import Courier
from bot.actions.desk import Desk, Turn
from bot.domain.alerts import Wish
from bot.domain.errors import Refusal
from bot.domain.people import Client
from bot.domain.plan import Plan
from bot.ports import Letter, Sent, Unreachable, Unsure, Verdict
from bot.rehearsal.clock import RehearsalClock
from handlers import access, routes
from storage.unit_of_work import Memory
from tests.support.checkins import latest, plan_for, release, taken
from tests.support.desks import desk_for
from tests.support.people import a_client, a_manager, a_worker
from tests.support.post_office import UNPACED
from tests.support.scripted import Scripted
from tests.support.stories import earlier_answers

pytestmark = pytest.mark.slow

CLIENTS, ROUNDS, AT_ONCE = 4, 25, 12
Act = Callable[[Desk], Awaitable[None]]


@dataclass
class Moody(Scripted):
    """A network on which some messages do not arrive, or nobody knows."""

    dice: random.Random = field(default_factory=lambda: random.Random(11))

    async def _answer(self, letter: Letter) -> Verdict:
        self.message_id += 1
        return self.dice.choice(
            (Sent(self.message_id, has_photo=False, has_buttons=True), Unsure("read"), Unreachable("blocked"))
        )


@pytest.fixture
async def desks(postgres_empty: Memory, plan: Plan) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two processes on one database. One alert a week: the weaker of two has to wait."""
    once = replace(plan.alerts, budget_per_worker_per_week=1, budget_per_client_per_month=0)
    one = desk_for(postgres_empty, replace(plan, alerts=once))
    memory = Memory(postgres_empty.url, postgres_empty.seal)
    try:
        yield one, Desk(memory=memory, clock=one.clock, plan=one.plan)
    finally:
        await memory.close()


@contextmanager
def deadlocks(*desks: Desk) -> Iterator[list[str]]:
    """What the server has to say of transactions that wait for each other, whoever swallows it."""
    seen: list[str] = []

    def note(context: sa.ExceptionContext) -> None:
        if "deadlock" in str(context.original_exception):
            seen.append(str(context.statement))

    engines = [desk.memory._writer.sync_engine for desk in desks]
    for engine in engines:
        sa.event.listen(engine, "handle_error", note)
    try:
        yield seen
    finally:
        for engine in engines:
            sa.event.remove(engine, "handle_error", note)


async def everybody(desk: Desk) -> list[Client]:
    """Clients of one worker, asked and not yet answered."""
    sam = await a_worker(desk)
    await a_worker(desk, "W-2", "Kim", 2002)
    await a_manager(desk)
    await a_manager(desk, "M-2", "Ada", 3002)
    clients = [await a_client(desk, sam, f"R-{n}", f"Client {n}", 1001 + n) for n in range(CLIENTS)]
    for client in clients:
        await earlier_answers(desk, client, [(9, 9, 9)] * 6)
        due = await plan_for(desk, client)
    clock = desk.clock
    assert isinstance(clock, RehearsalClock)
    assert due is not None
    clock.advance_to(due)
    await release(desk)
    for n, client in enumerate(clients):
        await taken(desk, client, await latest(desk, client), 500 + n)
    return clients


@dataclass
class Day:
    """Everything that can happen to these clients, by dice."""

    clients: list[Client]
    dice: random.Random

    def acts(self) -> list[Act]:
        often = (self.answers, self.answers, self.chooses, self.staff, self.staff)
        return [self.dice.choice((*often, self.moves, self.loops, self.halves, self.carried)) for _ in range(AT_ONCE)]

    async def answers(self, desk: Desk) -> None:
        client, item, value = self.dice.choice(self.clients), self.dice.randrange(3), self.dice.choice((0, 1, 3, 9))
        check_in = await latest(desk, client)
        async with desk.turn() as turn:
            me = await self._at_the_door(turn, client)
            await checkins.answer(turn, me, check_in.id, item, value, 500 + self.clients.index(client))

    async def chooses(self, desk: Desk) -> None:
        client, wish = self.dice.choice(self.clients), self.dice.choice(list(Wish))
        check_in = await latest(desk, client)
        async with desk.turn() as turn:
            me = await self._at_the_door(turn, client)
            if wish is Wish.NONE:
                await sharing.undo(turn, me, check_in.id)
            else:
                await sharing.choose(turn, me, check_in.id, wish)

    async def staff(self, desk: Desk) -> None:
        chat, do = self.dice.choice((2001, 2002, 3001)), self.dice.choice((handling.acknowledge, handling.talked))
        async with desk.glance() as m:
            alerts = await m.alerts.open_ones()
        if alerts:
            one = self.dice.choice(alerts)
            async with desk.turn() as turn:
                person, _ = await access.who(turn, chat)
                assert person is not None
                await do(turn, person, one.id)

    async def moves(self, desk: Desk) -> None:
        client, ref = self.dice.choice(self.clients), self.dice.choice(("W-1", "W-2"))
        async with desk.turn() as turn:
            worker = await turn.m.people.by_ref(ref)
            assert worker is not None
            await reassigning.give(turn, client.id, worker.id)

    async def loops(self, desk: Desk) -> None:
        for look in (ladder.escalate_due, followup.ask_clients_due):
            async with desk.turn() as turn:
                await look(turn)

    async def halves(self, desk: Desk) -> None:
        async with desk.turn() as turn:
            await checkins.evaluate_due(turn)

    async def carried(self, desk: Desk) -> None:
        """The courier goes round once; some chats are dead, some not any more."""
        for ref in ("W-1", "W-2", "M-1"):
            async with desk.turn() as turn:
                person = await turn.m.people.by_ref(ref)
                assert person is not None
                await turn.m.people.change(person.id, unreachable=self.dice.choice((None, "blocked")))
        courier = Courier(desk, Moody(desk.clock), routes.HOOKS, UNPACED)
        async with asyncio.TaskGroup() as house:
            house.create_task(courier.run())
            await courier.idle()
            courier.stop()

    async def _at_the_door(self, turn: Turn, client: Client) -> Client:
        _, me = await access.who(turn, client.person.chat_id or 0)
        assert me is not None
        return me


async def done(desk: Desk, act: Act) -> None:
    """A refusal is an answer; what the server refuses fails the test."""
    with suppress(Refusal):
        await act(desk)


@pytest.mark.timeout(180)
async def test_what_happens_at_once_never_waits_in_a_ring(desks: tuple[Desk, Desk]) -> None:
    day = Day(await everybody(desks[0]), random.Random(11))
    clock = desks[0].clock
    assert isinstance(clock, RehearsalClock)
    with deadlocks(*desks) as found:
        for _ in range(ROUNDS):
            async with asyncio.TaskGroup() as group:
                for n, act in enumerate(day.acts()):
                    group.create_task(done(desks[n % 2], act))
            clock.advance(timedelta(minutes=17))
    assert found == []
    async with desks[0].glance() as m:
        alerts = [one for client in day.clients for one in await m.alerts.of_client(client.id)]
        lines = [line.state for one in alerts for line in await m.alerts.history(one.id)]
    assert {"raised", "acknowledged"} <= set(lines), "something has happened"
