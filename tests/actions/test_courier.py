"""Carrying: what leaves, in which order, to which message, at which pace."""

import asyncio
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.domain.delivery import CLEAR, DELETE, Post, PostState, Urgency
from bot.ports import Gone, Letter, Refused, Sent, TryLater, Unsure, Verdict
from storage import tables as t
from tests.support.people import a_client
from tests.support.post_office import (
    LATER,
    UNPACED,
    alarm,
    at_work,
    deliver,
    post_all,
    question,
    rows,
    said,
    settled_down,
    states,
    surfaces,
)
from tests.support.scripted import Scripted

# ---------------------------------------------------------------- the plain way


async def test_what_is_due_is_sent_and_settled_and_its_content_blanked(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, facts={"n": 3}))
    messenger = await deliver(desk)
    (row,) = await rows(desk)
    assert [(one.chat_id, one.kind, one.facts) for one in messenger.letters] == [(1001, "client.question", {"n": 3})]
    assert (row.state, row.message_id, row.facts_sealed, row.kind) == (PostState.SENT, 101, None, "client.question")


async def test_what_is_not_due_waits(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, not_before=desk.clock.now() + LATER))
    assert (await deliver(desk)).letters == []
    desk.clock.advance(LATER)
    assert (await deliver(desk)).kinds == ["client.question"]


async def test_a_reply_posted_while_the_courier_runs_is_sent_without_being_claimed_again(desk: Desk) -> None:
    client = await a_client(desk)
    messenger = Scripted(desk.clock)
    async with at_work(desk, messenger) as courier:
        await post_all(desk, said(client.id))
        await courier.idle()
        assert messenger.kinds == ["said"]
    (row,) = await rows(desk)
    assert (row.state, row.tries) == (PostState.SENT, 1)


async def test_a_chat_gets_its_messages_in_the_order_in_which_they_were_decided(desk: Desk) -> None:
    client = await a_client(desk)
    messenger = Scripted(desk.clock)
    async with at_work(desk, messenger) as courier:
        for n in range(6):
            await post_all(desk, *(said(client.id, f"{n}{m}", facts={"n": f"{n}{m}"}) for m in range(3)))
        await courier.idle()
    assert [letter.facts["n"] for letter in messenger.letters] == [f"{n}{m}" for n in range(6) for m in range(3)]
    assert messenger.overlaps == 0


async def test_many_chats_are_served_side_by_side_and_none_twice_at_once(desk: Desk) -> None:
    clients = [await a_client(desk, ref=f"R-{n}", chat_id=n + 1) for n in range(5)]
    together, all_in = set(), asyncio.Event()

    async def meet(letter: Letter) -> Verdict:
        together.add(letter.chat_id)
        if len(together) == 5:
            all_in.set()
        await all_in.wait()
        return Sent(letter.chat_id)

    await post_all(desk, *(question(client.id, client.ref) for client in clients))
    messenger = await deliver(desk, *[meet] * 5)
    assert len(messenger.letters) == 5


async def test_what_is_more_urgent_goes_first(desk: Desk) -> None:
    people = [await a_client(desk, ref=f"R-{n}", chat_id=n + 1) for n in range(5)]
    urgencies = [Urgency.DIGEST, Urgency.QUESTION, Urgency.REPLY, Urgency.ALERT, Urgency.DANGER]
    await post_all(desk, *(Post(one.id, "x", one.ref, urgency=how) for one, how in zip(people, urgencies, strict=True)))
    messenger = Scripted(desk.clock)
    async with at_work(desk, messenger, senders=1):
        pass
    assert [letter.chat_id for letter in messenger.letters] == [5, 4, 3, 2, 1]


# ---------------------------------------------------------------- surfaces


async def test_the_first_post_of_a_surface_makes_its_message_and_the_next_edits_it(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, said(client.id, "2", surface="menu"))
    messenger = await deliver(desk)
    assert [letter.edits for letter in messenger.letters] == [101]
    assert [(row.message_id, row.current) for row in await surfaces(desk)] == [(101, True)]


async def test_a_fresh_post_makes_a_new_message_and_the_old_one_loses_its_buttons(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk, Sent(50, has_buttons=True))
    await post_all(desk, said(client.id, "2", surface="menu", fresh=True))
    messenger = await deliver(desk)
    assert [(letter.kind, letter.edits) for letter in messenger.letters] == [("said", None), (CLEAR, 50)]
    assert [(row.message_id, row.current, row.has_buttons) for row in await surfaces(desk)] == [
        (50, False, False),
        (101, True, True),
    ]


async def test_an_old_message_without_buttons_is_left_alone(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk, Sent(50, has_buttons=False))
    await post_all(desk, said(client.id, "2", surface="menu", fresh=True))
    assert (await deliver(desk)).kinds == ["said"]


async def test_a_message_that_had_to_change_its_shape_takes_the_place_of_the_old_one(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk, Sent(50))
    await post_all(desk, said(client.id, "2", surface="menu"))
    messenger = await deliver(desk, Sent(51, has_photo=True))
    assert [(letter.kind, letter.edits) for letter in messenger.letters] == [("said", 50), (DELETE, 50)]
    assert [row.message_id for row in await surfaces(desk) if row.current] == [51]


async def test_a_picture_that_stands_there_is_told_to_the_messenger(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk, Sent(50, has_photo=True))
    await post_all(desk, said(client.id, "2", surface="menu"))
    assert [letter.shows_photo for letter in (await deliver(desk)).letters] == [True]


async def test_a_message_that_is_gone_is_sent_anew(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, said(client.id, "2", surface="menu"))
    messenger = await deliver(desk, Gone())
    assert [letter.edits for letter in messenger.letters] == [101, None]
    assert await states(desk) == [PostState.SENT, PostState.SENT]


async def test_clearing_a_surface_takes_its_buttons_and_clearing_an_empty_one_calls_nobody(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, Post(client.id, CLEAR, "c1", surface="menu"), Post(client.id, CLEAR, "c2", surface="nowhere"))
    messenger = await deliver(desk)
    assert [(letter.kind, letter.edits) for letter in messenger.letters] == [(CLEAR, 101)]
    assert [row.has_buttons for row in await surfaces(desk)] == [False]
    assert [row.why for row in await rows(desk)] == [None, None, "nothing_there"]


async def test_deleting_empties_the_surface_and_what_is_too_old_loses_its_buttons_at_least(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, Post(client.id, DELETE, "d", surface="menu"))
    messenger = await deliver(desk, Gone())
    assert [(letter.kind, letter.edits) for letter in messenger.letters] == [(DELETE, 101), (CLEAR, 101)]
    assert [row.current for row in await surfaces(desk)] == [False]


async def test_in_another_chat_of_the_same_person_nothing_is_edited(desk: Desk) -> None:
    """Somebody joined again from another account: the old chat is no longer theirs."""
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    async with desk.turn() as turn:
        await turn.m.people.change(client.id, chat_id=7777)
    await post_all(desk, said(client.id, "2", surface="menu"))
    messenger = await deliver(desk)
    assert [(letter.chat_id, letter.edits) for letter in messenger.letters] == [(7777, None)]


# ---------------------------------------------------------------- pace


async def test_no_row_is_left_unsettled_by_any_of_this(desk: Desk) -> None:
    """The sum of the above on one desk: random verdicts, and in the end nothing flies."""
    clients = [await a_client(desk, ref=f"R-{n}", chat_id=n + 1) for n in range(10)]
    verdicts: list[Any] = [Unsure("?"), Gone(), Refused("x"), OSError("?"), TryLater(timedelta(seconds=2)), Sent(5)]
    await post_all(desk, *(alarm(client.id, f"{client.ref}:{n}") for client in clients for n in range(3)))
    messenger = Scripted(desk.clock, verdicts * 4)
    async with asyncio.timeout(30), asyncio.TaskGroup() as house:
        courier = Courier(desk, messenger, None, UNPACED)
        house.create_task(courier.run())
        while set(await states(desk)) - {PostState.SENT, PostState.DEAD}:
            desk.clock.advance(timedelta(minutes=5))
            await settled_down()
        courier.stop()
    async with desk.glance() as m:
        unsettled = sa.select(sa.func.count()).where(t.outbox.c.settled_at.is_(None))
        assert (await m.con.execute(unsettled)).scalar_one() == 0
