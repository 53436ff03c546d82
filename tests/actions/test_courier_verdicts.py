"""What becomes of each verdict: repeated, put off, given up; and while Telegram is out of reach."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.actions.courier import Courier
from bot.actions.desk import Desk, Turn
from bot.actions.settling import Hooks
from bot.domain.delivery import PostState
from bot.domain.outgoing import Outgoing
from bot.ports import Letter, Refused, TryLater, Unreachable, Unsure, Verdict
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
    until,
)
from tests.support.scripted import Scripted


async def test_a_question_that_may_have_arrived_is_repeated_once_and_then_given_up(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    assert len((await deliver(desk, Unsure("?"))).letters) == 1
    desk.clock.advance(LATER)
    assert len((await deliver(desk, Unsure("?"))).letters) == 1
    desk.clock.advance(LATER)
    assert (await deliver(desk)).letters == []
    assert [(row.state, row.why) for row in await rows(desk)] == [(PostState.DEAD, "unsure_twice")]


async def test_an_alert_that_may_have_arrived_is_repeated_without_end_and_says_so(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id))
    for attempt in range(12):
        (letter,) = (await deliver(desk, Unsure("?"))).letters
        assert letter.may_be_repeat == (attempt > 0)
        desk.clock.advance(LATER)
    await deliver(desk)
    assert await states(desk) == [PostState.SENT]


async def test_an_edit_that_may_have_arrived_is_repeated_since_it_shows_nothing_twice(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, said(client.id, "2", surface="menu"))
    for _ in range(4):
        await deliver(desk, Unsure("?"))
        desk.clock.advance(LATER)
    await deliver(desk)
    assert await states(desk) == [PostState.SENT, PostState.SENT]


async def test_flood_control_counts_no_try_and_keeps_the_order(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, "1", facts={"n": 1}), question(client.id, "2", facts={"n": 2}))
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=30), whole_bot=True)])
    async with at_work_until(desk, messenger, heard=1):
        desk.clock.advance(timedelta(seconds=29))
        await settled_down()
        assert len(messenger.letters) == 1
        desk.clock.advance(timedelta(seconds=1))
        await until(lambda: len(messenger.letters) == 3)
    assert [letter.facts["n"] for letter in messenger.letters] == [1, 1, 2]
    assert messenger.moments[1] - messenger.moments[0] >= 30
    assert [row.tries for row in await rows(desk)] == [1, 1]


async def test_flood_control_holds_back_replies_too(desk: Desk) -> None:
    client, other = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2)
    await post_all(desk, question(client.id))
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=30), whole_bot=True)])
    async with at_work_until(desk, messenger, heard=1):
        await post_all(desk, said(other.id))
        await settled_down()
        assert len(messenger.letters) == 1
        desk.clock.advance(timedelta(seconds=30))
        await until(lambda: len(messenger.letters) == 3)


async def test_flood_control_of_one_chat_leaves_the_others_open(desk: Desk) -> None:
    client, other = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2)
    await post_all(desk, question(client.id, "1"))
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=30))])
    async with at_work_until(desk, messenger, heard=1):
        await post_all(desk, question(other.id, "2"))
        await until(lambda: len(messenger.letters) == 2)
    assert [letter.chat_id for letter in messenger.letters] == [1001, 2]


async def test_while_the_line_is_down_it_is_tried_again_with_growing_pauses_and_no_try_is_counted(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    messenger = Scripted(desk.clock, [TryLater(timedelta(), why="ConnectError")] * 6)
    async with at_work_until(desk, messenger, heard=1) as courier:
        while len(messenger.letters) < 7:
            assert courier.reach.trouble == "ConnectError"
            before = len(messenger.letters)
            desk.clock.advance(timedelta(seconds=1))
            await settled_down(15)
            assert len(messenger.letters) - before <= 1
        await until(lambda: courier.reach.trouble is None)
    pauses = [later - earlier for earlier, later in zip(messenger.moments, messenger.moments[1:], strict=False)]
    least = (1, 2, 4, 8, 16, 30)  # never earlier; later only by how slow this machine is to look
    assert all(pause >= wanted for pause, wanted in zip(pauses, least, strict=True))
    assert [(row.state, row.tries) for row in await rows(desk)] == [(PostState.SENT, 1)]


async def test_while_nobody_answers_nothing_is_risked_and_then_the_most_urgent_goes_first(desk: Desk) -> None:
    """An outage that leaves in doubt whatever is sent: it costs no question its one repetition, and puts no alert off."""
    client, other, worker = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2), await a_worker(desk)
    await post_all(desk, question(client.id, "1"))
    messenger = Scripted(desk.clock, [Unsure("reset")], answers=[False] * 9)
    async with at_work_until(desk, messenger, heard=1) as courier:
        await post_all(desk, question(other.id, "2"), alarm(worker.id))
        while messenger.answers:
            assert len(messenger.letters) == 1
            desk.clock.advance(timedelta(seconds=31))
            await settled_down(15)
        desk.clock.advance(timedelta(seconds=31))
        await until(lambda: len(messenger.letters) == 4)
        await until(lambda: courier.reach.trouble is None)
    assert messenger.letters[1].chat_id == worker.chat_id
    assert [(row.state, row.unsure) for row in await rows(desk)] == [(PostState.SENT, n) for n in (1, 0, 0)]


async def test_an_alert_that_is_slow_to_be_put_back_is_still_the_first_to_leave(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line comes back while a slow database still puts the alert back: no question slips in before it."""
    client, other, worker = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2), await a_worker(desk)
    may_write, turn = asyncio.Event(), Desk.turn
    may_write.set()

    class SlowFromThere(Scripted):
        async def reaches(self) -> bool:
            if self.answers:
                may_write.clear()
            return await super().reaches()

    async def breaks(letter: Letter) -> Verdict:
        await post_all(desk, question(other.id, "2"), alarm(worker.id))
        return Unsure("reset")

    @asynccontextmanager
    async def when_it_may(self: Desk) -> AsyncIterator[Turn]:
        await may_write.wait()
        async with turn(self) as it:
            yield it

    monkeypatch.setattr(Desk, "turn", when_it_may)
    await post_all(desk, question(client.id, "1"))
    messenger = SlowFromThere(desk.clock, [breaks], answers=[False])
    async with at_work_until(desk, messenger, heard=1):
        await until(lambda: not messenger.answers)
        await settled_down()
        desk.clock.advance(timedelta(seconds=31))
        await settled_down()
        may_write.set()
        await until(lambda: len(messenger.letters) == 4)
    assert messenger.letters[1].chat_id == worker.chat_id


async def test_while_nobody_answers_one_row_is_claimed_at_a_time(desk: Desk) -> None:
    """Whoever dies then leaves one message in doubt, not all that wait."""
    people = [await a_client(desk, ref=f"R-{n}", chat_id=n) for n in range(5)]
    await post_all(desk, question(people[0].id, "0"))
    messenger = Scripted(desk.clock, [Unsure("reset")] * 3, answers=[False] * 9)
    async with at_work_until(desk, messenger, heard=1):
        await post_all(desk, *(question(one.id, one.person.ref) for one in people[1:]))
        while messenger.answers:
            desk.clock.advance(timedelta(seconds=31))
            await settled_down(15)
            assert (await states(desk)).count(PostState.SENDING) <= 1
        messenger.says.clear()
        desk.clock.advance(timedelta(seconds=31))
        await until(lambda: len(messenger.letters) == 6)


async def test_a_dead_chat_marks_the_person_and_what_is_for_them_is_not_sent_at_all(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id, "1"), alarm(worker.id, "2"))
    calls: list[tuple[str, str]] = []

    async def next_one(turn: Turn, out: Outgoing, why: str) -> None:
        calls.append((out.ref, why))

    messenger = await deliver(desk, Unreachable("Forbidden: bot was blocked"), hooks=Hooks(unreachable=next_one))
    assert len(messenger.letters) == 1
    assert calls == [("W-1", "Forbidden: bot was blocked")] * 2
    assert await states(desk) == [PostState.DEAD, PostState.DROPPED]
    async with desk.glance() as m:
        found = await m.people.by_id(worker.id)
    assert found is not None
    assert found.unreachable == "Forbidden: bot was blocked"


async def test_a_message_that_is_refused_is_never_tried_again_and_somebody_is_told(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    calls: list[str] = []

    async def tell(turn: Turn, out: Outgoing, why: str) -> None:
        calls.append(why)

    messenger = await deliver(desk, Refused("too long"), hooks=Hooks(refused=tell, unsent={"client.question": tell}))
    assert (len(messenger.letters), calls, await states(desk)) == (1, ["too long", "too long"], [PostState.DEAD])


async def test_a_feature_hears_in_the_settling_transaction_that_its_message_stands(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))

    async def note(turn: Turn, out: Outgoing, message_id: int) -> None:
        await turn.m.people.change(out.person_id, expects=f"seen:{message_id}")

    await deliver(desk, hooks=Hooks(sent={"client.question": note}))
    async with desk.glance() as m:
        found = await m.people.by_id(client.id)
    assert found is not None
    assert found.expects == "seen:101"


async def test_a_feature_that_fails_does_not_make_a_sent_message_go_twice(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    attempts = 0

    async def broken(turn: Turn, out: Outgoing, message_id: int) -> None:
        nonlocal attempts
        attempts += 1
        raise ZeroDivisionError

    messenger = Scripted(desk.clock)
    async with asyncio.timeout(20), asyncio.TaskGroup() as house:
        courier = Courier(desk, messenger, Hooks(sent={"client.question": broken}), UNPACED)
        house.create_task(courier.run())
        while await states(desk) != [PostState.SENT]:
            desk.clock.advance(timedelta(seconds=30))
            await settled_down()
        courier.stop()
    assert (len(messenger.letters), attempts) == (1, 5)
