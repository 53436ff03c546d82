"""What is on its way: one row per message, written with what caused it, and what stands in each chat now."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.delivery import Post, PostState, Urgency
from bot.domain.words import Facts
from storage import tables as t
from storage.sealing import Seal

FACTS = "outbox.facts"
_o = t.outbox.c

_NEXT = sa.select(sa.func.coalesce(sa.func.max(_o.number), 0) + 1).scalar_subquery()
_ADD = {
    name: dialect.insert(t.outbox).values(number=_NEXT).on_conflict_do_nothing(index_elements=["key"]).returning(_o.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_AHEAD = (
    sa.select(_o.id, _o.surface, _o.state, _o.urgency, _o.fresh, _o.not_before)
    .where(_o.person_id == sa.bindparam("sought"), _o.state.in_((PostState.WAITING, PostState.SENDING)))
    .order_by(_o.number)
)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A row of the same person that is not settled yet."""

    id: str
    surface: str | None
    state: PostState
    urgency: Urgency
    fresh: bool
    due: bool
    """Its time has come: it may go out before what is posted now."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who sends a row, and until when nobody else may."""

    by: str
    until: datetime


class Outbox:
    """The rows themselves; `storage.sending` has what the courier asks."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    # ------------------------------------------------------------ deciding

    async def ahead_of(self, person_id: str, now: datetime) -> list[Ahead]:
        """What this person has waiting or in flight, oldest first."""
        return [
            Ahead(
                row.id,
                row.surface,
                PostState(row.state),
                Urgency(row.urgency),
                row.fresh,
                due=row.not_before <= now,
            )
            for row in await self._con.execute(_AHEAD, {"sought": person_id})
        ]

    async def add(self, post: Post, now: datetime, *, fresh: bool, claim: Claim | None) -> str | None:
        """Write a row, waiting or already claimed. None, and nothing written, if its key is known. Returns the id."""
        added = await self._con.execute(_ADD[self._con.dialect.name], self._row(post, now, fresh=fresh, claim=claim))
        return added.scalar_one_or_none()

    async def add_many(self, posts: Sequence[Post], now: datetime) -> None:
        """Write rows that wait, in this order; those whose key is known are left out."""
        last = await self._con.scalar(sa.select(sa.func.coalesce(sa.func.max(_o.number), 0))) or 0
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        rows = [
            {**self._row(post, now, fresh=post.fresh, claim=None), "number": last + place}
            for place, post in enumerate(posts, start=1)
        ]
        if rows:
            await self._con.execute(dialect.insert(t.outbox).on_conflict_do_nothing(index_elements=["key"]), rows)

    def _row(self, post: Post, now: datetime, *, fresh: bool, claim: Claim | None) -> dict[str, Any]:
        row_id = t.new_id()
        return {
            "id": row_id,
            "key": post.key,
            "person_id": post.to,
            "chat_id": post.chat_id,
            "surface": post.surface,
            "kind": post.kind,
            "facts_sealed": self._closed(row_id, post.facts),
            "urgency": post.urgency,
            "fresh": fresh,
            "silent": post.silent,
            "guard": post.guard,
            "client_id": post.client_id,
            "check_in_id": post.check_in_id,
            "alert_id": post.alert_id,
            "state": PostState.SENDING if claim else PostState.WAITING,
            "tries": 1 if claim else 0,
            "unsure": 0,
            "not_before": post.not_before or now,
            "expires_at": post.expires_at,
            "claimed_by": claim.by if claim else None,
            "lease_until": claim.until if claim else None,
            "made_at": now,
        }

    async def replace(self, row_ids: Collection[str], now: datetime) -> None:
        """Something newer is posted to the same surface: these will never be sent."""
        await self._end(_o.id.in_(row_ids), PostState.REPLACED, "newer", now)

    async def withdraw(
        self,
        now: datetime,
        why: str,
        *,
        key: str | None = None,
        key_prefix: str | None = None,
        alert_id: str | None = None,
        check_in_id: str | None = None,
        client_id: str | None = None,
        person_id: str | None = None,
        kinds: Collection[str] | None = None,
    ) -> int:
        """Drop what waits and fits all that is given; what is in flight does not come back if it fails.

        `person_id`: what goes to the chat that this person has, not what closes an earlier one.
        """
        given = (
            (key, _o.key == key),
            (key_prefix, _o.key.startswith(key_prefix or "", autoescape=True)),
            (alert_id, _o.alert_id == alert_id),
            (check_in_id, _o.check_in_id == check_in_id),
            (client_id, _o.client_id == client_id),
            (person_id, (_o.person_id == person_id) & _o.chat_id.is_(None)),
            (kinds, _o.kind.in_(kinds or ())),
        )
        which = [where for value, where in given if value is not None]
        if not which:
            raise ValueError("withdraw what? nothing was named")
        in_flight = t.outbox.update().where(*which, _o.state == PostState.SENDING)
        await self._con.execute(in_flight.values(why=why))
        return await self._end(sa.and_(*which, _o.state == PostState.WAITING), PostState.DROPPED, why, now)

    async def is_on_its_way(self, alert_id: str, person_id: str, *, new_message: bool) -> bool:
        """Does a row of this alert wait or fly for this person? `new_message`: edits do not count."""
        here = (_o.alert_id == alert_id, _o.person_id == person_id)
        flying = _o.state.in_((PostState.WAITING, PostState.SENDING))
        query = sa.select(_o.id).where(*here, flying, *((_o.fresh.is_(True),) if new_message else ()))
        return (await self._con.execute(query.limit(1))).first() is not None

    async def made_before(self, keys: Collection[str], at: datetime) -> set[str]:
        """Which of these have been on their way, or there, since before that."""
        c = t.outbox.c
        rows = await self._con.execute(sa.select(c.key).where(c.key.in_(keys), c.made_at < at)) if keys else ()
        return {row.key for row in rows}

    async def known(self, keys: Collection[str]) -> set[str]:
        """Those of these keys under which something has been written, whatever became of it."""
        if not keys:
            return set()
        return set(await self._con.scalars(sa.select(_o.key).where(_o.key.in_(keys))))

    async def counted(self) -> dict[str, int]:
        """How many rows are in each state that still asks for something: waiting, being sent, dead."""
        asks = _o.state.in_((PostState.WAITING, PostState.SENDING, PostState.DEAD))
        query = sa.select(_o.state, sa.func.count()).where(asks).group_by(_o.state)
        return {row[0]: row[1] for row in await self._con.execute(query)}

    async def oldest_due(self, now: datetime) -> datetime | None:
        """Since when the oldest row that may leave by now has been waiting."""
        due = (_o.state == PostState.WAITING, _o.not_before <= now)
        oldest: datetime | None = (await self._con.execute(sa.select(sa.func.min(_o.not_before)).where(*due))).scalar()
        return oldest

    async def _end(self, where: sa.ColumnElement[bool], state: PostState, why: str, now: datetime) -> int:
        gone = t.outbox.update().where(where)
        done = await self._con.execute(gone.values(state=state, why=why, settled_at=now, facts_sealed=None))
        return done.rowcount

    def _closed(self, row_id: str, facts: Facts) -> bytes:
        return self._seal.close(FACTS, row_id, json.dumps(facts, ensure_ascii=False, separators=(",", ":")))
