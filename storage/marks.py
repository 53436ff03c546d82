"""Small facts about the house itself: when it last received, what the bot is called; when it was away; its plans."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t

CLOSED = "closed:"
DATABASE = "database"
KEY_GONE = "key_gone:"
"""A key with this number has been taken out of use: nothing that it closed may come onto record any more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment under a name, with a word to it."""

    at: datetime
    value: str | None


_MARK = sa.select(t.mark).where(t.mark.c.name == sa.bindparam("sought"))
_NAMED = sa.select(t.mark.c.name).where(t.mark.c.name.in_(sa.bindparam("sought", expanding=True)))


class Marks:
    """One row a name, the latest wins; and the spans in which the bot heard nothing."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def get(self, name: str, *, lock: bool = False) -> Mark | None:
        """`lock`: nobody else looks at it so, or changes it, before this unit ends."""
        row = (await self._con.execute(_MARK.with_for_update() if lock else _MARK, {"sought": name})).first()
        return Mark(row.at, row.value) if row else None

    async def set(self, name: str, at: datetime, value: str | None = None) -> None:
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        await self._con.execute(
            dialect.insert(t.mark)
            .values(name=name, at=at, value=value)
            .on_conflict_do_update(index_elements=["name"], set_={"at": at, "value": value})
        )

    async def set_once(self, name: str, at: datetime, value: str) -> None:
        """Whoever is first says it; it never changes."""
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        await self._con.execute(
            dialect.insert(t.mark).values(name=name, at=at, value=value).on_conflict_do_nothing(index_elements=["name"])
        )

    async def database(self) -> str | None:
        """Which database this is: a random word that it keeps, and every backup of it. None before its first start."""
        found = await self.get(DATABASE)
        return found.value if found else None

    async def named(self, beginning: str) -> dict[str, Mark]:
        """All whose names begin so."""
        query = sa.select(t.mark).where(t.mark.c.name.startswith(beginning, autoescape=True))
        return {row.name: Mark(row.at, row.value) for row in await self._con.execute(query)}

    async def gone_keys(self, numbers: Collection[str]) -> frozenset[str]:
        """Which of these keys have been taken out of use."""
        found = await self._con.scalars(_NAMED, {"sought": [f"{KEY_GONE}{number}" for number in numbers]})
        return frozenset(name.removeprefix(KEY_GONE) for name in found)

    async def take_out_of_use(self, numbers: Sequence[str], at: datetime, instead: str) -> None:
        """From the commit on nobody can keep what these keys have closed.

        On PostgreSQL it waits for whoever has asked already whether they may: the table stays locked by each who read
        it, until their end. Nothing else may be asked for in the same unit, or two would wait for each other.
        """
        if self._con.dialect.name == "postgresql":
            await self._con.exec_driver_sql(f"LOCK TABLE {t.mark.name} IN ACCESS EXCLUSIVE MODE")
        for number in numbers:
            await self.set(f"{KEY_GONE}{number}", at, instead)

    async def back_into_use(self, numbers: Sequence[str]) -> None:
        await self.drop(*(f"{KEY_GONE}{number}" for number in numbers))

    async def drop(self, *names: str) -> None:
        await self._con.execute(t.mark.delete().where(t.mark.c.name.in_(names)))

    async def close(self, chat_id: int | None, until: datetime) -> None:
        """Telegram asked for patience, in one chat or (None) everywhere: whoever sends next has to know."""
        await self.set(f"{CLOSED}{'' if chat_id is None else chat_id}", until)

    async def closed(self, now: datetime) -> list[tuple[int | None, datetime]]:
        """What is closed at this moment, and until when."""
        query = sa.select(t.mark).where(t.mark.c.name.startswith(CLOSED, autoescape=True), t.mark.c.at > now)
        rows = [(row.name.removeprefix(CLOSED), row.at) for row in await self._con.execute(query)]
        return [(int(chat) if chat else None, until) for chat, until in rows]

    async def open_again(self, now: datetime) -> None:
        """Forget what was closed until now."""
        over = sa.and_(t.mark.c.name.startswith(CLOSED, autoescape=True), t.mark.c.at <= now)
        await self._con.execute(t.mark.delete().where(over))

    async def note_absence(self, starts_at: datetime, ends_at: datetime) -> None:
        await self._con.execute(t.absence.insert().values(id=t.new_id(), starts_at=starts_at, ends_at=ends_at))

    async def absences(self) -> list[tuple[datetime, datetime]]:
        query = sa.select(t.absence.c.starts_at, t.absence.c.ends_at).order_by(t.absence.c.starts_at)
        return [(row.starts_at, row.ends_at) for row in await self._con.execute(query)]


@dataclass(frozen=True, slots=True)
class InForce:
    """A version of the plan, since when, and what of it the rules go by (`plan.Plan.rules`)."""

    version: str
    since: datetime
    rules: Mapping[str, Any]


class Plans:
    """Which versions of the plan have been in force since when."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def note(self, version: str, rules: Mapping[str, Any], at: datetime, by: str = "start") -> bool:
        """Remember that this version is in force from now on; False if it is already: then nothing changes.

        Of several processes that start at once one is told True; the others wait until its unit has ended.
        """
        if self._con.dialect.name == "postgresql":  # in SQLite one writes at a time anyhow
            await self._con.exec_driver_sql("LOCK TABLE plan_version IN SHARE ROW EXCLUSIVE MODE")
        latest = await self.at(at)
        if latest is not None and latest.version == version:
            return False
        row = t.plan_version.insert().values(version=version, rules=dict(rules), applied_at=at, applied_by=by)
        await self._con.execute(row)
        return True

    async def all(self) -> list[InForce]:
        """Each time that a version came into force, oldest first."""
        rows = await self._con.execute(sa.select(t.plan_version).order_by(t.plan_version.c.number))
        return [InForce(row.version, row.applied_at, row.rules) for row in rows]

    async def rules_of(self, versions: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """What the rules went by in each of these versions that is on record."""
        c = t.plan_version.c
        rows = await self._con.execute(sa.select(c.version, c.rules).where(c.version.in_(versions)))
        return {row.version: row.rules for row in rows}

    async def at(self, moment: datetime) -> InForce | None:
        """The version that was in force then; None before the first."""
        c = t.plan_version.c
        query = sa.select(t.plan_version).where(c.applied_at <= moment).order_by(c.number.desc()).limit(1)
        row = (await self._con.execute(query)).first()
        return InForce(row.version, row.applied_at, row.rules) if row else None
