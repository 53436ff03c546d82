"""Small facts about the house itself: when it last received, what the bot is called; when it was away; its plans."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment under a name, with a word to it."""

    at: datetime
    value: str | None


class Marks:
    """One row a name, the latest wins; and the spans in which the bot heard nothing."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def get(self, name: str) -> Mark | None:
        row = (await self._con.execute(sa.select(t.mark).where(t.mark.c.name == name))).first()
        return Mark(row.at, row.value) if row else None

    async def set(self, name: str, at: datetime, value: str | None = None) -> None:
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        await self._con.execute(
            dialect.insert(t.mark)
            .values(name=name, at=at, value=value)
            .on_conflict_do_update(index_elements=["name"], set_={"at": at, "value": value})
        )

    async def note_absence(self, starts_at: datetime, ends_at: datetime) -> None:
        await self._con.execute(t.absence.insert().values(id=t.new_id(), starts_at=starts_at, ends_at=ends_at))

    async def absences(self) -> list[tuple[datetime, datetime]]:
        query = sa.select(t.absence.c.starts_at, t.absence.c.ends_at).order_by(t.absence.c.starts_at)
        return [(row.starts_at, row.ends_at) for row in await self._con.execute(query)]


class Plans:
    """Which versions of the plan have been in force since when."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def note(self, version: str, at: datetime, by: str = "start") -> None:
        """Remember that this version is in force from now on; knowing it already changes nothing."""
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        row = dialect.insert(t.plan_version).values(version=version, applied_at=at, applied_by=by)
        await self._con.execute(row.on_conflict_do_nothing())
