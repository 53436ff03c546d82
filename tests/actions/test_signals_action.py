"""Reading a check-in: the history from the store, what is kept, and that nothing is kept or told twice."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.actions import evidence, reading, signals
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState
from bot.domain.checkins import Answer
from bot.domain.signals.beside import Rating, Remark, Repair
from bot.domain.signals.history import Span
from storage.remarks import NOBODY, WORKER
from storage.sessions import HELD, MISSED
from tests.support.exports import export
from tests.support.stories import World, a_world, earlier_answers


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def rules(world: World) -> list[str]:
    async with world.desk.glance() as m:
        return [one.signal.rule for one in await m.signals.of_client(world.client.id) if one.holds]


async def test_an_ordinary_check_in_raises_nothing(world: World) -> None:
    await world.low(8, 8, 8)
    assert await rules(world) == []
    assert world.alex.shows.startswith("Thanks.")


async def test_a_low_check_in_is_kept_with_its_evidence_and_the_plan_in_force(world: World) -> None:
    await world.low(2, 3, 3)
    found = await rules(world)
    assert found.count("item_low") == 3
    assert "drop" in found
    alert = (await world.alerts())[0]
    async with world.desk.glance() as m:
        kept = await m.signals.of_alert(alert.id)
    assert {one.signal.rule for one in kept} == {"item_low", "drop"}


async def test_the_history_holds_what_happened_between_the_answers(world: World) -> None:
    async with world.desk.turn() as turn:
        m, now = turn.m, turn.now
        await m.sessions.put(world.client.id, now - timedelta(days=5), HELD, "W-1", now)
        await m.sessions.put(world.client.id, now - timedelta(days=2), MISSED, "W-1", now)
        await m.people.pause(world.client.id, "break", now - timedelta(days=9), now - timedelta(days=7))
        history = await evidence.history(turn, world.client)
    assert history.sessions == (now - timedelta(days=5),)
    assert history.pauses == (Span(now - timedelta(days=9), now - timedelta(days=7)),)
    assert len(history.occasions) == 6
    assert [reply.value_0_10 for reply in history.occasions[0].replies] == [8, 8, 8]
    assert all(one.scales_done for one in history.occasions)


async def test_a_closed_day_is_a_closure_on_the_clients_own_clock(desk: Desk) -> None:
    calendar = replace(desk.plan.service.calendar, closed_dates=frozenset({datetime(2026, 5, 4, tzinfo=UTC).date()}))
    desk.plan = replace(desk.plan, service=replace(desk.plan.service, calendar=calendar))
    world = await a_world(desk)
    async with desk.turn() as turn:
        history = await evidence.history(turn, world.client)
    start = datetime(2026, 5, 3, 23, tzinfo=UTC)
    assert history.closures == (Span(start, start + timedelta(days=1)),)


async def test_saying_a_meeting_again_replaces_what_was_said(world: World) -> None:
    async with world.desk.turn() as turn:
        for state in (HELD, MISSED, MISSED):
            await turn.m.sessions.put(world.client.id, turn.now, state, "W-1", turn.now)
        assert [one.state for one in await turn.m.sessions.of(world.client.id)] == [MISSED]


async def test_a_rule_that_has_spoken_rests(world: World) -> None:
    """The same rule a few days later makes no second alert by itself once the first is closed; the client is asked."""
    await world.low(2, 8, 8)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("We talked")
    await world.low(2, 8, 8)
    assert (await rules(world)).count("item_low") == 2
    assert len(await world.alerts()) == 1
    assert world.alex.labels[0] == "Tell Sam for me"


async def test_a_withdrawn_alert_does_not_make_its_rule_rest(world: World) -> None:
    check_in = await world.low(2, 8, 8)
    await world.answers(check_in, 8)
    await world.low(2, 8, 8)
    states = [one.state for one in await world.alerts()]
    assert states == [AlertState.WITHDRAWN, AlertState.RAISED]


async def test_a_still_low_answer_after_a_change_keeps_the_one_alert_with_the_new_number(world: World) -> None:
    check_in = await world.low(2, 8, 8)
    await world.answers(check_in, 1)
    assert [one.state for one in await world.alerts()] == [AlertState.RAISED]
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "fell to 1" in world.sam.shows
    assert "now" not in world.sam.shows.split("How sure")[0].replace("know", "").replace("you now", "")


async def test_a_lower_answer_after_the_card_shows_both(world: World) -> None:
    check_in = await world.low(2, 8, 8)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.answers(check_in, 1)
    assert "2, now 1" in world.sam.shows


async def test_with_little_history_two_is_low_and_said_to_be_uncertain(desk: Desk) -> None:
    world = await a_world(desk, earlier=1)
    await world.low(2, 8, 8)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "Too few before to say what is usual here." in world.sam.shows
    assert "little to compare it with" in world.sam.shows


async def test_a_slow_way_down_is_noticed_without_one_low_answer(desk: Desk) -> None:
    world = await a_world(desk, earlier=0)
    down = [(8.5, 8.5, 8.5)] * 8 + [(7.5, 7.5, 7.5)] * 2 + [(7, 7, 7)] * 2 + [(6.5, 6.5, 6.5)] * 2
    await earlier_answers(desk, world.client, down)
    await world.low(6, 6, 6)
    assert set(await rules(world)) & {"slide", "drop"}
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "Taken together" in world.sam.shows


async def test_an_unknown_check_in_or_client_changes_nothing(world: World) -> None:
    async with world.desk.turn() as turn:
        outcome = await signals.evaluate(turn, world.client.id, "nothing")
    assert outcome == signals.Outcome(None)
    assert await world.alerts() == []


# ---------------------------------------------------------------- what rules read beside check-ins


async def test_the_history_holds_meetings_that_were_missed_and_how_long_texts_were(world: World) -> None:
    async with world.desk.turn() as turn:
        m, now, client = turn.m, turn.now, world.client
        await m.sessions.put(client.id, now - timedelta(days=2), MISSED, "W-1", now)
        shown = await m.remarks.add(client.id, None, 1, "three short words", now)
        await m.remarks.change(shown.id, shown_to=WORKER)
        hidden = await m.remarks.add(client.id, None, 2, "for nobody", now)
        await m.remarks.change(hidden.id, shown_to=NOBODY)
        check_in = (await m.checkins.of(client.id))[-1]
        await m.answers.add(check_in, Answer(3, "D1", "self-management", now, text="what helped was walking"))
        history = await evidence.history(turn, client)
    assert history.missed_sessions == (now - timedelta(days=2),)
    assert history.remarks == (Remark(now, 3),)
    said = [one for one in history.occasions[-1].replies if one.question == "D1"]
    assert [(one.words, one.text) for one in said] == [(4, None)]


async def test_ratings_are_those_of_the_present_worker_and_no_export_knows_them(world: World) -> None:
    async with world.desk.turn() as turn:
        other = await turn.m.people.by_ref("W-2")
        assert other is not None
        await turn.m.ratings.add(world.client.id, other.id, 1, turn.now)
        await turn.m.ratings.add(world.client.id, world.worker.id, 4, turn.now)
        history = await evidence.history(turn, world.client)
        await reading.read(turn, world.client.id)
    assert history.ratings == (Rating(world.desk.clock.now(), 4),)
    assert await rules(world) == ["worker_strain"]
    assert await world.alerts() == []
    async with world.desk.glance() as m:
        found = await export(m)
    assert "strain" not in json.dumps(found)
    assert "rating" not in json.dumps(found)


async def test_a_talk_is_known_from_the_alerts_history_though_the_alert_forgets_it(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("We talked")
    talked = world.desk.clock.now()
    await world.pass_time(hours=24)
    await world.alex.taps("Yes, but it's still there")
    said = world.desk.clock.now()
    await world.alex.taps("4")

    async def known() -> tuple[Repair, ...]:
        async with world.desk.turn() as turn:
            return (await evidence.history(turn, world.client)).repairs

    alert = (await world.alerts())[0]
    assert await known() == (Repair(alert.id, talked, "still_there", 4, said),)
    await world.pass_time(hours=2)
    await world.alex.taps("Let Sam try again")
    chose = world.desk.clock.now()
    assert (await world.alerts())[0].talked_at is None
    assert await known() == (Repair(alert.id, talked, "still_there", 4, said, False, chose),)


async def test_the_second_meeting_missed_in_a_row_is_an_alert_and_the_first_is_none(world: World) -> None:
    await world.sam.types("/missed R-118")
    assert await world.alerts() == []
    await world.pass_time(days=7)
    await world.sam.types("/missed R-118")
    await world.settle()
    (alert,) = await world.alerts()
    assert alert.state is AlertState.RAISED
    assert "2 meetings in a row were not held" in world.sam.all_words
    assert "Coming along" not in world.sam.all_words
