"""A client has one open alert of a kind: whatever is opened again, taken back or moved joins the one that is open."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.actions import alerts
from bot.actions.desk import Desk, Turn
from bot.domain.alerts import AlertState, Kind
from storage import tables as t
from storage.tables import new_id
from tests.support.stories import World, a_world

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def _apart(turn: Turn, statement: sa.Executable) -> None:
    async with turn.m.apart():
        await turn.m.con.execute(statement)


async def open_kinds(world: World) -> list[Kind]:
    return [one.kind for one in await world.alerts() if one.is_open]


async def asks_to_talk(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()


async def asked_whether_it_helped(world: World) -> None:
    """Sam has talked about the first one; the client is asked a day later."""
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("We talked")
    await world.pass_time(hours=24)


async def test_the_database_refuses_a_second_open_alert_of_a_kind(world: World) -> None:
    await asks_to_talk(world)
    async with world.desk.turn() as turn:
        (row,) = await turn.m.con.execute(sa.select(t.alert))
        second = t.alert.insert().values({**row._mapping, "id": new_id()})
        with pytest.raises(IntegrityError):
            await _apart(turn, second)
    async with world.desk.turn() as turn:
        (row,) = await turn.m.con.execute(sa.select(t.alert))
        closed = {**row._mapping, "id": new_id(), "state": AlertState.REPAIRED}
        await turn.m.con.execute(t.alert.insert().values(closed))
        other = {**row._mapping, "id": new_id(), "kind": Kind.DANGER}
        await turn.m.con.execute(t.alert.insert().values(other))


@pytest.mark.parametrize("chose", ["Let Sam try again", None])
async def test_what_is_not_better_joins_a_newer_alert_that_is_open(world: World, chose: str | None) -> None:
    await asked_whether_it_helped(world)
    await asks_to_talk(world)
    await world.alex.taps("Not yet")
    if chose:
        await world.alex.taps(chose)
    else:
        await world.pass_time(days=1, minutes=5)
    assert await open_kinds(world) == [Kind.ALLIANCE]
    old, new = await world.alerts()
    assert (old.state, old.closed_at is not None) == (AlertState.NOT_REPAIRED, True)
    assert (new.state, new.holder_ref) == (AlertState.RAISED, "M-1")
    assert "still open after a talk" in world.jo.shows
    await world.jo.taps("I've got it")
    assert [one.state for one in await world.alerts()] == [AlertState.NOT_REPAIRED, AlertState.ACKNOWLEDGED]


async def test_what_is_not_better_waits_while_the_client_still_chooses_about_a_newer_one(world: World) -> None:
    """The newer one has not left yet: nobody hears of the older one before."""
    await asked_whether_it_helped(world)
    not_yet = next(one.data for row in world.alex.screens[-1].rows for one in row if one.label == "Not yet")
    await world.low(1, 8, 8)
    await world.alex.taps("Tell")
    await world.alex.taps_data(str(not_yet))
    await world.alex.taps("Let Sam try again")
    assert world.jo.screens == []
    assert await open_kinds(world) == [Kind.ALLIANCE]
    await world.pass_time(seconds=61)
    await world.pass_time(minutes=11)
    assert "fell to 1" in world.sam.all_words
    assert "still open after a talk" in world.jo.shows
    assert await open_kinds(world) == [Kind.ALLIANCE]


async def test_the_wish_for_somebody_else_a_second_time_is_the_same_matter(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_someone_else(turn, world.client)
    await world.settle()
    before = len(world.ada.screens)
    await world.low()
    await world.alex.taps("I'd like someone else")
    await world.pass_time(seconds=61)
    await world.pass_time(hours=3)
    assert await open_kinds(world) == [Kind.SOMEONE_ELSE]
    assert world.sam.screens == []
    assert len(world.ada.letters[before:]) == len([one for one in world.ada.letters[before:] if one.edits])


async def test_undo_of_somebody_else_joins_what_was_opened_meanwhile(world: World) -> None:
    await world.low()
    await world.alex.taps("I'd like someone else")
    await asks_to_talk(world)
    await world.alex.taps("Undo")
    assert await open_kinds(world) == [Kind.ALLIANCE]
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "fell to 2" in world.sam.shows
