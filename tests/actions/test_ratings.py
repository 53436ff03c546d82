"""The worker's own number, once a month about each client: asked in duty hours, without a sound, for their eyes only."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.actions import ratings
from bot.actions.desk import Desk
from bot.domain.people import Asking
from tests.support.checkins import at, move
from tests.support.exports import export
from tests.support.people import a_client, a_manager, a_worker
from tests.support.stories import Phone, World, a_world

NINE = datetime(2026, 5, 13, 8, 5, tzinfo=UTC)
"""Wednesday, five past nine in London."""


@pytest.fixture
async def world(desk: Desk) -> World:
    """Sam has worked with Alex for a month."""
    world = await a_world(desk)
    await known_for(world, world.client.id, 30)
    at(desk, NINE)
    return world


async def known_for(world: World, client_id: str, days: float) -> None:
    async with world.desk.turn() as turn:
        since = turn.now - timedelta(days=days)
        await turn.m.people.change(client_id, joined_at=since)


async def looks(world: World) -> None:
    async with world.desk.turn() as turn:
        await ratings.ask_due(turn)
    await world.settle()


async def rated(world: World) -> list[float]:
    async with world.desk.glance() as m:
        return [one.value for one in await m.ratings.of(world.client.id, world.worker.id)]


async def test_it_is_asked_without_a_sound_and_is_safe_on_a_lock_screen(world: World) -> None:
    await looks(world)
    assert world.sam.shows.splitlines()[:2] == [
        "R-118 · one question for you",
        "How well are you and R-118 working together just now?",
    ]
    assert world.sam.labels == [str(n) for n in range(11)] + ["Skip"]
    assert world.sam.letters[-1].silent
    assert [one.screens for one in (world.kim, world.jo, world.ada, world.alex)] == [[], [], [], []]


async def test_a_number_is_kept_and_the_message_closes(world: World) -> None:
    await looks(world)
    await world.sam.taps("7")
    assert await rated(world) == [7]
    assert world.sam.shows == "R-118 · noted for you alone: 7. Next time in about a month."
    assert world.sam.labels == []


async def test_skip_keeps_nothing(world: World) -> None:
    await looks(world)
    await world.sam.taps("Skip")
    assert await rated(world) == []
    assert world.sam.shows == "R-118 · OK, not this time."


async def test_a_doubled_tap_counts_once_and_a_second_thought_holds(world: World) -> None:
    await looks(world)
    asked = await asking(world)
    for number in (7, 7, 4):
        await world.sam.taps_data(f"1:rt:{asked}:{number}")
    assert await rated(world) == [4]


async def asking(world: World) -> str:
    return str(world.sam.letters[-1].facts["asking"])


@pytest.mark.parametrize("said", ["11", "-1", "x", "", "007"])
async def test_a_forged_number_is_refused(world: World, said: str) -> None:
    await looks(world)
    await world.sam.taps_data(f"1:rt:{await asking(world)}:{said}")
    assert world.sam.refused == "errors.stale_button"
    assert await rated(world) == []


async def test_once_a_month_however_often_anybody_looks(world: World) -> None:
    for _ in range(29 * 4):
        await looks(world)
        move(world.desk, hours=6)
    asked = [one for one in world.sam.screens if "working together" in one.text]
    assert len(asked) == 2


@pytest.mark.parametrize(
    "moment", [datetime(2026, 5, 13, 7, 55, tzinfo=UTC), datetime(2026, 5, 16, 10, tzinfo=UTC)], ids=["early", "saturday"]
)
async def test_not_outside_duty_hours(desk: Desk, moment: datetime) -> None:
    world = await a_world(desk)
    await known_for(world, world.client.id, 30)
    at(desk, moment)
    await looks(world)
    assert world.sam.screens == []


async def test_what_could_not_leave_in_duty_hours_does_not_leave_at_night(world: World) -> None:
    async with world.desk.turn() as turn:
        await ratings.ask_due(turn)
    move(world.desk, hours=9)
    await world.settle()
    assert world.sam.screens == []


@pytest.mark.parametrize("asking", [Asking.HELD, Asking.CRISIS])
async def test_not_about_a_client_whom_something_else_keeps(world: World, asking: Asking) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, asking=asking)
    await looks(world)
    assert world.sam.screens == []


async def test_not_while_the_worker_is_away_nor_where_it_is_switched_off(world: World) -> None:
    plan = world.desk.plan
    world.desk.plan = replace(plan, signals={"worker_strain": {"enabled": False}})
    await looks(world)
    world.desk.plan = plan
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.worker.id, away_until=turn.now + timedelta(days=1))
    await looks(world)
    assert world.sam.screens == []


async def test_several_clients_come_in_turn_one_a_day_three_a_week(world: World) -> None:
    for n in range(4):
        other = await a_client(world.desk, world.worker, f"R-20{n}", "B", 1100 + n)
        await known_for(world, other.id, 20)
    seen = []
    for _ in range(7):
        before = len(world.sam.screens)
        await looks(world)
        seen.append(len(world.sam.screens) - before)
        move(world.desk, days=1)
    assert seen == [1, 1, 1, 0, 0, 0, 0]  # Wednesday to Friday; then a weekend, then enough for this week
    await looks(world)
    about = [one.facts["ref"] for one in world.sam.letters]
    assert len(about) == len(set(about)) == 4
    assert about[0] == "R-118"


async def test_with_another_worker_the_old_button_is_dead_and_the_number_stays_the_former_one_s(world: World) -> None:
    await looks(world)
    data = f"1:rt:{await asking(world)}:3"
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await turn.m.people.assign(world.client.id, kim.id, turn.now)
    await world.sam.taps_data(data)
    assert world.sam.refused == "errors.stale_button"
    await world.kim.taps_data(data)
    assert world.kim.refused == "errors.stale_button"
    assert await rated(world) == []


async def test_a_low_number_is_on_nobody_else_s_screen_and_in_no_export(world: World) -> None:
    await looks(world)
    await world.sam.taps("1")
    await world.pass_time(days=1)
    for phone in (world.kim, world.jo, world.ada, world.alex):
        assert "working together" not in phone.all_words
    assert await world.alerts() == []
    async with world.desk.glance() as m:
        exported: Any = json.loads(json.dumps(await export(m)))
        kept = await m.signals.of_client(world.client.id)
    assert "worker_strain" in [one.signal.rule for one in kept]
    assert [one["rule"] for one in exported["clients"][0]["signals"] if one["rule"] == "worker_strain"] == []
    assert "rating" not in json.dumps(exported)


async def test_the_manager_sees_one_figure_for_everybody_and_only_from_three_workers_on(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.ratings.add(world.client.id, world.worker.id, 2, turn.now)
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await turn.m.ratings.add(world.client.id, kim.id, 8, turn.now)
    await world.jo.types("/report")
    assert "working together" not in world.jo.shows
    third = await a_worker(world.desk, "W-3", "Lee", 2003)
    async with world.desk.turn() as turn:
        await turn.m.ratings.add(world.client.id, third.id, 5, turn.now)
    await world.jo.types("/report")
    assert "Workers said 3 times how working together goes. Low: 2." in world.jo.shows


async def test_a_manager_is_not_asked(desk: Desk) -> None:
    world = await a_world(desk)
    manager = await a_manager(desk)
    other = await a_client(desk, manager, "R-300", "C", 1300)
    await known_for(world, other.id, 30)
    at(desk, NINE)
    await looks(world)
    assert isinstance(world.jo, Phone)
    assert world.jo.screens == []
