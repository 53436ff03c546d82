"""Answers, every version of each, their words sealed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.checkins import Answer, CheckIn
from storage import tables as t
from storage.sealing import Seal

TEXT = "answer.text"
c = t.answer.c
_ADD = t.answer.insert()
_NAMES = [name for name in Answer.__dataclass_fields__ if name != "text"]


class Answers:
    """Rows in, answers out."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    async def of_check_in(self, check_in_id: str) -> list[Answer]:
        """All versions, in order of item and version."""
        query = sa.select(t.answer).where(c.check_in_id == check_in_id).order_by(c.item, c.version)
        return [self._answer(row._mapping) for row in await self._con.execute(query)]

    async def of_check_ins(self, check_in_ids: Sequence[str]) -> dict[str, list[Answer]]:
        """The same for many check-ins at once."""
        query = sa.select(t.answer).where(c.check_in_id.in_(check_in_ids)).order_by(c.item, c.version)
        found: dict[str, list[Answer]] = {one: [] for one in check_in_ids}
        for row in await self._con.execute(query):
            found[row.check_in_id].append(self._answer(row._mapping))
        return found

    async def of(self, client_id: str, since: datetime | None = None) -> Mapping[str, list[Answer]]:
        """Check-in → all versions of its answers; with `since`, of check-ins that were due from then on."""
        query = sa.select(t.answer).where(c.client_id == client_id).order_by(c.check_in_id, c.item, c.version)
        if since:
            due = sa.select(t.check_in.c.id).where(t.check_in.c.client_id == client_id, t.check_in.c.planned_at >= since)
            query = query.where(c.check_in_id.in_(due))
        found: dict[str, list[Answer]] = {}
        for row in await self._con.execute(query):
            found.setdefault(row.check_in_id, []).append(self._answer(row._mapping))
        return found

    async def by_message(self, client_id: str, message_id: int) -> tuple[str, Answer] | None:
        """Which check-in and answer a typed message gave."""
        query = (
            sa.select(t.answer)
            .where(c.client_id == client_id, c.chat_message_id == message_id)
            .order_by(c.answered_at.desc(), c.version.desc())
            .limit(1)
        )
        row = (await self._con.execute(query)).first()
        return (row.check_in_id, self._answer(row._mapping)) if row else None

    async def worth(self, client_id: str, asks: str, but: str) -> list[float]:
        """What a client's answers to questions of one kind are worth, 0 to 10, those of the check-in `but` left out."""
        mine = (c.client_id == client_id, c.asks == asks, c.current.is_(True), c.value_0_10.is_not(None))
        found = await self._con.execute(sa.select(c.value_0_10).where(*mine, c.check_in_id != but))
        return [row[0] for row in found]

    async def add(self, check_in: CheckIn, answer: Answer) -> None:
        """Keep a new version, numbered by the answer itself; earlier ones stay, and no longer hold."""
        if answer.version > 1:
            same = sa.and_(c.check_in_id == check_in.id, c.item == answer.item, c.current.is_(True))
            await self._con.execute(t.answer.update().where(same).values(current=False))
        answer_id = t.new_id()
        values = {name: getattr(answer, name) for name in _NAMES}
        sealed = self._seal.close(TEXT, answer_id, answer.text) if answer.text is not None else None
        row = {"id": answer_id, "check_in_id": check_in.id, "client_id": check_in.client_id, "text_sealed": sealed}
        await self._con.execute(_ADD, values | row)

    def _answer(self, row: Mapping[Any, Any]) -> Answer:
        values = {name: row[c[name]] for name in _NAMES}
        sealed = row[c.text_sealed]
        return Answer(**values, text=self._seal.open(TEXT, row[c.id], sealed) if sealed else None)
