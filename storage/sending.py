"""What the courier asks of the outbox: whose turn it is, taking a row, and what became of it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import AlertState, Kind
from bot.domain.delivery import REPEATED_WHEN_UNSURE, Guard, PostState, Urgency, back_off
from bot.domain.ladder import Rung, Step
from bot.domain.outgoing import AskedNow, HeldNow, Outgoing, Shown
from bot.domain.people import Asking, Status
from bot.domain.words import Role
from storage import leading
from storage import tables as t
from storage.delivery import FACTS, Claim
from storage.sealing import Seal

_o, _p, _m = t.outbox.c, t.person.c, t.message.c
_CHAT = sa.func.coalesce(_o.chat_id, _p.chat_id)
"""Where a row goes: the chat that it names, else the one that its person has now."""

# Asked for every message that leaves: putting such a statement together takes longer than asking it.


def _heads() -> sa.Select[Any]:
    place = sa.func.row_number().over(partition_by=_o.person_id, order_by=(_o.urgency, _o.number))
    due = (
        sa.select(_o.id, _o.person_id, _o.chat_id, _o.urgency, _o.not_before, _o.number, place.label("place"))
        .where(_o.state == PostState.WAITING, _o.not_before <= sa.bindparam("now"))
        .subquery()
    )
    return (
        sa.select(due, sa.func.coalesce(due.c.chat_id, _p.chat_id).label("chat"))
        .join_from(due, t.person, due.c.person_id == _p.id)
        .where(due.c.place == 1)
        .order_by(due.c.urgency, due.c.not_before, due.c.number)
        .limit(sa.bindparam("most"))
    )


def _whole() -> sa.Select[Any]:
    here = sa.and_(_m.person_id == _p.id, _m.chat_id == _CHAT, _m.surface == _o.surface, _m.current.is_(True))
    return (
        sa.select(
            t.outbox,
            *(_p.ref, _p.role, _p.status, _CHAT.label("chat"), _p.unreachable, _p.language, _p.timezone),
            *(_m.message_id.label("stands"), _m.has_photo, _m.has_buttons),
        )
        .join_from(t.outbox, t.person, _o.person_id == _p.id)
        .outerjoin(t.message, here)
        .where(_o.id.in_(sa.bindparam("ids", expanding=True)), _o.state == PostState.SENDING)
        .order_by(_o.number)
    )


_HEADS, _WHOLE = _heads(), _whole()
_NEXT_DUE = sa.select(sa.func.min(_o.not_before)).where(
    _o.state == PostState.WAITING, _o.not_before > sa.bindparam("now")
)
_CLAIM = (
    t.outbox.update()
    .where(_o.id == sa.bindparam("sought"), _o.state == PostState.WAITING, _o.not_before <= sa.bindparam("now"))
    .values(
        state=PostState.SENDING,
        claimed_by=sa.bindparam("by"),
        lease_until=sa.bindparam("until"),
        why=None,
        tries=_o.tries + 1,
    )
)
_IN_HAND = sa.and_(
    _o.id == sa.bindparam("sought"), _o.state == PostState.SENDING, _o.claimed_by == sa.bindparam("held_by")
)
"""A row, as long as it is claimed as it was when it was loaded."""
_FLYING, _HELD = t.outbox.update().where(_IN_HAND), sa.select(_o.id).where(_IN_HAND)
_ALL_FLYING = sa.select(_o.id, _o.claimed_by, _o.lease_until).where(_o.state == PostState.SENDING).order_by(_o.number)

LATEST = 200
"""Rows that are looked at for what has left lately: more than leaves in a few seconds."""


def _ended(state: PostState, now: datetime, message_id: int | None) -> dict[str, Any]:
    return {"state": state, "settled_at": now, "facts_sealed": None, "lease_until": None, "message_id": message_id}


@dataclass(frozen=True, slots=True)
class Head:
    """Enough of a row to decide whose turn it is."""

    id: str
    person_id: str
    chat_id: int | None
    urgency: Urgency
    not_before: datetime
    number: int


class Sending:
    """Every change of a row's state is conditional on the state before it: two couriers never both win."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    # ------------------------------------------------------------ whose turn

    async def heads(self, now: datetime, limit: int) -> list[Head]:
        """The first due row of each person, the most urgent first."""
        return [
            Head(row.id, row.person_id, row.chat, Urgency(row.urgency), row.not_before, row.number)
            for row in await self._con.execute(_HEADS, {"now": now, "most": limit})
        ]

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next row becomes due that is not due yet."""
        found: datetime | None = (await self._con.execute(_NEXT_DUE, {"now": now})).scalar_one()
        return found

    async def claim(self, row_id: str, claim: Claim, now: datetime) -> bool:
        """Take one waiting row that is due. False: somebody else did, or it is not, or no longer."""
        given = {"sought": row_id, "now": now, "by": claim.by, "until": claim.until}
        done = await self._con.execute(_CLAIM, given)
        return done.rowcount == 1

    async def renew(self, row_id: str, claim: Claim) -> bool:
        """Hold on to a row that was claimed a while ago. False: it was taken over."""
        mine = t.outbox.update().where(_o.id == row_id, _o.state == PostState.SENDING, _o.claimed_by == claim.by)
        return (await self._con.execute(mine.values(lease_until=claim.until))).rowcount == 1

    async def load(self, row_ids: Collection[str]) -> list[tuple[Head, Outgoing]]:
        """Claimed rows with everything that sending them needs, in the order in which they were decided."""
        rows = await self._con.execute(_WHOLE, {"ids": list(row_ids)})
        return [
            (Head(row.id, row.person_id, row.chat, Urgency(row.urgency), row.not_before, row.number), self._out(row))
            for row in rows
        ]

    def _out(self, row: Any) -> Outgoing:
        sealed = row.facts_sealed
        stands = Shown(row.stands, row.has_photo, row.has_buttons) if row.stands is not None else None
        return Outgoing(
            id=row.id,
            person_id=row.person_id,
            ref=row.ref,
            role=Role(row.role),
            status=Status(row.status),
            chat_id=row.chat,
            former=row.chat_id is not None,
            unreachable=row.unreachable,
            language=row.language,
            timezone=row.timezone,
            surface=row.surface,
            kind=row.kind,
            facts=json.loads(self._seal.open(FACTS, row.id, sealed)) if sealed else {},
            urgency=Urgency(row.urgency),
            guard=Guard(row.guard),
            fresh=row.fresh,
            silent=row.silent,
            client_id=row.client_id,
            check_in_id=row.check_in_id,
            alert_id=row.alert_id,
            tries=row.tries,
            unsure=row.unsure,
            expires_at=row.expires_at,
            withdrawn=row.why,
            stands=stands,
            claimed_by=row.claimed_by,
        )

    # ------------------------------------------------------------ the last look

    async def asked_now(self, client_id: str | None, check_in_id: str | None) -> AskedNow | None:
        c, k = t.client.c, t.check_in.c
        query = (
            sa.select(c.consent_at, c.asking, k.state, k.expires_at)
            .outerjoin(t.check_in, sa.and_(k.client_id == c.person_id, k.id == check_in_id))
            .where(c.person_id == client_id)
        )
        row = (await self._con.execute(query)).first()
        return AskedNow(row.consent_at is not None, Asking(row.asking), row.state, row.expires_at) if row else None

    async def held_now(self, alert_id: str | None) -> HeldNow | None:
        a, c = t.alert.c, t.client.c
        query = (
            sa.select(a.kind, a.state, a.ladder, a.step, c.worker_id)
            .join_from(t.alert, t.client, a.client_id == c.person_id)
            .where(a.id == alert_id)
        )
        row = (await self._con.execute(query)).first()
        if row is None:
            return None
        ladder = tuple(Step(one["ref"], Rung(one["rung"])) for one in row.ladder)
        return HeldNow(Kind(row.kind), AlertState(row.state), ladder, row.step, row.worker_id)

    # ------------------------------------------------------------ what became of it

    async def holds(self, out: Outgoing) -> bool:
        """Is it still in the hands of whoever loaded it? It may have been taken for lost meanwhile."""
        here = {"sought": out.id, "held_by": out.claimed_by}
        return (await self._con.execute(_HELD, here)).first() is not None

    async def end(
        self, out: Outgoing, state: PostState, now: datetime, why: str | None, message_id: int | None = None
    ) -> bool:
        """The row is settled for good; its content is blanked. False: it is in these hands no more."""
        given = {"sought": out.id, "held_by": out.claimed_by, **_ended(state, now, message_id)}
        if why is not None:
            given["why"] = why[:40]
        return (await self._con.execute(_FLYING, given)).rowcount == 1

    async def arrived(self, out: Outgoing, now: datetime, message_id: int) -> PostState:
        """It was taken for lost, and has been sent after all. If it waits to be sent again, that is not needed; else
        the state that it has now.
        """
        waits = t.outbox.update().where(_o.id == out.id, _o.state == PostState.WAITING)
        if (await self._con.execute(waits.values(**_ended(PostState.SENT, now, message_id)))).rowcount == 1:
            return PostState.WAITING
        return PostState((await self._con.execute(sa.select(_o.state).where(_o.id == out.id))).scalar_one())

    async def back(self, out: Outgoing, not_before: datetime, now: datetime, *, tried: bool, unsure: bool) -> PostState:
        """Back among the waiting; unless it was withdrawn meanwhile, or its surface has something newer."""
        row = (await self._con.execute(sa.select(_o.why, _o.fresh).where(_o.id == out.id))).one()
        if row.why is not None:
            await self.end(out, PostState.DROPPED, now, row.why)
            return PostState.DROPPED
        if out.surface is not None and await self._overtaken(out, carry_fresh=row.fresh):
            await self.end(out, PostState.REPLACED, now, "newer")
            return PostState.REPLACED
        await self._con.execute(
            _FLYING.values(
                state=PostState.WAITING,
                not_before=not_before,
                claimed_by=None,
                lease_until=None,
                tries=_o.tries if tried else _o.tries - 1,
                unsure=_o.unsure + 1 if unsure else _o.unsure,
            ),
            {"sought": out.id, "held_by": out.claimed_by},
        )
        return PostState.WAITING

    async def _overtaken(self, out: Outgoing, *, carry_fresh: bool) -> bool:
        """A new message that is owed (`fresh`) becomes what waits. Where that has left already, an alert rings all the
        same; anything else would only cover it, and its buttons would lead nowhere.
        """
        here = sa.and_(_o.person_id == out.person_id, _o.surface == out.surface, _o.id != out.id)
        waits = sa.and_(here, _o.state == PostState.WAITING)
        if carry_fresh:
            found = await self._con.execute(t.outbox.update().where(waits).values(fresh=True))
            if found.rowcount > 0 or out.urgency in REPEATED_WHEN_UNSURE:
                return found.rowcount > 0
        mine = sa.select(_o.number).where(_o.id == out.id).scalar_subquery()
        left = sa.and_(here, _o.number > mine, _o.state.in_((PostState.SENDING, PostState.SENT)))
        return (await self._con.execute(sa.select(_o.id).where(sa.or_(waits, left)).limit(1))).first() is not None

    async def push_away(self, row_id: str, by: str, now: datetime) -> None:
        """A row that cannot even be prepared waits, longer each time."""
        claimed = sa.and_(_o.state == PostState.SENDING, _o.claimed_by == by)
        at_hand = sa.and_(_o.id == row_id, sa.or_(_o.state == PostState.WAITING, claimed))
        not_counted = sa.case((_o.state == PostState.WAITING, 1), else_=0)  # its claim was rolled back
        tried = t.outbox.update().where(at_hand).values(tries=_o.tries + not_counted).returning(_o.tries)
        later = now + back_off(int((await self._con.execute(tried)).scalar_one_or_none() or 0))
        waits = {"state": PostState.WAITING, "not_before": later, "claimed_by": None, "lease_until": None}
        await self._con.execute(t.outbox.update().where(at_hand).values(**waits))

    async def run_out(self, now: datetime, not_these: Collection[str], *, all_of_them: bool) -> list[str]:
        """Ids of rows that nobody is sending any more, as far as can be known: their sender has died."""
        flying = [row for row in await self._con.execute(_ALL_FLYING) if row.id not in not_these]
        if all_of_them or not flying:
            return [row.id for row in flying]
        # On SQLite nobody else is alive, and whoever is knows what is theirs.
        alive = await leading.living(self._con) if self._con.dialect.name != "sqlite" else None
        return [row.id for row in flying if row.lease_until <= now or (alive is not None and row.claimed_by not in alive)]

    async def lately(self, since: datetime) -> list[tuple[int, datetime]]:
        """What has been sent since then, to which chat and when, oldest first; as far as it was decided lately too."""
        latest = sa.select(_o.person_id, _o.chat_id, _o.state, _o.settled_at).order_by(_o.number.desc()).limit(LATEST)
        some = latest.subquery()
        query = (
            sa.select(sa.func.coalesce(some.c.chat_id, _p.chat_id).label("chat"), some.c.settled_at)
            .join_from(some, t.person, some.c.person_id == _p.id)
            .where(some.c.state == PostState.SENT, some.c.settled_at >= since)
            .order_by(some.c.settled_at)
        )
        return [(row.chat, row.settled_at) for row in await self._con.execute(query) if row.chat is not None]
