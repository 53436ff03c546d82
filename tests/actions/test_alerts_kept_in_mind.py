"""Nothing sticks: what was taken comes back until it is closed, a promise is renewed, and what is said is so."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.actions import alerts, talk
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState, Kind
from bot.domain.people import Status
from tests.support.checkins import at
from tests.support.stories import World, a_world

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def told(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)


def rings(world: World) -> int:
    return sum(one.edits is None and one.kind.startswith("worker.alert") for one in world.sam.letters)


# ---------------------------------------------------------------- taken and forgotten


async def test_what_was_taken_and_never_talked_about_comes_back_every_week(world: World) -> None:
    await told(world)
    await world.sam.taps("I've got it")
    await world.pass_time(days=6)
    assert rings(world) == 1
    for week in (2, 3):
        await world.pass_time(days=1, minutes=1)
        assert rings(world) == week
        await world.pass_time(days=6)
    await world.sam.taps("We talked")
    before = rings(world)
    await world.pass_time(days=15)
    assert rings(world) == before


async def test_it_comes_back_on_duty(world: World) -> None:
    """Taken on a Saturday, it does not come back on one."""
    await told(world)
    await world.pass_time(days=4)
    await world.sam.taps("I've got it")
    (alert,) = await world.alerts()
    assert alert.snoozed_until is not None
    assert alert.snoozed_until.weekday() == 0


async def test_a_promise_that_was_not_kept_comes_back_every_day(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_someone_else(turn, world.client)
    await world.settle()
    await world.ada.taps("I've got it")
    fresh = [len([one for one in world.ada.letters if one.edits is None])]
    for _ in range(7):
        await world.pass_time(days=1, minutes=1)
        fresh.append(len([one for one in world.ada.letters if one.edits is None]))
    assert fresh[-1] - fresh[0] >= 3
    assert "That day is over. Please get in touch today" in world.ada.shows
    await world.ada.taps("Done")
    assert "That day is over" not in world.ada.shows


async def test_asking_for_somebody_else_again_after_the_promised_day_is_a_new_promise(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_someone_else(turn, world.client)
    await world.settle()
    await world.ada.taps("I've got it")
    await world.pass_time(days=14)
    before = len([one for one in world.ada.letters if one.edits is None])
    async with world.desk.turn() as turn:
        await talk.someone_else(turn, world.client)
    await world.settle()
    said = world.alex.letters[-1].facts
    assert datetime.fromisoformat(str(said["day"])) > world.desk.clock.now()
    (matter,) = await world.alerts()
    assert (matter.kind, matter.state) == (Kind.SOMEONE_ELSE, AlertState.RAISED)
    assert len([one for one in world.ada.letters if one.edits is None]) == before + 1


# ---------------------------------------------------------------- what is said


async def test_the_card_says_that_the_client_sees_it_only_where_the_client_does(world: World) -> None:
    await told(world)
    assert "lets the client see" in world.sam.shows
    await world.sam.taps("We talked")
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    assert "asked" in world.sam.shows
    assert "lets the client see" not in world.sam.shows


async def test_picking_it_up_takes_no_question_away_that_the_client_still_has(world: World) -> None:
    await told(world)
    await world.low(1, 8, 8)
    await world.sam.taps("I've got it")
    assert world.alex.labels[0] == "Tell Sam for me"
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "fell to 1" in world.sam.shows


async def test_where_a_card_stands_already_no_tap_means_no_more_words(world: World) -> None:
    await told(world)
    await world.sam.taps("I've got it")
    await world.low(1, 8, 8)
    assert "If you don't tap, I won't add anything" in world.alex.shows
    assert "I'll just say" not in world.alex.shows
    cards = len(world.sam.letters)
    await world.pass_time(hours=3)
    assert len(world.sam.letters) == cards


async def test_saying_the_newer_one_oneself_is_on_the_card_without_a_number(world: World) -> None:
    await told(world)
    await world.low(1, 8, 8)
    await world.alex.taps("I'll say it myself")
    await world.pass_time(seconds=61)
    assert "There is something newer they'd like some time for." in world.sam.shows
    assert "fell to 1" not in world.sam.all_words


async def test_the_card_names_whoever_is_there_then(world: World) -> None:
    """Kim, who covers, is away: nobody will ask Kim."""
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await turn.m.people.change(kim.id, away_until=turn.now + timedelta(days=30))
    await told(world)
    assert "Jo is asked" in world.sam.shows
    for _ in range(2):
        await world.pass_time(days=1, minutes=1)
    assert "nobody has picked this up" in world.jo.shows
    assert "Kim is away." in world.jo.shows
    assert "doesn't get through" not in world.jo.shows


async def test_new_evidence_does_not_move_the_day_on_which_the_next_person_is_asked(world: World) -> None:
    await told(world)
    await world.pass_time(hours=20)
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "what")
    await world.settle()
    assert "by Thu 14 May, 14:01, Kim is asked" in world.sam.shows


async def test_a_low_answer_just_before_its_window_ends_is_asked_about_too(world: World) -> None:
    check_in = await world.asked()
    assert check_in.expires_at is not None
    at(world.desk, check_in.expires_at - timedelta(minutes=10))
    await world.answers(check_in, 2)
    await world.pass_time(minutes=11)
    assert world.alex.labels[0] == "Tell Sam for me"


async def test_a_worker_who_left_is_not_the_next_one(world: World) -> None:
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await turn.m.people.change(kim.id, status=Status.DISCHARGED)
        client = await turn.m.people.client(world.client.id)
    assert client is not None
    world.client = replace(client)
    await told(world)
    assert "Jo is asked" in world.sam.shows


async def test_what_is_worse_rings_for_whoever_has_it(world: World) -> None:
    """Kim was asked, then Sam took it after all: what the client tells now is for Sam."""
    await world.low()
    await world.pass_time(minutes=121)
    for _ in range(2):
        await world.pass_time(days=5, minutes=1)
    assert len(world.kim.screens) == 1
    await world.sam.taps("I've got it")
    kim = len([one for one in world.kim.letters if one.edits is None])
    sam = len([one for one in world.sam.letters if one.edits is None])
    (alert,) = await world.alerts()
    await world.alex.taps_data(f"1:sh:{alert.check_in_id}:tell")
    await world.pass_time(seconds=61)
    assert len([one for one in world.sam.letters if one.edits is None]) == sam + 1
    assert len([one for one in world.kim.letters if one.edits is None]) == kim
    assert "fell to 2" in world.sam.shows
