"""A courier that dies, or can't write down what it has done, anywhere in between."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.domain.delivery import LEASE, PostState
from bot.ports import Letter, Sent, TryLater, Verdict
from storage import tables as t
from tests.support.people import a_client, a_worker
from tests.support.post_office import (
    LATER,
    UNPACED,
    alarm,
    at_work_until,
    deliver,
    post_all,
    question,
    rows,
    said,
    settled_down,
    states,
)
from tests.support.scripted import Scripted


async def killed(desk: Desk, *, when_heard: bool) -> Scripted:
    """A courier that is cancelled while Telegram has its letter (or before it hears of it at all)."""
    messenger = Scripted(desk.clock)
    never = asyncio.Event()

    async def hang(_: Letter) -> Verdict:
        await never.wait()
        return Sent(1)

    messenger.says = [hang]
    running = asyncio.get_running_loop().create_task(Courier(desk, messenger, None, UNPACED).run())
    if when_heard:
        await messenger.heard.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return messenger


async def test_a_row_whose_sender_died_with_it_in_flight_counts_as_unsure(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id))
    await killed(desk, when_heard=True)
    assert await states(desk) == [PostState.SENDING]
    desk.clock.advance(LEASE)
    await deliver(desk)
    desk.clock.advance(LATER)
    messenger = await deliver(desk)
    assert [letter.may_be_repeat for letter in messenger.letters] == [True]
    assert [(row.state, row.unsure) for row in await rows(desk)] == [(PostState.SENT, 1)]


async def test_a_question_whose_senders_died_twice_is_not_sent_a_third_time(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    heard = 0
    for _ in range(2):
        heard += len((await killed(desk, when_heard=True)).letters)
        desk.clock.advance(LEASE)
        await deliver(desk)
        desk.clock.advance(LATER)
    heard += len((await deliver(desk)).letters)
    assert (heard, await states(desk)) == (2, [PostState.DEAD])


@pytest.mark.parametrize("fresh", [False, True])
async def test_what_a_dead_sender_left_in_doubt_never_covers_what_was_shown_since(desk: Desk, fresh: bool) -> None:
    """Its lease runs out long after: the question before would stand there again, with buttons that lead nowhere."""
    client = await a_client(desk)
    await post_all(desk, question(client.id, "old", surface="card", fresh=fresh))
    await killed(desk, when_heard=True)
    await post_all(desk, question(client.id, "new", surface="card", facts={"newer": True}))
    letters = (await deliver(desk)).letters
    for wait in (LEASE, LATER, LATER):
        desk.clock.advance(wait)
        letters += (await deliver(desk)).letters
    assert [letter.facts for letter in letters] == [{"newer": True}]
    assert await states(desk) == [PostState.REPLACED, PostState.SENT]


async def test_an_alert_in_doubt_rings_all_the_same_though_its_card_was_edited_since(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id, "rings", surface="alert", fresh=True))
    await killed(desk, when_heard=True)
    await post_all(desk, alarm(worker.id, "edit", surface="alert", facts={"newer": True}))
    letters = (await deliver(desk)).letters
    for wait in (LEASE, LATER):
        desk.clock.advance(wait)
        letters += (await deliver(desk)).letters
    assert any(letter.edits is None for letter in letters)
    assert PostState.WAITING not in await states(desk)


async def test_a_courier_killed_before_it_sent_anything_loses_nothing(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    await killed(desk, when_heard=False)
    assert (await deliver(desk)).kinds == ["client.question"]


async def test_a_message_that_was_sent_and_could_not_be_settled_is_settled_later_and_not_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    messenger = Scripted(desk.clock)
    broken = True
    turn = Desk.turn

    def sometimes(self: Desk) -> Any:
        if messenger.letters and broken:
            raise OSError("disk full")
        return turn(self)

    monkeypatch.setattr(Desk, "turn", sometimes)
    async with at_work_until(desk, messenger, heard=1):
        assert await states(desk) == [PostState.SENDING]
        broken = False
        while await states(desk) != [PostState.SENT]:
            desk.clock.advance(timedelta(seconds=30))
            await settled_down()
    assert len(messenger.letters) == 1


async def test_replies_that_were_handed_over_and_not_sent_are_given_back_when_the_courier_stops(desk: Desk) -> None:
    client = await a_client(desk)
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=3), whole_bot=True)])
    await post_all(desk, question(client.id, "q"))
    async with at_work_until(desk, messenger, heard=1):
        await post_all(desk, said(client.id))
        await settled_down()
    assert await states(desk) == [PostState.WAITING, PostState.WAITING]
    assert desk.hand_over is None


async def test_one_row_that_cannot_be_read_keeps_nobody_else_waiting(desk: Desk) -> None:
    client, other = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2)
    await post_all(desk, question(client.id, "bad"), question(other.id, "good"), question(client.id, "next"))
    async with desk.turn() as turn:
        spoilt = t.outbox.update().where(t.outbox.c.key == "bad").values(facts_sealed=b"not sealed by any key of ours")
        await turn.m.con.execute(spoilt)
    messenger = await deliver(desk)
    assert sorted(letter.chat_id for letter in messenger.letters) == [2, 1001]
    assert await states(desk) == [PostState.WAITING, PostState.SENT, PostState.SENT]


async def test_two_couriers_never_send_one_row_twice(desk: Desk) -> None:
    clients = [await a_client(desk, ref=f"R-{n}", chat_id=n + 1) for n in range(20)]
    await post_all(desk, *(question(client.id, client.ref) for client in clients))
    one, two = Scripted(desk.clock), Scripted(desk.clock)
    async with asyncio.timeout(20), asyncio.TaskGroup() as house:
        couriers = [Courier(desk, messenger, None, UNPACED) for messenger in (one, two)]
        for courier in couriers:
            house.create_task(courier.run())
        for courier in couriers:
            await courier.idle()
        for courier in couriers:
            courier.stop()
    assert sorted(letter.chat_id for letter in one.letters + two.letters) == list(range(1, 21))
