"""From one low answer to an alert on the worker's phone, and back to the client: the main job, through the phones."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Kind, Rule
from tests.support.desks import START
from tests.support.town import LOW, Town, alerts_on, is_alert, open_town, toast, words_on

_UNDO = timedelta(seconds=60)
SOFTENED = "worth a talk when you meet"


async def test_the_main_story(either_town: Town) -> None:
    """Bond 2, goals 8, tasks 8 → Tell → alert with chart → got it → talked → the client is asked → nothing missed."""
    town = either_town
    await town.asked()
    choice = await town.answers(*LOW)
    assert "How shall Sam hear about it?" in choice.text
    chosen = await town.tap(town.alex, "Tell")
    assert "Sam gets your answers" in chosen.text
    await town.settled()
    assert "R-118" not in words_on(town.sam)
    await town.pass_time(seconds=61)
    alert = await town.sam.expect(is_alert)
    assert alert.text.startswith("R-118 · please look today")
    assert alert.photo is not None
    assert '"Easy to talk to" fell to 2' in alert.text
    await town.tap(town.sam, "I've got it")
    await town.alex.expect("Sam has picked this up.")
    await town.tap(town.sam, "We talked")
    await town.pass_time(days=1)
    await town.alex.expect("Have you two talked about it?")
    await town.tap(town.alex, "Yes, and it's better")
    await town.tap(town.alex, "9")
    report = await town.says(town.jo, "/report")
    assert "Picked up in time: 1 of 1" in report.text
    assert "Better: 1" in report.text
    [kept] = await town.alerts()
    assert (kept["state"], kept["wish"], kept["client_said"], kept["client_feels"]) == ("repaired", "tell", "better", 9)


async def test_the_alert_is_on_the_phone_within_two_seconds_after_the_undo_minute(prepared: Path, tmp_path: Path) -> None:
    """On a clock that runs by itself: counted from the moment at which the alert may go."""
    clock = RehearsalClock(START, speed=1)
    async with open_town(prepared, tmp_path, clock=clock) as town:
        await town.told()  # draws a first chart: what the library needs is loaded now
        await town.asked(town.bo, "R-204")
        await town.answers(*LOW, phone=town.bo)
        await town.tap(town.bo, "Tell")
        before = town.sam.revision
        due = clock.advance(_UNDO)
        alert = await town.sam.expect(lambda one: is_alert(one) and "R-204" in one.text, after=before)
        assert (alert.date - due).total_seconds() < 2


async def test_a_client_who_walks_away_after_the_first_low_answer(either_town: Town) -> None:
    """Half an hour later the rules run on what there is; after two hours without a tap a card without numbers goes."""
    town = either_town
    await town.asked()
    await town.answers(2)
    await town.pass_time(minutes=31)
    assert alerts_on(town.sam) == []
    await town.pass_time(minutes=60)
    assert alerts_on(town.sam) == []
    await town.pass_time(minutes=31)
    alert = await town.sam.expect(is_alert)
    assert SOFTENED in alert.text
    assert "worth asking" in alert.text
    assert alert.photo is None
    assert not any(figure in alert.text for figure in (" 2", "/10", "fell"))
    [kept] = await town.alerts()
    assert (kept["severity"], kept["wish"]) == ("low", "none")


async def test_saying_it_oneself_passes_on_no_numbers(town: Town) -> None:
    await town.asked()
    await town.answers(*LOW)
    chosen = await town.tap(town.alex, "I'll say it myself")
    assert "No numbers." in chosen.text
    await town.pass_time(seconds=61)
    alert = await town.sam.expect(is_alert)
    assert SOFTENED in alert.text
    assert alert.photo is None
    assert "fell" not in alert.text


async def test_wanting_someone_else_is_on_no_surface_of_the_worker(town: Town) -> None:
    """The manager has it after the minute; the worker's phone shows nothing, not even in /caseload or /client."""
    await town.asked()
    await town.answers(*LOW)
    chosen = await town.tap(town.alex, "I'd like someone else")
    assert "Sam isn't told." in chosen.text
    await town.pass_time(seconds=61)
    await town.jo.expect("R-118 · would like to see someone else")
    assert words_on(town.sam) == words_on(town.kim) == ""
    assert "open alert" not in (await town.says(town.sam, "/caseload")).text
    await town.says(town.sam, "/client R-118")
    assert "someone else" not in words_on(town.sam)
    assert "alert" not in words_on(town.sam)
    assert "There's nothing open" in (await town.says(town.sam, "/ack R-118")).text
    report = await town.says(town.jo, "/report")
    assert "Alerts: 0" in report.text


async def test_undo_within_the_minute_takes_the_choice_back(town: Town) -> None:
    await town.asked()
    await town.answers(*LOW)
    await town.tap(town.alex, "Tell")
    await town.pass_time(seconds=59)
    again = await town.tap(town.alex, "Undo")
    assert "How shall Sam hear about it?" in again.text
    await town.pass_time(minutes=5)
    assert alerts_on(town.sam) == []
    await town.tap(town.alex, "I'll say it myself")
    await town.pass_time(seconds=61)
    assert SOFTENED in (await town.sam.expect(is_alert)).text


async def test_undo_after_the_minute_is_refused_kindly_and_changes_nothing(town: Town) -> None:
    await town.asked()
    await town.answers(*LOW)
    chosen = await town.tap(town.alex, "Tell")
    undo = chosen.buttons[0][0].data
    assert undo is not None
    await town.pass_time(seconds=62)
    await town.sam.expect(is_alert)
    before = town.alex.revision
    town.alex.tap_data(chosen.id, undo)
    await town.alex.expect("That has gone out already.", after=before)
    assert [one["wish"] for one in await town.alerts()] == ["tell"]


async def test_no_tap_for_two_hours_says_worth_asking_and_no_numbers(town: Town) -> None:
    await town.asked()
    await town.answers(*LOW)
    await town.pass_time(minutes=119)
    assert alerts_on(town.sam) == []
    await town.pass_time(minutes=2)
    alert = await town.sam.expect(is_alert)
    assert "worth asking" in alert.text
    assert alert.photo is None


async def test_an_answer_changed_before_it_went_is_never_told(either_town: Town) -> None:
    town = either_town
    card = await town.asked()
    await town.answers(*LOW)
    town.alex.tap_data(card.id, card.buttons[1][2].data or "")  # 8, on the first question
    await town.settled()
    await town.pass_time(hours=3)
    assert words_on(town.sam) == ""
    assert [one["state"] for one in await town.alerts()] == ["withdrawn"]
    assert await town.values() == [8, 8, 8]


async def test_an_answer_changed_afterwards_is_shown_with_both_values(town: Town) -> None:
    card = await town.asked()
    data = card.buttons[1][2].data or ""  # 8, on the first question
    await town.answers(*LOW)
    await town.tap(town.alex, "Tell")
    await town.pass_time(seconds=61)
    alert = await town.sam.expect(is_alert)
    before = town.sam.revision
    town.alex.tap_data(card.id, data)
    edited = await town.sam.expect(lambda one: one.id == alert.id, after=before)
    assert "Changed by them" in edited.text
    assert "Easy to talk to 2, now 8" in edited.text
    assert [one["wish"] for one in await town.alerts()] == ["tell"]


async def test_there_is_one_open_alert_and_new_evidence_edits_it_without_a_sound(town: Town) -> None:
    alert = await town.told()
    await town.tap(town.sam, "I've got it")
    await town.asked()
    await town.answers(2, 2, 8)
    await town.tap(town.alex, "Tell")
    before, rings = town.sam.revision, _rings(town)
    await town.pass_time(seconds=61)
    edited = await town.sam.expect("R-118", after=before)
    assert edited.id == alert.id
    assert "Wanting the same things" in edited.text
    assert _rings(town) == rings
    assert len(await town.alerts()) == 1


async def test_only_a_worse_matter_rings_again(town: Town) -> None:
    """First a softened card; then the client wants to be told: the same alert, louder, as a new message."""
    await town.asked()
    await town.answers(*LOW)
    await town.tap(town.alex, "I'll say it myself")
    await town.pass_time(seconds=61)
    soft = await town.sam.expect(is_alert)
    await town.asked()
    await town.answers(1, 2, 8)
    await town.tap(town.alex, "Tell")
    before, rings = town.sam.revision, _rings(town)
    await town.pass_time(seconds=61)
    loud = await town.sam.expect(is_alert, after=before)
    assert loud.id != soft.id
    assert _rings(town) == rings + 1
    assert len(alerts_on(town.sam)) == 1
    assert [one["severity"] for one in await town.alerts()] == ["medium"]


async def test_a_second_tap_on_got_it_changes_nothing(town: Town) -> None:
    alert = await town.told()
    data = alert.buttons[0][0].data or ""
    await town.tap(town.sam, "I've got it")
    history = (await town.alerts())[0]["history"]
    await toast(town.sam.tap_data(alert.id, data))
    await town.settled()
    assert (await town.alerts())[0]["history"] == history


async def test_a_copy_that_nobody_knew_of_closes_when_it_is_tapped(either_town: Town) -> None:
    """Telegram took the alert and the answer was lost: it comes once more, and both stand there with their buttons."""
    town = either_town
    await town.asked()
    await town.answers(*LOW)
    await town.tap(town.alex, "Tell")
    town.stage.standin.faults.add(Rule(Kind.DROP_AFTER, "sendPhoto"))
    await town.pass_time(seconds=61)
    await town.pass_time(minutes=5)
    copy, card = [one for one in town.sam.messages if is_alert(one)]
    assert "I've got it" in copy.labels
    assert "I've got it" in card.labels
    await town.tap(town.sam, "I've got it", on=copy)
    await town.settled()
    copy, card = [one for one in town.sam.messages if one.id in (copy.id, card.id)]
    assert copy.labels == []
    assert "We talked" in card.labels
    assert [one["state"] for one in await town.alerts()] == ["acknowledged"]
    await town.tap(town.sam, "We talked", on=card)
    assert [one["state"] for one in await town.alerts()] == ["talked"]


@pytest.mark.parametrize("wish", ["Let Sam try again", "Leave it for now", "I'd like someone else"])
async def test_when_it_is_not_better_the_client_chooses_what_follows(town: Town, wish: str) -> None:
    await town.told()
    await town.tap(town.sam, "We talked")
    await town.pass_time(days=1)
    await town.tap(town.alex, "Yes, but it's still there")
    await town.tap(town.alex, "3")
    before = town.jo.revision
    await town.tap(town.alex, wish)
    await town.settled()
    said = words_on(town.jo) if town.jo.revision > before else ""
    assert ("still open after a talk" in said) is wish.startswith("Let")
    if wish.startswith("Leave"):
        assert town.jo.messages == []
    if wish.startswith("I'd"):
        await town.pass_time(seconds=61)
        await town.jo.expect("would like to see someone else")
        assert "someone else" not in words_on(town.sam)


async def test_the_worker_never_learns_a_clients_name(town: Town) -> None:
    await town.told()
    await town.says(town.sam, "/caseload")
    await town.says(town.sam, "/client R-118")
    assert "Alex" not in words_on(town.sam)
    assert await toast(town.sam.tap("I've got it")) != ""


def _rings(town: Town) -> int:
    """Messages to Sam that made a sound."""
    calls = [one for one in town.stage.standin.calls if one.chat_id == town.sam.chat_id and one.method.startswith("send")]
    return sum(str(one.params.get("disable_notification")).lower() != "true" for one in calls)
