"""Sealing anew what an older key closed, a few values at a time, while everybody else goes on working."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import answers, audit, delivery, goals, inbox, people, remarks
from storage import tables as t
from storage.sealing import NUMBER_BYTES, Seal, WrongKey

LABELS: Mapping[sa.Column[bytes], str] = {
    t.person.c.name_sealed: people.NAME,
    t.goal.c.text_sealed: goals.TEXT,
    t.answer.c.text_sealed: answers.TEXT,
    t.remark.c.text_sealed: remarks.TEXT,
    t.inbox.c.body_sealed: inbox.BODY,
    t.outbox.c.facts_sealed: delivery.FACTS,
    t.audit_head.c.key_sealed: audit.KEY,
}
"""Every sealed column, and the label that its values are bound to. A test keeps it whole."""
COLUMNS: Sequence[str] = [f"{column.table.name}.{column.name}" for column in LABELS]


@dataclass(frozen=True, slots=True)
class Batch:
    """A few rows of one column: where they ended (None: there were no more), and what became of them."""

    last: Any = None
    good: int = 0
    bad: int = 0
    """Values that no key opens. They stay as they are."""


class Resealing:
    """Goes through one column after the other, in order of row id."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    async def left(self) -> int:
        """How many values another key than the newest has closed."""
        counts = [
            await self._con.scalar(sa.select(sa.func.count()).where(column.is_not(None), self._old(column)))
            for column in LABELS
        ]
        return sum(one or 0 for one in counts)

    async def every(self) -> int:
        """How many sealed values there are."""
        counts = [await self._con.scalar(sa.select(sa.func.count(column))) for column in LABELS]
        return sum(one or 0 for one in counts)

    async def some(self, name: str, after: Any, limit: int) -> Batch:
        """Seal anew what comes after a row. A row that somebody is working on is passed over: look again later."""
        column, label, key = _about(name)
        query = self._query(column, key, after, limit).where(self._old(column)).with_for_update(skip_locked=True)
        last, anew, bad = None, list[dict[str, Any]](), 0
        for last, sealed in await self._con.execute(query):
            try:
                text = self._seal.open(label, str(last), bytes(sealed))
                anew.append({"of_row": last, "anew": self._seal.close(label, str(last), text)})
            except WrongKey:
                bad += 1
        if anew:
            put = column.table.update().where(key == sa.bindparam("of_row")).values({column: sa.bindparam("anew")})
            await self._con.execute(put, anew)
        return Batch(last, len(anew), bad)

    async def opened(self, name: str, after: Any, limit: int) -> Batch:
        """Try to open what comes after a row with the newest key alone. Changes nothing."""
        column, label, key = _about(name)
        last, good, bad, newest = None, 0, 0, self._seal.newest()
        for last, sealed in await self._con.execute(self._query(column, key, after, limit)):
            try:
                newest.open(label, str(last), bytes(sealed))
                good += 1
            except WrongKey:
                bad += 1
        return Batch(last, good, bad)

    def _query(self, column: sa.Column[bytes], key: sa.Column[Any], after: Any, limit: int) -> sa.Select[Any]:
        query = sa.select(key, column).where(column.is_not(None)).order_by(key).limit(limit)
        return query if after is None else query.where(key > after)

    def _old(self, column: sa.Column[bytes]) -> sa.ColumnElement[bool]:
        newest = bytes.fromhex(self._seal.number)
        return sa.func.substr(column, 1, NUMBER_BYTES) != sa.literal(newest, sa.LargeBinary)


def _about(name: str) -> tuple[sa.Column[bytes], str, sa.Column[Any]]:
    """The column, its label, and the column of the row's id."""
    column = next(one for one in LABELS if f"{one.table.name}.{one.name}" == name)
    [key] = column.table.primary_key.columns
    return column, LABELS[column], key
