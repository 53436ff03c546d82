"""What a text promises is there: own words under the menu, and a kind sentence where nobody else is there to tell."""

from dataclasses import replace

import pytest

from bot.actions.desk import Desk
from tests.support.stories import World, a_world


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def test_words_that_stay_with_the_client_are_among_their_own_answers(world: World) -> None:
    """And the worker has seen none of it."""
    await world.low(8, 8, 8)
    await world.alex.types("felt told off")
    await world.alex.taps("No, just for me")
    assert "under menu" in world.alex.shows
    await world.alex.types("/progress")
    assert 'Your words: "felt told off"' in world.alex.shows
    assert "felt told off" not in world.sam.all_words


async def test_without_anybody_else_to_tell_the_client_reads_a_sentence_for_clients(world: World) -> None:
    plan = world.desk.plan
    world.desk.plan = replace(plan, alerts=replace(plan.alerts, complaints_to=("W-1",)))
    await world.alex.taps_data("1:m:else")
    assert world.alex.refused == "client.talk.nobody_else"
