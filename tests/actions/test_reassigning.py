"""Another worker: told to the client, who decides whether that one sees what was said before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions import alerts, people, roster, sessions
from bot.actions.desk import Desk
from bot.domain.people import Asking, Client
from tests.support.checkins import move, release
from tests.support.stories import World, a_world


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def moved(world: World, ref: str = "W-2") -> None:
    """By a roster file, as it is done."""
    move(world.desk, minutes=1)
    async with world.desk.turn() as turn:
        done = await roster.import_roster(turn, f"role,ref,name,worker\nclient,R-118,,{ref}\n", dry_run=False)
        assert done.problems == ()
    await world.settle()
    move(world.desk, minutes=1)
    world.client = await alex_now(world)


async def alex_now(world: World) -> Client:
    async with world.desk.turn() as turn:
        return await people.client(turn, world.client.id)


async def test_the_client_is_told_and_asked_about_the_older_answers(world: World) -> None:
    await moved(world)
    assert world.alex.shows.startswith("Your worker here is now Kim.")
    assert world.alex.labels == ["Yes", "No"]


async def test_whoever_has_asked_for_deletion_is_told_when_they_take_it_back(world: World) -> None:
    await world.alex.types("/erase")
    await world.alex.taps("Yes, delete it all")
    await moved(world)
    assert not any("Kim" in one.text for one in world.alex.screens)
    await world.alex.taps("Take it back")
    await world.settle()
    assert any(one.text.startswith("Your worker here is now Kim.") for one in world.alex.screens)


async def test_what_the_former_worker_asked_to_see_and_has_not_left_yet_is_theirs_no_more(world: World) -> None:
    """As while Telegram lets nothing through: then a file brings another worker."""
    async with world.desk.turn() as turn:
        await sessions.look(turn, world.worker, world.client)
    before = len(world.sam.screens)
    await moved(world)
    assert all("R-118" not in one.text or "Kim" in one.text for one in world.sam.screens[before:])
    assert not any("8" in one.text.replace("R-118", "") for one in world.sam.screens[before:])


@pytest.mark.parametrize("tapped", [None, "No"])
async def test_the_new_worker_sees_nothing_that_was_said_before(world: World, tapped: str | None) -> None:
    await moved(world)
    if tapped:
        await world.alex.taps(tapped)
        assert world.alex.shows == "OK. Kim sees answers from today on."
    await world.kim.types("/client R-118")
    assert "8" not in world.kim.shows.replace("R-118", "")
    assert world.kim.screens[-1].chart is None


async def test_with_a_yes_the_older_ones_too(world: World) -> None:
    await moved(world)
    await world.alex.taps("Yes")
    assert world.alex.shows == "OK. Kim sees the older ones too."
    await world.kim.types("/client R-118")
    assert "8" in world.kim.shows.replace("R-118", "")
    async with world.desk.glance() as m:
        assert ("R-118", "passed_on") in [(one.by, one.did) for one in await m.audit.lines("R-118")]


async def test_what_is_answered_from_then_on_is_the_new_workers(world: World) -> None:
    await moved(world)
    check_in = await world.asked()
    await world.answers(check_in, 7, 7, 7)
    await world.kim.types("/client R-118")
    shown = world.kim.shows.replace("R-118", "")
    assert "7" in shown
    assert "8" not in shown


async def test_an_open_alert_goes_along_without_its_numbers_and_words(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.alex.types("felt told off")
    await world.alex.taps("Yes, show Sam")
    await world.pass_time(seconds=62)
    assert "fell to 2" in world.sam.all_words
    await moved(world)
    assert world.kim.shows.startswith("R-118 · worth a talk")
    [alert] = await world.alerts()
    for what in ("whole", "show", "notes"):
        await world.kim.taps_data(f"1:al:{alert.id}:{what}")
    for said in ("fell to 2", "told off", "8, 8, 8"):
        assert said not in world.kim.all_words
    await world.alex.taps("Yes")
    assert "fell to 2" in world.kim.shows


async def test_a_yes_for_one_worker_is_none_for_the_next(world: World) -> None:
    await moved(world)
    await moved(world, "W-1")
    data = [one.data for row in world.alex.screens[-2].rows for one in row]
    await world.alex.taps_data(str(data[0]))
    assert world.alex.refused == "errors.stale_button"
    assert (await alex_now(world)).worker_sees_from is not None


async def test_words_shared_with_one_worker_are_not_given_to_another(world: World) -> None:
    """Asked "Shall Sam see that?", moved to Kim, and only then tapped."""
    await world.low()
    await world.alex.taps("Tell")
    await world.alex.types("felt told off")
    data = next(one.data for row in world.alex.screens[-1].rows for one in row if one.label == "Yes, show Sam")
    await moved(world)
    await world.alex.taps_data(str(data))
    assert "told off" not in world.kim.all_words
    assert world.alex.shows == "Shall Kim see that?"
    await world.alex.taps("Yes, show Kim")
    assert "told off" in world.kim.all_words


async def test_a_choice_that_named_the_former_worker_tells_the_new_one_nothing(world: World) -> None:
    await world.low()
    await moved(world)
    await world.alex.taps("Tell Sam")
    assert world.alex.refused == "errors.stale_button"
    await world.pass_time(hours=3)
    assert "fell to 2" not in world.kim.all_words


async def test_who_is_not_being_asked_is_not_asked_about_this_either(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, asking=Asking.QUIETED)
    await moved(world)
    assert world.alex.screens == []
    await world.alex.taps_data("1:m:on")
    assert any("now Kim" in screen.text for screen in world.alex.screens)


async def test_a_first_worker_is_no_new_one(desk: Desk) -> None:
    world = await a_world(desk)
    async with desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, worker_id=None)
    await moved(world)
    assert world.alex.screens == []
    assert (await alex_now(world)).worker_sees_from is None


async def test_on_a_phone_that_others_see_the_new_worker_is_an_initial(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, quiet_mode=True)
    await moved(world)
    assert "now K." in world.alex.shows
    assert "Kim" not in world.alex.all_words


async def test_the_question_itself_waits_for_the_end_of_quiet_hours(world: World) -> None:
    move(world.desk, hours=9)
    await moved(world)
    assert world.alex.screens == []
    await release(world.desk)
    await world.pass_time(hours=12)
    assert any("now Kim" in screen.text for screen in world.alex.screens)


async def test_a_wish_for_somebody_else_stays_about_the_worker_it_was_about(world: World) -> None:
    """It never names the new worker, and does not climb to them either."""
    plan = world.desk.plan
    world.desk.plan = replace(plan, alerts=replace(plan.alerts, complaints_to=("M-2", "W-2", "M-1")))
    async with world.desk.turn() as turn:
        await turn.m.people.assign(world.client.id, world.worker.id, turn.now - timedelta(days=90))
        await alerts.raise_someone_else(turn, world.client)
    await world.settle()
    assert "Sam isn't told" in world.ada.shows
    await moved(world)
    for _ in range(4):
        await world.pass_time(days=1, hours=2)
    assert not any("somebody else" in one.text or "someone else" in one.text for one in world.kim.screens)
    assert "Kim isn't told" not in world.ada.all_words + world.jo.all_words
    assert "Sam isn't told" in world.jo.all_words
