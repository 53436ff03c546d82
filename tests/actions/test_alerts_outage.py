"""While Telegram is out of reach nobody is passed over: people are rung one after another, each with their whole time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions import alerts, ladder
from bot.actions.desk import Desk
from bot.actions.presence import HEARD
from bot.domain.alerts import AlertState
from bot.ports import TryLater
from handlers import routes
from tests.support.checkins import move
from tests.support.plans import a_plan
from tests.support.post_office import at_work
from tests.support.scripted import Scripted
from tests.support.stories import World, a_world

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def a_card_is_due(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")


async def outage(world: World, hours: int) -> None:
    """The ladder goes on looking, and nothing leaves."""
    for _ in range(hours):
        move(world.desk, hours=1)
        for _ in range(6):
            async with world.desk.turn() as turn:
                if not await ladder.escalate_due(turn):
                    break


async def line_is_back(world: World, since: timedelta) -> None:
    """As the loop that fetches updates notes it."""
    async with world.desk.turn() as turn:
        await turn.m.marks.note_absence(turn.now - since, turn.now)
        await turn.m.marks.set(HEARD, turn.now)


def rung(world: World) -> list[int]:
    """How often each phone rang: the worker, who covers, the manager."""
    return [sum(one.edits is None for one in phone.letters) for phone in (world.sam, world.kim, world.jo)]


async def test_a_card_that_could_not_leave_for_days_rings_for_the_worker_alone(world: World) -> None:
    await a_card_is_due(world)
    await outage(world, 24 * 6)
    await line_is_back(world, timedelta(days=6))
    await world.pass_time(minutes=1)
    assert rung(world) == [1, 0, 0]
    await world.pass_time(days=1, minutes=-2)
    assert rung(world) == [1, 0, 0], "the whole working day counts from when it rang"
    await world.pass_time(minutes=3)
    assert rung(world) == [2, 0, 0]
    await world.pass_time(days=1, minutes=1)
    assert rung(world) == [2, 1, 0]
    await world.pass_time(days=1, minutes=1)
    assert rung(world) == [2, 1, 1]


async def test_the_next_person_has_the_whole_time_as_well(world: World) -> None:
    """The line went down when the reminder was due, and cover and manager would have been too."""
    await a_card_is_due(world)
    await world.settle()
    await outage(world, 24 * 8)
    await line_is_back(world, timedelta(days=8))
    await world.settle()
    assert rung(world) == [2, 0, 0]
    async with world.desk.glance() as m:
        (alert,) = await m.alerts.of_client(world.client.id)
    assert alert.step_due_at is not None
    assert alert.step_due_at >= world.desk.clock.now() + timedelta(days=1)


async def test_the_card_says_by_when_as_it_is_now(world: World) -> None:
    """It was written before the outage: once it has left, the day on it is put right, without a sound."""
    await a_card_is_due(world)
    await outage(world, 24)
    await line_is_back(world, timedelta(days=1))
    await world.settle()
    async with world.desk.glance() as m:
        (alert,) = await m.alerts.of_client(world.client.id)
    assert [one.edits is None for one in world.sam.letters] == [True, False]
    assert "Fri 15 May, 13:00, Kim is asked" in world.sam.shows
    assert alert.rang_step == 0


async def test_danger_rings_one_after_another_too(desk: Desk) -> None:
    plan = a_plan()
    desk.plan = replace(plan, safety=replace(plan.safety, duty=("W-2",)))
    world = await a_world(desk)
    async with world.desk.turn() as turn:
        await alerts.raise_danger(turn, world.client, frozenset({"self_harm"}), "typed:1")
    await outage(world, 5)
    await line_is_back(world, timedelta(hours=5))
    await world.settle()
    assert rung(world) == [1, 1, 0], "worker and duty contact are told first"
    await world.pass_time(minutes=10)
    await world.pass_time(minutes=10)
    assert rung(world) == [3, 3, 1]


async def test_one_chat_that_takes_nothing_while_the_line_is_good_keeps_nobody_waiting(world: World) -> None:
    """Telegram is heard all the time, and this one card does not get through: the next person is asked."""
    await a_card_is_due(world)
    move(world.desk, days=1, minutes=1)
    stuck = Scripted(world.desk.clock, [TryLater(timedelta(days=2))])
    async with at_work(world.desk, stuck, routes.HOOKS):
        pass
    for _ in range(3):
        async with world.desk.turn() as turn:
            await turn.m.marks.set(HEARD, turn.now)
            await ladder.escalate_due(turn)
        move(world.desk, minutes=10)
    async with world.desk.glance() as m:
        (alert,) = await m.alerts.of_client(world.client.id)
        lines = await m.alerts.history(alert.id)
    assert (alert.state, alert.holder_ref) == (AlertState.RAISED, "W-2")
    assert [line.by for line in lines if line.state == "unreachable"] == ["W-1"]
