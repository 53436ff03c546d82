"""Updates as Telegram gave them, kept before Telegram is told that they arrived, and worked off in order."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t
from storage.sealing import NUMBER_BYTES, Seal, WrongKey

BODY = "inbox.body"
DOOR = 0x1A_B0C5
"""PostgreSQL's advisory lock under which updates are received."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kept update whose turn it is: the oldest of its chat."""

    update_id: int
    chat_key: int
    attempts: int
    received_at: datetime
    body: dict[str, Any] | None = field(repr=False)
    """None: no key here opens it."""
    key_is_missing: bool = False
    """It was closed with a key that is not here, which may still come; else it is spoilt for ever."""


class Inbox:
    """Membership is by update id, never by "greater than the last": ids start anew at random after a quiet week."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    async def come_in(self) -> None:
        """Before the clock is read for what is kept in this unit. See `all_in`."""
        if self._con.dialect.name != "sqlite":  # there, units take turns anyway
            await self._con.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(DOOR)))

    async def all_in(self) -> None:
        """Return once everything is on disk that was received until now.

        On PostgreSQL what was received a moment ago may still be on its way to the disk while somebody else asks what
        has been received. The door is opened again at once: whatever comes in behind it is younger than this moment.
        """
        if self._con.dialect.name != "sqlite":
            async with self._con.begin_nested() as door:
                await self._con.execute(sa.select(sa.func.pg_advisory_xact_lock(DOOR)))
                await door.rollback()  # which gives the lock back, whatever becomes of this unit

    async def keep(self, updates: Sequence[tuple[int, int, dict[str, Any]]], now: datetime) -> None:
        """Store (update id, chat key, body); one that is here already stays as it is."""
        rows = [
            {
                "update_id": update_id,
                "chat_key": chat_key,
                "body_sealed": self._seal.close(BODY, str(update_id), json.dumps(body)),
                "state": "new",
                "attempts": 0,
                "try_at": now,
                "received_at": now,
            }
            for update_id, chat_key, body in updates
        ]
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        await self._con.execute(dialect.insert(t.inbox).on_conflict_do_nothing(), rows)

    async def next(self, now: datetime, busy: Collection[int], limit: int) -> list[Waiting]:
        """The oldest waiting update of each chat that nobody is working on."""
        first = (
            sa.select(sa.func.min(t.inbox.c.update_id).label("update_id"))
            .where(t.inbox.c.state == "new", t.inbox.c.chat_key.not_in(busy))
            .group_by(t.inbox.c.chat_key)
            .subquery()
        )
        query = (
            sa.select(t.inbox)
            .join(first, first.c.update_id == t.inbox.c.update_id)
            # What was never put off is due, whatever the clock says now: it may have been set back since.
            .where((t.inbox.c.try_at <= now) | (t.inbox.c.try_at == t.inbox.c.received_at))
            .order_by(t.inbox.c.update_id)
            .limit(limit)
        )
        return [self._waiting(row) for row in await self._con.execute(query)]

    def _waiting(self, row: Any) -> Waiting:
        place = (row.update_id, row.chat_key, row.attempts, row.received_at)
        try:
            return Waiting(*place, json.loads(self._seal.open(BODY, str(row.update_id), row.body_sealed)))
        except WrongKey:  # one that can't be read keeps nobody else waiting
            return Waiting(*place, None, key_is_missing=not self._seal.has(bytes(row.body_sealed[:NUMBER_BYTES])))

    async def take(self, update_id: int, now: datetime) -> bool:
        """Mark it handled, in the transaction that handles it. False: somebody else did. The body is blanked."""
        mine = (t.inbox.c.update_id == update_id) & (t.inbox.c.state == "new")
        done = await self._con.execute(t.inbox.update().where(mine).values(state="done", done_at=now, body_sealed=None))
        return bool(done.rowcount)

    async def put_back(self, update_id: int, try_at: datetime, *, counts: bool = True) -> None:
        """Later again. `counts`: it was tried and failed; else something else was in the way."""
        mine = (t.inbox.c.update_id == update_id) & (t.inbox.c.state == "new")
        attempts = t.inbox.c.attempts + (1 if counts else 0)
        await self._con.execute(t.inbox.update().where(mine).values(attempts=attempts, try_at=try_at))

    async def set_aside(self, update_id: int, now: datetime) -> bool:
        """It failed too often: kept with its body for an administrator, in nobody's way any more. False: somebody else
        has done so, or has handled it meanwhile.
        """
        mine = (t.inbox.c.update_id == update_id) & (t.inbox.c.state == "new")
        return bool((await self._con.execute(t.inbox.update().where(mine).values(state="dead", done_at=now))).rowcount)

    async def forget_before(self, before: datetime, dead_before: datetime, limit: int) -> int:
        """Delete what was handled before that moment, and what was set aside before another. Returns how many."""
        i = t.inbox.c
        old = sa.or_((i.state == "done") & (i.done_at < before), (i.state == "dead") & (i.done_at < dead_before))
        some = sa.select(i.update_id).where(old).limit(limit)
        return (await self._con.execute(t.inbox.delete().where(i.update_id.in_(some)))).rowcount

    async def waits_from(self, chat_id: int | None) -> bool:
        """Has something that came from this chat not been handled yet?"""
        i = t.inbox.c
        query = sa.select(i.update_id).where(i.chat_key == chat_id, i.state == "new").limit(1)
        return chat_id is not None and (await self._con.execute(query)).first() is not None

    async def oldest_waiting(self) -> datetime | None:
        query = sa.select(sa.func.min(t.inbox.c.received_at)).where(t.inbox.c.state == "new")
        oldest: datetime | None = (await self._con.execute(query)).scalar_one()
        return oldest
