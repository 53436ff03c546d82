"""Two processes do everything at the same moment, and it comes to what one does: nothing twice, nothing left out."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import ticks
from bot.actions import checkins, inbox
from bot.actions.desk import Desk, Turn
from bot.actions.inbox import Reaction, Reader
from bot.actions.presence import HEARD, Presence
from bot.app import loops
from bot.domain.errors import Refusal
from bot.domain.plan import Plan
from bot.rehearsal.clock import RehearsalClock
from handlers import routes
from storage import tables as t
from storage.unit_of_work import Memory
from tests.support.checkins import asked, at, move, plan_for
from tests.support.desks import START, broom, desk_for
from tests.support.people import a_client
from tests.support.post_office import rows, settled_down
from tests.support.stories import World, a_world, earlier_answers

CHATS, UPDATES, DAYS = 4, 24, 8
STEP = timedelta(hours=4)


@pytest.fixture
async def desks(postgres_empty: Memory, plan: Plan) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two processes on one database, at the same moment."""
    memory = Memory(postgres_empty.url, postgres_empty.seal)
    one = desk_for(postgres_empty, plan)
    try:
        yield one, Desk(memory=memory, clock=one.clock, plan=plan)
    finally:
        await memory.close()


# ---------------------------------------------------------------- what is due


async def a_week(desk: Desk, *desks: Desk) -> dict[str, Any]:
    """A story in which everything comes due, worked off by all of `desks` at once; what it came to."""
    world = await a_world(desk)
    other = await a_client(desk, world.worker, "R-204", "Bo", 1002)
    await earlier_answers(desk, other, [(8, 8, 8)] * 6)
    for client in (world.client, other):
        async with desk.turn() as turn:
            await turn.m.people.change(client.id, joined_at=turn.now - timedelta(days=60))
        await plan_for(desk, client)
    await world.low()
    await world.alex.taps("Tell")
    end = START + timedelta(days=DAYS)
    while desk.clock.now() < end:
        move(desk, seconds=STEP.total_seconds())
        for n in range(len(loops(desk))):
            await asyncio.gather(*(ticks.once(one, loops(one)[n]) for one in desks))
        await world.settle()
    return await _came_to(desk, world)


async def _came_to(desk: Desk, world: World) -> dict[str, Any]:
    k, a, e, o = t.check_in.c, t.alert.c, t.alert_event.c, t.outbox.c
    async with desk.glance() as m:
        check_ins = sa.select(t.person.c.ref, k.schedule, k.local_date, k.state, k.reason)
        alerts = sa.select(a.kind, a.severity, a.state, a.step, e.state.label("line"), e.by, e.at)
        posts = sa.select(t.person.c.ref, o.kind, o.state, o.urgency)
        asked = sa.select(t.worker_rating.c.client_id, sa.func.count()).group_by(t.worker_rating.c.client_id)
        return {
            "check-ins": Counter(map(tuple, await m.con.execute(check_ins.join(t.person, t.person.c.id == k.client_id)))),
            "alerts": Counter(map(tuple, await m.con.execute(alerts.join_from(t.alert_event, t.alert)))),
            "posts": Counter(map(tuple, await m.con.execute(posts.join(t.person, t.person.c.id == o.person_id)))),
            "ratings": sorted(row[1] for row in await m.con.execute(asked)),
            "shown": {chat: Counter(one.text for one in phone.screens) for chat, phone in world.phones.items()},
        }


@pytest.mark.slow
async def test_what_comes_due_comes_to_the_same(desks: tuple[Desk, Desk]) -> None:
    """Check-ins, reminders, their ends, silence, the ladder of an alert nobody takes, ratings, the digest."""
    alone = await a_week(desks[0], desks[0])
    with broom(desks[0].memory.url) as sweep:
        sweep()
    clock = RehearsalClock(START, speed=0)
    for desk in desks:
        desk.clock = clock
    assert await a_week(desks[0], *desks) == alone
    kinds = {kind for _, kind, _, _ in alone["posts"]}
    assert {"client.question", "client.reminder", "worker.alert", "worker.digest", "worker.rating"} <= kinds
    assert {state for _, _, _, state, _ in alone["check-ins"]} >= {"completed", "expired"}


# ---------------------------------------------------------------- what comes in


@dataclass
class Ears:
    """Writes down whatever it hears; some things fail the first time, some are refused."""

    heard: Mapping[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    failed: set[int] = field(default_factory=set)

    async def handle(self, turn: Turn, update: Mapping[str, Any], reaction: Reaction) -> None:
        number = update["update_id"]
        if number % 7 == 0 and number not in self.failed:
            self.failed.add(number)
            raise ValueError(number)
        if number % 5 == 0:
            raise Refusal("errors.stale_button")
        turn.m.after_commit(lambda: self.heard[inbox.chat_key(dict(update))].append(number))

    async def refuse(self, turn: Turn, update: Mapping[str, Any], reaction: Reaction, refusal: Refusal) -> None:
        turn.m.after_commit(lambda: self.heard[inbox.chat_key(dict(update))].append(update["update_id"]))

    async def tell_administrator(self, turn: Turn, update_id: int) -> None:
        raise AssertionError("nothing is set aside here")

    async def tell_sender(self, turn: Turn, update: Mapping[str, Any], chat_id: int, reaction: Reaction) -> None:
        raise AssertionError("nothing is set aside here")


async def test_what_comes_in_is_handled_once_and_in_order_in_its_chat(desks: tuple[Desk, Desk]) -> None:
    ears = Ears()
    updates = [
        {"update_id": n, "callback_query": {"id": "1", "from": {"id": 1001 + n % CHATS}, "data": "x"}}
        for n in range(1, UPDATES + 1)
    ]
    async with asyncio.timeout(30), asyncio.TaskGroup() as house:
        readers = [house.create_task(Reader(desk, ears).run()) for desk in desks]
        for start in range(0, UPDATES, 10):
            await asyncio.gather(*(inbox.keep(desk, updates[start : start + 10]) for desk in desks))
        while sum(map(len, ears.heard.values())) < UPDATES:
            await settled_down(5)
            move(desks[0], seconds=1)
            for desk in desks:
                desk.bells.inbox.set()
        for reader in readers:
            reader.cancel()
    assert ears.heard == {1001 + n: [k for k in range(1, UPDATES + 1) if k % CHATS == n] for n in range(CHATS)}


async def test_an_update_that_another_process_has_handled_is_not_set_aside(desks: tuple[Desk, Desk]) -> None:
    """It failed here for the last time while it went well there."""
    await inbox.keep(desks[0], [{"update_id": 1, "message": {"chat": {"id": 5}}}])
    async with desks[1].turn() as turn:
        await turn.m.inbox.take(1, turn.now)
    async with desks[0].turn() as turn:
        assert not await turn.m.inbox.set_aside(1, turn.now)
        assert list(await turn.m.con.scalars(sa.select(t.inbox.c.state))) == ["done"]


# ---------------------------------------------------------------- coming back


async def test_whoever_comes_back_first_notes_the_absence_and_offers_again(desks: tuple[Desk, Desk]) -> None:
    one = await a_client(desks[0], (await a_world(desks[0])).worker, "R-9", "Cy", 1009)
    check_in = await asked(desks[0], one)
    async with desks[0].turn() as turn:
        await turn.m.marks.set(HEARD, turn.now)
    move(desks[0], hours=1)
    await asyncio.gather(*(Presence(desk, routes.came_back).heard() for desk in desks for _ in range(3)))
    async with desks[0].glance() as m:
        ((starts_at, ends_at),) = await m.marks.absences()
    assert ends_at - starts_at == timedelta(hours=1)
    again = [row.key for row in await rows(desks[0]) if row.check_in_id == check_in.id and ":again:" in row.key]
    assert len(again) == 1


async def test_a_follower_ends_no_window_before_its_taps_have_been_fetched(desks: tuple[Desk, Desk]) -> None:
    """It goes by what the one that receives has noted, and not by its own clock."""
    client = await a_client(desks[0], (await a_world(desks[0])).worker, "R-9", "Cy", 1009)
    check_in = await asked(desks[0], client)
    follower = desks[1]
    follower.listens = True
    assert check_in.expires_at is not None

    async def ended(heard: datetime) -> int:
        async with follower.turn() as turn:
            await turn.m.marks.set(HEARD, heard)
            return await checkins.expire_due(turn)

    at(desks[0], check_in.expires_at + timedelta(seconds=30))
    assert await ended(check_in.expires_at - timedelta(minutes=10)) == 0
    assert await ended(check_in.expires_at - timedelta(seconds=1)) == 0
    assert await ended(check_in.expires_at) == 1
