"""Who read or did what about whom, without any content."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t


class Audit:
    """Lines are added and never changed."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def note(self, now: datetime, by_ref: str, did: str, about_ref: str | None = None) -> int:
        """`did` is one of a few fixed words, such as `read_answers`; refs only, nothing that anybody wrote.

        Returns the number of the line.
        """
        done = await self._con.execute(
            t.audit.insert().values(at=now, by=by_ref, did=did, about=about_ref).returning(t.audit.c.number)
        )
        return int(done.scalar_one())

    async def lines(self, about_ref: str | None = None) -> list[tuple[datetime, str, str, str | None]]:
        """(at, by, did, about), oldest first."""
        query = sa.select(t.audit.c.at, t.audit.c.by, t.audit.c.did, t.audit.c.about).order_by(t.audit.c.number)
        if about_ref is not None:
            query = query.where(t.audit.c.about == about_ref)
        return [(row.at, row.by, row.did, row.about) for row in await self._con.execute(query)]
