"""How shall the worker hear about it: asked after every low answer, and what the client says always has its effect."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions import alerts, sharing
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState, Kind, Wish
from bot.domain.checkins import CheckIn
from bot.domain.errors import Refusal
from bot.domain.matters import Alert
from tests.support.checkins import move
from tests.support.plans import a_plan
from tests.support.stories import World, a_world

ASKED = ["Tell Sam for me", "I'll say it myself", "I'd like someone else"]


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def a_talk(world: World) -> None:
    """One low answer was told and talked about: its rule rests from now on."""
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("We talked")


async def low_again(world: World) -> CheckIn:
    await a_talk(world)
    return await world.low()


async def open_ones(world: World) -> list[Alert]:
    return [one for one in await world.alerts() if one.is_open]


# ---------------------------------------------------------------- while the rule rests


async def test_a_low_answer_while_its_rule_rests_is_asked_about_as_well(world: World) -> None:
    await low_again(world)
    assert world.alex.labels == ASKED
    assert "If you don't tap, Sam won't hear about it this time." in world.alex.shows
    assert "worth asking" not in world.alex.shows


async def test_with_no_tap_the_rest_holds_and_nothing_goes_out(world: World) -> None:
    await low_again(world)
    before = len(world.sam.screens)
    await world.pass_time(hours=3)
    await world.pass_time(days=3)
    assert len(await world.alerts()) == 1
    assert [one.text for one in world.sam.screens[before:] if "please look" in one.text] == []
    await world.sam.types("/client R-118")
    chart = world.sam.screens[-1].chart
    assert chart is not None
    shown = [point.value for line in chart.picture.lines for point in line.points]
    assert shown.count(2) == 1, "the one that was told, and not the one that was not"


async def test_tell_breaks_the_rest(world: World) -> None:
    await low_again(world)
    await world.alex.taps("Tell")
    assert "Sam gets your answers" in world.alex.shows
    await world.pass_time(seconds=61)
    assert world.sam.shows.startswith("R-118 · please look today")
    assert "fell to 2" in world.sam.shows
    (alert,) = await open_ones(world)
    assert (alert.wish, alert.severity) == (Wish.TELL, "medium")


async def test_saying_it_oneself_breaks_the_rest_without_a_number(world: World) -> None:
    await low_again(world)
    await world.alex.taps("I'll say it myself")
    before = len(world.sam.screens)
    await world.pass_time(seconds=61)
    assert "They'd like some time on how you two are getting on" in world.sam.shows
    assert all("fell to" not in one.text for one in world.sam.screens[before:])


async def test_someone_else_breaks_the_rest_and_stays_away_from_the_worker(world: World) -> None:
    await low_again(world)
    before = len(world.sam.screens)
    await world.alex.taps("I'd like someone else")
    await world.pass_time(seconds=61)
    await world.pass_time(hours=3)
    assert "would like to see someone else" in world.ada.shows
    assert len(world.sam.screens) == before
    assert [one.kind for one in await open_ones(world)] == [Kind.SOMEONE_ELSE]


@pytest.mark.parametrize("wish", ["Tell", "I'll say it myself", "I'd like someone else"])
async def test_undo_lets_the_rule_rest_again(world: World, wish: str) -> None:
    await low_again(world)
    await world.alex.taps(wish)
    await world.alex.taps("Undo")
    assert world.alex.labels == ASKED
    before = len(world.sam.screens), len(world.ada.screens)
    await world.pass_time(hours=3)
    assert (len(world.sam.screens), len(world.ada.screens)) == before
    assert await open_ones(world) == []
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "fell to 2" in world.sam.shows


async def test_a_changed_answer_takes_the_question_back(world: World) -> None:
    check_in = await low_again(world)
    await world.answers(check_in, 8)
    assert world.alex.shows.startswith("Thanks.")
    await world.alex.taps_data(f"1:sh:{check_in.id}:tell")
    assert world.alex.refused == "errors.stale_button"


async def test_left_half_done_it_is_asked_about_as_well(world: World) -> None:
    await a_talk(world)
    check_in = await world.asked()
    await world.answers(check_in, 2)
    assert world.alex.labels != ASKED
    await world.pass_time(minutes=31)
    asked = [one for one in world.alex.letters if one.kind == "client.sharing"]
    assert [one.facts["said"] for one in asked] == ["ask", "ask_resting"]


async def test_what_was_said_joins_an_alert_that_was_opened_meanwhile(world: World) -> None:
    await low_again(world)
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert len(await open_ones(world)) == 1
    assert "fell to 2" in world.sam.shows


@pytest.mark.slow
async def test_somebody_who_always_answers_two_makes_one_alert(desk: Desk) -> None:
    """Twice a week for six weeks: longer than any rule rests."""
    world = await a_world(desk)
    for _ in range(12):
        await world.low(2, 2, 2)
        await world.pass_time(hours=3)
    cards = [one for one in world.sam.letters if one.kind in ("worker.alert", "worker.alert_soft") and not one.edits]
    assert len(await world.alerts()) == 1
    assert len(cards) == 1


async def test_where_clients_are_not_asked_first_a_resting_rule_says_nothing(desk: Desk) -> None:
    plan = a_plan()
    desk.plan = replace(plan, alerts=replace(plan.alerts, ask_client_first=False))
    world = await a_world(desk)
    await world.low()
    await world.sam.taps("We talked")
    await world.low()
    assert world.alex.shows.startswith("Thanks.")
    assert len(await world.alerts()) == 1


# ---------------------------------------------------------------- of which answer


async def test_a_button_of_an_earlier_check_in_is_about_that_one_alone(world: World) -> None:
    """Nothing is told of the newer answer, of which the client was asked and has said nothing."""
    first = await world.low(2, 8, 8)
    await world.pass_time(minutes=121)
    second = await world.low(1, 0, 8)
    await world.alex.taps_data(f"1:sh:{first.id}:tell")
    assert world.alex.refused is None
    await world.pass_time(seconds=61)
    assert "fell to 2" in world.sam.shows
    assert "fell to 1" not in world.sam.all_words
    assert "fell to 0" not in world.sam.all_words
    await world.alex.taps_data(f"1:sh:{second.id}:tell")
    await world.pass_time(seconds=61)
    assert "fell to 1" in world.sam.all_words
    assert len(await world.alerts()) == 1


async def test_someone_else_is_heard_even_when_the_alert_was_closed_meanwhile(world: World) -> None:
    await world.low()
    await world.pass_time(minutes=121)
    await world.sam.taps("We talked")
    await world.alex.taps("I'd like someone else")
    assert world.alex.refused is None
    await world.pass_time(seconds=61)
    assert "would like to see someone else" in world.ada.shows


async def test_someone_else_leaves_what_rests_on_other_evidence_with_the_worker(world: World) -> None:
    """They asked Sam for a talk, and of the low answer they would rather tell somebody else."""
    await world.low()
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "what")
    await world.alex.taps("I'd like someone else")
    await world.pass_time(hours=2, minutes=2)
    assert "would like to see someone else" in world.ada.shows
    assert "would like to talk" in world.sam.all_words or "asked" in world.sam.all_words
    assert "fell to" not in world.sam.all_words
    assert sorted(one.kind for one in await open_ones(world)) == [Kind.ALLIANCE, Kind.SOMEONE_ELSE]


# ---------------------------------------------------------------- how soon


async def test_told_after_the_softened_card_it_has_the_time_of_what_it_is_now(world: World) -> None:
    """The softened card had three working days. From the moment the full one rings, it has one."""
    await world.low()
    await world.pass_time(minutes=121)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    (alert,) = await world.alerts()
    assert alert.step_due_at is not None
    assert alert.step_due_at - world.desk.clock.now() <= timedelta(days=1)
    assert alert.state is AlertState.RAISED


async def test_nothing_of_it_is_shown_in_the_minute_of_undo(world: World) -> None:
    """Even if something else edits the card that stands already."""
    await world.low()
    await world.pass_time(minutes=121)
    await world.alex.taps("Tell")
    await world.alex.types("felt told off")
    await world.alex.taps("Yes, show")
    await world.pass_time(seconds=50)
    assert "fell to 2" not in world.sam.all_words
    await world.pass_time(seconds=11)
    assert "fell to 2" in world.sam.all_words


@pytest.mark.parametrize(("heard_after", "undone"), [(50, True), (70, False)])
async def test_undo_that_was_tapped_in_time_and_is_handled_late_counts(
    world: World, heard_after: int, undone: bool
) -> None:
    check_in = await world.low(2, 8, 8)
    await world.alex.taps("Tell")
    heard = world.desk.clock.now() + timedelta(seconds=heard_after)
    move(world.desk, seconds=90)  # nothing is sent meanwhile
    with nullcontext() if undone else pytest.raises(Refusal, match="undo_too_late"):
        async with world.desk.turn(heard) as turn:
            await sharing.undo(turn, world.client, check_in.id)
    assert ((await open_ones(world))[0].wish is Wish.NONE) is undone


async def test_undo_tapped_in_time_is_too_late_once_the_card_has_left(world: World) -> None:
    check_in = await world.low(2, 8, 8)
    await world.alex.taps("Tell")
    heard = world.desk.clock.now() + timedelta(seconds=50)
    await world.pass_time(seconds=90)
    assert "fell to 2" in world.sam.shows
    with pytest.raises(Refusal, match="undo_too_late"):
        async with world.desk.turn(heard) as turn:
            await sharing.undo(turn, world.client, check_in.id)


async def test_undo_after_the_softened_card_rings_for_nobody(world: World) -> None:
    await world.low()
    await world.pass_time(minutes=121)
    cards = [one for one in world.sam.letters if one.edits is None]
    await world.alex.taps("Tell")
    await world.alex.taps("Undo")
    await world.pass_time(minutes=5)
    assert [one for one in world.sam.letters if one.edits is None] == cards
    assert "fell to 2" not in world.sam.all_words
