"""What whoever looks after the computer asks of the database: which keys closed what is in it."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t
from storage.sealing import NUMBER_BYTES, Seal


class Operations:
    """Looks over every table; reads no content."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    async def sealed(self) -> tuple[int, int]:
        """(sealed values, how many of them were closed with a key that is not at hand)."""
        return await self._con.run_sync(sealed_by, self._seal)


def sealed_by(con: sa.Connection, seal: Seal) -> tuple[int, int]:
    """The same for a connection that blocks, as while tables are changed."""
    every = foreign = 0
    for column in _sealed_columns():
        number = sa.func.substr(column, 1, NUMBER_BYTES)
        query = sa.select(number, sa.func.count()).where(column.is_not(None)).group_by(number)
        for found, count in con.execute(query):
            every += count
            foreign += 0 if seal.has(bytes(found)) else count
    return every, foreign


def _sealed_columns() -> list[sa.Column[bytes]]:
    return [one for table in t.meta.sorted_tables for one in table.columns if one.name.endswith("_sealed")]
