"""Clients of whom nobody would notice anything are named to the managers, every day until it is mended."""

from dataclasses import replace

import pytest

from bot.actions import joining, roster, unnoticed
from bot.actions.desk import Desk
from bot.domain.roster import COLUMNS
from tests.support.checkins import move
from tests.support.stories import World, a_world

ALONE, UNAGREED = "Nobody looks after 1 client", "1 client is asked nothing"


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def looked(world: World, **later: float) -> None:
    move(world.desk, **later)
    async with world.desk.turn() as turn:
        await joining.ask_all_again(turn)
        await unnoticed.tell(turn)
    await world.settle()


async def imported(world: World, *rows: str) -> None:
    async with world.desk.turn() as turn:
        done = await roster.import_roster(turn, "\n".join((",".join(COLUMNS), *rows)), dry_run=False)
    assert done.problems == ()


async def test_clients_whose_worker_has_left_are_named_until_they_have_another(world: World) -> None:
    await looked(world)
    assert world.jo.screens == []
    await imported(world, "worker,W-1,Sam,,,,,discharged")
    await looked(world, days=1)
    await looked(world, minutes=30)
    assert world.jo.all_words.count(ALONE) == 1
    assert "R-118" in world.jo.shows
    await looked(world, days=1)
    assert world.jo.all_words.count(ALONE) == 2
    await imported(world, "client,R-118,,W-2,,,,")
    await looked(world, days=1)
    assert world.jo.all_words.count(ALONE) == 2


async def test_who_takes_part_no_more_is_not_named(world: World) -> None:
    await imported(world, "worker,W-1,Sam,,,,,discharged", "client,R-118,,,,,,discharged")
    await looked(world, days=1)
    assert world.jo.screens == []


async def test_who_overlooked_new_words_to_agree_to_is_named(world: World) -> None:
    """Nothing is asked of them meanwhile, and none of that counts as silence."""
    plan = world.desk.plan
    world.desk.plan = replace(plan, service=replace(plan.service, not_shared_with=("police",)))
    await looked(world)
    await looked(world, days=1)
    assert world.jo.screens == []
    await looked(world, days=6)
    assert world.jo.shows.startswith(UNAGREED)
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, join_screen=5)
    await world.alex.taps_data("1:j:5:agree")
    await looked(world, days=1)
    assert world.jo.all_words.count(UNAGREED) == 1
