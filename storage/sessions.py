"""Meetings of client and worker: held, missed, or still to come."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t

HELD, MISSED, PLANNED = "held", "missed", "planned"


@dataclass(frozen=True, slots=True)
class Session:
    """One meeting, and who said so (a ref)."""

    at: datetime
    state: str
    said_by: str


class Sessions:
    """Rows in, sessions out; the next one stands with the client as well."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def of(self, client_id: str) -> list[Session]:
        """All of a client's, oldest first."""
        query = sa.select(t.session).where(t.session.c.client_id == client_id).order_by(t.session.c.at)
        return [Session(row.at, row.state, row.said_by) for row in await self._con.execute(query)]

    async def held(self, client_id: str) -> list[datetime]:
        return [one.at for one in await self.of(client_id) if one.state == HELD]

    async def put(self, client_id: str, at: datetime, state: str, by_ref: str, now: datetime) -> None:
        """Say what became of the meeting at `at`; saying it again replaces what was said."""
        same = sa.and_(t.session.c.client_id == client_id, t.session.c.at == at)
        changed = await self._con.execute(t.session.update().where(same).values(state=state, said_by=by_ref, said_at=now))
        if not changed.rowcount:
            await self._con.execute(
                t.session.insert().values(client_id=client_id, at=at, state=state, said_by=by_ref, said_at=now)
            )

    async def drop_planned(self, client_id: str) -> None:
        """Forget what was planned: another date was given."""
        planned = sa.and_(t.session.c.client_id == client_id, t.session.c.state == PLANNED)
        await self._con.execute(t.session.delete().where(planned))
