"""Meetings of client and worker: held, missed, or still to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t

HELD, MISSED, PLANNED = "held", "missed", "planned"


@dataclass(frozen=True, slots=True)
class Session:
    """One meeting, who said so (a ref), and when."""

    at: datetime
    state: str
    said_by: str
    said_at: datetime


_OF = sa.select(t.session).where(t.session.c.client_id == sa.bindparam("client")).order_by(t.session.c.at)


_LATELY = _OF.where(
    t.session.c.at
    >= sa.func.coalesce(
        sa.select(sa.func.max(t.session.c.at))
        .where(t.session.c.client_id == sa.bindparam("client"), t.session.c.at <= sa.bindparam("since"))
        .where(t.session.c.state == HELD)
        .scalar_subquery(),
        sa.bindparam("since"),
        type_=t.Instant,
    )
)


class Sessions:
    """Rows in, sessions out; the next one stands with the client as well."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def of(self, client_id: str, since: datetime | None = None) -> list[Session]:
        """A client's, oldest first: all, or from the last one that was held by `since` on."""
        query = _OF if since is None else _LATELY
        rows = await self._con.execute(query, {"client": client_id, "since": since})
        return [Session(row.at, row.state, row.said_by, row.said_at) for row in rows]

    async def taken_place(
        self, client_ids: Sequence[str], since: datetime, now: datetime
    ) -> Mapping[str, list[datetime]]:
        """Client → meetings since then that were held, or were to be and nobody has said otherwise."""
        c = t.session.c
        query = sa.select(c.client_id, c.at).where(c.client_id.in_(client_ids), c.state.in_((HELD, PLANNED)))
        found: dict[str, list[datetime]] = {one: [] for one in client_ids}
        for row in await self._con.execute(query.where(c.at >= since, c.at <= now).order_by(c.at)):
            found[row.client_id].append(row.at)
        return found

    async def missed(self, client_ids: Sequence[str], since: datetime) -> Mapping[str, list[datetime]]:
        """Client → when somebody said, from `since` on, that a meeting was not held."""
        c = t.session.c
        query = sa.select(c.client_id, c.said_at).where(c.client_id.in_(client_ids), c.state == MISSED)
        found: dict[str, list[datetime]] = {one: [] for one in client_ids}
        for row in await self._con.execute(query.where(c.said_at >= since)):
            found[row.client_id].append(row.said_at)
        return found

    async def keep(self, client_id: str, at: datetime, by_ref: str, now: datetime) -> None:
        """A meeting that was to be, before another takes its place; what has been said of it stays."""
        same = sa.and_(t.session.c.client_id == client_id, t.session.c.at == at)
        if (await self._con.execute(sa.select(t.session.c.id).where(same))).first() is None:
            await self.put(client_id, at, PLANNED, by_ref, now)

    async def put(self, client_id: str, at: datetime, state: str, by_ref: str, now: datetime) -> None:
        """Say what became of the meeting at `at`. Something else replaces what was said; the same again is no news."""
        same = sa.and_(t.session.c.client_id == client_id, t.session.c.at == at)
        since = sa.case((t.session.c.state == state, t.session.c.said_at), else_=now)
        changed = await self._con.execute(
            t.session.update().where(same).values(state=state, said_by=by_ref, said_at=since)
        )
        if not changed.rowcount:
            await self._con.execute(
                t.session.insert().values(client_id=client_id, at=at, state=state, said_by=by_ref, said_at=now)
            )

    async def drop_planned(self, client_id: str, now: datetime) -> None:
        """Forget what was planned and is still to come: another date was given."""
        c = t.session.c
        planned = sa.and_(c.client_id == client_id, c.state == PLANNED, c.at > now)
        await self._con.execute(t.session.delete().where(planned))
