"""Telegram's limits, kept by the courier on a clock that is moved by hand: one slot after another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions import delivery
from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.domain.delivery import Post, Urgency
from bot.domain.pacing import MOST_AT_ONCE, TELEGRAMS_LIMIT, Pacing
from bot.domain.people import Status
from bot.domain.words import Role
from bot.ports import TryLater
from storage import tables as t
from storage.unit_of_work import Memory
from tests.support.desks import sqlite_memory
from tests.support.people import a_client, a_worker
from tests.support.post_office import post_all, settled_down
from tests.support.scripted import Scripted

SLOT = timedelta(milliseconds=40)


@pytest.fixture
async def memory(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Memory]:
    """The pace does not depend on the database."""
    async with sqlite_memory(sqlite_template, tmp_path) as memory:
        yield memory


async def crowd(desk: Desk, many: int) -> list[str]:
    """Ids of so many clients in chats of their own."""
    people = [
        {
            "id": t.new_id(),
            "role": Role.CLIENT,
            "ref": f"R-{n}",
            "language": "en",
            "timezone": "Europe/London",
            "status": Status.JOINED,
            "chat_id": 10_000 + n,
            "created_at": desk.clock.now(),
        }
        for n in range(many)
    ]
    async with desk.turn() as turn:
        await turn.m.con.execute(t.person.insert(), people)
    return [str(one["id"]) for one in people]


class Beat:
    """Moves the clock by one slot at a time, and lets whatever may leave then leave."""

    def __init__(self, desk: Desk, messenger: Scripted) -> None:
        self._desk = desk
        self._messenger = messenger

    async def until_heard(self, many: int) -> None:
        async with asyncio.timeout(10):
            while len(self._messenger.letters) < many:
                self._messenger.heard.clear()
                await self._messenger.heard.wait()

    async def slots(self, many: int) -> None:
        """So many slots go by, each with a message that takes it."""
        for _ in range(many):
            already = len(self._messenger.letters)
            self._desk.clock.advance(SLOT)
            await self.until_heard(already + 1)


@asynccontextmanager
async def beating(desk: Desk, messenger: Scripted) -> AsyncIterator[Beat]:
    async with asyncio.timeout(50), asyncio.TaskGroup() as house:
        courier = Courier(desk, messenger, None, Pacing.of(25, 1))
        house.create_task(courier.run())
        yield Beat(desk, messenger)
        courier.stop()


def most_in_one_second(moments: list[float]) -> int:
    return max(sum(first <= at < first + 1 for at in moments) for first in moments)


@pytest.mark.slow
async def test_during_a_burst_of_900_questions_no_alert_waits_longer_than_two_seconds(desk: Desk) -> None:
    questions = [Post(person, "q", f"q:{n}", urgency=Urgency.QUESTION) for n, person in enumerate(await crowd(desk, 900))]
    workers = [await a_worker(desk, f"W-{n}", "Sam", 2000 + n) for n in range(30)]
    async with desk.turn() as turn:
        await delivery.post_all(turn, questions)
    messenger = Scripted(desk.clock)
    raised: dict[int, float] = {}
    async with beating(desk, messenger) as beat:
        await beat.until_heard(MOST_AT_ONCE)
        for n, worker in enumerate(workers):
            await post_all(desk, Post(worker.id, "alert", f"a:{n}", urgency=Urgency.ALERT))
            raised[2000 + n] = desk.clock.monotonic()
            await beat.slots(6)
        # A busy computer may look into the outbox a little later: the last alert has its two seconds, like the others.
        while raised.keys() - {letter.chat_id for letter in messenger.letters} and len(messenger.letters) < 900:
            await beat.slots(1)
    alerts = [
        at - raised[letter.chat_id]
        for letter, at in zip(messenger.letters, messenger.moments, strict=True)
        if letter.kind == "alert"
    ]
    assert len(alerts) == 30
    assert max(alerts) <= 2.0
    assert most_in_one_second(messenger.moments) < TELEGRAMS_LIMIT
    # 25 a second, to the slot: the alerts cost nobody a slot.
    assert messenger.moments[-1] - messenger.moments[0] == pytest.approx((len(messenger.letters) - MOST_AT_ONCE) / 25)


async def test_one_chat_gets_three_at_once_and_then_one_a_second_replies_and_all(desk: Desk) -> None:
    client = await a_client(desk)
    messenger = Scripted(desk.clock)
    async with beating(desk, messenger) as beat:
        await post_all(desk, *(Post(client.id, "said", f"r:{n}") for n in range(6)))
        await beat.until_heard(3)
        while len(messenger.letters) < 6:
            desk.clock.advance(SLOT)
            await settled_down(10)
    since = [at - messenger.moments[0] for at in messenger.moments]
    assert since[:3] == [0, 0, 0]
    assert all(at >= place - 2 - 1e-9 for place, at in enumerate(since))


@pytest.mark.slow
async def test_after_a_429_nothing_is_called_before_its_time_has_passed(desk: Desk) -> None:
    people = await crowd(desk, 40)
    await post_all(desk, *(Post(person, "q", person, urgency=Urgency.QUESTION) for person in people))
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=30), whole_bot=True)])
    async with beating(desk, messenger) as beat:
        await beat.until_heard(1)
        await settled_down()
        at_once = len(messenger.letters)
        for _ in range(29):
            desk.clock.advance(timedelta(seconds=1))
            await settled_down()
        assert len(messenger.letters) == at_once <= MOST_AT_ONCE
        desk.clock.advance(timedelta(seconds=1))
        await beat.until_heard(at_once + 1)
