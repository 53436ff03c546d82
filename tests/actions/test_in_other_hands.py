"""A sender that was taken for dead comes back and says what it knows: nothing is shown twice because of it.

The first courier hangs with Telegram, is out of touch, and a second one has taken its row for lost meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.actions.settling import Hooks
from bot.domain.delivery import CLEAR, DELETE, Post, PostState, Urgency
from bot.domain.leading import Lead
from bot.domain.outgoing import Outgoing
from bot.domain.pacing import Pacing
from bot.domain.people import Client
from bot.ports import Letter, Sent, TryLater, Unreachable, Unsure, Verdict
from tests.support.people import a_client
from tests.support.post_office import UNPACED, deliver, post_all, rows, settled_down, states, surfaces
from tests.support.scripted import Say, Scripted

AGAIN = timedelta(seconds=31)
"""When a question that may have arrived is repeated."""


@pytest.fixture
async def client(desk: Desk) -> Client:
    return await a_client(desk)


def question(to: str, key: str = "q", **more: Any) -> Post:
    return Post(to, "client.question", key, urgency=Urgency.QUESTION, surface="checkin:1", **more)


@dataclass
class Away:
    """The verdict that the first sender's call comes back with, some time."""

    comes: "asyncio.Future[Verdict]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def says(self, _: Letter) -> Verdict:
        return await self.comes


@asynccontextmanager
async def out_of_touch(desk: Desk, client: Client, hooks: Hooks | None = None) -> AsyncIterator[Away]:
    """A courier whose term is over while Telegram has its question; it settles when the block ends."""
    away, name = Away(), desk.process
    desk.process = "first"
    first = Courier(desk, (messenger := Scripted(desk.clock, [away.says])), hooks, UNPACED)
    desk.process = name
    async with asyncio.timeout(20), asyncio.TaskGroup() as house:
        house.create_task(first.run())
        await post_all(desk, question(client.id))
        await messenger.heard.wait()
        first.lay_down()
        yield away


async def taken_for_lost(desk: Desk) -> None:
    await deliver(desk)
    assert [(row.state, row.unsure) for row in await rows(desk)] == [(PostState.WAITING, 1)]


def _move(desk: Desk, by: timedelta = AGAIN) -> None:
    desk.clock.advance(by)


async def test_what_did_arrive_is_not_sent_again(desk: Desk, client: Client) -> None:
    told: list[int] = []

    async def asked(_turn: Any, _out: Outgoing, message_id: int) -> None:
        told.append(message_id)

    hooks = Hooks(sent={"client.question": asked})
    async with out_of_touch(desk, client, hooks) as away:
        await taken_for_lost(desk)
        away.comes.set_result(Sent(55, has_buttons=True))
    _move(desk)
    assert (await deliver(desk, hooks=hooks)).letters == []
    assert [(row.state, row.message_id) for row in await rows(desk)] == [(PostState.SENT, 55)]
    assert [(one.message_id, one.current) for one in await surfaces(desk)] == [(55, True)]
    assert told == [55]


async def test_what_was_sent_again_meanwhile_takes_the_first_one_away(desk: Desk, client: Client) -> None:
    async with out_of_touch(desk, client) as away:
        await taken_for_lost(desk)
        _move(desk)
        await deliver(desk)
        away.comes.set_result(Sent(55, has_buttons=True))
    messenger = await deliver(desk)
    assert [(one.kind, one.edits) for one in messenger.letters] == [(DELETE, 55)]
    assert [(one.message_id, one.current) for one in await surfaces(desk)] == [(55, False), (101, True)]


async def test_what_is_being_sent_again_takes_the_place_of_the_first_one(desk: Desk, client: Client) -> None:
    second = Away()
    async with out_of_touch(desk, client) as away:
        await taken_for_lost(desk)
        _move(desk)
        messenger = Scripted(desk.clock, [second.says])
        async with at_telegram(desk, messenger):
            away.comes.set_result(Sent(55, has_buttons=True))
            while not await surfaces(desk):
                await settled_down(1)
            second.comes.set_result(Sent(101, has_buttons=True))
    await deliver(desk)
    assert await states(desk) == [PostState.SENT, PostState.SENT]
    assert [(row.kind) for row in await rows(desk)] == ["client.question", DELETE]
    shown = [(one.message_id, one.current, one.has_buttons) for one in await surfaces(desk)]
    assert shown == [(55, False, False), (101, True, True)]


async def test_what_is_asked_for_expressly_leaves_the_first_one_without_buttons(desk: Desk, client: Client) -> None:
    """A new message that was owed (`fresh`) never takes the place of another."""
    async with out_of_touch(desk, client) as away:
        await taken_for_lost(desk)
        await post_all(desk, question(client.id, "newer", fresh=True))
        await deliver(desk)
        away.comes.set_result(Sent(55, has_buttons=True))
    messenger = await deliver(desk)
    assert [(one.kind, one.edits) for one in messenger.letters] in ([(DELETE, 55)], [(CLEAR, 55)])
    assert [one.message_id for one in await surfaces(desk) if one.has_buttons] == [101]


async def test_what_waits_to_take_its_place_does_so(desk: Desk, client: Client) -> None:
    async with out_of_touch(desk, client) as away:
        await taken_for_lost(desk)
        await post_all(desk, Post(client.id, "said", "newer", surface="checkin:1"))
        away.comes.set_result(Sent(55, has_buttons=True))
    assert [(one.kind, one.edits) for one in (await deliver(desk)).letters] == [("said", 55)]


async def test_what_a_tap_has_proved_to_be_there_stays(desk: Desk, client: Client) -> None:
    """The bot has learnt from the tap what nobody could tell it; what comes of the tap stands there already."""
    async with out_of_touch(desk, client) as away:
        await taken_for_lost(desk)
        async with desk.turn() as turn:
            await turn.m.messages.adopt(client.id, client.person.chat_id or 0, 55, "checkin:1", turn.now)
        await post_all(desk, Post(client.id, "said", "newer", surface="checkin:1"))
        await deliver(desk)
        away.comes.set_result(Sent(55, has_buttons=True))
    assert (await deliver(desk)).letters == []
    assert [(one.message_id, one.current) for one in await surfaces(desk)] == [(55, True)]


@pytest.mark.parametrize("late", [Unsure("reset"), TryLater(timedelta(seconds=9)), Unreachable("blocked")])
async def test_whatever_else_it_has_to_say_is_no_news(desk: Desk, client: Client, late: Verdict) -> None:
    async with out_of_touch(desk, client) as away:
        await taken_for_lost(desk)
        _move(desk)
        await deliver(desk)
        before = [(row.state, row.unsure, row.not_before) for row in await rows(desk)]
        away.comes.set_result(late)
    assert [(row.state, row.unsure, row.not_before) for row in await rows(desk)] == before


@asynccontextmanager
async def at_telegram(desk: Desk, messenger: Scripted) -> AsyncIterator[None]:
    """A courier that has its letter with Telegram while the block lasts."""
    courier = Courier(desk, messenger, None, UNPACED)
    async with asyncio.TaskGroup() as house:
        house.create_task(courier.run())
        await messenger.heard.wait()
        yield
        courier.stop()


async def carried(desk: Desk, *says: Say, pacing: Pacing = UNPACED) -> Scripted:
    """What a courier sends that has just begun, of what it finds at its first look."""
    messenger = Scripted(desk.clock, list(says))
    courier = Courier(desk, messenger, None, pacing)
    desk.progress.end(Lead.SEND)
    async with asyncio.timeout(20), asyncio.TaskGroup() as house:
        house.create_task(courier.run())
        while Lead.SEND not in desk.progress.at or courier._flying:
            await settled_down(1)
        courier.stop()
    return messenger


async def test_what_telegram_closed_stays_closed_for_whoever_sends_next(desk: Desk, client: Client) -> None:
    other = await a_client(desk, ref="R-2", chat_id=2)
    await post_all(desk, question(client.id))
    await deliver(desk, TryLater(timedelta(seconds=40), why="flood"))
    await post_all(desk, Post(client.id, "said", "r"), question(other.id, "o"))
    assert [one.chat_id for one in (await carried(desk)).letters] == [2]
    await post_all(desk, question(other.id, "o2"))
    await carried(desk, TryLater(timedelta(seconds=40), whole_bot=True, why="flood"))
    await post_all(desk, Post(other.id, "said", "r2"))
    assert (await carried(desk)).letters == []
    _move(desk, timedelta(seconds=41))
    assert sorted(one.chat_id for one in (await deliver(desk)).letters) == [2, 2, 1001, 1001]


async def test_what_left_a_moment_ago_counts_for_whoever_sends_next(desk: Desk, client: Client) -> None:
    """Three at once in a chat, whoever sends them."""
    for n in range(3):
        await post_all(desk, Post(client.id, "said", f"r{n}"))
        await deliver(desk)
    await post_all(desk, Post(client.id, "said", "one too many"))
    assert (await carried(desk, pacing=Pacing.of(25, 1))).letters == []
    _move(desk, timedelta(seconds=2))
    assert (await carried(desk, pacing=Pacing.of(25, 1))).kinds == ["said"]
