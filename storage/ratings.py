"""How workers say that they and a client work together: for that worker's own eyes, in no export.

A row is one asking; without a value it was passed over. It is asked once a day at most, and the day is in the row's id.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Asking, Status
from bot.domain.rating import Together
from bot.domain.signals.beside import Rating
from storage import tables as t

c = t.worker_rating.c
_RATED = (
    sa.select(c.rated_at, c.value)
    .where(c.client_id == sa.bindparam("client"), c.value.is_not(None))
    .order_by(c.rated_at, c.id)
)
_BY_PRESENT = _RATED.where(
    c.worker_id == sa.select(t.client.c.worker_id).where(t.client.c.person_id == sa.bindparam("client")).scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One asking, with what was answered."""

    id: str
    client_id: str
    worker_id: str
    asked_at: datetime
    value: float | None
    rated_at: datetime | None


class Ratings:
    """Rows in, ratings out; always of one worker about one client."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    # ------------------------------------------------------------ asking

    async def caseloads(self) -> list[Together]:
        """Every worker's own clients who take part, with the last asking about each by this worker."""
        a, person, client = t.assignment.c, t.person, t.client
        since = sa.select(sa.func.max(a.starts_at)).where(
            a.client_id == client.c.person_id, a.worker_id == client.c.worker_id, a.ends_at.is_(None)
        )
        last = sa.select(sa.func.max(c.asked_at)).where(
            c.client_id == client.c.person_id, c.worker_id == client.c.worker_id
        )
        known = sa.func.coalesce(since.scalar_subquery(), person.c.joined_at, person.c.created_at, type_=t.Instant)
        query = (
            sa.select(client, person.c.ref, known.label("known"), last.scalar_subquery().label("last"))
            .join_from(client, person, person.c.id == client.c.person_id)
            .where(person.c.status == Status.JOINED, client.c.worker_id.is_not(None))
            .order_by(client.c.worker_id, client.c.person_id)
        )
        return [
            Together(row.worker_id, row.person_id, row.ref, Asking(row.asking), row.known, row.last)
            for row in await self._con.execute(query)
        ]

    async def asked_since(self, since: datetime) -> dict[str, list[datetime]]:
        """Worker → when they were asked about anybody."""
        found: dict[str, list[datetime]] = {}
        for row in await self._con.execute(sa.select(c.worker_id, c.asked_at).where(c.asked_at >= since)):
            found.setdefault(row.worker_id, []).append(row.asked_at)
        return found

    async def ask(self, client_id: str, worker_id: str, day: date, now: datetime) -> str | None:
        """A new asking; its id, or None if this worker has been asked about anybody that day, by whichever process."""
        asking_id = hashlib.sha256(f"{worker_id} {day}".encode()).hexdigest()[:16]
        row = {"id": asking_id, "client_id": client_id, "worker_id": worker_id, "asked_at": now}
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        made = await self._con.execute(dialect.insert(t.worker_rating).values(**row).on_conflict_do_nothing())
        return asking_id if made.rowcount else None

    async def by_id(self, asking_id: str, *, lock: bool = False) -> Asked | None:
        query = sa.select(t.worker_rating).where(c.id == asking_id)
        row = (await self._con.execute(query.with_for_update() if lock else query)).first()
        return Asked(**row._mapping) if row else None

    async def rate(self, asking_id: str, value: float | None, now: datetime) -> None:
        """The answer to an asking; None: passed over."""
        await self._con.execute(t.worker_rating.update().where(c.id == asking_id).values(value=value, rated_at=now))

    # ------------------------------------------------------------ what was said

    async def add(self, client_id: str, worker_id: str, value: float, now: datetime) -> None:
        """One more, asked and answered at once; earlier ones stay."""
        row: dict[str, Any] = {"client_id": client_id, "worker_id": worker_id, "value": value}
        await self._con.execute(t.worker_rating.insert().values(**row, asked_at=now, rated_at=now))

    async def of(self, client_id: str, worker_id: str) -> list[Rating]:
        """All by this worker, oldest first."""
        rows = await self._con.execute(_RATED.where(c.worker_id == worker_id), {"client": client_id})
        return [Rating(row.rated_at, row.value) for row in rows]

    async def by_present_worker(self, client_id: str) -> list[Rating]:
        """All by the worker whom the client has now, oldest first."""
        rows = await self._con.execute(_BY_PRESENT, {"client": client_id})
        return [Rating(row.rated_at, row.value) for row in rows]

    async def said_since(self, since: datetime) -> list[tuple[str, float]]:
        """Who said what since a moment, for figures over the whole service: worker and value, no client."""
        said = (c.rated_at >= since, c.value.is_not(None))
        return [
            (row.worker_id, row.value) for row in await self._con.execute(sa.select(c.worker_id, c.value).where(*said))
        ]
