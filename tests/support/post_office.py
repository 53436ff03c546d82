"""A courier at work, with a messenger that is told what to say; and what the outbox looks like meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa

from bot.actions import delivery
from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.actions.settling import Hooks
from bot.domain.delivery import Post
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
