"""Typed numbers, edited messages, words of one's own: what is typed counts wherever a tap would."""

from datetime import datetime, timedelta

import pytest

from bot.actions import checkins, remarks
from bot.actions.checkins import Written
from bot.actions.desk import Desk
from bot.domain.checkins import CheckIn, State
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person
from storage.remarks import NOBODY, WORKER
from storage.tables import new_id
from tests.support.checkins import (
    MESSAGE,
    answers_of,
    asked,
    at,
    carried_out,
    facts,
    kinds,
    latest,
    move,
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


async def types(
    desk: Desk, client: Client, text: str, message_id: int, *, edited: bool = False, at: datetime | None = None
) -> bool:
    """`at` is when Telegram got it, if that was not now."""
    async with desk.turn() as turn:
        return await checkins.answer_typed(turn, client, text, Written(message_id, at or turn.now, edited))


async def test_typed_numbers_answer_one_question_after_the_other(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    for message_id, text in enumerate(["8", "7/10", "seven"], start=600):
        assert await types(desk, client, text, message_id)
    assert [one.value for one in await answers_of(desk, check_in)] == [8, 7, 7]
    assert (await latest(desk, client)).state is State.COMPLETED


async def test_a_number_out_of_range_is_answered_kindly_and_not_kept(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    assert await types(desk, client, "11", 600)
    assert await answers_of(desk, check_in) == []
    assert (await facts(desk, client.id))["key"] == "client.question.typed_out_of_range"


async def test_other_words_are_no_answer(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    assert not await types(desk, client, "not so good today", 600)
    assert await answers_of(desk, check_in) == []


async def test_an_edited_message_changes_the_answer_that_it_gave(desk: Desk, client: Client) -> None:
    """Two answers later, the first typed message is edited."""
    check_in = await asked(desk, client)
    await types(desk, client, "3", 600)
    await types(desk, client, "8", 601)
    assert await types(desk, client, "9", 600, edited=True)
    held = [(one.item, one.value) for one in await answers_of(desk, check_in) if one.current]
    assert held == [(0, 9), (1, 8)]


async def test_an_edit_after_the_thanks_still_counts_inside_the_window(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    for message_id, text in enumerate(["8", "8", "8"], start=600):
        await types(desk, client, text, message_id)
    assert await types(desk, client, "7", 601, edited=True)
    assert [one.value for one in await answers_of(desk, check_in) if one.current] == [8, 7, 8]
    assert (await latest(desk, client)).state is State.COMPLETED


async def test_an_edit_after_the_window_changes_nothing_and_says_so(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await types(desk, client, "8", 600)
    move(desk, hours=25)
    assert await types(desk, client, "2", 600, edited=True)
    assert [one.value for one in await answers_of(desk, check_in)] == [8]
    assert (await facts(desk, client.id))["key"] == "client.small.edited_too_late"


async def test_the_same_message_again_changes_nothing(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await types(desk, client, "8", 600)
    before = await posts(desk)
    for _ in range(3):
        assert await types(desk, client, "8", 600)
    assert len(await answers_of(desk, check_in)) == 1
    assert await posts(desk) == before


async def test_a_typed_number_after_the_last_typed_one_replaces_it(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    for message_id, text in enumerate(["8", "8", "3", "8"], start=600):
        await types(desk, client, text, message_id)
    assert [one.value for one in await answers_of(desk, check_in) if one.current] == [8, 8, 8]


async def test_a_number_while_nothing_is_asked_is_no_answer_and_gets_a_kind_sentence(desk: Desk, client: Client) -> None:
    assert await types(desk, client, "7", 600)
    assert await kinds(desk, client.id) == ["sentence"]
    async with desk.glance() as m:
        assert not await m.answers.of(client.id)


async def test_words_after_the_thanks_are_kept_and_the_client_is_asked_who_may_see_them(
    desk: Desk, client: Client
) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8, 8, 8])
    await carried_out(desk)
    async with desk.turn() as turn:
        assert await remarks.keep(turn, client, "felt told off", 700)
    assert await kinds(desk, client.id) == ["client.remark_sharing"]
    assert await kinds(desk) == ["client.remark_sharing"]


async def test_words_after_a_long_time_in_which_nothing_was_asked_are_kept_as_well(desk: Desk, client: Client) -> None:
    await asked(desk, client)
    for n in range(10):
        move(desk, hours=1)
        now = desk.clock.now()
        never = CheckIn(new_id(), client.id, None, "weekly", now.date(), f"{n}", State.CANCELLED, (), now)
        async with desk.turn() as turn:
            await turn.m.checkins.add([never])
    async with desk.turn() as turn:
        assert await remarks.keep(turn, client, "I was in hospital", 700)
    async with desk.glance() as m:
        assert [one.text for one in await m.remarks.of(client.id)] == ["I was in hospital"]


@pytest.mark.parametrize(("choice", "shown_to", "told"), [("y", WORKER, True), ("n", NOBODY, False)])
async def test_the_worker_sees_words_only_after_a_yes(
    desk: Desk, client: Client, worker: Person, choice: str, shown_to: str, told: bool
) -> None:
    await asked(desk, client)
    async with desk.turn() as turn:
        await remarks.keep(turn, client, "felt told off", 700)
        remark = (await turn.m.remarks.of(client.id))[0]
        await remarks.decide(turn, client, remark.id, choice, worker.id)
    async with desk.glance() as m:
        assert [one.shown_to for one in await m.remarks.of(client.id)] == [shown_to]
    assert ("worker.words" in await kinds(desk, worker.id)) is told


async def test_deleted_words_are_gone(desk: Desk, client: Client) -> None:
    await asked(desk, client)
    async with desk.turn() as turn:
        await remarks.keep(turn, client, "felt told off", 700)
        remark = (await turn.m.remarks.of(client.id))[0]
        await remarks.decide(turn, client, remark.id, "d")
    async with desk.glance() as m:
        assert await m.remarks.of(client.id) == []


async def test_nobody_decides_about_somebody_elses_words(desk: Desk, client: Client, worker: Person) -> None:
    await asked(desk, client)
    other = await a_client(desk, worker, ref="R-119", chat_id=1002)
    async with desk.turn() as turn:
        await remarks.keep(turn, client, "felt told off", 700)
        remark = (await turn.m.remarks.of(client.id))[0]
    with pytest.raises(Refusal):
        async with desk.turn() as turn:
            await remarks.decide(turn, other, remark.id, "y")


async def test_edited_words_take_the_place_of_the_first_and_are_asked_about_again(desk: Desk, client: Client) -> None:
    await asked(desk, client)
    async with desk.turn() as turn:
        await remarks.keep(turn, client, "felt told off", 700)
    await carried_out(desk)
    async with desk.turn() as turn:
        assert await remarks.keep(turn, client, "felt told off a bit", 700, edited=True)
    async with desk.glance() as m:
        assert [one.text for one in await m.remarks.of(client.id)] == ["felt told off a bit"]
    assert await kinds(desk, client.id) == ["client.remark_sharing"]


async def test_very_long_words_are_kept_whole(desk: Desk, client: Client) -> None:
    await asked(desk, client)
    long = "word " * 820
    async with desk.turn() as turn:
        await remarks.keep(turn, client, long, 700)
    async with desk.glance() as m:
        assert [one.text for one in await m.remarks.of(client.id)] == [long]


# ---------------------------------------------------------------- heard long after it was typed


async def test_what_was_typed_inside_the_window_and_heard_after_it_counts(desk: Desk, client: Client) -> None:
    """We were away when the window ended; Telegram kept it for us and says when it was typed."""
    check_in = await asked(desk, client)
    typed_at = desk.clock.now() + timedelta(hours=23)
    move(desk, hours=26)
    assert await types(desk, client, "8", 600, at=typed_at)
    assert [(one.value, one.answered_at) for one in await answers_of(desk, check_in)] == [(8, typed_at)]
    assert await types(desk, client, "2", 600, at=typed_at + timedelta(minutes=1), edited=True)
    assert [one.value for one in await answers_of(desk, check_in) if one.current] == [2]


async def test_a_number_typed_before_the_card_came_is_no_answer_to_it(desk: Desk, client: Client) -> None:
    """It answers the check-in that stood there then, if that was in time."""
    first = await asked(desk, client)
    in_time, too_late = desk.clock.now() + timedelta(hours=23), desk.clock.now() + timedelta(hours=25)
    second = await asked(desk, client)
    assert await types(desk, client, "3", MESSAGE, at=too_late)
    assert (await facts(desk, client.id))["key"] == "client.small.number_but_none_open"
    assert await types(desk, client, "4", MESSAGE, at=in_time)
    assert [one.value for one in await answers_of(desk, first)] == [4]
    assert await answers_of(desk, second) == []


async def test_where_telegrams_clock_is_behind_ours_a_number_below_the_card_answers_it(
    desk: Desk, client: Client
) -> None:
    check_in = await asked(desk, client)
    assert await types(desk, client, "8", 600, at=desk.clock.now() - timedelta(minutes=20))
    assert [one.value for one in await answers_of(desk, check_in)] == [8]


async def test_where_the_card_came_anew_a_number_above_it_answers_it(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    typed_at = desk.clock.now() + timedelta(minutes=20)
    await taken(desk, client, check_in, 700)
    move(desk, hours=1)
    assert await types(desk, client, "8", 600, at=typed_at)
    assert [one.value for one in await answers_of(desk, check_in)] == [8]


async def test_a_number_typed_before_a_card_that_has_not_left_yet_is_no_answer_to_it(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    assert await types(desk, client, "8", 600, at=due - timedelta(hours=1))
    assert await answers_of(desk, await latest(desk, client)) == []
    assert (await facts(desk, client.id))["key"] == "client.small.number_but_none_open"
