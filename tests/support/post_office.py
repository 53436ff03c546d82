"""A courier at work, with a messenger that is told what to say; what is posted for it, and what the outbox looks like."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bot.actions import delivery
from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.actions.settling import Hooks
from bot.domain.delivery import Post, Urgency
from bot.domain.pacing import Pacing
from storage import tables as t
from tests.support.scripted import Say, Scripted

UNPACED = Pacing.of(0, 0)


async def rows(desk: Desk) -> list[Any]:
    """The outbox, oldest first."""
    async with desk.glance() as m:
        return list(await m.con.execute(sa.select(t.outbox).order_by(t.outbox.c.number)))


async def states(desk: Desk) -> list[str]:
    return [row.state for row in await rows(desk)]


async def surfaces(desk: Desk) -> list[Any]:
    """What stands in the chats, oldest first."""
    async with desk.glance() as m:
        return list(await m.con.execute(sa.select(t.message).order_by(t.message.c.message_id)))


async def post_all(desk: Desk, *posts: Post) -> None:
    async with desk.turn() as turn:
        for one in posts:
            await delivery.post(turn, one)


async def settled_down(turns: int = 40) -> None:
    """Let every task do what it can do now: some turns of the loop, with time for the database's threads."""
    for _ in range(turns):
        await asyncio.sleep(0.001)


@asynccontextmanager
async def at_work(
    desk: Desk, messenger: Scripted, hooks: Hooks | None = None, pacing: Pacing = UNPACED, senders: int = 16
) -> AsyncIterator[Courier]:
    """A running courier; it is stopped gently at the end."""
    courier = Courier(desk, messenger, hooks, pacing, senders)
    async with asyncio.timeout(30), asyncio.TaskGroup() as house:
        house.create_task(courier.run())
        await courier.idle()
        yield courier
        courier.stop()


async def deliver(desk: Desk, *says: Say, hooks: Hooks | None = None) -> Scripted:
    """Everything that is due now, once, with these verdicts; returns the messenger with what it heard."""
    messenger = Scripted(desk.clock, list(says))
    async with at_work(desk, messenger, hooks):
        return messenger


LATER = timedelta(minutes=10)


def said(to: str, key: str = "r", **more: Any) -> Post:
    return Post(to, "said", key, **more)


def question(to: str, key: str = "q", **more: Any) -> Post:
    return Post(to, "client.question", key, urgency=Urgency.QUESTION, **more)


def alarm(to: str, key: str = "a", **more: Any) -> Post:
    return Post(to, "worker.alert", key, urgency=Urgency.ALERT, **more)


async def until(holds: Any) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await settled_down(1)


class at_work_until:  # reads as a sentence
    """A courier that runs while the block lasts, once the messenger has heard so many letters."""

    def __init__(self, desk: Desk, messenger: Scripted, heard: int) -> None:
        self._desk, self._messenger, self._heard = desk, messenger, heard
        self._courier = Courier(desk, messenger, None, UNPACED)
        self._house = asyncio.TaskGroup()

    async def __aenter__(self) -> Courier:
        await self._house.__aenter__()
        self._house.create_task(self._courier.run())
        await until(lambda: len(self._messenger.letters) >= self._heard)
        await settled_down()
        return self._courier

    async def __aexit__(self, *why: Any) -> None:
        self._courier.stop()
        await self._house.__aexit__(*why)
