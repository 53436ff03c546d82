"""The access log: who read or did what about whom, without any content, each line tied to the one before it.

A line gets its number at once and its place in the chain as the last thing before its unit commits (`link`): whoever
ties waits for whoever is at it, in this process or another, and holds nothing that others need for longer than that.
"""

import base64
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t
from storage.chain import KEY_BYTES, Check, Flaw, Head, Line, Why, end_of, hash_of, pseudonym
from storage.sealing import Seal, WrongKey

KEY, HEAD = "audit.key", "head"
AT_ONCE = 500
"""Lines read at a time."""

log = structlog.get_logger()
_a = t.audit.c


class Audit:
    """Lines are added and never changed; of a person who was erased only the ref is taken out."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal
        self._noted: dict[int, datetime] = {}
        self._erased: list[str] = []

    # ------------------------------------------------------------ writing

    async def note(self, now: datetime, by_ref: str, did: str, about_ref: str | None = None) -> int:
        """`did` is one of a few fixed words, such as `read_answers`; refs only, nothing that anybody wrote.

        Returns the number of the line.
        """
        line = t.audit.insert().values(at=now, by=by_ref, did=did, about=about_ref).returning(_a.number)
        number = int((await self._con.execute(line)).scalar_one())
        self._noted[number] = now
        return number

    async def note_each(self, now: datetime, by_ref: str, did: str, about_refs: Iterable[str]) -> None:
        """The same about several people, a line for each."""
        for ref in about_refs:
            await self.note(now, by_ref, did, ref)

    def unname(self, ref: str) -> None:
        """Whoever has this ref was erased: once this unit's own lines are tied, a pseudonym takes its place in all."""
        self._erased.append(ref)

    async def link(self) -> None:
        """Tie what this unit noted to the chain. The unit of work calls it last of all."""
        if not self._noted:
            return
        try:
            await self._tie(list(self._noted), max(self._noted.values()))
        except WrongKey:  # what was done is worth more than its line; `audit verify` shows what is not tied
            log.error("audit_not_tied", count=len(self._noted))

    async def begin(self, now: datetime) -> None:
        """Begin the chain, where there is none yet, with every line that was noted before, in order."""
        if await self._head() is None:
            await self._tie([], now)

    async def _tie(self, numbers: Sequence[int], now: datetime) -> None:
        if await self._head(lock=True) is None:
            numbers = await self._make_head(now) or numbers
        found = await self._head(lock=True)
        assert found is not None
        head, key = found
        waiting = sa.select(t.audit).where(_a.number.in_(numbers), _a.hash.is_(None)).order_by(_a.number)
        for line in [_line(row) for row in await self._con.execute(waiting)]:  # none of a part that was undone
            place = head.place + 1
            head = replace(head, place=place, hash=hash_of(key, head.hash, place, line))
            at = t.audit.update().where(_a.number == line.number)
            await self._con.execute(at.values(place=place, hash=head.hash))
        ends = {"place": head.place, "hash": head.hash, "end": end_of(key, head)}
        await self._con.execute(t.audit_head.update().where(t.audit_head.c.id == HEAD).values(**ends))
        await self._unname(key)

    async def _make_head(self, now: datetime) -> list[int]:
        """The numbers of all lines that there are; none if somebody else has made it meanwhile."""
        key, head = os.urandom(KEY_BYTES), Head(begun_at=now)
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        row = {"id": HEAD, "begun_at": now, "place": head.place, "hash": head.hash, "end": end_of(key, head)}
        sealed = self._seal.close(KEY, HEAD, base64.b64encode(key).decode())
        made = dialect.insert(t.audit_head).values(**row, key_sealed=sealed).on_conflict_do_nothing()
        if (await self._con.execute(made.returning(t.audit_head.c.id))).first() is None:
            return []
        return list(await self._con.scalars(sa.select(_a.number).where(_a.hash.is_(None))))

    async def _unname(self, key: bytes) -> None:
        for ref in self._erased:
            for column in (_a.by, _a.about):
                named = t.audit.update().where(column == ref)
                await self._con.execute(named.values({column: pseudonym(key, ref)}))

    # ------------------------------------------------------------ reading

    async def _head(self, *, lock: bool = False) -> tuple[Head, bytes] | None:
        query = sa.select(t.audit_head).where(t.audit_head.c.id == HEAD)
        row = (await self._con.execute(query.with_for_update() if lock else query)).first()
        if row is None:
            return None
        key = base64.b64decode(self._seal.open(KEY, HEAD, row.key_sealed))
        return Head(row.begun_at, row.place, row.hash, row.end), key

    async def head(self) -> Head | None:
        """Where the chain ends; None before it has begun. Raises WrongKey."""
        found = await self._head()
        return found[0] if found is not None else None

    async def lines(self, about_ref: str | None = None, since: datetime | None = None) -> list[Line]:
        """Oldest first; about somebody also what stands under their pseudonym."""
        query = sa.select(t.audit).order_by(_a.number)
        if about_ref is not None:
            found = await self._head()
            query = query.where(_a.about.in_([about_ref, *([pseudonym(found[1], about_ref)] if found else [])]))
        if since is not None:
            query = query.where(_a.at >= since)
        return [_line(row) for row in await self._con.execute(query)]

    async def check(self, step: Callable[[], None]) -> list[Flaw]:
        """Everything that does not fit, in order; empty if the log is as it was written. Raises WrongKey."""
        found = await self._head()
        if found is None:
            loose = await self._con.scalar(sa.select(sa.func.min(_a.number)))
            return [Flaw(loose, Why.PUT_IN)] if loose is not None else []
        check = Check(found[1])
        async for line in self._tied(found[0].place):
            check.line(line)
            step()
        check.end(found[0])
        loose_ones = sa.select(_a.number).where(_a.hash.is_(None) | _a.place.is_(None)).order_by(_a.number)
        return [*check.flaws, *(Flaw(number, Why.PUT_IN) for number in await self._con.scalars(loose_ones))]

    async def differs(self, place: int, hash_then: str) -> list[Flaw]:
        """Whether the line at that place has another hash than it had when somebody wrote it down."""
        now = await self._con.scalar(sa.select(_a.hash).where(_a.place == place).order_by(_a.number).limit(1))
        return [] if now == hash_then else [Flaw(None, Why.ANOTHER)]

    async def _tied(self, to: int) -> AsyncIterator[Line]:
        """The lines of the chain in order, a few at a time. What is tied while they are read is not among them."""
        after = (0, 0)
        while True:
            rest = (_a.place > after[0]) | ((_a.place == after[0]) & (_a.number > after[1]))
            query = sa.select(t.audit).where(rest, _a.place <= to).order_by(_a.place, _a.number).limit(AT_ONCE)
            lines = [_line(row) for row in await self._con.execute(query)]
            for line in lines:
                yield line
            if len(lines) < AT_ONCE:
                return
            after = (lines[-1].place or 0, lines[-1].number)


def _line(row: Any) -> Line:
    return Line(row.number, row.at, row.by, row.did, row.about, row.place, row.hash)
