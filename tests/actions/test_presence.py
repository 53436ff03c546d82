"""Silence is nobody's while we could not hear, and a question that may stand in the chat can be answered."""

from datetime import datetime, timedelta

import pytest

from bot.actions import checkins, health
from bot.actions.desk import Desk, Turn
from bot.actions.presence import HEARD, RECEIVE, Presence
from bot.domain.checkins import CheckIn, State
from bot.domain.people import Asking, Client
from bot.ports import Unsure
from handlers import routes
from tests.support.checkins import all_of, answers_of, asked, at, latest, move, plan_for, release, tap, untouched_check_in
from tests.support.people import a_client, a_worker
from tests.support.post_office import deliver, rows


@pytest.fixture
async def client(desk: Desk) -> Client:
    return await a_client(desk, await a_worker(desk))


async def look(desk: Desk) -> None:
    for work in (checkins.remind_due, checkins.evaluate_due, checkins.expire_due):
        async with desk.turn() as turn:
            await work(turn)


async def heard(desk: Desk) -> None:
    """What the receiver does after a good answer, in a process that has just started."""
    await Presence(desk, routes.came_back).heard()
    desk.progress.mark(RECEIVE)


async def three_misses_and_one_open(desk: Desk, client: Client) -> CheckIn:
    for _ in range(3):
        await untouched_check_in(desk, client)
    return await asked(desk, client)


# ---------------------------------------------------------------- nothing ends while we can't hear


async def test_after_a_restart_no_check_in_ends_before_updates_have_been_fetched(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    desk.listens = True
    move(desk, hours=30)
    await look(desk)
    assert (await latest(desk, client)).state is State.OPEN
    await heard(desk)
    await look(desk)
    assert (await all_of(desk, client))[-1].id == check_in.id
    assert (await latest(desk, client)).state is State.EXPIRED


async def test_nothing_ends_while_telegram_has_been_out_of_reach_for_two_minutes(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    desk.listens = True
    await heard(desk)
    assert check_in.expires_at is not None
    for _ in range(3):
        move(desk, seconds=50)
    at(desk, check_in.expires_at)
    await look(desk)
    assert (await latest(desk, client)).state is State.OPEN


async def test_a_window_that_ended_while_the_bot_was_away_is_no_silence(desk: Desk, client: Client) -> None:
    """The absence is on record before the check-in ends, so the fourth one does not count."""
    check_in = await three_misses_and_one_open(desk, client)
    async with desk.turn() as turn:
        await turn.m.marks.set(HEARD, turn.now)
    desk.listens = True
    assert check_in.expires_at is not None
    at(desk, check_in.expires_at + timedelta(hours=1))
    await look(desk)
    await heard(desk)
    await look(desk)
    assert (await latest(desk, client)).state is State.EXPIRED
    async with desk.glance() as m:
        now = await m.people.client(client.id)
        found = await m.signals.of_client(client.id)
    assert now is not None
    assert now.asking is Asking.ON
    assert [one for one in found if one.signal.rule == "silence"] == []


async def test_while_another_process_has_received_it_was_no_absence(desk: Desk) -> None:
    absences: list[datetime] = []

    async def came_back(turn: Turn, since: datetime) -> None:
        absences.append(since)

    one, other = Presence(desk, came_back), Presence(desk, came_back)
    await one.heard()
    for _ in range(4):
        move(desk, seconds=50)
        await other.heard()
    await one.heard()
    assert absences == []
    for _ in range(4):
        move(desk, seconds=50)
    await one.heard()
    assert len(absences) == 1


async def test_a_process_that_does_not_receive_goes_by_the_one_that_does(desk: Desk) -> None:
    follower = Desk(desk.memory, desk.clock, desk.plan, listens=True)
    assert not (await health.reach(follower)).telegram
    await heard(desk)
    assert (await health.reach(follower)).telegram
    for _ in range(3):
        move(desk, seconds=50)
    assert not (await health.reach(follower)).telegram


# ---------------------------------------------------------------- a question that may have arrived


async def test_a_tap_on_a_question_that_arrived_although_nobody_could_tell_us_is_kept(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    await deliver(desk, Unsure("reset"), hooks=routes.HOOKS)
    move(desk, seconds=31)
    await deliver(desk, Unsure("reset"), hooks=routes.HOOKS)
    assert [(row.state, row.why) for row in await rows(desk)] == [("dead", "unsure_twice")]
    check_in = await latest(desk, client)
    await tap(desk, client, check_in, [7, 7, 7])
    assert [one.value for one in await answers_of(desk, check_in)] == [7, 7, 7]


async def test_a_tap_is_kept_when_the_second_try_came_too_late_to_send(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    (row,) = await rows(desk)
    at(desk, row.expires_at - timedelta(seconds=10))
    await deliver(desk, Unsure("reset"), hooks=routes.HOOKS)
    move(desk, seconds=31)
    await deliver(desk, hooks=routes.HOOKS)
    assert [(one.state, one.why) for one in await rows(desk)] == [("dropped", "too_late")]
    check_in = await latest(desk, client)
    await tap(desk, client, check_in, [7])
    assert [one.value for one in await answers_of(desk, check_in)] == [7]


async def test_one_that_nobody_tapped_is_missed_by_us_at_the_end_and_counts_against_nobody(
    desk: Desk, client: Client
) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    await deliver(desk, Unsure("reset"), hooks=routes.HOOKS)
    move(desk, seconds=31)
    await deliver(desk, Unsure("reset"), hooks=routes.HOOKS)
    move(desk, hours=25)
    await look(desk)
    over = await latest(desk, client)
    assert (over.state, over.reason) == (State.MISSED_BY_US, "unsure_twice")
