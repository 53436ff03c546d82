"""Who was erased: for each a mark that tells nothing, so that no older backup can bring them back.

A mark is a keyed hash of the id by which the database knew the person. The id is random and says nothing by itself; it
is the same in every backup. Without the key nobody can tell whether a mark belongs to a certain id
(docs/decisions/0019-tombstones.md).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t
from storage.sealing import Seal

PERSON = "tombstone.person"
c = t.tombstone.c


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One erasing. `id` is random and names this line wherever it is copied to."""

    id: str
    mark: str
    at: datetime


class Tombstones:
    """Lines are added and never changed."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    async def raise_for(self, person_id: str, at: datetime) -> None:
        """In the transaction that erases them."""
        row = {"id": t.new_id(), "mark": self._seal.mark(PERSON, person_id), "at": at}
        await self._con.execute(t.tombstone.insert().values(row))

    async def add(self, stones: Collection[Tombstone]) -> None:
        """Those that were raised elsewhere."""
        rows = [{"id": one.id, "mark": one.mark, "at": one.at} for one in stones]
        if rows:
            await self._con.execute(t.tombstone.insert(), rows)

    async def count(self) -> int:
        return int(await self._con.scalar(sa.select(sa.func.count()).select_from(t.tombstone)) or 0)

    async def everything(self) -> list[Tombstone]:
        """All of them, the oldest first."""
        rows = await self._con.execute(sa.select(t.tombstone).order_by(c.at, c.id))
        return [Tombstone(row.id, row.mark, row.at) for row in rows]

    async def whose(self, stones: Sequence[Tombstone]) -> dict[str, Tombstone]:
        """Client id → the newest of these tombstones that is theirs."""
        by_mark = {one.mark: one for one in sorted(stones, key=lambda one: one.at)}
        found = {}
        for client_id in await self._con.scalars(sa.select(t.client.c.person_id)):
            for mark in self._seal.marks(PERSON, client_id):
                if mark in by_mark:
                    found[client_id] = by_mark[mark]
        return found
