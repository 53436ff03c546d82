"""The budget at work: what is over waits for the digest, the client is asked all the same, and their word goes first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions.desk import Desk
from bot.domain.alerts import AlertState, Kind
from tests.support.checkins import latest, plan_for, tap
from tests.support.exports import export
from tests.support.people import a_client
from tests.support.stories import World, a_world, earlier_answers


@pytest.fixture
async def world(desk: Desk) -> World:
    """A worker who may get no alert at all that was only reckoned."""
    alerts = replace(desk.plan.alerts, budget_per_worker_per_week=0, budget_per_client_per_month=0)
    desk.plan = replace(desk.plan, alerts=alerts)
    return await a_world(desk)


async def held(world: World) -> dict[str, str | None]:
    async with world.desk.glance() as m:
        return {one.signal.rule: one.held for one in await m.signals.of_client(world.client.id) if one.holds}


async def test_what_is_over_makes_no_alert_and_says_why(world: World) -> None:
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    assert await world.alerts() == []
    assert (await held(world))["item_low"] == "budget"
    assert world.sam.screens == []


async def test_the_client_is_asked_and_reads_what_happens_without_a_tap(world: World) -> None:
    await world.low(2, 8, 8)
    assert "How shall Sam hear about it?" in world.alex.shows
    assert 'my weekly note to Sam just says: "worth asking how you two are getting on"' in world.alex.shows


async def test_what_the_client_wants_told_is_told(world: World) -> None:
    await world.low(2, 8, 8)
    await world.alex.taps("Tell Sam for me")
    await world.pass_time(minutes=2)
    assert [one.state for one in await world.alerts()] == [AlertState.RAISED]
    assert "fell to 2" in world.sam.shows


async def test_what_the_client_had_told_is_held_for_nothing_in_the_export(world: World) -> None:
    await world.low(2, 8, 8)
    await world.alex.taps("Tell Sam for me")
    await world.pass_time(minutes=2)
    async with world.desk.glance() as m:
        (client,) = (await export(m, "R-118"))["clients"]
    assert client["alerts"]
    assert {one["held"] for one in client["signals"] if one["rule"] == "item_low"} == {None}


async def test_told_and_undone_it_waits_for_the_digest_again(world: World) -> None:
    await world.low(2, 8, 8)
    await world.alex.taps("Tell Sam for me")
    await world.alex.taps("Undo")
    async with world.desk.glance() as m:
        waiting = await m.signals.for_digest([world.client.id], world.desk.clock.now() - timedelta(days=7))
    assert "item_low" in {one.signal.rule for one in waiting}


async def test_someone_else_goes_its_own_way(world: World) -> None:
    await world.low(2, 8, 8)
    await world.alex.taps("I'd like someone else")
    await world.pass_time(minutes=2)
    assert [one.kind for one in await world.alerts()] == [Kind.SOMEONE_ELSE]
    assert world.sam.screens == []


async def test_its_rule_rests_as_if_it_had_been_told(world: World) -> None:
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    await world.low(2, 8, 8)
    async with world.desk.glance() as m:
        found = [one.held for one in await m.signals.of_client(world.client.id) if one.signal.rule == "item_low"]
    assert found == ["budget", "resting"]


async def test_within_the_budget_it_rings(desk: Desk) -> None:
    world = await a_world(desk)
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    assert [one.kind for one in await world.alerts()] == [Kind.ALLIANCE]


async def test_the_weaker_of_two_that_nobody_could_see_waits(desk: Desk) -> None:
    """One a week: a slight fall is on its way when somebody else's answers fall to nothing."""
    once = replace(desk.plan.alerts, budget_per_worker_per_week=1, budget_per_client_per_month=0)
    desk.plan = replace(desk.plan, alerts=once)
    world = await a_world(desk)
    other = await a_client(desk, world.worker, "R-119", "Bo", 1009)
    await earlier_answers(desk, other, [(9, 9, 9)] * 6)
    await plan_for(desk, other)
    await world.low(3, 8, 8)
    first = (await world.alerts())[0]
    await tap(desk, other, await latest(desk, other), (0, 0, 0))
    async with desk.glance() as m:
        now = await m.alerts.get(first.id)
        theirs = await m.alerts.of_client(other.id)
    assert now is not None
    assert now.state is AlertState.WITHDRAWN
    assert [one.kind for one in theirs] == [Kind.ALLIANCE]
    assert (await held(world))["item_low"] == "budget"
