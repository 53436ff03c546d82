"""The file asks otherwise, or no more, while a card stands in a chat: nothing is read as what it did not say."""

from dataclasses import replace
from typing import Any

import pytest

from bot import app
from bot.actions import people
from bot.actions.desk import Desk
from bot.domain.checkins import CheckIn, Item, State, put_anew
from bot.domain.people import Asking
from bot.domain.questions import Asks, Bank, Option, Question, Scale
from bot.domain.words import Construct
from tests.support.checkins import all_of, answers_of, at, plan_for, posts, release
from tests.support.stories import World, a_world

YES_NO = (Option("yes", {"en": "Yes"}), Option("no", {"en": "No"}))


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def started(world: World, bank: Bank | None = None) -> None:
    """Again, perhaps with another file."""
    world.desk.plan = replace(world.desk.plan, bank=bank or world.desk.plan.bank)
    await app.prepare(world.desk)
    await world.settle()


async def without(world: World, *gone: str) -> None:
    await started(world, Bank(tuple(one for one in world.desk.plan.bank.questions if one.id not in gone)))


async def put(world: World, question: str, **otherwise: Any) -> None:
    bank = world.desk.plan.bank
    await started(world, bank.with_more([replace(bank[question], **otherwise)]))


async def a_card(world: World, *answers: float) -> CheckIn:
    await started(world)
    check_in = await world.asked()
    await world.answers(check_in, *answers)
    return check_in


async def now(world: World) -> CheckIn:
    return (await all_of(world.desk, world.client))[-1]


async def said(world: World, check_in: CheckIn) -> list[tuple[str, float | None]]:
    return [(one.question, one.value_0_10) for one in await answers_of(world.desk, check_in) if one.current]


# ---------------------------------------------------------------- put otherwise


@pytest.mark.parametrize("scale", [Scale.WORDS, Scale.FACES])
async def test_a_number_on_the_old_card_is_no_step_of_the_new_one(world: World, scale: Scale) -> None:
    """A 3 of ten, tapped before the card has changed: it would be the second best of five words, and no alert."""
    check_in = await a_card(world)
    await put(world, "B1", scale=scale)
    await world.alex.taps_data(f"1:a:{check_in.id}:0:3")
    assert world.alex.toast == "client.toast.old"
    assert await said(world, check_in) == []
    await world.answers(check_in)
    for item, value in ((1, 8), (2, 8), (3, 0)):
        await world.alex.taps_data(f"1:a:{check_in.id}:{item}:{value}")
    assert await said(world, check_in) == [("G1", 8.0), ("T1", 8.0), ("B1", 0.0)]
    assert "How shall" in world.alex.shows


async def test_the_card_in_the_chat_changes_at_once_without_a_sound(world: World) -> None:
    await a_card(world)
    await put(world, "B1", scale=Scale.CHOICE, options=YES_NO)
    assert world.alex.shows.startswith("1 of 3\nDo you and Sam want the same")
    assert world.alex.letters[-1].silent


async def test_a_turned_question_is_read_as_it_is_put_now(world: World) -> None:
    check_in = await a_card(world, 8)
    await put(world, "G1", text={"en": "How far apart are you and {worker}?"}, reverse=True)
    await world.alex.taps_data(f"1:a:{check_in.id}:1:9")
    assert await said(world, check_in) == [("B1", 8.0)]
    assert "help, day to day" in world.alex.shows
    await world.alex.taps_data(f"1:a:{check_in.id}:2:8")
    assert "How far apart" in world.alex.shows
    await world.alex.taps_data(f"1:a:{check_in.id}:3:1")
    assert await said(world, check_in) == [("B1", 8.0), ("T1", 8.0), ("G1", 9.0)]
    assert (await now(world)).state is State.COMPLETED


async def test_what_has_been_answered_stays_as_it_was_answered(world: World) -> None:
    check_in = await a_card(world, 2)
    await put(world, "B1", scale=Scale.WORDS)
    assert await said(world, check_in) == [("B1", 2.0)]
    await world.alex.taps_data(f"1:b:{check_in.id}:1")
    await world.answers(check_in)
    for item in (1, 2):
        await world.alex.taps_data(f"1:a:{check_in.id}:{item}:8")
    assert "How shall" in world.alex.shows


async def test_a_question_that_has_not_left_yet_leaves_as_it_is_put_now(world: World) -> None:
    await started(world)
    due = await plan_for(world.desk, world.client)
    assert due is not None
    at(world.desk, due)
    await release(world.desk)
    await put(world, "B1", scale=Scale.CHOICE, options=YES_NO)
    assert len(world.alex.screens) == 1
    assert (await now(world)).state is State.OPEN
    assert await posts(world.desk, world.client.id) == []


async def test_a_start_with_the_same_questions_shows_nothing_anew(world: World) -> None:
    await a_card(world, 8)
    before = len(world.alex.screens)
    world.desk.plan = replace(world.desk.plan, signals={"drop": {"enabled": False}})
    await started(world)
    assert len(world.alex.screens) == before
    assert [one.question for one in (await now(world)).items] == ["B1", "G1", "T1"]


# ---------------------------------------------------------------- let go


async def test_a_tap_on_a_question_that_is_gone_leads_on(world: World) -> None:
    """In the middle of a start, before the card has changed."""
    check_in = await a_card(world)
    world.desk.plan = replace(world.desk.plan, bank=Bank(world.desk.plan.bank.questions[1:]))
    await world.alex.taps_data(f"1:a:{check_in.id}:0:7")
    assert world.alex.shows.startswith("1 of 2\nDo you and Sam")
    await world.alex.types("8")
    await world.alex.types("8")
    assert await said(world, check_in) == [("G1", 8.0), ("T1", 8.0)]
    assert (await now(world)).state is State.COMPLETED


async def test_the_last_question_gone_ends_it_with_what_was_answered(world: World) -> None:
    check_in = await a_card(world, 2, 8)
    await without(world, "T1")
    await world.alex.taps_data(f"1:a:{check_in.id}:2:7")
    assert "How shall" in world.alex.shows
    assert await said(world, check_in) == [("B1", 2.0), ("G1", 8.0)]


async def test_nothing_left_to_ask_is_taken_back_and_no_silence(world: World) -> None:
    await a_card(world)
    await without(world, "B1", "G1", "T1")
    assert world.alex.shows.startswith("I've taken this one back")
    assert world.alex.labels == []
    await world.pass_time(days=2)
    one = await now(world)
    assert (one.state, one.reason) == (State.CANCELLED, "question_gone")
    async with world.desk.turn() as turn:
        assert (await people.client(turn, world.client.id)).asking is Asking.ON


async def test_what_somebody_said_stays_said_when_its_question_goes(world: World) -> None:
    """Answered yes, left half done, and read half an hour later by another file."""
    upset = Question("UPSET", Construct.BOND, Scale.CHOICE, {"en": "Upset?"}, asks=Asks.BOTHERED, options=YES_NO)
    plan = world.desk.plan
    every = replace(plan.schedules[0], questions=("UPSET", "B1", "G1"))
    world.desk.plan = replace(plan, bank=plan.bank.with_more([upset]), schedules=(every,))
    check_in = await a_card(world)
    await world.alex.taps_data(f"1:a:{check_in.id}:0:=yes")
    world.desk.plan = replace(world.desk.plan, schedules=plan.schedules)
    await without(world, "UPSET")
    await world.pass_time(minutes=31)
    (alert,) = await world.alerts()
    async with world.desk.glance() as m:
        assert [one.signal.rule for one in await m.signals.of_alert(alert.id)] == ["said_bothered"]


def test_only_what_is_still_to_be_asked_comes_again() -> None:

    found = put_anew((Item("A"), Item("B"), Item("C")), {0}, {"A", "C"})
    assert [one.question for one in found] == ["A (as it was)", "B", "C (as it was)", "C"]
