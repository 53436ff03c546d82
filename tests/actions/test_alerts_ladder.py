"""Nothing is lost: reminder, cover, manager, last resort; unreachable people; danger until somebody has been in touch."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions import alerts, handling, reassigning
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState, Kind
from bot.domain.errors import Refusal
from bot.domain.people import Asking
from tests.support.stories import World, a_world


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def a_card(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)


async def test_whoever_does_nothing_is_reminded_then_cover_is_asked_then_the_manager(world: World) -> None:
    await a_card(world)
    await world.pass_time(days=1, minutes=1)
    assert world.sam.shows.startswith("R-118 · still waiting")
    assert world.kim.screens == []
    await world.pass_time(days=1, minutes=1)
    assert world.kim.shows.startswith("R-118 · please look today, for Sam")
    assert "fell to 2" in world.kim.shows
    assert world.jo.screens == []
    await world.pass_time(days=1, minutes=1)
    assert world.jo.shows.startswith("R-118 · nobody has picked this up")


async def test_a_manager_sees_handling_and_no_answer(world: World) -> None:
    await a_card(world)
    for _ in range(3):
        await world.pass_time(days=1, minutes=1)
    assert "Tried: Sam, Tue 12 May, 14:01; Sam, Wed 13 May, 14:02; Kim (cover), Thu 14 May, 14:03" in world.jo.shows
    assert "Telegram took them all; nobody tapped." in world.jo.shows
    assert "fell to" not in world.jo.all_words
    assert "2." not in world.jo.shows


async def test_the_last_resort_is_asked_again_every_working_day(world: World) -> None:
    await a_card(world)
    for _ in range(3):
        await world.pass_time(days=1, minutes=1)
    before = len(world.jo.screens)
    await world.pass_time(days=3, minutes=5)  # over the weekend
    await world.pass_time(days=1, minutes=5)
    assert len(world.jo.screens) == before + 2


async def test_the_clock_of_a_rung_does_not_run_at_the_weekend(world: World) -> None:
    world_client = world.client
    assert world_client is not None
    await world.pass_time(days=3)  # Friday
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    await world.pass_time(days=2)  # Sunday
    assert len(world.sam.screens) == 1
    await world.pass_time(days=1, minutes=1)  # Monday
    assert len(world.sam.screens) == 2


async def test_taking_it_cancels_everything_that_was_queued(world: World) -> None:
    await a_card(world)
    await world.sam.taps("I've got it")
    await world.pass_time(days=5)
    assert world.kim.screens == []
    assert world.jo.screens == []
    assert world.sam.all_words.count("still waiting") == 0


async def test_cover_takes_it_and_the_others_read_so(world: World) -> None:
    await a_card(world)
    await world.pass_time(days=1, minutes=1)
    await world.pass_time(days=1, minutes=1)
    await world.kim.taps("I've got it")
    assert "Kim picked this up" in world.sam.shows
    assert world.alex.shows.endswith("Kim has picked this up for Sam.")
    await world.pass_time(days=5)
    assert world.jo.screens == []


async def test_the_second_of_two_taps_reads_who_has_it(world: World) -> None:
    await a_card(world)
    await world.pass_time(days=1, minutes=1)
    await world.pass_time(days=1, minutes=1)
    alert = (await world.alerts())[0]
    await world.sam.taps_data(f"1:ack:{alert.id}")
    await world.kim.taps_data(f"1:ack:{alert.id}")
    assert world.kim.refused is None
    assert "Sam picked this up" in world.kim.shows
    taken = [line for line in await history(world, alert.id) if line.state == "acknowledged"]
    assert [line.by for line in taken] == ["W-1"]


async def history(world: World, alert_id: str) -> list:
    async with world.desk.glance() as m:
        return await m.alerts.history(alert_id)


async def test_a_worker_whose_chat_is_dead_is_passed_over_at_once(world: World) -> None:
    world.dead.add(2001)
    await a_card(world)
    await world.settle()
    assert world.kim.shows.startswith("R-118 · please look today, for Sam")
    assert "The chat with Sam doesn't get through, so you are asked at once." in world.kim.shows


async def test_when_nobody_can_be_reached_it_is_tried_again_without_end(world: World) -> None:
    world.dead.update((2001, 2002, 3001))
    await a_card(world)
    for _ in range(4):
        await world.pass_time(days=1, minutes=1)
    alert = (await world.alerts())[0]
    assert alert.state is AlertState.RAISED
    assert alert.step_due_at is not None
    world.dead.clear()
    async with world.desk.turn() as turn:
        for ref in ("W-1", "W-2", "M-1"):
            person = await turn.m.people.by_ref(ref)
            assert person is not None
            await turn.m.people.change(person.id, unreachable=None)
    await world.pass_time(days=3, minutes=1)
    assert world.jo.shows.startswith("R-118 · nobody has picked this up")


async def test_a_worker_who_is_away_is_passed_over(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.worker.id, away_until=turn.now + timedelta(days=10))
    await a_card(world)
    assert "for Sam" in world.kim.shows
    assert world.sam.screens == []


async def test_escalating_twice_at_the_same_moment_tells_nobody_twice(world: World) -> None:
    await a_card(world)
    await world.pass_time(days=1, minutes=1)
    for _ in range(3):
        await world.loops()
    assert len(world.sam.screens) == 2


async def test_outside_duty_hours_an_alert_makes_no_sound(world: World) -> None:
    check_in = await world.asked()
    await world.pass_time(hours=6)  # eight in the evening
    await world.answers(check_in, 2, 8, 8)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert world.sam.letters[-1].silent


async def test_passing_it_on_rings_there_and_waits_again(world: World) -> None:
    await a_card(world)
    await world.sam.taps("More")
    await world.sam.taps("Pass to")
    await world.sam.taps("Kim")
    assert "fell to 2" in world.kim.shows
    alert = (await world.alerts())[0]
    assert alert.state is AlertState.RAISED
    assert alert.holder_ref == "W-2"
    assert "Passed to Kim on Tue 12 May" in world.sam.shows
    assert world.kim.shows.startswith("R-118 · please look today, for Sam\nIt was passed on to you.")
    assert "Sam passed this to you on Tue 12 May" in world.kim.shows
    assert "hasn't picked this up" not in world.kim.shows
    await world.kim.taps("I've got it")
    assert "Kim picked this up" in world.sam.shows
    assert "Passed to" not in world.sam.shows


async def test_a_manager_to_whom_it_is_passed_does_not_read_that_nobody_picked_it_up(world: World) -> None:
    await a_card(world)
    await world.sam.taps("More")
    await world.sam.taps("Pass to")
    await world.sam.taps("Jo")
    assert world.jo.shows.startswith("R-118 · passed on to you")
    assert "Sam passed this to you on Tue 12 May" in world.jo.shows
    assert "nobody tapped" not in world.jo.shows


# ---------------------------------------------------------------- who may


async def test_a_worker_who_is_not_assigned_learns_nothing(world: World) -> None:
    await a_card(world)
    alert = (await world.alerts())[0]
    unknown = await world.kim.types("/ack R-999")
    refused = unknown.refused
    await world.kim.types("/ack R-118")
    assert world.kim.refused == refused == "errors.no_alert"
    for verb in (f"1:ack:{alert.id}", f"1:talked:{alert.id}", f"1:more:{alert.id}", f"1:al:{alert.id}:whole"):
        await world.kim.taps_data(verb)
        assert world.kim.refused == "errors.no_alert"
    await world.kim.types("/client R-118")
    first = world.kim.refused
    await world.kim.types("/client R-999")
    assert world.kim.refused == first == "errors.unknown_ref"
    assert world.kim.screens == []


async def test_a_former_worker_may_act_no_more(world: World) -> None:
    await a_card(world)
    alert = (await world.alerts())[0]
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await turn.m.people.change_client(world.client.id, worker_id=kim.id)
    async with world.desk.turn() as turn:
        with pytest.raises(Refusal, match=r"errors\.no_alert"):
            await handling.acknowledge(turn, world.worker, alert.id)


# ---------------------------------------------------------------- danger


async def danger(world: World, *lists: str) -> None:
    from bot.actions import talk

    async with world.desk.turn() as turn:
        client = await turn.m.people.client(world.client.id)
        assert client is not None
        await talk.danger(turn, client, frozenset(lists), "words", None)
    await world.settle()


async def test_danger_reaches_duty_and_worker_at_once_with_sound(world: World) -> None:
    await world.pass_time(hours=10)
    await danger(world, "self_harm")
    assert world.jo.shows.startswith("Urgent · R-118")
    assert "They wrote danger words" in world.sam.shows
    assert not world.jo.letters[-1].silent
    assert "I've sent this to Jo" in world.alex.shows


async def test_danger_is_repeated_every_ten_minutes_until_taken(world: World) -> None:
    await world.pass_time(hours=10)
    await danger(world, "self_harm")
    for _ in range(3):
        await world.pass_time(minutes=10, seconds=1)
    assert world.jo.all_words.count("Urgent · R-118") == 4
    await world.jo.taps("I've got it")
    before = len(world.jo.screens)
    await world.pass_time(hours=2)
    assert len(world.jo.screens) == before


async def test_harm_by_others_goes_to_the_safeguarding_contact_only(world: World) -> None:
    await danger(world, "harm_by_others")
    assert world.ada.shows.startswith("Urgent · R-118")
    for _ in range(8):
        await world.pass_time(minutes=10, seconds=1)
    await world.sam.types("/caseload")
    assert "Urgent" not in world.sam.all_words
    assert "open alert" not in world.sam.all_words
    assert world.jo.screens == []


async def test_sent_is_said_only_when_telegram_took_it(world: World) -> None:
    world.dead.update((2001, 3001, 3002, 2002))
    await danger(world, "self_harm")
    await world.pass_time(minutes=11)
    assert "I couldn't reach anyone here" in world.alex.all_words
    assert "I've sent this" not in world.alex.all_words


async def test_not_what_i_meant_adds_a_line_and_calls_nothing_off(world: World) -> None:
    await danger(world, "self_harm")
    await world.alex.taps("That's not what I meant")
    assert "Client says: not what I meant" in world.jo.shows
    assert (await world.alerts())[0].state is AlertState.RAISED


async def test_in_touch_asks_the_client_whether_to_start_again(world: World) -> None:
    await danger(world, "self_harm")
    assert (await world.alex.client()).asking is Asking.CRISIS
    await world.jo.types("/intouch R-118")
    assert world.jo.refused is None
    assert world.alex.labels == ["Yes", "In a week", "No more messages"]
    await world.alex.taps("Yes")
    assert (await world.alex.client()).asking is Asking.ON
    async with world.desk.glance() as m:
        assert ("M-1", "in_touch") in [(one.by, one.did) for one in await m.audit.lines("R-118")]


async def test_new_words_of_danger_ring_again_and_wait_to_be_taken_anew(world: World) -> None:
    await danger(world, "self_harm")
    await world.jo.taps("I've got it")
    before = len(world.jo.screens)
    await world.pass_time(minutes=1)
    await danger(world, "medical")
    assert len(world.jo.screens) > before
    found = [one for one in await world.alerts() if one.kind is Kind.DANGER]
    assert [one.state for one in found] == [AlertState.RAISED]


async def test_a_client_without_a_worker_still_finds_somebody(desk: Desk) -> None:
    world = await a_world(desk)
    async with desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, worker_id=None)
    world.client = replace(world.client, worker_id=None)
    await danger(world, "self_harm")
    assert world.jo.shows.startswith("Urgent · R-118")


async def test_a_new_worker_gets_what_is_open_and_the_former_one_keeps_nothing(world: World) -> None:
    await a_card(world)
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await reassigning.give(turn, world.client.id, kim.id)
    await world.settle()
    assert world.kim.shows.startswith("R-118 · worth a talk")
    assert world.sam.shows == "R-118 · Kim has it now. Nothing for you to do."
    assert world.sam.labels == []
    await world.pass_time(days=1, minutes=1)
    assert world.kim.shows.startswith("R-118 · still waiting")


async def test_danger_that_was_taken_comes_back_every_day_until_somebody_has_been_in_touch(world: World) -> None:
    await danger(world, "self_harm")
    await world.jo.taps("I've got it")
    before = len(world.jo.screens)
    for _ in range(2):
        await world.pass_time(days=1, minutes=1)
    assert len(world.jo.screens) == before + 2
    await world.jo.taps("In touch")
    await world.jo.taps("Yes, in touch")
    after = len(world.jo.screens)
    await world.pass_time(days=3)
    assert len(world.jo.screens) == after


async def test_the_promise_of_somebody_else_is_brought_back_when_it_is_due(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_someone_else(turn, world.client)
    await world.settle()
    await world.ada.taps("I've got it")
    before = len(world.ada.screens)
    await world.pass_time(days=3, hours=1)
    assert len(world.ada.screens) == before + 1
    await world.ada.taps("Done")
    await world.pass_time(days=9)
    assert [one.closed_at is not None for one in await world.alerts()] == [True]


async def test_with_nobody_on_duty_who_has_joined_the_client_reads_so_at_once(world: World) -> None:
    async with world.desk.turn() as turn:
        for person in await turn.m.people.everybody():
            if person.id != world.client.id:
                await turn.m.people.change(person.id, chat_id=None)
    await danger(world, "self_harm")
    assert "I couldn't reach anyone here" in world.alex.shows
