"""The life of an alert: from a low answer to a person who acted, and to the client who is asked whether it helped."""

import json
import re
from dataclasses import replace

import pytest

from bot.actions import alerts, matters, reports
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState, Kind, Wish
from bot.domain.people import Asking
from bot.texts import seen
from tests.support.desks import START
from tests.support.plans import a_plan
from tests.support.stories import World, a_world


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def test_a_low_answer_asks_the_client_first_and_tells_nobody(world: World) -> None:
    await world.low()
    assert world.alex.labels == ["Tell Sam for me", "I'll say it myself", "I'd like someone else"]
    assert world.sam.screens == []


async def test_tell_brings_the_full_card_after_the_undo_minute(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    assert "Undo" in world.alex.labels
    await world.pass_time(seconds=59)
    assert world.sam.screens == []
    await world.pass_time(seconds=2)
    assert world.sam.shows.startswith("R-118 · please look today")
    assert "fell to 2" in world.sam.shows
    assert "Usual here: about 8" in world.sam.shows
    assert world.sam.labels == ["I've got it", "We talked", "More"]
    assert world.sam.screens[-1].chart is not None
    assert world.sam.screens[-1].protected


async def test_undo_leaves_the_chat_after_its_minute(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    assert world.alex.labels == []


async def test_undo_asks_again_and_gives_two_more_hours(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=30)
    await world.alex.taps("Undo")
    assert world.alex.labels[0] == "Tell Sam for me"
    await world.pass_time(minutes=119)
    assert world.sam.screens == []
    await world.pass_time(minutes=2)
    assert "worth asking how you two are getting on" in world.sam.shows


async def test_undo_after_its_minute_is_refused_kindly(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    undo = world.alex.screens[-1].rows[0][0].data
    await world.pass_time(seconds=90)
    assert undo is not None
    await world.alex.taps_data(undo)
    assert world.alex.refused == "client.sharing.undo_too_late"


async def test_no_tap_for_two_hours_shows_no_number_and_no_picture(world: World) -> None:
    await world.low()
    await world.pass_time(minutes=121)
    screen = world.sam.screens[-1]
    assert seen(screen.text).startswith("R-118 · worth a talk when you meet")
    assert screen.chart is None
    assert not any(char.isdigit() for char in seen(screen.text).replace("R-118", ""))
    assert (await world.alerts())[0].severity == "low"


async def test_walking_away_after_the_first_low_answer_still_tells_the_worker(world: World) -> None:
    check_in = await world.asked()
    await world.answers(check_in, 2)
    await world.pass_time(minutes=31)
    assert world.alex.labels[0] == "Tell Sam for me"
    await world.pass_time(minutes=88)
    assert world.sam.screens == []
    await world.pass_time(minutes=3)
    assert "worth asking" in world.sam.shows


async def test_once_the_two_hours_are_over_the_choice_says_what_the_worker_was_told(world: World) -> None:
    await world.low()
    assert "If you don't tap" in world.alex.shows
    await world.pass_time(minutes=121)
    assert "I've told Sam just this" in world.alex.shows
    assert "If you don't tap" not in world.alex.shows
    assert world.alex.labels == ["Tell Sam for me", "I'll say it myself", "I'd like someone else"]
    await world.sam.taps("I've got it")
    await world.pass_time(minutes=1)
    assert "Sam has picked this up" in world.alex.shows


async def test_a_choice_that_was_made_is_not_told_as_none(world: World) -> None:
    await world.low()
    await world.alex.taps("I'll say it myself")
    await world.pass_time(seconds=61)
    assert "worth asking" not in world.alex.shows


async def test_saying_it_oneself_shows_only_that_time_is_wanted(world: World) -> None:
    await world.low()
    await world.alex.taps("I'll say it myself")
    await world.pass_time(seconds=61)
    assert "They'd like some time on how you two are getting on" in world.sam.shows
    assert "fell to" not in world.sam.all_words


async def test_someone_else_is_on_no_surface_of_the_worker(world: World) -> None:
    await world.low()
    await world.alex.taps("I'd like someone else")
    assert "This goes to Ada. Sam isn't told." in world.alex.shows
    await world.pass_time(seconds=61)
    assert "would like to see someone else" in world.ada.shows
    await world.pass_time(days=8)
    await world.sam.types("/caseload")
    assert "open alert" not in world.sam.all_words
    assert "someone else" not in world.sam.all_words
    assert "fell to" not in world.sam.all_words


async def test_what_was_done_about_someone_else_is_noted_and_promises_no_question(world: World) -> None:
    await world.low()
    await world.alex.taps("I'd like someone else")
    await world.pass_time(seconds=61)
    await world.ada.taps("I've got it")
    assert "The client expects you by" in world.ada.shows
    await world.ada.taps("Done")
    assert "Done: noted Tue 12 May" in world.ada.shows
    assert "expects you" not in world.ada.shows
    assert world.ada.toast == "worker.toast.done"


async def test_someone_else_can_be_undone(world: World) -> None:
    await world.low()
    await world.alex.taps("I'd like someone else")
    await world.alex.taps("Undo")
    await world.pass_time(hours=3)
    assert world.ada.screens == []
    assert "worth asking" in world.sam.shows


async def someone_else_after_a_card(world: World) -> None:
    """Sam has the first card; of the next low answer the client would rather tell somebody else."""
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.low(1, 1, 8)
    await world.alex.taps("I'd like someone else")


async def test_someone_else_after_a_card_waits_for_the_undo_minute(world: World) -> None:
    await someone_else_after_a_card(world)
    await world.pass_time(seconds=59)
    assert world.ada.screens == []
    await world.pass_time(seconds=2)
    assert "would like to see someone else" in world.ada.shows


async def test_someone_else_after_a_card_can_be_undone(world: World) -> None:
    await someone_else_after_a_card(world)
    await world.pass_time(seconds=30)
    await world.alex.taps("Undo")
    await world.pass_time(days=2)
    assert world.ada.screens == []
    (matter,) = [one for one in await world.alerts() if one.kind is Kind.SOMEONE_ELSE]
    assert matter.state is AlertState.WITHDRAWN


async def test_picking_it_up_is_shown_to_the_client_without_a_sound(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("I've got it")
    assert world.alex.shows.endswith("Sam has picked this up.")
    assert world.alex.letters[-1].silent
    assert "You picked this up" in world.sam.shows
    assert "fell to 2" in world.sam.shows


async def test_after_we_talked_the_client_is_asked_once_and_better_closes_it(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("I've got it")
    await world.sam.taps("We talked")
    assert "was it useful to be told" in world.sam.shows
    await world.sam.taps("Useful")
    await world.pass_time(hours=24)
    assert "Have you two talked about it?" in world.alex.shows
    await world.alex.taps("Yes, and it's better")
    await world.alex.taps("9")
    alert = (await world.alerts())[0]
    assert alert.state is AlertState.REPAIRED
    assert alert.client_feels == 9
    assert alert.usefulness == "useful"
    assert "say it's better" in world.sam.all_words
    await world.pass_time(days=9)
    assert world.alex.all_words.count("Have you two talked about it?") == 1


async def test_still_there_goes_one_step_higher_for_supervision(world: World) -> None:
    await _talked(world)
    await world.alex.taps("Yes, but it's still there")
    await world.alex.taps("4")
    await world.alex.taps("Let Sam try again")
    assert "still open after a talk" in world.jo.shows
    assert (await world.alerts())[0].state is AlertState.RAISED
    await world.jo.taps("I've got it")
    assert (await world.alerts())[0].state is AlertState.ACKNOWLEDGED
    assert len(await world.alerts()) == 1
    assert await _on_record(world) == [("not_repaired", True, None)]
    await world.jo.taps("Done")
    assert "Done: noted" in world.jo.shows
    assert "asked once" not in world.jo.shows, "they were asked already"
    assert "Jo has seen to it" in world.sam.all_words
    assert "Jo talked with them" not in world.sam.all_words
    async with world.desk.glance() as m:
        found = await reports.figures(m, world.desk.plan, START, world.desk.clock.now())
    assert (found["talked"], found["not_yet"], found["better"]) == (1, 1, 0)


async def _on_record(world: World) -> list[tuple[str, bool, str | None]]:
    async with world.desk.glance() as m:
        kept = await m.signals.of_client(world.client.id)
    return [(one.signal.rule, one.signal.note, one.alert_id) for one in kept if one.signal.rule == "not_repaired"]


async def test_two_answers_still_low_after_a_talk_that_made_it_no_better_are_an_alert(world: World) -> None:
    await _talked(world)
    await world.alex.taps("Yes, and it's better")
    await world.alex.taps("5")
    for _ in range(2):
        await world.low(7, 7, 7)
    assert await _on_record(world) != []
    alert = (await world.alerts())[-1]
    assert (alert.kind, alert.state) == (Kind.ALLIANCE, AlertState.RAISED)
    assert (await _on_record(world))[0][1:] == (False, alert.id)


async def _not_repaired(world: World) -> None:
    """They said that it is better and, how it is now, 5; and then twice answered well below the usual."""
    await _talked(world)
    await world.alex.taps("Yes, and it's better")
    await world.alex.taps("5")
    for _ in range(2):
        await world.low(7, 7, 7)


async def test_what_a_talk_did_not_mend_begins_with_the_manager_and_the_worker_has_a_card_beside(world: World) -> None:
    await _not_repaired(world)
    before = len(world.sam.screens)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert world.jo.shows.startswith("R-118 · still open after a talk")
    assert "Could you give Sam some time on it in supervision?" in world.jo.shows
    assert re.findall(r"\d", world.jo.all_words.replace("R-118", "")) == []
    assert len(world.sam.screens) == before + 1
    assert "the answers taken together are not back at their usual: 7 on" in world.sam.shows
    assert "doesn't look better yet, so Jo is asked to give you some time on it in supervision" in world.sam.shows
    assert "feels" not in json.dumps(world.sam.letters[-1].facts)
    alert = (await world.alerts())[-1]
    assert (alert.holder_ref, alert.reached) == ("M-1", {"W-1", "M-1"})
    assert world.kim.screens == []
    await world.jo.taps("I've got it")
    assert (await world.alerts())[-1].state is AlertState.ACKNOWLEDGED
    assert "Jo picked this up" in world.sam.shows


@pytest.mark.parametrize("undone", [False, True])
async def test_without_a_tap_it_is_for_supervision_without_a_number_anywhere(world: World, undone: bool) -> None:
    await _not_repaired(world)
    before = len(world.sam.screens)
    if undone:
        await world.alex.taps("Tell")
        await world.alex.taps("Undo")
    await world.pass_time(hours=2, minutes=1)
    assert "still open after a talk" in world.jo.shows
    assert [seen(one.text).splitlines()[0] for one in world.sam.screens[before:]] == [
        "R-118 · worth a talk when you meet"
    ]
    assert "supervision" not in world.sam.shows


async def test_somebody_else_instead_leaves_neither_card(world: World) -> None:
    await _not_repaired(world)
    before = len(world.sam.screens)
    await world.alex.taps("I'd like someone else")
    await world.pass_time(hours=3)
    assert len(world.sam.screens) == before
    assert world.jo.screens == []
    assert "would like to see someone else" in world.ada.shows


async def test_it_lifts_an_alert_that_is_open_and_only_once(world: World) -> None:
    await _talked(world)
    await world.alex.taps("Yes, and it's better")
    await world.alex.taps("5")
    await world.low(7, 7, 7)
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    await world.sam.taps("I've got it")
    await world.low(7, 7, 7)
    alert = (await world.alerts())[-1]
    assert (alert.state, alert.holder_ref) == (AlertState.RAISED, "M-1")
    assert world.jo.all_words.count("still open after a talk") == 1
    async with world.desk.turn() as turn:
        now = await turn.m.alerts.get(alert.id)
        kept = await turn.m.signals.of_alert(alert.id)
        assert now is not None
        told = [one.id for one in kept if one.signal.rule == "not_repaired"]
        await matters.add(turn, now, world.client, told, now.severity)
    await world.settle()
    assert world.jo.all_words.count("still open after a talk") == 1


async def test_without_a_manager_it_stays_with_the_worker(world: World) -> None:
    world.desk.plan = a_plan(alerts=replace(world.desk.plan.alerts, escalate_to=()))
    await _not_repaired(world)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "not back at their usual" in world.sam.shows
    assert "supervision" not in world.sam.shows


async def test_leave_it_for_now_is_respected(world: World) -> None:
    await _talked(world)
    await world.alex.taps("Not yet")
    await world.alex.taps("Leave it for now")
    await world.pass_time(days=10)
    assert world.jo.screens == []
    alert = (await world.alerts())[0]
    assert alert.state is AlertState.NOT_REPAIRED
    assert alert.client_said == "leave_it"
    await world.low(7, 7, 7)
    assert await _on_record(world) == []
    assert "leave it for now" in world.sam.all_words


async def test_an_old_button_for_someone_else_is_refused_where_there_is_nobody_else_now(world: World) -> None:
    await _talked(world)
    await world.alex.taps("Not yet")
    world.desk.plan = a_plan(alerts=replace(world.desk.plan.alerts, complaints_to=("W-1",)))
    await world.alex.taps("I'd like someone else")
    assert world.alex.refused == "errors.stale_button"
    assert {alert.kind for alert in await world.alerts()} == {Kind.ALLIANCE}


async def test_no_answer_is_never_better(world: World) -> None:
    await _talked(world)
    await world.pass_time(days=8)
    assert (await world.alerts())[0].state is AlertState.UNCONFIRMED


async def _talked(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("We talked")
    await world.pass_time(hours=24)


async def test_a_changed_answer_before_anybody_was_told_withdraws_the_alert(world: World) -> None:
    check_in = await world.low()
    await world.answers(check_in, 8)
    await world.pass_time(hours=3)
    assert world.sam.screens == []
    assert (await world.alerts())[0].state is AlertState.WITHDRAWN


async def test_a_changed_answer_after_the_card_shows_both_values(world: World) -> None:
    check_in = await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.answers(check_in, 7)
    assert "2, now 7" in world.sam.shows
    assert "fell to 2" in world.sam.shows
    assert (await world.alerts())[0].state is AlertState.RAISED


async def test_a_low_answer_again_after_a_withdrawal_is_an_alert_again(world: World) -> None:
    check_in = await world.low()
    await world.answers(check_in, 8)
    await world.answers(check_in, 2)
    states = {alert.state for alert in await world.alerts()}
    assert states == {AlertState.WITHDRAWN, AlertState.RAISED}
    await world.pass_time(hours=3)
    assert "worth asking" in world.sam.shows


async def test_without_asking_first_the_card_goes_at_once(desk: Desk) -> None:
    from dataclasses import replace

    desk.plan = replace(desk.plan, alerts=replace(desk.plan.alerts, ask_client_first=False))
    world = await a_world(desk)
    await world.low()
    assert "fell to 2" in world.sam.shows
    assert "the settings here say to tell you at once" in world.sam.shows


async def test_asking_to_talk_needs_no_choice(world: World) -> None:
    from bot.actions import alerts

    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "times")
        await alerts.raise_talk(turn, world.client, "times")
    await world.settle()
    assert "asked to change a time or a place" in world.sam.shows
    assert len(await world.alerts()) == 1
    assert (await world.alerts())[0].wish is Wish.NONE


async def test_new_evidence_edits_the_one_open_alert(world: World) -> None:
    from bot.actions import alerts

    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    assert len(await world.alerts()) == 1
    assert "asked to talk about how you two work together" in world.sam.shows
    assert "fell to 2" in world.sam.shows
    assert world.sam.letters[-1].edits is not None


async def test_replaying_the_evaluation_changes_nothing(world: World) -> None:
    from bot.actions import signals

    check_in = await world.low()
    before = len(world.alex.screens)
    for _ in range(3):
        async with world.desk.turn() as turn:
            outcome = await signals.evaluate(turn, world.client.id, check_in.id)
        assert outcome.sharing == (await world.alerts())[0].id
    await world.settle()
    assert len(await world.alerts()) == 1
    assert len(world.alex.screens) == before


async def test_dismissing_takes_one_tap_for_the_reason(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("More")
    await world.sam.taps("Not a concern")
    await world.sam.taps("I knew, and it's in hand")
    alert = (await world.alerts())[0]
    assert alert.state is AlertState.DISMISSED
    assert alert.usefulness == "not_concern"


async def test_tomorrow_takes_it_and_brings_it_back(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("More")
    await world.sam.taps("Tomorrow")
    assert (await world.alerts())[0].state is AlertState.ACKNOWLEDGED
    before = len(world.sam.screens)
    await world.pass_time(hours=20)
    assert len(world.sam.screens) > before
    assert world.sam.letters[-1].edits is None


async def test_the_whole_card_holds_the_repair_card_and_is_logged(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("More")
    await world.sam.taps("Whole card")
    assert "Name your part first" in world.sam.shows
    assert len(world.sam.shows) < 4096
    async with world.desk.glance() as m:
        assert [(one.by, one.did) for one in await m.audit.lines("R-118")] == [
            ("W-1", "was_shown"),
            ("W-1", "read_alert"),
        ]
    await world.pass_time(hours=25)
    assert "cleared from this chat" in world.sam.all_words


async def test_silence_of_four_asks_the_worker_to_check(world: World) -> None:
    for _ in range(5):  # the question about the questions takes the place of one
        await world.asked()
        await world.pass_time(hours=25)
    assert "please check in your usual way" in world.sam.shows
    assert world.sam.all_words.count("please check") == 1
    await world.sam.taps("Write again")
    assert world.sam.refused is None
    assert (await world.alex.client()).asking is Asking.ON


@pytest.mark.parametrize("own", ["stop", "a break"])
async def test_a_hold_ends_no_stop_and_no_break_of_the_clients_own(world: World, own: str) -> None:
    """Only they can: they are asked, and the worker reads that."""
    if own == "stop":
        await world.alex.types("stop")
    else:
        await world.alex.types("/pause")
        await world.alex.taps("1 week")
    await world.pass_time(minutes=5)
    await world.sam.types("/hold R-118")
    await world.pass_time(minutes=5)
    await world.sam.taps("Write again")
    assert (await world.alex.client()).asking is Asking.QUIETED
    assert "had asked for quiet before" in world.sam.shows
    assert "Shall I start asking again" in world.alex.shows


async def test_a_hold_of_somebody_who_is_asked_ends_with_write_again(world: World) -> None:
    await world.sam.types("/hold R-118")
    await world.pass_time(minutes=5)
    await world.sam.taps("Write again")
    assert (await world.alex.client()).asking is Asking.ON


async def test_a_blocked_chat_is_one_neutral_note(world: World) -> None:
    from bot.actions import alerts

    for _ in range(2):
        async with world.desk.turn() as turn:
            await alerts.note_blocked(turn, world.client.id)
    await world.settle()
    assert world.sam.all_words.count("the chat doesn't get through") == 1
    assert await world.alerts() == []
    async with world.desk.turn() as turn:
        await alerts.note_back(turn, world.client.id)
    await world.settle()
    assert "gets through again" in world.sam.shows


async def test_kinds_never_mix(world: World) -> None:
    from bot.actions import alerts

    await world.low()
    async with world.desk.turn() as turn:
        await alerts.raise_someone_else(turn, world.client)
        await alerts.raise_danger(turn, world.client, frozenset({"self_harm"}), "typed")
    assert {alert.kind for alert in await world.alerts()} == {Kind.ALLIANCE, Kind.SOMEONE_ELSE, Kind.DANGER}


async def test_on_a_phone_that_others_see_the_choice_is_cleared(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, quiet_mode=True)
    check_in = await world.low()
    await world.alex.taps("Tell S")
    await world.pass_time(seconds=62)
    async with world.desk.glance() as m:
        assert await m.messages.standing(world.client.id, check_in.surface) is None
    before = len(world.alex.screens)
    await world.sam.taps("I've got it")
    assert len(world.alex.screens) == before
