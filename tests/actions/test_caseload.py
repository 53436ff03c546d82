"""`/caseload` names every client, however many there are, and says of a dead chat that it is dead."""

import re
from typing import Any

import pytest

from bot.actions.desk import Desk
from bot.domain.people import Asking, Status
from bot.texts import seen
from tests.support.people import a_client
from tests.support.stories import World, a_world


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk, earlier=0)


async def caseload(world: World) -> list[str]:
    """The messages that it brings."""
    before = len(world.sam.screens)
    await world.sam.types("/caseload")
    return [seen(one.text) for one in world.sam.screens[before:]]


async def test_a_long_caseload_is_shown_whole_in_several_messages(world: World) -> None:
    refs = ["R-118", *(f"{'R' * 36}-{n}" for n in range(100, 171))]
    for n, ref in enumerate(refs[1:]):
        client = await a_client(world.desk, world.worker, ref, "B", 1300 + n, asking=Asking.GONE_QUIET)
        async with world.desk.turn() as turn:
            await turn.m.people.change(client.id, unreachable="blocked")
    messages = await caseload(world)
    assert len(messages) == 3
    assert all(len(one) <= 4096 for one in messages)
    assert re.findall(r"^(R\S+) · ", "\n".join(messages), re.MULTILINE) == sorted(refs)
    assert [one.count("Your caseload · 72 clients") for one in messages] == [1, 0, 0]


async def test_a_caseload_of_thirty_is_one_message(world: World) -> None:
    for n in range(29):
        await a_client(world.desk, world.worker, f"R-{200 + n}", "B", 1300 + n)
    (only,) = await caseload(world)
    assert only.endswith("R-228 · no answer yet")


@pytest.mark.parametrize(
    ("stands", "says"),
    [
        ({"asking": Asking.ON}, "no answer yet and the chat doesn't get through"),
        ({"asking": Asking.HELD}, "held by you and the chat doesn't get through"),
        ({"asking": Asking.NO_MORE}, "not taking part"),
    ],
)
async def test_a_chat_that_is_dead_is_said_to_be(world: World, stands: dict[str, Any], says: str) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.client.id, unreachable="blocked")
        await turn.m.people.change_client(world.client.id, **stands)
    (only,) = await caseload(world)
    assert only.endswith(f"R-118 · {says}")
    await world.sam.types("/client R-118")
    assert world.sam.shows.startswith(f"R-118 · {says}\n")


async def test_of_somebody_who_has_not_joined_both_is_said(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.client.id, unreachable="blocked", status=Status.INVITED)
    (only,) = await caseload(world)
    assert only.endswith("R-118 · invited, not joined yet and the chat doesn't get through")
