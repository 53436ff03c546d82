"""Direct questions on their way: asked by turn, called for, followed at once; and who hears which answer."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import bank
from bot.actions import accounts, roster
from bot.actions import preview as looking
from bot.actions.desk import Desk
from bot.domain.checkins import CheckIn, State
from bot.domain.people import Status
from bot.domain.plan import Plan
from bot.domain.preview import preview
from bot.domain.questions import Bank
from bot.domain.roster import COLUMNS
from bot.domain.signals.history import Signal
from bot.domain.words import Tier
from storage.sessions import MISSED
from tests.support.checkins import all_of, at, plan_for, release
from tests.support.exports import export
from tests.support.plans import TWICE_A_WEEK, a_plan
from tests.support.stories import World, a_world, earlier_answers

pytestmark = pytest.mark.slow

SHIPPED = bank.shipped()


def asking(*questions: str, most: int = 4, of: Bank = SHIPPED) -> Plan:
    """A plan with the shipped questions; without any named, they come by turn."""
    return a_plan(bank=of, schedules=(replace(TWICE_A_WEEK, questions=questions, max_questions=most),))


@pytest.fixture
async def world(desk: Desk) -> World:
    """Three weeks of answers that go up and down, as people's do."""
    world = await a_world(desk, earlier=0)
    await earlier_answers(desk, world.client, [(8, 7, 9), (6, 8, 7), (9, 9, 8)] * 2)
    desk.plan = asking()
    return world


def asked(check_in: CheckIn) -> list[str]:
    return [one.question for one in check_in.items]


async def gives(world: World, check_in: CheckIn, *said: str) -> None:
    """Taps in order: a number, the id of an option, or nothing for Skip."""
    for item, one in enumerate(said):
        value = one if one.isdigit() else f"={one}"
        await world.alex.taps_data(f"1:a:{check_in.id}:{item}:{value}" if one else f"1:s:{check_in.id}:{item}")
        assert world.alex.refused is None


async def now(world: World, check_in: CheckIn) -> CheckIn:
    async with world.desk.glance() as m:
        found = await m.checkins.by_id(check_in.id)
    assert found is not None
    return found


async def on_record(world: World, rule: str, tier: Tier, source: str | None = None) -> None:
    async with world.desk.turn() as turn:
        evidence: dict[str, Any] = {"value": 5, "usual": None, "last_three": []}
        signal = Signal(rule, None, turn.now - timedelta(days=1), tier, evidence, source)
        await turn.m.signals.put(world.client.id, signal, turn.plan.version)


# ---------------------------------------------------------------- by turn


async def test_what_one_check_in_asked_the_next_one_does_not(world: World) -> None:
    turned = []
    for _ in range(6):
        check_in = await world.asked()
        turned.append(asked(check_in)[3])
        await gives(world, check_in, "8", "7", "9", "")
    assert turned == ["R1", "C1", "E3", "F1", "R1", "C1"]


async def test_a_check_in_that_nobody_looked_at_has_asked_nothing(world: World) -> None:
    first = await world.asked()
    assert first.expires_at is not None
    at(world.desk, first.expires_at)
    await world.loops()
    assert (await now(world, first)).state is State.EXPIRED
    assert asked(await world.asked()) == asked(first)


async def test_goals_are_asked_about_in_turn_however_seldom(world: World) -> None:
    world.desk.plan = asking("B1", "G3")
    async with world.desk.turn() as turn:
        goals = [await turn.m.goals.add(world.client.id, text, turn.now) for text in ("walk", "read", "cook")]
    about = []
    for _ in range(4):
        check_in = await world.asked()
        about.append(check_in.items[1].goal_id)
        await gives(world, check_in, "8", "5")
    assert about == [goals[n].id for n in (0, 1, 2, 0)]


async def test_the_preview_shows_the_very_questions_that_will_be_asked(world: World) -> None:
    """With a goal, a meeting to come, one that was missed, a low start and steady answers on record."""
    await on_record(world, "first_low", Tier.DIGEST)
    await on_record(world, "low_information", Tier.CHART)
    async with world.desk.turn() as turn:
        await turn.m.goals.add(world.client.id, "walk", turn.now)
        await turn.m.sessions.put(world.client.id, turn.now - timedelta(days=2), MISSED, "W-1", turn.now)
        await turn.m.people.change_client(world.client.id, next_session=turn.now + timedelta(days=18))
    due = await plan_for(world.desk, world.client)
    async with world.desk.turn() as turn:
        told = preview(turn.plan, await looking.everybody(turn), turn.now, 42)
    happened = []
    for _ in told:
        assert due is not None
        check_in = await world.asked()
        happened.append((check_in.planned_at, tuple(asked(check_in))))
        await gives(world, check_in, *([""] * len(check_in.items)))
    assert happened == [(line.at, line.questions) for line in told]
    assert told[0].questions == ("B1", "G1", "R1", "E2")
    assert [line.at for line in told if "E1" in line.questions] == [datetime(2026, 5, 28, 13, tzinfo=UTC)]
    assert len({question for line in told for question in line.questions}) > 8


# ---------------------------------------------------------------- called for


async def test_a_low_first_answer_brings_the_direct_question_next_time(desk: Desk) -> None:
    """Through the rule itself: the first observation is 5."""
    world = await a_world(desk, earlier=0)
    desk.plan = asking(of=Bank(tuple(one for one in SHIPPED.questions if one.id != "E3")))
    first = await world.asked()
    assert asked(first) == ["B1", "G1", "T1", "R1"]
    await gives(world, first, "8", "8", "8", "no")
    second = await world.asked()
    assert "R1" not in asked(second)
    await gives(world, second, "5", "6", "5", "5")
    third = await world.asked()
    assert asked(third) == ["B1", "G1", "T1", "R1"]


async def test_a_missed_meeting_brings_times_and_places_next_time_once(world: World) -> None:
    await world.sam.types("/missed R-118")
    check_in = await world.asked()
    assert asked(check_in)[3] == "E2"
    await gives(world, check_in, "8", "8", "8", "travel")
    assert "E2" not in asked(await world.asked())


async def test_a_low_will_you_come_brings_times_and_places_at_once_where_there_is_room(world: World) -> None:
    world.desk.plan = asking("E1", "B1")
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, next_session=turn.now + timedelta(days=2))
    check_in = await world.asked()
    await gives(world, check_in, "3")
    assert asked(await now(world, check_in)) == ["E1", "B1", "E2"]
    assert "2 of 3" in world.alex.shows
    await gives(world, check_in, "3", "8")
    assert "Shall we change something about meeting up?" in world.alex.shows
    await world.alex.taps("By phone")
    assert "That's all for today" in world.alex.shows or "How shall Sam hear" in world.alex.shows
    assert (await now(world, check_in)).state is State.COMPLETED


async def test_a_likely_answer_brings_nothing(world: World) -> None:
    world.desk.plan = asking("E1", "B1")
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, next_session=turn.now + timedelta(days=2))
    check_in = await world.asked()
    await gives(world, check_in, "4")
    assert asked(await now(world, check_in)) == ["E1", "B1"]


async def test_without_room_they_come_next_time(world: World) -> None:
    """Whether the rule has put it on record is the rule's: here its signal stands as it leaves it."""
    world.desk.plan = asking("E1", "B1", most=2)
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, next_session=turn.now + timedelta(days=2))
    check_in = await world.asked()
    await gives(world, check_in, "2", "8")
    assert asked(await now(world, check_in)) == ["E1", "B1"]
    world.desk.plan = asking()
    assert "E2" in asked(await world.asked())


async def test_a_client_who_wants_one_question_gets_no_second_one(world: World) -> None:
    world.desk.plan = asking("E1")
    async with world.desk.turn() as turn:
        soon = turn.now + timedelta(days=2)
        await turn.m.people.change_client(world.client.id, next_session=soon, own_times={"max_questions": 1})
    check_in = await world.asked()
    await gives(world, check_in, "0")
    assert asked(await now(world, check_in)) == ["E1"]


# ---------------------------------------------------------------- the right person


async def fit_asked(world: World) -> CheckIn:
    world.desk.plan = asking("F1", "B1")
    return await world.asked()


@pytest.mark.parametrize("how", ["dead", "closed"])
async def test_what_one_person_alone_may_see_waits_until_their_chat_is_back(world: World, how: str) -> None:
    check_in = await fit_asked(world)
    await gives(world, check_in, "no")
    if how == "dead":
        world.dead.add(3002)
    else:
        async with world.desk.turn() as turn:
            ada = await turn.m.people.by_ref("M-2")
            assert ada is not None
            await accounts.close(turn, ada, "M-1", takes_leave=False)
    for _ in range(3):
        await world.pass_time(days=1)
    assert world.ada.screens == world.jo.screens == []
    world.dead.clear()
    async with world.desk.turn() as turn:
        ada = await turn.m.people.by_ref("M-2")
        assert ada is not None
        back = {"chat_id": 3002, "status": Status.JOINED, "unreachable": None}
        await turn.m.people.change(ada.id, **back)
    for _ in range(2):
        await world.pass_time(days=1)
    assert len(world.ada.screens) == 1
    assert "R-118" in world.ada.shows


async def test_what_one_person_alone_may_see_is_for_whoever_hears_it_once_they_have_left(world: World) -> None:
    check_in = await fit_asked(world)
    plan = world.desk.plan
    world.desk.plan = replace(plan, alerts=replace(plan.alerts, complaints_to=("M-2", "M-1")))
    await gives(world, check_in, "no")
    rows = ",".join(COLUMNS), "manager,M-2,Ada,,,,,discharged"
    async with world.desk.turn() as turn:
        assert (await roster.import_roster(turn, "\n".join(rows), dry_run=False)).problems == ()
    await world.pass_time(minutes=2)
    assert "R-118" in world.jo.shows
    assert world.ada.screens == world.sam.screens == []


async def test_the_question_says_who_alone_sees_it(world: World) -> None:
    await fit_asked(world)
    assert "Is Sam the right person for you?" in world.alex.shows
    assert "Only Ada sees this one." in world.alex.shows


@pytest.mark.parametrize(("said", "words"), [("no", "“No”"), ("mixed", "“Mixed”")])
async def test_no_and_mixed_reach_that_person_without_a_sound_and_nobody_else(
    world: World, said: str, words: str
) -> None:
    check_in = await fit_asked(world)
    before = len(world.sam.screens)
    await gives(world, check_in, said, "8")
    assert world.ada.screens == []
    await world.pass_time(minutes=1)
    assert world.ada.shows.splitlines()[0] == "R-118 · an answer that only you get"
    assert words in world.ada.shows
    assert world.ada.letters[-1].silent
    for command in ("/caseload", "/client R-118", "/list"):
        await world.sam.types(command)
    for phone in (world.sam, world.kim, world.jo):
        assert "right person" not in phone.all_words
        assert words not in phone.all_words
    assert before == 0
    assert await world.alerts() == []


async def test_yes_reaches_nobody(world: World) -> None:
    check_in = await fit_asked(world)
    await gives(world, check_in, "yes", "8")
    await world.pass_time(minutes=2)
    assert world.ada.screens == []


async def test_an_answer_changed_within_the_minute_was_never_told(world: World) -> None:
    check_in = await fit_asked(world)
    await gives(world, check_in, "no")
    await gives(world, check_in, "yes")
    await world.pass_time(minutes=5)
    assert world.ada.screens == []


async def test_an_answer_changed_later_is_said_where_it_stands(world: World) -> None:
    check_in = await fit_asked(world)
    await gives(world, check_in, "no")
    await world.pass_time(minutes=2)
    await gives(world, check_in, "yes")
    await world.pass_time(minutes=2)
    assert "they have changed that answer since" in world.ada.shows
    assert world.ada.letters[-1].edits is not None


async def test_where_only_the_worker_could_hear_it_it_is_not_asked(world: World) -> None:
    plan = asking("F1", "B1")
    world.desk.plan = replace(plan, alerts=replace(plan.alerts, complaints_to=("W-1",)))
    assert asked(await world.asked()) == ["B1"]


async def test_whoever_is_named_first_hears_it_unless_that_is_the_worker(world: World) -> None:
    plan = asking("F1", "B1")
    world.desk.plan = replace(plan, alerts=replace(plan.alerts, complaints_to=("W-1", "M-1")))
    check_in = await world.asked()
    assert "Only Jo sees this one." in world.alex.shows
    await gives(world, check_in, "no")
    await world.pass_time(minutes=1)
    assert "an answer that only you get" in world.jo.shows


async def test_it_is_in_the_full_export_as_any_answer(world: World) -> None:
    check_in = await fit_asked(world)
    await gives(world, check_in, "mixed", "8")
    async with world.desk.glance() as m:
        found = json.loads(json.dumps(await export(m, "R-118")))
    answers = found["clients"][0]["check_ins"][-1]["answers"]
    assert [(one["asks"], one["value"]) for one in answers] == [("fit", "mixed"), (None, 8)]


# ---------------------------------------------------------------- the same answer every time


async def test_words_are_offered_with_the_first_check_in_of_a_month_and_never_imposed(world: World) -> None:
    at(world.desk, datetime(2026, 5, 30, 12, tzinfo=UTC))
    await on_record(world, "low_information", Tier.CHART)
    offered = []
    for _ in range(3):
        check_in = await world.asked()
        offered.append("If words suit you better" in world.alex.shows)
        assert ("Words, not numbers" in world.alex.labels) is offered[-1]
        await gives(world, check_in, "10", "10", "10", "")
    assert offered == [True, False, False]


async def test_who_takes_the_offer_answers_in_words_and_is_offered_nothing_more(world: World) -> None:
    at(world.desk, datetime(2026, 5, 30, 12, tzinfo=UTC))
    await on_record(world, "low_information", Tier.CHART)
    await world.asked()
    await world.alex.taps("Words, not numbers")
    assert "Easy" in world.alex.labels
    assert "If words suit you better" not in world.alex.shows


async def test_steady_answers_bring_the_direction_question_as_soon_as_it_may_come(world: World) -> None:
    await on_record(world, "low_information", Tier.CHART)
    assert asked(await world.asked())[3] == "C1"


async def test_a_second_schedule_in_the_same_batch_knows_what_the_first_one_asks(world: World) -> None:
    """Both are due at once; the second is left out because one is open, and has used up nobody's turn."""
    plan = asking()
    both = (plan.schedules[0], replace(plan.schedules[0], name="the other"))
    world.desk.plan = replace(plan, schedules=both)
    due = await plan_for(world.desk, world.client)
    assert due is not None
    at(world.desk, due)
    await release(world.desk)
    states = sorted((one.schedule, one.state) for one in (await all_of(world.desk, world.client))[-2:])
    assert [state for _, state in states] in ([State.CANCELLED, State.PLANNED], [State.PLANNED, State.CANCELLED])
