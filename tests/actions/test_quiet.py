"""A client who is asked nothing: somebody knows, whatever the file says of rules, and whoever the worker is by now."""

from dataclasses import replace

import pytest

from bot.actions import alerts, people, roster
from bot.actions.desk import Desk
from bot.domain.people import Asking, Client
from bot.domain.roster import COLUMNS
from tests.support.stories import World, a_world

CHECK = "R-118 · please check in your usual way"


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def gone_quiet(world: World) -> None:
    """Check-ins without a tap, until nothing more is asked."""
    for _ in range(7):
        if (await alex_now(world)).asking is not Asking.ON:
            return
        await world.asked()
        await world.pass_time(days=1, minutes=1)
    pytest.fail("still asked")


async def alex_now(world: World) -> Client:
    async with world.desk.turn() as turn:
        return await people.client(turn, world.client.id)


async def imported(world: World, *rows: str) -> None:
    async with world.desk.turn() as turn:
        done = await roster.import_roster(turn, "\n".join((",".join(COLUMNS), *rows)), dry_run=False)
    assert done.problems == ()
    await world.settle()


@pytest.mark.parametrize("numbers", [{}, {"enabled": False}, {"untouched": 6.0, "surprise": 0.001}])
async def test_the_worker_hears_that_the_bot_has_gone_quiet_whatever_becomes_of_the_rule(
    world: World, numbers: dict[str, float | bool]
) -> None:
    world.desk.plan = replace(world.desk.plan, signals={"silence": numbers})
    await gone_quiet(world)
    assert [one.text.startswith(CHECK) for one in world.sam.screens] == [True]
    await world.pass_time(days=3)
    assert world.sam.all_words.count(CHECK) == 1


@pytest.mark.parametrize("why", ["left", "blocked"])
async def test_where_the_worker_cannot_hear_it_the_managers_do(world: World, why: str) -> None:
    if why == "left":
        await imported(world, "worker,W-1,Sam,,,,,discharged")
    else:
        world.dead.add(2001)
    await gone_quiet(world)
    assert CHECK in world.jo.all_words
    assert CHECK not in world.kim.all_words


async def test_whoever_takes_over_hears_that_nobody_is_asked(world: World) -> None:
    await gone_quiet(world)
    await imported(world, "client,R-118,,W-2,,,,")
    assert world.kim.shows.startswith(CHECK)
    assert "4 check-ins in a row" in world.kim.shows
    await world.kim.taps("Write again")
    assert (await alex_now(world)).asking is Asking.ON


async def test_whoever_takes_over_hears_that_the_messages_are_held_and_can_end_it(world: World) -> None:
    await world.sam.types("/hold R-118")
    await imported(world, "client,R-118,,W-2,,,,")
    assert "R-118" in world.kim.shows
    await world.kim.taps("Write again")
    assert (await alex_now(world)).asking is not Asking.HELD


async def test_whoever_takes_over_hears_that_the_chat_does_not_get_through(world: World) -> None:
    """Told to the one before, or not even that: it was still on its way."""
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.client.id, unreachable="blocked", unreachable_at=turn.now)
        await alerts.note_blocked(turn, world.client.id)
    await imported(world, "client,R-118,,W-2,,,,")
    assert world.sam.screens == []
    assert world.kim.shows.startswith("R-118 · the chat doesn't get through")


async def test_whoever_takes_over_somebody_who_is_asked_hears_nothing_of_the_kind(world: World) -> None:
    await imported(world, "client,R-118,,W-2,,,,")
    assert world.kim.screens == []
