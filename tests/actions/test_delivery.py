"""Posting: what is decided becomes one row, in the transaction that decided it."""

from datetime import timedelta
from typing import Any

import pytest

from bot.actions import delivery
from bot.actions.desk import Desk
from bot.domain.delivery import Post, PostState, Urgency
from tests.support.people import a_client
from tests.support.post_office import post_all, rows

SECRET = "the canary sings"


async def post_and_fail(desk: Desk, post: Post) -> None:
    async with desk.turn() as turn:
        await delivery.post(turn, post)
        raise ZeroDivisionError


def question(to: str, key: str = "q", **more: Any) -> Post:
    return Post(to, "client.question", key, urgency=Urgency.QUESTION, **more)


async def test_a_key_is_written_once_however_often_it_is_decided(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id), question(client.id))
    await post_all(desk, question(client.id))
    assert len(await rows(desk)) == 1


async def test_a_known_key_replaces_nothing(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, "one", surface="s"), question(client.id, "two", surface="s"))
    await post_all(desk, question(client.id, "one", surface="s"))
    assert [row.state for row in await rows(desk)] == [PostState.REPLACED, PostState.WAITING]


async def test_a_post_whose_action_fails_is_not_there(desk: Desk) -> None:
    client = await a_client(desk)
    with pytest.raises(ZeroDivisionError):
        await post_and_fail(desk, question(client.id))
    assert await rows(desk) == []
    assert not desk.bells.deliver.is_set()


async def test_facts_are_sealed(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, facts={"words": SECRET}))
    (row,) = await rows(desk)
    assert SECRET.encode() not in row.facts_sealed


async def test_the_bell_rings_after_the_commit(desk: Desk) -> None:
    client = await a_client(desk)
    async with desk.turn() as turn:
        await delivery.post(turn, question(client.id))
        assert not desk.bells.deliver.is_set()
    assert desk.bells.deliver.is_set()


async def test_a_newer_post_on_a_surface_replaces_the_waiting_one_and_blanks_it(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, "old", surface="s"), question(client.id, "new", surface="s"))
    old, new = await rows(desk)
    assert (old.state, old.facts_sealed, new.state) == (PostState.REPLACED, None, PostState.WAITING)


async def test_other_surfaces_and_other_people_are_left_alone(desk: Desk) -> None:
    client, other = await a_client(desk), await a_client(desk, ref="R-2", chat_id=9)
    await post_all(
        desk,
        question(client.id, "a", surface="s"),
        question(client.id, "b", surface="t"),
        question(other.id, "c", surface="s"),
        question(client.id, "d"),
        question(client.id, "e"),
    )
    assert {row.state for row in await rows(desk)} == {PostState.WAITING}


async def test_a_new_message_that_was_owed_stays_owed_when_it_is_replaced(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, "old", surface="s", fresh=True), question(client.id, "new", surface="s"))
    assert [row.fresh for row in await rows(desk)] == [True, True]


async def test_without_a_sender_in_this_process_a_reply_waits_like_everything_else(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, Post(client.id, "said", "r"))
    assert [row.state for row in await rows(desk)] == [PostState.WAITING]
    assert desk.bells.deliver.is_set()


async def test_where_the_sender_runs_a_reply_is_born_claimed_and_handed_over_after_the_commit(desk: Desk) -> None:
    client = await a_client(desk)
    handed: list[str] = []
    desk.hand_over, desk.process = handed.append, "me"
    async with desk.turn() as turn:
        await delivery.post(turn, Post(client.id, "said", "r"))
        assert handed == []
    (row,) = await rows(desk)
    assert (row.state, row.claimed_by, handed) == (PostState.SENDING, "me", [row.id])
    assert row.lease_until > desk.clock.now()


@pytest.mark.parametrize("urgency", [Urgency.ALERT, Urgency.QUESTION, Urgency.DIGEST])
async def test_only_replies_and_danger_are_handed_over(desk: Desk, urgency: Urgency) -> None:
    client = await a_client(desk)
    desk.hand_over = [].append
    await post_all(desk, Post(client.id, "said", "r", urgency=urgency))
    assert [row.state for row in await rows(desk)] == [PostState.WAITING]


async def test_a_reply_for_later_is_not_handed_over(desk: Desk) -> None:
    client = await a_client(desk)
    desk.hand_over = [].append
    await post_all(desk, Post(client.id, "said", "r", not_before=desk.clock.now() + timedelta(minutes=1)))
    assert [row.state for row in await rows(desk)] == [PostState.WAITING]


async def test_behind_one_in_flight_on_its_surface_a_reply_is_born_waiting(desk: Desk) -> None:
    client = await a_client(desk)
    desk.hand_over = [].append
    await post_all(desk, Post(client.id, "said", "one", surface="s"), Post(client.id, "said", "two", surface="s"))
    assert [row.state for row in await rows(desk)] == [PostState.SENDING, PostState.WAITING]


async def test_a_reply_does_not_overtake_an_earlier_one_that_waits(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, Post(client.id, "said", "one"))
    desk.hand_over = [].append
    await post_all(desk, Post(client.id, "said", "two"))
    assert [row.state for row in await rows(desk)] == [PostState.WAITING, PostState.WAITING]


async def test_a_reply_overtakes_a_question(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    desk.hand_over = [].append
    await post_all(desk, Post(client.id, "said", "r"))
    assert [row.state for row in await rows(desk)] == [PostState.WAITING, PostState.SENDING]


async def test_rows_keep_the_order_in_which_they_were_decided_even_within_one_moment(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, *(question(client.id, f"k{n}") for n in range(5)))
    found = await rows(desk)
    assert [row.key for row in found] == [f"k{n}" for n in range(5)]
    assert len({row.made_at for row in found}) == 1


async def test_withdrawing_drops_what_waits_and_fits_everything_given(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, *(question(client.id, key, client_id=client.id) for key in ("a:1", "a:2", "a%1", "b:1")))
    async with desk.turn() as turn:
        assert await delivery.withdraw(turn, key_prefix="a:", client_id=client.id, why="on a break") == 2
    assert [(row.state, row.why) for row in await rows(desk)] == [
        (PostState.DROPPED, "on a break"),
        (PostState.DROPPED, "on a break"),
        (PostState.WAITING, None),
        (PostState.WAITING, None),
    ]


async def test_withdrawing_without_saying_what_is_an_error(desk: Desk) -> None:
    async with desk.turn() as turn:
        with pytest.raises(ValueError, match="nothing was named"):
            await delivery.withdraw(turn, why="all of them?")
