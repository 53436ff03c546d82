"""The check-in from being due to the thanks, at a desk with a real database and a clock that is moved by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bot.actions import checkins, signals
from bot.actions.desk import Desk
from bot.domain.checkins import Means, State
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person, Style
from storage import tables as t
from tests.support.checkins import (
    MESSAGE,
    all_of,
    answers_of,
    asked,
    at,
    carried_out,
    facts,
    kinds,
    latest,
    move,
    opened,
    plan_for,
    posts,
    release,
    taken,
    tap,
)
from tests.support.people import a_client, a_worker


@pytest.fixture
async def worker(desk: Desk) -> Person:
    return await a_worker(desk)


@pytest.fixture
async def client(desk: Desk, worker: Person) -> Client:
    return await a_client(desk, worker)


async def test_a_question_leaves_at_its_time_and_not_before(desk: Desk, client: Client) -> None:
    """The schedule says Tuesdays at two; it is one o'clock in London."""
    due = await plan_for(desk, client)
    assert due == datetime(2026, 5, 12, 13, 0, tzinfo=UTC)
    assert await release(desk) == 0
    at(desk, due)
    assert await release(desk) == 1
    assert await kinds(desk) == ["client.question"]


async def test_releasing_again_asks_nobody_twice(desk: Desk, client: Client) -> None:
    await asked(desk, client)
    for _ in range(3):
        await release(desk)
    assert len(await all_of(desk, client)) == 1
    assert await kinds(desk) == []


async def test_a_check_in_is_open_once_telegram_has_taken_it(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    planned = await latest(desk, client)
    assert planned.state is State.PLANNED
    await taken(desk, client, planned)
    opened = await latest(desk, client)
    assert opened.state is State.OPEN
    assert opened.expires_at == due + timedelta(hours=24)
    assert opened.remind_at == due + timedelta(hours=4)


async def test_three_taps_lead_to_the_thanks(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8, 8])
    assert (await facts(desk, client.id))["n"] == 3
    async with desk.turn() as turn:
        assert await checkins.answer(turn, client, check_in.id, 2, 8, MESSAGE) is Means.DONE
    done = await latest(desk, client)
    assert done.state is State.COMPLETED
    assert done.finished_at == desk.clock.now()
    assert [one.value for one in await answers_of(desk, check_in)] == [8, 8, 8]
    assert await kinds(desk, client.id) == ["client.thanks"]


async def test_the_next_question_takes_the_place_of_the_one_before(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8])
    waiting = await posts(desk, client.id)
    assert [row.surface for row in waiting] == [check_in.surface]
    assert not waiting[0].fresh


async def test_a_double_tap_counts_once_and_says_nothing_new(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8])
    before = await posts(desk)
    async with desk.turn() as turn:
        assert await checkins.answer(turn, client, check_in.id, 0, 8, MESSAGE) is Means.SAME
    assert len(await answers_of(desk, check_in)) == 1
    assert await posts(desk) == before


async def test_another_value_replaces_the_answer_and_the_first_is_kept_as_a_version(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [3])
    async with desk.turn() as turn:
        assert await checkins.answer(turn, client, check_in.id, 0, 8, MESSAGE) is Means.CHANGED
    versions = await answers_of(desk, check_in)
    assert [(one.value, one.version, one.current) for one in versions] == [(3, 1, False), (8, 2, True)]
    assert (await facts(desk, client.id))["n"] == 2


async def test_nobody_answers_for_somebody_else(desk: Desk, client: Client, worker: Person) -> None:
    check_in = await asked(desk, client)
    other = await a_client(desk, worker, ref="R-119", chat_id=1002)
    with pytest.raises(Refusal):
        async with desk.turn() as turn:
            await checkins.answer(turn, other, check_in.id, 0, 8, MESSAGE)
    assert await answers_of(desk, check_in) == []


async def test_a_button_that_the_scale_does_not_have_is_refused(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    with pytest.raises(Refusal):
        async with desk.turn() as turn:
            await checkins.answer(turn, client, check_in.id, 0, 11, MESSAGE)
    assert await answers_of(desk, check_in) == []


async def test_after_its_window_nothing_is_stored(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    move(desk, hours=24)
    async with desk.turn() as turn:
        assert await checkins.answer(turn, client, check_in.id, 0, 8, MESSAGE) is Means.STALE
    assert await answers_of(desk, check_in) == []
    assert await kinds(desk, client.id) == ["clear"]


async def test_skip_is_one_tap_and_all_skipped_is_skipped(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [None, None, None])
    assert (await latest(desk, client)).state is State.SKIPPED
    assert (await facts(desk, client.id))["skipped"] is True


async def test_a_single_answer_beside_skips_makes_it_complete(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [None, 7, None])
    assert (await latest(desk, client)).state is State.COMPLETED


async def test_back_shows_what_was_tapped_and_the_same_tap_moves_on(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8])
    async with desk.turn() as turn:
        await checkins.back(turn, client, check_in.id, 1, MESSAGE)
    shown = await facts(desk, client.id)
    assert (shown["n"], shown["chosen"]) == (1, 8)
    async with desk.turn() as turn:
        await checkins.answer(turn, client, check_in.id, 0, 8, MESSAGE)
    assert (await facts(desk, client.id))["n"] == 2
    assert len(await answers_of(desk, check_in)) == 1


async def test_back_tapped_twice_goes_back_once(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8, 8])
    for _ in range(2):
        async with desk.turn() as turn:
            await checkins.back(turn, client, check_in.id, 2, MESSAGE)
    assert (await facts(desk, client.id))["n"] == 2


async def test_words_not_numbers_turns_the_card_and_stays(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    for _ in range(2):
        async with desk.turn() as turn:
            now = await turn.m.people.client(client.id)
            assert now is not None
            await checkins.words(turn, now, check_in.id, Style.WORDS, MESSAGE)
    assert (await facts(desk, client.id))["style"] == "words"
    assert len(await posts(desk, client.id)) == 1


async def test_the_first_card_explains_itself_until_it_has_been_answered_once(desk: Desk, worker: Person) -> None:
    newcomer = await a_client(desk, worker, ref="R-200", chat_id=1200, card_explained=False)
    due = await plan_for(desk, newcomer)
    assert due is not None
    at(desk, due)
    await release(desk)
    assert (await facts(desk, newcomer.id))["first"] is True
    check_in = await latest(desk, newcomer)
    await taken(desk, newcomer, check_in)
    await tap(desk, newcomer, check_in, [8, 8])
    assert (await facts(desk, newcomer.id))["first"] is False


async def test_a_tap_on_an_unknown_copy_counts_and_closes_the_copy(desk: Desk, client: Client) -> None:
    """Telegram delivered a first copy and withheld the reply; a second copy is known."""
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8], message_id=499)
    waiting = {row.kind: row for row in await posts(desk, client.id)}
    assert set(waiting) == {"clear", "client.question"}
    async with desk.glance() as m:
        assert opened(m, waiting["clear"]) == {"message_id": 499}
        assert await m.messages.standing(client.id, check_in.surface) == MESSAGE


async def test_a_tap_proves_a_card_that_nobody_could_confirm(desk: Desk, client: Client) -> None:
    """The reply to sending was lost, so no message is known: the tapped one is learnt, and the window counts."""
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    check_in = await latest(desk, client)
    await carried_out(desk)
    await tap(desk, client, check_in, [8], message_id=499)
    assert (await latest(desk, client)).state is State.OPEN
    async with desk.glance() as m:
        assert await m.messages.standing(client.id, check_in.surface) == 499
    assert await kinds(desk, client.id) == ["client.question"]


async def test_a_copy_that_arrives_after_the_first_was_tapped_leaves_one_open_keyboard(
    desk: Desk, client: Client
) -> None:
    """The reply to the first send was lost, the client tapped it while the second was in flight."""
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    check_in = await latest(desk, client)
    await carried_out(desk)
    await tap(desk, client, check_in, [8], message_id=499)
    async with desk.turn() as turn:  # what settling the second one writes down
        await turn.m.con.execute(t.message.update().values(current=False))
        await turn.m.messages.adopt(client.id, 1001, 500, check_in.surface, turn.now)
        for _ in range(2):
            await checkins.sent(turn, check_in.id)
    waiting = [row for row in await posts(desk, client.id) if row.kind == "clear"]
    async with desk.glance() as m:
        assert [opened(m, row) for row in waiting] == [{"message_id": 499}]


async def test_a_question_taken_back_on_its_way_loses_its_buttons_on_arrival(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    check_in = await latest(desk, client)
    async with desk.turn() as turn:
        await checkins.stop_asking(turn, client.id, "break")
    await taken(desk, client, check_in, message_id=501)
    assert (await latest(desk, client)).state is State.CANCELLED
    assert (await latest(desk, client)).reason == "break"


async def test_stopping_keeps_answers_and_takes_the_buttons_away(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [2])
    async with desk.turn() as turn:
        assert await checkins.stop_asking(turn, client.id, "held") == 1
    stopped = await latest(desk, client)
    assert (stopped.state, stopped.reason) == (State.PARTIAL, "held")
    assert await kinds(desk, client.id) == ["clear"]


async def test_quiet_mode_clears_the_chat_after_the_thanks(desk: Desk, worker: Person) -> None:
    hidden = await a_client(desk, worker, ref="R-201", chat_id=1201, quiet_mode=True)
    check_in = await asked(desk, hidden)
    await tap(desk, hidden, check_in, [8, 8, 8])
    assert await kinds(desk, hidden.id) == ["client.thanks", "delete"]


async def test_a_goal_is_quoted_only_when_seen_and_agreed(desk: Desk, client: Client) -> None:
    async with desk.turn() as turn:
        goal = await turn.m.goals.add(client.id, "sleep through", turn.now)
    check_in = await asked(desk, client)
    assert [item.question for item in check_in.items] == ["B1", "G1", "T1", "G3"]
    await tap(desk, client, check_in, [8, 8, 8])
    shown = await facts(desk, client.id)
    assert (shown["goal"], shown["goal_number"]) == (None, goal.number)


async def test_a_rule_that_fails_costs_no_answer(desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers are kept, the client is thanked, and the check-in is read again later."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    check_in = await asked(desk, client)
    with monkeypatch.context() as fault:
        fault.setattr(signals, "evaluate", broken)
        await tap(desk, client, check_in, [1, 8, 8])
    assert [one.value for one in await answers_of(desk, check_in)] == [1, 8, 8]
    assert await kinds(desk, client.id) == ["client.thanks"]
    move(desk, minutes=10)
    async with desk.turn() as turn:
        assert await checkins.evaluate_due(turn) == 1
        assert await turn.m.signals.of_client(client.id)


async def test_what_the_database_is_at_fault_for_puts_off_the_tap_and_not_its_alert(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadlock, say: the inbox tries the tap again within seconds; an alert read later would be ten minutes late."""

    async def deadlocked(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [1, 8])
    with monkeypatch.context() as fault:
        fault.setattr(signals, "evaluate", deadlocked)
        with pytest.raises(OperationalError):
            async with desk.turn() as turn:
                await checkins.answer(turn, client, check_in.id, 2, 8, MESSAGE)
    assert [one.value for one in await answers_of(desk, check_in)] == [1, 8]
    async with desk.turn() as turn:
        await checkins.answer(turn, client, check_in.id, 2, 8, MESSAGE)
        assert await turn.m.signals.of_client(client.id)


async def test_the_numbers_on_record_are_those_that_were_tapped_also_in_words(desk: Desk, client: Client) -> None:
    """A word is worth 0, 2.5, 5, 7.5 or 10."""
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [7.5, 10, 0])
    found = [(one.value, one.value_0_10, one.construct) for one in await answers_of(desk, check_in)]
    assert found == [(7.5, 7.5, "bond"), (10, 10, "goals"), (0, 0, "tasks")]
