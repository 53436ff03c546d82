"""R2: a third of all calls go wrong, two workers are out of reach, others do nothing: no alert is lost."""

import os
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import ticks
from bot.actions import alerts
from bot.actions.desk import Desk
from bot.app import open_desk
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Kind, Rule
from storage import tables as t
from tests.faults.conftest import Line
from tests.support.desks import START
from tests.support.people import a_client, a_manager, a_worker
from tests.support.players import GOT_IT
from tests.support.post_office import settled_down
from tests.support.town import Town, loaded

WORKERS, OUT_OF_REACH = 10, 2
CLIENTS_FROM, WORKERS_FROM, MANAGERS = 30_000, 20_000, (3001, 3002)
FAULTS = (Kind.TOO_MANY, Kind.SERVER_ERROR, Kind.BAD_GATEWAY, Kind.DROP_BEFORE, Kind.DROP_AFTER, Kind.HALF_JSON)
"""Each hits one call in twenty; the clock is moved by hand, so none of them takes time."""
COUNT = int(os.environ.get("FAULTS_ALERTS", "100"))
"""`FAULTS_ALERTS=1000` for as many as are promised; CI has less time."""
A_DAY = timedelta(days=1)
MOST_DAYS = 15
"""The chain takes a week where nothing goes wrong; faults put it off by minutes each, now and then over a night."""


async def staffed(desk: Desk, count: int) -> list[str]:
    """Ten workers, the manager, the last resort and so many clients; their ids."""
    await a_manager(desk)
    await a_manager(desk, "M-2", "Ada", MANAGERS[1])
    workers = [await a_worker(desk, f"W-{n}", f"Worker {n}", WORKERS_FROM + n) for n in range(WORKERS)]
    clients = [await a_client(desk, workers[n % WORKERS], f"R-{n}", f"C{n}", CLIENTS_FROM + n) for n in range(count)]
    return [client.id for client in clients]


@pytest.fixture
async def town(tmp_path: Path, count: int) -> AsyncIterator[Town]:
    found = loaded(tmp_path)
    async with open_desk(found.settings, found.plan, RehearsalClock(START), tell=lambda _: None) as desk:
        await staffed(desk, count)
    line = Line(tmp_path, tmp_path)
    for chat_id in (*range(WORKERS_FROM, WORKERS_FROM + WORKERS), *range(CLIENTS_FROM, CLIENTS_FROM + count)):
        line.standin.person(chat_id, f"P{chat_id}").chat.open = True
    async with line.open() as town:
        yield town


async def all_want_to_talk(town: Town, count: int) -> None:
    desk = town.stage.desk
    for n in range(count):
        async with desk.turn() as turn:
            client = await turn.m.people.client_by_ref(f"R-{n}")
            assert client is not None
            await alerts.raise_talk(turn, client, "how")


async def carried(town: Town) -> None:
    """Time passes by seconds until nothing is due, or put off by a fault, any more."""
    o = t.outbox.c
    while True:
        town.stage.clock.advance(timedelta(seconds=15))
        await settled_down(4)
        soon = town.stage.clock.now() + timedelta(minutes=6)
        open_now = sa.select(o.id).where(o.state.in_(("waiting", "sending")), o.not_before <= soon).limit(1)
        async with town.stage.desk.glance() as m:
            waits = (await m.con.execute(open_now)).first()
            unread = (
                await m.con.execute(sa.select(t.inbox.c.update_id).where(t.inbox.c.state == "new").limit(1))
            ).first()
        if waits is None and unread is None and not town.stage.standin.queue.waiting:
            return


def some_take_them(town: Town, dice: random.Random) -> None:
    """One in five is taken on a day."""
    for chat_id in (*range(WORKERS_FROM, WORKERS_FROM + WORKERS), MANAGERS[0]):
        phone = town.stage.standin.phones[chat_id]
        for message in phone.messages:
            if GOT_IT in message.labels and not phone.blocked and dice.random() < 0.2:
                phone.tap(GOT_IT, message.id)


@pytest.mark.slow
@pytest.mark.timeout(1000)
@pytest.mark.parametrize("count", [COUNT])
async def test_every_alert_ends_taken_or_with_the_last_resort(town: Town, count: int) -> None:
    dice, standin = random.Random(2), town.stage.standin
    for n in range(OUT_OF_REACH):
        standin.phones[WORKERS_FROM + n].block()
    standin.faults.add(*(Rule(kind, times=None, retry_after=3, probability=0.058) for kind in FAULTS))
    await all_want_to_talk(town, count)
    for _ in range(MOST_DAYS):
        if sum(await ended(town)) == count:
            break
        await carried(town)
        some_take_them(town, dice)
        await carried(town)
        town.stage.clock.advance(A_DAY)
        for loop in town.stage.bot.loops:
            await ticks.once(town.stage.desk, loop)
    standin.faults.clear()
    await carried(town)
    taken, above = await ended(town)
    hit, calls = sum(standin.faults.hit.values()), len(standin.calls)
    print(f"{count} alerts, {hit} faults in {calls} calls: {taken} taken, {above} with the last resort")
    assert taken + above == count
    assert min(taken, above) > 0


async def ended(town: Town) -> tuple[int, int]:
    """How many were taken, and how many stand on the last resort's phone, not taken yet."""
    last = town.stage.standin.phones[MANAGERS[1]]
    shown = {message.text.split()[0] for message in last.messages if GOT_IT in message.labels}
    query = sa.select(t.alert.c.state, t.person.c.ref).join(t.person, t.person.c.id == t.alert.c.client_id)
    async with town.stage.desk.glance() as m:
        rows = list(await m.con.execute(query))
    taken = sum(row.state == "acknowledged" for row in rows)
    return taken, sum(row.state == "raised" and row.ref in shown for row in rows)
