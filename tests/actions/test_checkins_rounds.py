"""What comes due while a check-in runs: reminder, Later, half-done, its end; and the misses in a row."""

from datetime import timedelta

import pytest

from bot.actions import checkins, unanswered
from bot.actions.desk import Desk
from bot.domain.checkins import State
from bot.domain.later import Later
from bot.domain.people import Asking, Client, Person
from storage import tables as t
from tests.support.checkins import (
    all_of,
    asked,
    at,
    carried_out,
    facts,
    kinds,
    latest,
    move,
    posts,
    release,
    tap,
    untouched_check_in,
)
from tests.support.people import a_client, a_worker


@pytest.fixture
async def worker(desk: Desk) -> Person:
    return await a_worker(desk)


@pytest.fixture
async def client(desk: Desk, worker: Person) -> Client:
    return await a_client(desk, worker)


async def rounds(desk: Desk) -> None:
    async with desk.turn() as turn:
        await checkins.remind_due(turn)
        await checkins.evaluate_due(turn)
        await checkins.expire_due(turn)


async def test_a_client_is_reminded_once_without_sound(desk: Desk, client: Client) -> None:
    await asked(desk, client)
    move(desk, hours=4)
    for _ in range(3):
        await rounds(desk)
    waiting = await posts(desk, client.id)
    assert [row.kind for row in waiting] == ["client.reminder"]
    assert waiting[0].silent
    assert (await facts(desk, client.id))["n"] == 3


async def test_whoever_has_touched_it_is_not_reminded(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8])
    await carried_out(desk)
    move(desk, hours=4)
    await rounds(desk)
    assert "client.reminder" not in await kinds(desk, client.id)


async def test_an_answer_takes_back_a_reminder_that_has_not_left(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    move(desk, hours=4)
    await rounds(desk)
    await tap(desk, client, check_in, [8])
    assert await kinds(desk, client.id) == ["client.question"]


async def test_nobody_is_reminded_in_quiet_hours_or_quiet_mode(desk: Desk, worker: Person) -> None:
    """The bot was busy until nine in the evening; and where other people see the phone there are no reminders."""
    late, hidden = (
        await a_client(desk, worker, ref="R-300", chat_id=1300),
        await a_client(desk, worker, ref="R-301", chat_id=1301, quiet_mode=True),
    )
    for one in (late, hidden):
        async with desk.turn() as turn:
            await checkins.plan_for(turn, one.id)
    await asked(desk, late)
    check_in = await latest(desk, hidden)
    async with desk.turn() as turn:
        await checkins.sent(turn, check_in.id)
    assert (await latest(desk, hidden)).remind_at is None
    await carried_out(desk)
    move(desk, hours=7, minutes=30)
    await rounds(desk)
    assert await kinds(desk) == []


async def test_later_brings_the_same_question_back_as_a_new_silent_message(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    async with desk.turn() as turn:
        await checkins.choose_later(turn, client, check_in.id, Later.HOUR)
    assert await kinds(desk, client.id) == ["client.later_set"]
    await carried_out(desk)
    move(desk, hours=1)
    await rounds(desk)
    shown = await posts(desk, client.id)
    assert [(row.kind, row.fresh, row.silent) for row in shown] == [("client.question", True, True)]


async def test_later_offers_only_what_fits(desk: Desk, client: Client) -> None:
    """Three in the afternoon, open until two tomorrow: all three fit. At half past six the evening does not."""
    check_in = await asked(desk, client)
    move(desk, hours=4, minutes=30)
    async with desk.turn() as turn:
        await checkins.show_later(turn, client, check_in.id)
    assert (await facts(desk, client.id))["choices"] == ["hour", "tomorrow"]


async def test_answering_meanwhile_means_that_nothing_comes_back(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    async with desk.turn() as turn:
        await checkins.choose_later(turn, client, check_in.id, Later.HOUR)
        await checkins.resume(turn, client, check_in.id)
    await tap(desk, client, check_in, [8, 8, 8])
    await carried_out(desk)
    move(desk, hours=1)
    await rounds(desk)
    assert await kinds(desk, client.id) == []


async def test_a_low_answer_left_half_done_is_read_after_half_an_hour(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [1])
    await carried_out(desk)
    move(desk, minutes=29)
    await rounds(desk)
    assert await kinds(desk, client.id) == []
    move(desk, minutes=1)
    await rounds(desk)
    assert await kinds(desk, client.id) == ["client.sharing"]


async def test_a_low_answer_at_the_end_asks_how_the_worker_shall_hear(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [1, 8, 8])
    assert await kinds(desk, client.id) == ["client.sharing"]


async def test_changing_the_low_answer_brings_the_thanks_instead(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [1, 8, 8])
    await carried_out(desk)
    await tap(desk, client, check_in, [8])
    assert "client.thanks" in await kinds(desk, client.id)


async def test_an_untouched_one_expires_and_says_that_it_has_gone(desk: Desk, client: Client) -> None:
    await asked(desk, client)
    await carried_out(desk)
    move(desk, hours=24)
    await rounds(desk)
    over = await latest(desk, client)
    assert (over.state, over.finished_at) == (State.EXPIRED, over.expires_at)
    waiting = await posts(desk, client.id)
    assert [row.kind for row in waiting] == ["client.gone"]
    assert waiting[0].silent


async def test_a_half_answered_one_ends_as_partial(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8])
    move(desk, hours=24)
    await rounds(desk)
    assert (await latest(desk, client)).state is State.PARTIAL


async def test_one_that_never_left_was_missed_by_us(desk: Desk, client: Client) -> None:
    async with desk.turn() as turn:
        due = await checkins.plan_for(turn, client.id)
    assert due is not None
    at(desk, due)
    await release(desk)
    move(desk, hours=24)
    await rounds(desk)
    assert (await latest(desk, client)).state is State.MISSED_BY_US
    assert await kinds(desk, client.id) == []


@pytest.mark.parametrize(
    ("why", "state", "reason"),
    [
        ("too_late", State.MISSED_BY_US, "too_late"),
        ("unsure_twice", State.MISSED_BY_US, "unsure_twice"),
        ("break", State.CANCELLED, "break"),
        ("Forbidden: bot was blocked by the user", State.CANCELLED, "blocked"),
    ],
)
async def test_what_cannot_be_delivered_is_on_record_with_its_reason(
    desk: Desk, client: Client, why: str, state: State, reason: str
) -> None:
    async with desk.turn() as turn:
        due = await checkins.plan_for(turn, client.id)
    assert due is not None
    at(desk, due)
    await release(desk)
    check_in = await latest(desk, client)
    for _ in range(2):
        async with desk.turn() as turn:
            await checkins.undeliverable(turn, check_in.id, why)
    over = await latest(desk, client)
    assert (over.state, over.reason) == (state, reason)


async def test_after_two_misses_the_question_about_the_questions_comes_instead(desk: Desk, client: Client) -> None:
    for _ in range(2):
        await untouched_check_in(desk, client)
    async with desk.turn() as turn:
        due = await checkins.plan_for(turn, client.id)
    assert due is not None
    at(desk, due)
    await release(desk)
    assert await kinds(desk, client.id) == ["client.about_questions"]
    assert (await latest(desk, client)).state is State.CANCELLED


async def test_it_is_asked_once_and_the_third_comes_the_next_time(desk: Desk, client: Client) -> None:
    for _ in range(2):
        await untouched_check_in(desk, client)
    for expected in ("client.about_questions", "client.question"):
        async with desk.turn() as turn:
            due = await checkins.plan_for(turn, client.id)
        assert due is not None
        at(desk, due)
        await release(desk)
        assert await kinds(desk, client.id) == [expected]
        await carried_out(desk)


async def test_four_in_a_row_without_a_tap_and_the_bot_goes_quiet(desk: Desk, client: Client) -> None:
    for _ in range(2):
        await untouched_check_in(desk, client)
    async with desk.turn() as turn:
        due = await checkins.plan_for(turn, client.id)
    assert due is not None
    at(desk, due)
    await release(desk)
    await carried_out(desk)
    for _ in range(2):
        await untouched_check_in(desk, client)
    async with desk.glance() as m:
        now = await m.people.client(client.id)
    assert now is not None
    assert now.asking is Asking.GONE_QUIET
    assert len([one for one in await all_of(desk, client) if one.state is State.EXPIRED]) == 4


async def test_a_tap_on_the_question_about_the_questions_ends_the_run(desk: Desk, client: Client) -> None:
    for _ in range(2):
        await untouched_check_in(desk, client)
    async with desk.turn() as turn:
        due = await checkins.plan_for(turn, client.id)
    assert due is not None
    at(desk, due)
    await release(desk)
    await carried_out(desk)
    about = await latest(desk, client)
    async with desk.turn() as turn:
        await unanswered.heard(turn, client, about.id)
    for _ in range(2):
        await untouched_check_in(desk, client)
    async with desk.glance() as m:
        now = await m.people.client(client.id)
    assert now is not None
    assert now.asking is Asking.ON


async def test_an_absence_of_ours_counts_as_nobodys_silence(desk: Desk, client: Client) -> None:
    for _ in range(2):
        missed = await untouched_check_in(desk, client)
        assert missed.sent_at is not None
        async with desk.turn() as turn:
            await turn.m.marks.note_absence(missed.sent_at, missed.sent_at + timedelta(minutes=5))
    async with desk.turn() as turn:
        due = await checkins.plan_for(turn, client.id)
    assert due is not None
    at(desk, due)
    await release(desk)
    assert await kinds(desk, client.id) == ["client.question"]


async def test_after_an_absence_open_questions_are_offered_once_more_without_sound(desk: Desk, client: Client) -> None:
    await asked(desk, client)
    move(desk, minutes=10)
    since = desk.clock.now()
    move(desk, minutes=3)
    for _ in range(3):
        async with desk.turn() as turn:
            await checkins.reoffer_open(turn, since)
    waiting = await posts(desk, client.id)
    assert [(row.kind, row.fresh, row.silent) for row in waiting] == [("client.question", False, True)]
    assert (await facts(desk, client.id))["away"] is True


async def test_in_quiet_mode_nothing_is_offered_again(desk: Desk, worker: Person) -> None:
    hidden = await a_client(desk, worker, ref="R-301", chat_id=1301, quiet_mode=True)
    await asked(desk, hidden)
    since = desk.clock.now()
    move(desk, minutes=3)
    async with desk.turn() as turn:
        assert await checkins.reoffer_open(turn, since) == 0


async def test_what_was_sent_during_the_absence_is_not_offered_again(desk: Desk, client: Client) -> None:
    since = desk.clock.now()
    await asked(desk, client)
    async with desk.turn() as turn:
        assert await checkins.reoffer_open(turn, since) == 0


async def test_rounds_look_at_a_limited_number(desk: Desk, worker: Person) -> None:
    for n in range(3):
        one = await a_client(desk, worker, ref=f"R-{n}", chat_id=5000 + n)
        async with desk.turn() as turn:
            await checkins.plan_for(turn, one.id)
    move(desk, hours=1)
    await release(desk)
    async with desk.turn() as turn:
        await turn.m.con.execute(t.check_in.update().values(state="open", sent_at=turn.now))
    move(desk, hours=24)
    async with desk.turn() as turn:
        assert await checkins.expire_due(turn, limit=2) == 2
        assert await checkins.expire_due(turn, limit=2) == 1
