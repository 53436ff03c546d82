"""How workers say that they and a client work together: for that worker's own eyes, in no export."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.signals.beside import Rating
from storage import tables as t

c = t.worker_rating.c


class Ratings:
    """Rows in, ratings out; always of one worker about one client."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def add(self, client_id: str, worker_id: str, value: float, now: datetime) -> None:
        """One more; earlier ones stay."""
        row = {"client_id": client_id, "worker_id": worker_id, "value": value, "rated_at": now}
        await self._con.execute(t.worker_rating.insert().values(**row))

    async def of(self, client_id: str, worker_id: str | sa.ScalarSelect[str]) -> list[Rating]:
        """All by this worker, oldest first."""
        query = sa.select(c.rated_at, c.value).where(c.client_id == client_id, c.worker_id == worker_id)
        rows = await self._con.execute(query.order_by(c.rated_at, c.id))
        return [Rating(row.rated_at, row.value) for row in rows]
