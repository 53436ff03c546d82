"""Words that clients added of their own accord, sealed, and whether the worker may see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t
from storage.sealing import Seal

TEXT = "remark.text"
ASKED, WORKER, NOBODY = "asked", "worker", "nobody"
"""Who may see it: not said yet, the worker, nobody but the client."""
c = t.remark.c
_ALL_SHOWN = (
    sa.select(t.remark).where(c.client_id == sa.bindparam("client"), c.shown_to == WORKER).order_by(c.said_at, c.id)
)
_SHOWN_LATELY = _ALL_SHOWN.where(c.said_at >= sa.bindparam("since"))


@dataclass(frozen=True, slots=True)
class Remark:
    """One typed message. `shown_to` is one of the three above."""

    id: str
    client_id: str
    check_in_id: str | None
    chat_message_id: int | None
    text: str = field(repr=False)
    shown_to: str
    said_at: datetime


class Remarks:
    """Rows in, remarks out."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    async def by_id(self, remark_id: str) -> Remark | None:
        return await self._one(c.id == remark_id)

    async def by_message(self, client_id: str, message_id: int) -> Remark | None:
        """The newest that came with a message of this number."""
        found = await self._many(sa.and_(c.client_id == client_id, c.chat_message_id == message_id))
        return found[-1] if found else None

    async def of(self, client_id: str) -> list[Remark]:
        """All of a client's, oldest first."""
        return await self._many(c.client_id == client_id)

    async def shown(self, check_in_id: str) -> list[Remark]:
        """Those of one check-in that the client lets the worker see."""
        return await self._many(c.check_in_id == check_in_id, c.shown_to == WORKER)

    async def all_shown(self, client_id: str, since: datetime | None = None) -> list[Remark]:
        """All of a client's that the worker may see, or those from `since` on, oldest first."""
        query = _ALL_SHOWN if since is None else _SHOWN_LATELY
        rows = await self._con.execute(query, {"client": client_id, "since": since})
        return [self._remark(row._mapping) for row in rows]

    async def add(
        self, client_id: str, check_in_id: str | None, message_id: int | None, text: str, now: datetime
    ) -> Remark:
        remark = Remark(t.new_id(), client_id, check_in_id, message_id, text, ASKED, now)
        await self._con.execute(
            t.remark.insert().values(
                id=remark.id,
                client_id=client_id,
                check_in_id=check_in_id,
                chat_message_id=message_id,
                text_sealed=self._seal.close(TEXT, remark.id, text),
                shown_to=ASKED,
                said_at=now,
            )
        )
        return remark

    async def change(self, remark_id: str, *, text: str | None = None, shown_to: str | None = None) -> None:
        values: dict[str, Any] = {}
        if text is not None:
            values["text_sealed"] = self._seal.close(TEXT, remark_id, text)
        if shown_to is not None:
            values["shown_to"] = shown_to
        await self._con.execute(t.remark.update().where(c.id == remark_id).values(**values))

    async def delete(self, remark_id: str) -> None:
        await self._con.execute(t.remark.delete().where(c.id == remark_id))

    async def _one(self, where: sa.ColumnElement[bool]) -> Remark | None:
        found = await self._many(where)
        return found[0] if found else None

    async def _many(self, *where: sa.ColumnElement[bool]) -> list[Remark]:
        rows = await self._con.execute(sa.select(t.remark).where(*where).order_by(c.said_at, c.id))
        return [self._remark(row._mapping) for row in rows]

    def _remark(self, row: Mapping[Any, Any]) -> Remark:
        return Remark(
            id=row[c.id],
            client_id=row[c.client_id],
            check_in_id=row[c.check_in_id],
            chat_message_id=row[c.chat_message_id],
            text=self._seal.open(TEXT, row[c.id], row[c.text_sealed]),
            shown_to=row[c.shown_to],
            said_at=row[c.said_at],
        )
