"""When each client is next asked by each schedule: one row a client and schedule, found by an index on the instant."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.schedules import Due
from storage import tables as t

c = t.timetable.c


class Overtaken(Exception):
    """Somebody else moved one of these rows meanwhile; nothing of this unit is kept."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One row: the occasion, and when it is looked at next (its due time, or later while it has to wait)."""

    client_id: str
    schedule: str
    due: Due
    next_due_at: datetime


class Timetable:
    """Rows in, slots out."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def due(self, now: datetime, limit: int) -> list[Slot]:
        """The earliest that are due, kept for this unit; rows that another replica holds are left to it."""
        query = sa.select(t.timetable).where(c.next_due_at <= now).order_by(c.next_due_at).limit(limit)
        return await self._many(query.with_for_update(skip_locked=True))

    async def of(self, client_ids: Sequence[str]) -> list[Slot]:
        return await self._many(sa.select(t.timetable).where(c.client_id.in_(client_ids)).order_by(c.next_due_at))

    async def everything(self) -> list[Slot]:
        return await self._many(sa.select(t.timetable).order_by(c.client_id, c.schedule))

    async def next_for(self, client_id: str) -> datetime | None:
        """When this client is next asked anything."""
        query = sa.select(sa.func.min(c.due_at)).where(c.client_id == client_id)
        found: datetime | None = await self._con.scalar(query)
        return found

    async def move(self, moves: Collection[tuple[Slot, Slot | None]]) -> None:
        """Put the second in place of the first, only where that is unchanged. Raises Overtaken otherwise."""
        changes = [_change(old, new) for old, new in moves if new is not None]
        ends = [_key(old) for old, new in moves if new is None]
        same = sa.and_(
            c.client_id == sa.bindparam("its_client"),
            c.schedule == sa.bindparam("its_schedule"),
            c.next_due_at == sa.bindparam("its_time"),
        )
        if changes:
            changed = await self._con.execute(
                t.timetable.update()
                .where(same)
                .values({name: sa.bindparam(f"new_{name}") for name in ("next_due_at", "due_at", "local_date", "slot")}),
                changes,
            )
            if changed.rowcount != len(changes):
                raise Overtaken
        if ends:
            await self._con.execute(t.timetable.delete().where(same), ends)

    async def put(self, slots: Collection[Slot]) -> None:
        """Write these rows, in place of whatever stands there, or is being written there by somebody else just now."""
        if not slots:
            return
        dialect = sqlite if self._con.dialect.name == "sqlite" else postgresql
        rows = dialect.insert(t.timetable)
        changes = {column.name: rows.excluded[column.name] for column in c if column.name not in KEYS}
        # In one order, so that two who write the same rows do not wait for each other.
        in_order = sorted(slots, key=lambda one: (one.client_id, one.schedule))
        await self._con.execute(
            rows.on_conflict_do_update(index_elements=KEYS, set_=changes), [_row(one) for one in in_order]
        )

    async def drop(self, slots: Collection[Slot]) -> None:
        """Forget these rows."""
        keys = [{"its_client": one.client_id, "its_schedule": one.schedule} for one in slots]
        same = sa.and_(c.client_id == sa.bindparam("its_client"), c.schedule == sa.bindparam("its_schedule"))
        if keys:
            await self._con.execute(t.timetable.delete().where(same), keys)

    async def forget(self, client_id: str) -> None:
        await self._con.execute(t.timetable.delete().where(c.client_id == client_id))

    async def _many(self, query: sa.Select[tuple[object, ...]]) -> list[Slot]:
        return [
            Slot(row.client_id, row.schedule, Due(row.local_date, row.slot, row.due_at), row.next_due_at)
            for row in await self._con.execute(query)
        ]


def _key(slot: Slot) -> dict[str, object]:
    return {"its_client": slot.client_id, "its_schedule": slot.schedule, "its_time": slot.next_due_at}


def _change(old: Slot, new: Slot) -> dict[str, object]:
    return {**_key(old), **{f"new_{name}": value for name, value in _row(new).items() if name not in KEYS}}


KEYS = ("client_id", "schedule")


def _row(slot: Slot) -> Mapping[str, object]:
    return {
        "client_id": slot.client_id,
        "schedule": slot.schedule,
        "next_due_at": slot.next_due_at,
        "due_at": slot.due.at,
        "local_date": slot.due.local_date,
        "slot": slot.due.slot,
    }
