"""By when it was received an answer is judged; no window closes over what was received in it, whatever clocks do."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions import checkins, inbox
from bot.actions.desk import Desk
from bot.domain.checkins import CheckIn, State
from bot.domain.people import Client, Person
from bot.rehearsal.clock import RehearsalClock
from tests.support.checkins import answers_of, asked, at, latest, move, tap
from tests.support.people import a_client, a_worker

SECOND = timedelta(seconds=1)


@pytest.fixture
async def worker(desk: Desk) -> Person:
    return await a_worker(desk)


@pytest.fixture
async def client(desk: Desk, worker: Person) -> Client:
    return await a_client(desk, worker)


def a_tap(update_id: int, chat_id: int = 1001) -> dict[str, Any]:
    return {"update_id": update_id, "callback_query": {"id": "1", "from": {"id": chat_id}, "data": "1:a:x:0:7"}}


async def expire(desk: Desk) -> int:
    async with desk.turn() as turn:
        return await checkins.expire_due(turn)


async def handled(desk: Desk, update_id: int = 1) -> None:
    async with desk.turn() as turn:
        assert await turn.m.inbox.take(update_id, turn.now)


def end_of(check_in: CheckIn) -> Any:
    assert check_in.expires_at is not None
    return check_in.expires_at


async def test_a_window_is_not_closed_over_what_was_received_in_it(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    at(desk, end_of(check_in) - SECOND)
    await inbox.keep(desk, [a_tap(1)])
    move(desk, hours=1)
    assert await expire(desk) == 0
    assert (await latest(desk, client)).state is State.OPEN
    await handled(desk)
    assert await expire(desk) == 1
    assert (await latest(desk, client)).state is State.EXPIRED


async def test_what_comes_from_somebody_else_holds_nothing_up(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    at(desk, end_of(check_in) - SECOND)
    await inbox.keep(desk, [a_tap(1, chat_id=77)])
    move(desk, seconds=1)
    assert await expire(desk) == 1


async def test_a_window_is_not_closed_over_what_was_received_after_it_either(desk: Desk, client: Client) -> None:
    """Telegram may have kept it since it was typed in time; when that was, whoever handles it can tell."""
    check_in = await asked(desk, client)
    at(desk, end_of(check_in))
    await inbox.keep(desk, [a_tap(1)])
    assert await expire(desk) == 0
    await handled(desk)
    assert await expire(desk) == 1


async def test_what_is_just_being_received_is_waited_for(desk: Desk, client: Client) -> None:
    """It is not on the disk yet, and so nobody else can see it: whoever wants to close the window waits until it is."""
    check_in = await asked(desk, client)
    at(desk, end_of(check_in) - SECOND)
    async with asyncio.TaskGroup() as group:
        async with desk.turn() as turn:
            await turn.m.inbox.come_in()
            await turn.m.inbox.keep([(1, 1001, a_tap(1))], desk.clock.now())
            move(desk, seconds=2)
            closing = group.create_task(expire(desk))
            await _waits(desk, closing)
        await closing
    assert closing.result() == 0


async def _waits(desk: Desk, task: "asyncio.Task[int]") -> None:
    """Return once it has got as far as it can. On SQLite it waits for its turn without asking the database."""
    blocked = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with asyncio.timeout(10):
        for _ in range(10) if desk.memory.is_sqlite else iter(int, 1):
            await asyncio.sleep(0)
            assert not task.done()
            if not desk.memory.is_sqlite:
                async with desk.glance() as m:
                    if await m.con.scalar(blocked):
                        return


async def answer(desk: Desk, client: Client, check_in: CheckIn, item: int, value: int, heard: Any) -> None:
    async with desk.turn(heard) as turn:
        await checkins.answer(turn, client, check_in.id, item, value, 500)


async def test_an_answer_bears_the_time_at_which_it_was_received(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    heard = end_of(check_in) - SECOND
    at(desk, end_of(check_in) + timedelta(hours=5))
    await answer(desk, client, check_in, 0, 8, heard)
    [kept] = await answers_of(desk, check_in)
    now = await latest(desk, client)
    assert (kept.answered_at, now.last_touched_at, now.finished_at) == (heard, heard, heard)
    assert now.state is State.PARTIAL


async def test_an_answer_received_by_a_clock_that_was_ahead_is_not_from_the_future(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    heard = desk.clock.now() + timedelta(minutes=50)
    await answer(desk, client, check_in, 0, 8, heard)
    [kept] = await answers_of(desk, check_in)
    assert kept.answered_at == desk.clock.now()


async def test_an_answer_received_by_a_clock_that_was_behind_is_found_by_the_rules(desk: Desk, client: Client) -> None:
    """It was days behind, and was set right before the tap was handled."""
    check_in = await asked(desk, client)
    heard = desk.clock.now() - timedelta(days=3)
    for item, value in enumerate((1, 8, 8)):
        await answer(desk, client, check_in, item, value, heard)
    assert [one.answered_at for one in await answers_of(desk, check_in)] == [check_in.sent_at] * 3
    async with desk.glance() as m:
        assert len(await m.alerts.of_client(client.id)) == 1


async def test_a_clock_set_back_after_the_tap_keeps_the_answer(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    heard = desk.clock.now() + timedelta(minutes=30)
    at(desk, heard)
    clock = desk.clock
    assert isinstance(clock, RehearsalClock)
    clock.set_back(timedelta(minutes=60))
    await answer(desk, client, check_in, 0, 8, heard)
    assert [one.value for one in await answers_of(desk, check_in)] == [8]


async def test_a_number_typed_after_the_clock_was_set_back_is_an_answer(desk: Desk, client: Client) -> None:
    """The check-in is from the future now, and stands in the chat all the same."""
    check_in = await asked(desk, client)
    clock = desk.clock
    assert isinstance(clock, RehearsalClock)
    clock.set_back(timedelta(minutes=60))
    async with desk.turn() as turn:
        assert await checkins.answer_typed(turn, client, "8", checkins.Written(900, turn.heard))
    assert [one.value for one in await answers_of(desk, check_in)] == [8]


async def test_a_number_typed_before_the_question_was_due_does_not_answer_it(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    async with desk.turn(desk.clock.now() - timedelta(minutes=1)) as turn:
        await checkins.answer_typed(turn, client, "8", checkins.Written(900, turn.heard))
    assert await answers_of(desk, check_in) == []


async def test_a_changed_answer_received_in_time_counts_after_the_end(desk: Desk, client: Client) -> None:
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8, 8])
    heard = end_of(check_in) - SECOND
    at(desk, end_of(check_in))
    assert await expire(desk) == 1
    await answer(desk, client, check_in, 1, 2, heard)
    assert [one.value for one in await answers_of(desk, check_in) if one.current] == [8, 2]
    async with desk.glance() as m:
        assert len(await m.alerts.of_client(client.id)) == 1
