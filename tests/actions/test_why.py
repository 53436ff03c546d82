"""Why it rang, and why not: the day's looks worked out again, by the configuration that was in force."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions.desk import Desk
from bot.actions.why import Why, why
from bot.domain.alerts import AlertState
from bot.domain.plan import Plan
from tests.support.checkins import move
from tests.support.stories import World, a_world


@pytest.fixture
async def world(desk: Desk) -> World:
    async with desk.turn() as turn:
        await turn.m.plans.note(turn.plan.version, turn.plan.rules, turn.now - timedelta(days=60))
    return await a_world(desk)


async def asked(world: World, day_back: int | None = None) -> Why:
    now = world.desk.clock.now()
    day = None if day_back is None else (now - timedelta(days=day_back)).date()
    async with world.desk.glance() as m:
        found = await why(m, world.desk.plan, "R-118", day, now)
    assert found is not None
    return found


async def test_an_alert_is_explained_by_rule_numbers_and_version(world: World) -> None:
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    found = await asked(world)
    look = next(look for look in found.looks if any(signal.rule == "item_low" for signal, _ in look.found))
    signal, became = next(pair for pair in look.found if pair[0].rule == "item_low")
    assert became == "alert"
    assert signal.evidence["value"] == 2
    assert signal.evidence["last_three"] == [8, 8, 8]
    assert look.read == "twice a week"
    assert found.version == world.desk.plan.version


async def test_what_did_not_ring_says_which_condition_failed(world: World) -> None:
    await world.low(6, 8, 8)
    look = (await asked(world, 0)).looks[-1]
    assert look.why_not["item_low"] == ("not_low", {"lowest": 6})
    condition, figures = look.why_not["drop"]
    assert condition == "z_above_limit"
    assert set(figures) == {"z", "limit", "n"}


async def test_a_resting_rule_says_so(world: World) -> None:
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    alert = (await world.alerts())[0]
    async with world.desk.turn() as turn:
        await turn.m.alerts.change(alert.id, state="dismissed", closed_at=turn.now)
        await turn.m.alerts.note(alert.id, turn.now, "dismissed", "W-1")
    await world.low(2, 8, 8)
    assert became(await asked(world, 0), "item_low") == ["resting"]


async def test_the_numbers_in_force_that_day_are_used_and_not_todays(world: World) -> None:
    await world.low(2, 8, 8)
    then = world.desk.plan.version
    await world.pass_time(hours=3)
    move(world.desk, days=2)
    world.desk.plan = replace(world.desk.plan, signals={"item_low": {"enabled": False}})
    async with world.desk.turn() as turn:
        await turn.m.plans.note(turn.plan.version, turn.plan.rules, turn.now)
    found = await asked(world)
    assert found.version == then
    assert any(signal.rule == "item_low" for look in found.looks for signal, _ in look.found)
    today = await asked(world, 0)
    assert today.version == world.desk.plan.version != then


def became(found: Why, rule: str) -> list[str]:
    return [became for look in found.looks for signal, became in look.found if signal.rule == rule]


async def in_force(world: World, plan: Plan) -> None:
    """By this plan `why` works out the rest; what the bot itself goes by in these tests is the desk's."""
    async with world.desk.turn() as turn:
        await turn.m.plans.note(plan.version, plan.rules, turn.now)


async def test_what_is_on_record_counts_even_where_the_numbers_in_force_would_not_find_it(world: World) -> None:
    """As while a second process still ran by the file of before."""
    off = {"item_low": {"enabled": False}, "drop": {"enabled": False}}
    await in_force(world, replace(world.desk.plan, signals=off))
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    found = await asked(world)
    look = next(look for look in found.looks if any(signal.rule == "item_low" for signal, _ in look.found))
    assert became(found, "item_low") == ["alert"]
    assert look.version == world.desk.plan.version != found.version
    assert look.read == "twice a week"
    assert "item_low" not in look.why_not


async def test_what_only_the_numbers_in_force_find_is_not_on_record(world: World) -> None:
    noted = world.desk.plan
    world.desk.plan = replace(noted, signals={"item_low": {"enabled": False}})
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    await in_force(world, noted)
    assert became(await asked(world, 0), "item_low") == ["not_on_record"]


async def test_each_look_of_a_day_goes_by_the_numbers_of_its_own_moment(world: World) -> None:
    check_in = await world.low(8, 8, 8)
    before = world.desk.plan.version
    await world.pass_time(hours=1)
    world.desk.plan = replace(world.desk.plan, signals={"drop": {"enabled": False}})
    await in_force(world, world.desk.plan)
    await world.pass_time(minutes=1)
    await world.answers(check_in, 7)
    first, second = (await asked(world, 0)).looks
    assert (first.version, second.version) == (before, world.desk.plan.version)
    assert first.why_not["drop"][0] != "switched_off"
    assert second.why_not["drop"] == ("switched_off", {})


async def test_what_was_taken_back_says_so_with_the_number_that_it_was_found_on(world: World) -> None:
    check_in = await world.low(2, 8, 8)
    await world.pass_time(minutes=1)
    await world.answers(check_in, 8)
    found = await asked(world, 0)
    assert became(found, "item_low") == ["taken_back"]
    assert [one.evidence["value"] for look in found.looks for one, _ in look.found if one.rule == "item_low"] == [2]


async def test_an_alert_is_asked_about_by_its_id_as_well(world: World) -> None:
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    alert = (await world.alerts())[0]
    move(world.desk, days=3)
    async with world.desk.glance() as m:
        found = await why(m, world.desk.plan, alert.id, None, world.desk.clock.now())
    assert found is not None
    assert found.ref == "R-118"
    assert became(found, "item_low") == ["alert"]


async def test_what_is_for_the_workers_own_eyes_is_not_even_among_what_was_not_found(world: World) -> None:
    await world.low(8, 8, 8)
    assert all("worker_strain" not in look.why_not for look in (await asked(world, 0)).looks)


async def test_a_plan_that_comes_back_into_force_is_in_force_again(world: World) -> None:
    first = world.desk.plan
    other = replace(first, signals={"drop": {"z": -3.0}})
    async with world.desk.turn() as turn:
        for n, plan in enumerate((other, first, first)):
            await turn.m.plans.note(plan.version, plan.rules, turn.now + timedelta(hours=n))
        in_force = await turn.m.plans.at(turn.now + timedelta(hours=1, minutes=1))
        between = await turn.m.plans.at(turn.now + timedelta(minutes=1))
    assert in_force is not None
    assert between is not None
    assert (between.version, in_force.version) == (other.version, first.version)
    assert between.rules["signals"] == {"drop": {"z": -3.0}}


async def test_nobody_and_no_alert(world: World) -> None:
    async with world.desk.glance() as m:
        assert await why(m, world.desk.plan, "R-999", None, world.desk.clock.now()) is None
        with pytest.raises(LookupError):
            await why(m, world.desk.plan, "R-118", None, world.desk.clock.now())


async def test_what_the_budget_held_back_is_said_to_be_held_back(world: World) -> None:
    nothing = replace(world.desk.plan.alerts, budget_per_worker_per_week=0, budget_per_client_per_month=0)
    world.desk.plan = replace(world.desk.plan, alerts=nothing)
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    assert await world.alerts() == []
    assert became(await asked(world, 0), "item_low") == ["budget"]


async def test_where_the_client_is_not_asked_first_a_card_that_has_left_stands(desk: Desk) -> None:
    """Although the answer is another one by now: nobody takes back what was seen."""
    desk.plan = replace(desk.plan, alerts=replace(desk.plan.alerts, ask_client_first=False))
    world = await a_world(desk)
    check_in = await world.low(2, 8, 8)
    await world.pass_time(minutes=10)
    await world.answers(check_in, 8)
    assert [one.state for one in await world.alerts()] == [AlertState.RAISED]
    look = (await asked(world, 0)).looks[0]
    assert {became for signal, became in look.found if signal.rule == "item_low"} == {"alert"}
