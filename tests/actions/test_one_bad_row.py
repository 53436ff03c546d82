"""One row that can't be worked on is pushed away, and the others that are due with it go on."""

from datetime import timedelta

import pytest

from bot.actions import alerts, checkins, followup, handling, settings
from bot.actions.desk import Desk
from bot.domain.checkins import State
from bot.domain.people import Asking, Client, Person
from storage import tables as t
from tests.support.checkins import at, carried_out, kinds, latest, move, plan_for, release, taken
from tests.support.people import a_client, a_worker


@pytest.fixture
async def worker(desk: Desk) -> Person:
    return await a_worker(desk)


@pytest.fixture
async def bad(desk: Desk, worker: Person) -> Client:
    return await a_client(desk, worker, ref="R-400", chat_id=1400)


@pytest.fixture
async def good(desk: Desk, worker: Person) -> Client:
    return await a_client(desk, worker)


async def spoil(desk: Desk, client: Client) -> None:
    """Their clock is none."""
    async with desk.turn() as turn:
        await turn.m.people.change(client.id, timezone="Mars/Olympus")


async def both_asked(desk: Desk, bad: Client, good: Client) -> None:
    dues = [due for due in (await plan_for(desk, bad), await plan_for(desk, good)) if due is not None]
    at(desk, max(dues))
    await release(desk)
    for client in (bad, good):
        await taken(desk, client, await latest(desk, client))


async def test_a_reminder(desk: Desk, bad: Client, good: Client) -> None:
    await both_asked(desk, bad, good)
    await spoil(desk, bad)
    async with desk.turn() as turn:
        await turn.m.con.execute(t.check_in.update().values(remind_at=turn.now))
    async with desk.turn() as turn:
        assert await checkins.remind_due(turn) == 2
    assert await kinds(desk, good.id) == ["client.reminder"]
    async with desk.turn() as turn:
        assert await checkins.remind_due(turn) == 0


async def test_the_end_of_a_check_in(desk: Desk, bad: Client, good: Client) -> None:
    await both_asked(desk, bad, good)
    async with desk.turn() as turn:
        unreadable = t.person.update().where(t.person.c.id == bad.id).values(name_sealed=b"spoilt")
        await turn.m.con.execute(unreadable)
    move(desk, hours=25)
    async with desk.turn() as turn:
        assert await checkins.expire_due(turn) == 2
    assert (await latest(desk, good)).state is State.EXPIRED
    async with desk.glance() as m:
        (over,) = await m.checkins.of(bad.id)
    assert over.state is State.EXPIRED
    move(desk, hours=1)
    async with desk.turn() as turn:
        assert await checkins.evaluate_due(turn) == 1  # read later, and again not to be read
    async with desk.turn() as turn:
        assert await checkins.evaluate_due(turn) == 0
    assert await kinds(desk, good.id) == ["client.gone"]
    assert await kinds(desk, bad.id) == []


async def test_the_question_after_a_talk(desk: Desk, bad: Client, good: Client, worker: Person) -> None:
    for client in (bad, good):
        async with desk.turn() as turn:
            await alerts.raise_talk(turn, client, "how")
            (alert,) = await turn.m.alerts.of_client(client.id)
            await handling.talked(turn, worker, alert.id)
    await carried_out(desk)
    await spoil(desk, bad)
    move(desk, days=1)
    async with desk.turn() as turn:
        assert await followup.ask_clients_due(turn) == 2
    assert await kinds(desk, good.id) == ["client.followup"]
    async with desk.turn() as turn:
        assert await followup.ask_clients_due(turn) == 0


async def test_the_end_of_a_break(desk: Desk, bad: Client, good: Client) -> None:
    await spoil(desk, bad)
    async with desk.turn() as turn:
        for client in (bad, good):
            until = turn.now - timedelta(minutes=1)
            await turn.m.people.change_client(client.id, asking=Asking.BREAK, paused_until=until)
    async with desk.turn() as turn:
        assert await settings.end_due_breaks(turn) == 2
    assert await kinds(desk, good.id) == ["client.menu"]
    async with desk.turn() as turn:
        assert await settings.end_due_breaks(turn) == 0
