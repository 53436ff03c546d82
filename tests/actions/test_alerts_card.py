"""The card: every number equals the export, it fits under a picture, and it shows only what the client wants told."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.actions import alerts
from bot.actions.desk import Desk
from bot.domain.checkins import CheckIn, State
from bot.domain.people import Asking
from bot.domain.plan import Detail
from bot.texts import seen
from handlers import routes
from storage.tables import new_id
from tests.support.desks import START
from tests.support.exports import export
from tests.support.stories import World, a_world, earlier_answers


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def nothing_sent(world: World, n: int) -> None:
    """An occasion on which nothing was asked, as there are many in a long break."""
    at = START + timedelta(hours=n)
    one = CheckIn(new_id(), world.client.id, None, "twice a week", at.date(), f"{n}", State.CANCELLED, (), at)
    async with world.desk.turn() as turn:
        await turn.m.checkins.add([one])


async def exported(world: World) -> dict:
    async with world.desk.glance() as m:
        found = await export(m, "R-118")
    return json.loads(json.dumps(found))["clients"][0]


async def test_every_number_on_the_card_equals_the_export(world: World) -> None:
    await world.low(2, 7, 9)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    facts = world.sam.letters[-1].facts
    client = await exported(world)
    signal = next(one for one in client["signals"] if one["rule"] == "item_low")
    first = facts["reasons"][0]
    assert first["value"] == signal["evidence"]["value"] == 2
    assert first["usual"] == signal["evidence"]["usual"] == 8
    assert first["last"] == signal["evidence"]["last_three"] == [8, 8, 8]
    answers = {one["question"]: one["value_0_10"] for one in client["check_ins"][-1]["answers"]}
    others = {one["question"]: one["value"] for one in facts["others"]}
    assert others == {"G1": 7, "T1": 9}
    assert {"B1": 2.0, **others} == answers
    lines = facts["chart"]["lines"]
    in_chart = [value for _, value in lines["bond"]]
    given = [a["value_0_10"] for one in client["check_ins"] for a in one["answers"] if a["construct"] == "bond"]
    assert in_chart == given
    for number in (2, 8, 7, 9):
        assert str(number) in world.sam.shows


async def test_the_longest_card_still_fits_under_a_picture(desk: Desk) -> None:
    world = await a_world(desk, earlier=0)
    await earlier_answers(desk, world.client, [(8.5, 7.5, 9.5)] * 5 + [(7.5, 8.5, 8.5), (8.5, 7.5, 9.5)])
    async with desk.turn() as turn:
        await turn.m.people.pause(
            world.client.id, "break", datetime(2026, 4, 20, tzinfo=UTC), datetime(2026, 4, 27, tzinfo=UTC)
        )
        await turn.m.people.change(world.worker.id, name="Bartholomew-Alexander Featherstonehaugh")
        await turn.m.people.change_client(world.client.id, next_session=datetime(2026, 5, 14, 10, tzinfo=UTC))
    check_in = await world.low(1, 0, 2)
    await world.alex.types("felt told off and not listened to, " * 40)
    await world.alex.taps("Yes, show")
    await world.alex.taps_data(f"1:sh:{check_in.id}:tell")
    await world.pass_time(seconds=61)
    screen = world.sam.screens[-1]
    assert screen.chart is not None
    assert len(seen(screen.text)) <= 1024
    assert seen(screen.text).startswith("R-118 · please look today")
    assert "What changed." in seen(screen.text)
    await world.pass_time(days=1, minutes=1)
    assert "still waiting" in world.sam.shows
    assert len(world.sam.shows) <= 1024
    await world.pass_time(days=1, minutes=1)
    assert len(world.kim.shows) <= 1024


async def test_words_are_on_the_card_only_if_the_client_showed_them(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "Their words" not in world.sam.shows


async def test_words_shared_after_the_card_are_put_on_it_without_a_sound(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    card = world.sam.letters[-1]
    await world.alex.types("felt told off")
    assert "felt told off" not in world.sam.all_words
    await world.alex.taps("Yes, show")
    edits = [one for one in world.sam.letters if one.edits is not None and one.kind == card.kind]
    assert [one.facts["words"] for one in edits] == [["felt told off"]]
    assert '"felt told off"' in world.sam.all_words


async def test_words_shared_before_the_card_left_are_on_it(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.alex.types("felt told off")
    await world.alex.taps("Yes, show")
    await world.pass_time(seconds=61)
    (card,) = [one for one in world.sam.letters if one.kind == "worker.alert"]
    assert card.facts["words"] == ["felt told off"]


async def test_words_that_are_taken_back_leave_the_card(world: World) -> None:
    """Edited words are asked about again; until then nobody sees either."""
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.alex.types("felt told off", message_id=77)
    await world.alex.taps("Yes, show")
    await world.alex.types("felt told off by her", message_id=77, edited=True)
    assert world.sam.letters[-1].facts["words"] == []
    await world.alex.taps("Yes, show")
    cards = [one for one in world.sam.letters if one.kind == "worker.alert"]
    assert cards[-1].facts["words"] == ["felt told off by her"]
    await world.alex.taps("Delete it")
    cards = [one for one in world.sam.letters if one.kind == "worker.alert"]
    assert cards[-1].facts["words"] == []


async def test_words_of_which_the_client_would_not_tell_change_no_card(world: World) -> None:
    await world.low()
    await world.alex.taps("I'll say it myself")
    await world.pass_time(seconds=61)
    await world.alex.types("felt told off")
    before = len([one for one in world.sam.letters if one.kind == "worker.alert_soft"])
    await world.alex.taps("Yes, show")
    assert len([one for one in world.sam.letters if one.kind == "worker.alert_soft"]) == before


async def test_discreet_shows_the_first_line_until_somebody_opens_it(desk: Desk) -> None:
    desk.plan = replace(desk.plan, alerts=replace(desk.plan.alerts, detail=Detail.DISCREET))
    world = await a_world(desk)
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert world.sam.shows == "R-118 · please look today"
    assert world.sam.labels == ["I've got it", "We talked", "Show"]
    assert "reasons" not in world.sam.letters[-1].facts
    await world.sam.taps("Show")
    assert "fell to 2" in world.sam.shows
    async with desk.glance() as m:
        assert [one.did for one in await m.audit.lines("R-118")] == ["read_alert"]


async def test_everything_behind_more_is_reached_behind_show(desk: Desk) -> None:
    desk.plan = replace(desk.plan, alerts=replace(desk.plan.alerts, detail=Detail.DISCREET))
    world = await a_world(desk)
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("Show")
    assert "Their wish. Tell you now." in world.sam.shows
    assert world.sam.labels == ["More"]
    await world.sam.taps("More")
    await world.sam.taps("Not a concern")
    await world.sam.taps("I knew")
    assert [one.state.value for one in await world.alerts()] == ["dismissed"]


async def test_discreet_behind_show_says_no_more_than_the_client_would_have_told(desk: Desk) -> None:
    desk.plan = replace(desk.plan, alerts=replace(desk.plan.alerts, detail=Detail.DISCREET))
    world = await a_world(desk)
    await world.low()
    await world.alex.taps("I'll say it myself")
    await world.pass_time(seconds=61)
    await world.sam.taps("Show")
    assert world.sam.shows.startswith("R-118 · worth a talk when you meet")
    assert "They'd like some time on how you two are getting on." in world.sam.shows
    assert "fell to" not in world.sam.shows


async def test_the_line_for_the_notes_can_be_copied(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("I've got it")
    await world.sam.taps("More")
    await world.sam.taps("Line for the notes")
    assert "<code>" in world.sam.screens[-1].text
    assert "check-in answer on talking with worker 2/10 (usual about 8)" in world.sam.shows
    assert "Picked up Tue 12 May, 14:01" in world.sam.shows


async def test_looking_at_a_client_shows_the_chart_and_is_logged(world: World) -> None:
    await world.sam.types("/client R-118")
    assert world.sam.screens[-1].chart is not None
    assert world.sam.shows.startswith("R-118")
    async with world.desk.glance() as m:
        assert [(one.by, one.did) for one in await m.audit.lines("R-118")] == [("W-1", "read_answers")]


async def test_the_caseload_names_clients_by_ref_alone(world: World) -> None:
    await world.sam.types("/caseload")
    assert "R-118" in world.sam.shows
    assert "Alex" not in world.sam.shows


async def test_the_caseload_says_of_whom_it_hears_nothing_and_why(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, asking=Asking.BREAK, paused_until=None)
    await world.sam.types("/caseload")
    assert "R-118 · their break is over: I wait for their tap" in world.sam.shows
    async with world.desk.turn() as turn:
        await routes.gone(turn, world.client.person, turn.now)
    await world.sam.types("/caseload")
    assert "the chat doesn't get through" in world.sam.shows


async def test_who_has_answered_has_done_so_however_long_ago(world: World) -> None:
    for n in range(10):
        await nothing_sent(world, n)
    await world.pass_time(days=1)
    await world.sam.types("/caseload")
    assert "R-118 · last answered Sat 9 May" in world.sam.shows


async def test_meetings_are_entered_in_the_chat(world: World) -> None:
    await world.sam.types("/next R-118 14 May 11:00")
    assert "you meet next on Thu 14 May, 11:00" in world.sam.shows
    await world.pass_time(days=3)
    await world.sam.types("/met R-118")
    sessions = (await exported(world))["sessions"]
    held = {"at": "2026-05-14T10:00:00+00:00", "state": "held", "said_by": "W-1", "said_at": "2026-05-15T12:00:00+00:00"}
    assert sessions == [held]
    await world.sam.types("/next R-118 yesterday or so")
    assert world.sam.refused == "worker.meeting.usage"


async def test_holding_needs_no_reason_and_can_be_ended(world: World) -> None:
    await world.sam.types("/hold R-118")
    assert (await world.alex.client()).asking == "held"
    await world.sam.taps("Write again")
    assert (await world.alex.client()).asking == "on"


async def test_the_report_says_that_nothing_was_missed(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("I've got it")
    await world.jo.types("/report")
    assert "Nothing was missed. 1 alert since" in world.jo.shows
    assert "Picked up in time: 1 of 1" in world.jo.shows


async def test_the_report_tells_what_was_taken_late(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.pass_time(days=2)
    await world.sam.taps("I've got it")
    await world.jo.types("/report")
    assert "1 alert since Thu 16 Apr was picked up late." in world.jo.shows
    assert "Nothing was missed" not in world.jo.shows


async def test_the_report_calls_nothing_late_that_still_waits(world: World) -> None:
    """Whoever takes it tomorrow is late; until then it waits, and a manager can still see to it."""
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.pass_time(days=1, minutes=1)
    await world.jo.types("/report")
    assert "1 alert still waits, longer than the time allowed." in world.jo.shows
    assert "late" not in world.jo.shows
    assert "Nothing was missed" not in world.jo.shows


LOW_INFORMATION = (
    "R-118 mostly gives the same answer. Many people do. The chat can't show change here, so please ask in person."
)


@pytest.mark.slow
async def test_a_steady_ten_raises_nothing_and_the_card_says_that_the_chat_cannot_show_change(desk: Desk) -> None:
    world = await a_world(desk, earlier=0)
    await earlier_answers(desk, world.client, [(10, 10, 10)] * 5)
    for _ in range(8):
        await world.low(10, 10, 10)
        await world.pass_time(hours=3)
    assert await world.alerts() == []
    assert world.sam.screens == []
    await world.sam.types("/client R-118")
    assert LOW_INFORMATION in world.sam.shows
    async with desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    assert "they asked to talk about how you two work together" in world.sam.shows
    assert LOW_INFORMATION in world.sam.shows
    await world.sam.taps("More")
    await world.sam.taps("Whole card")
    assert LOW_INFORMATION in world.sam.shows
    assert "unreliable" not in world.sam.all_words


async def test_where_answers_move_nothing_of_the_kind_is_said(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.types("/client R-118")
    assert "same answer" not in world.sam.all_words


async def test_it_is_said_only_of_what_the_worker_may_see(desk: Desk) -> None:
    """One that was kept back is not counted: neither for it, nor against."""
    world = await a_world(desk, earlier=0)
    await earlier_answers(desk, world.client, [(10, 10, 10)] * 5)
    await world.low(2, 10, 10)
    await world.alex.taps("I'll say it myself")
    await world.pass_time(seconds=61)
    assert "same answer" not in world.sam.shows
    await world.sam.types("/client R-118")
    assert LOW_INFORMATION in world.sam.shows


async def test_it_is_not_said_where_a_service_has_switched_that_off(desk: Desk) -> None:
    desk.plan = replace(desk.plan, signals={"low_information": {"enabled": False}})
    world = await a_world(desk, earlier=0)
    await earlier_answers(desk, world.client, [(10, 10, 10)] * 5)
    await world.sam.types("/client R-118")
    assert "same answer" not in world.sam.shows
