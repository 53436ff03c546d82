"""Check-ins to test with: asked at two on a Tuesday, taken by Telegram, answered."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.actions import checkins
from bot.actions.desk import Desk
from bot.domain.checkins import Answer, CheckIn
from bot.domain.people import Client
from bot.rehearsal.clock import RehearsalClock
from storage import tables as t
from storage.delivery import FACTS
from storage.stores import Stores

MESSAGE = 500
"""The message that shows a client's first check-in in these tests."""


def move(desk: Desk, **by: float) -> None:
    clock = desk.clock
    assert isinstance(clock, RehearsalClock)
    clock.advance(timedelta(**by))


def at(desk: Desk, moment: datetime) -> None:
    """Put the clock forward to this moment."""
    clock = desk.clock
    assert isinstance(clock, RehearsalClock)
    clock.advance_to(moment)


async def plan_for(desk: Desk, client: Client) -> datetime | None:
    async with desk.turn() as turn:
        return await checkins.plan_for(turn, client.id)


async def release(desk: Desk) -> int:
    async with desk.turn() as turn:
        return await checkins.release_due(turn)


async def asked(desk: Desk, client: Client, **by: float) -> CheckIn:
    """The client's next check-in: released when it is due (or `by` later), taken by Telegram, standing in the chat."""
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due + timedelta(**by))
    await release(desk)
    check_in = await latest(desk, client)
    await taken(desk, client, check_in, MESSAGE + len(await all_of(desk, client)) - 1)
    return await latest(desk, client)


async def taken(desk: Desk, client: Client, check_in: CheckIn, message_id: int = MESSAGE) -> None:
    """Telegram has taken the question, and the bot has learnt its message."""
    async with desk.turn() as turn:
        assert client.person.chat_id is not None
        await turn.m.messages.adopt(client.id, client.person.chat_id, message_id, check_in.surface, turn.now)
        await checkins.sent(turn, check_in.id)
    await carried_out(desk)


async def latest(desk: Desk, client: Client) -> CheckIn:
    return (await all_of(desk, client))[-1]


async def all_of(desk: Desk, client: Client) -> list[CheckIn]:
    async with desk.glance() as m:
        return await m.checkins.of(client.id)


async def answers_of(desk: Desk, check_in: CheckIn) -> list[Answer]:
    async with desk.glance() as m:
        return await m.answers.of_check_in(check_in.id)


async def posts(desk: Desk, client_id: str | None = None) -> list[Any]:
    """What waits to be sent, oldest first: rows with kind, surface, key and `facts` opened."""
    async with desk.glance() as m:
        query = sa.select(t.outbox).where(t.outbox.c.state.in_(("waiting", "sending"))).order_by(t.outbox.c.number)
        if client_id is not None:
            query = query.where(t.outbox.c.person_id == client_id)
        return list(await m.con.execute(query))


async def kinds(desk: Desk, client_id: str | None = None) -> list[str]:
    return [row.kind for row in await posts(desk, client_id)]


async def facts(desk: Desk, client_id: str) -> Any:
    """The facts of the newest post that waits for this person."""
    newest = (await posts(desk, client_id))[-1]
    async with desk.glance() as m:
        return opened(m, newest)


def opened(m: Stores, row: Any) -> Any:
    """What a post of the outbox says."""
    return json.loads(m.seal.open(FACTS, row.id, row.facts_sealed))


async def carried_out(desk: Desk) -> None:
    """As if the courier had been round: nothing waits any more."""
    async with desk.turn() as turn:
        done = t.outbox.update().where(t.outbox.c.state == "waiting", t.outbox.c.not_before <= turn.now)
        await turn.m.con.execute(done.values(state="sent", settled_at=turn.now))


async def tap(
    desk: Desk, client: Client, check_in: CheckIn, values: Sequence[float | None], message_id: int = MESSAGE
) -> None:
    """Answer the items in order; None skips."""
    for item, value in enumerate(values):
        async with desk.turn() as turn:
            now = await turn.m.people.client(client.id)
            await checkins.answer(turn, now or client, check_in.id, item, value, message_id)


async def untouched_check_in(desk: Desk, client: Client) -> CheckIn:
    """One that was sent and never touched, until its end."""
    check_in = await asked(desk, client)
    assert check_in.expires_at is not None
    at(desk, check_in.expires_at)
    async with desk.turn() as turn:
        await checkins.expire_due(turn)
    await carried_out(desk)
    return replace(await latest(desk, client))
