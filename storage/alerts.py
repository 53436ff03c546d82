"""Alerts with their history."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import OPEN, AlertState, Kind, Wish
from bot.domain.ladder import Rung, Step
from bot.domain.matters import Alert, HistoryLine
from bot.domain.usefulness import Judged
from bot.domain.words import Severity
from storage import tables as t

_ASKED = (AlertState.TALKED, AlertState.NOT_REPAIRED)
_NAMES = [one.name for one in fields(Alert)]

_ALERTS = sa.select(t.alert).order_by(t.alert.c.raised_at, t.alert.c.id)
_BY_ID = _ALERTS.where(t.alert.c.id == sa.bindparam("sought"))
_OF = _ALERTS.where(t.alert.c.client_id == sa.bindparam("client"), t.alert.c.kind == sa.bindparam("of_kind"))
_OPEN_OF = _OF.where(t.alert.c.state.in_(OPEN))
_ADD, _NOTE = t.alert.insert(), t.alert_event.insert()
_CHANGE = t.alert.update().where(t.alert.c.id == sa.bindparam("sought"))


class AlertStore:
    """Rows in, alerts out."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    # ------------------------------------------------------------ one alert

    async def get(self, alert_id: str, *, lock: bool = False) -> Alert | None:
        """`lock`: nobody else changes it before this unit ends."""
        found = await self._some(_BY_ID, {"sought": alert_id}, lock=lock)
        return found[0] if found else None

    async def open_of(self, client_id: str, kind: Kind, *, lock: bool = False) -> Alert | None:
        """The client's open alert of one kind: at most one, which the database itself sees to."""
        found = await self._some(_OPEN_OF, {"client": client_id, "of_kind": kind}, lock=lock)
        return found[0] if found else None

    async def latest_of(self, client_id: str, kind: Kind) -> Alert | None:
        found = await self._some(_OF, {"client": client_id, "of_kind": kind})
        return found[-1] if found else None

    async def of_client(self, client_id: str, kinds: Collection[Kind] = tuple(Kind)) -> list[Alert]:
        """Every alert of a client, oldest first."""
        return await self._all(t.alert.c.client_id == client_id, t.alert.c.kind.in_(kinds))

    async def of_worker(self, worker_id: str, kind: Kind, since: datetime) -> list[Alert]:
        """Those of one kind that were raised for a worker since then, oldest first."""
        return await self._all(t.alert.c.worker_id == worker_id, t.alert.c.kind == kind, t.alert.c.raised_at >= since)

    async def judged(self, since: datetime | None = None) -> list[Judged]:
        """Alliance alerts that staff have said something of, with their rules; by when they were raised."""
        a, s = t.alert.c, t.signal.c
        query = (
            sa.select(a.id, a.client_id, a.raised_at, a.usefulness, s.rule)
            .join_from(t.alert, t.signal, s.alert_id == a.id)
            .where(a.usefulness.is_not(None), a.kind == Kind.ALLIANCE, a.raised_at >= since if since else sa.true())
        )
        rules: dict[tuple[str, str, datetime, str], set[str]] = defaultdict(set)
        for row in await self._con.execute(query):
            rules[row.id, row.client_id, row.raised_at, row.usefulness].add(row.rule)
        found = (Judged(name, client, at, said, frozenset(mine)) for (name, client, at, said), mine in rules.items())
        return sorted(found, key=lambda one: (one.at, one.alert_id))

    async def open_ones(self, kinds: Collection[Kind] = tuple(Kind)) -> list[Alert]:
        return await self._all(t.alert.c.state.in_(OPEN), t.alert.c.kind.in_(kinds))

    async def all_since(self, since: datetime | None = None) -> list[Alert]:
        return await self._all(t.alert.c.raised_at >= since if since else sa.true())

    async def add(self, **values: Any) -> str:
        """A new alert; `ladder` is a sequence of steps. Returns its id."""
        alert_id = t.new_id()
        await self._con.execute(_ADD, {"id": alert_id, **_as_row(values)})
        return alert_id

    async def change(self, alert_id: str, **values: Any) -> None:
        await self._con.execute(_CHANGE, {"sought": alert_id, **_as_row(values)})

    async def next_edition(self, alert_id: str) -> int:
        """One more card of this alert: its number, for the key of its post."""
        query = t.alert.update().where(t.alert.c.id == alert_id).values(edition=t.alert.c.edition + 1)
        await self._con.execute(query)
        found = await self._con.execute(sa.select(t.alert.c.edition).where(t.alert.c.id == alert_id))
        return int(found.scalar_one())

    # ------------------------------------------------------------ what is due

    async def step_due(self, now: datetime, limit: int) -> list[Alert]:
        """Not acknowledged, and the time of their rung has run out; the longest waiting first."""
        due = sa.and_(t.alert.c.state == AlertState.RAISED, t.alert.c.step_due_at <= now)
        return await self._all(due, limit=limit, order=t.alert.c.step_due_at, lock=True)

    async def snooze_due(self, now: datetime, limit: int) -> list[Alert]:
        """Acknowledged for later, and later is now."""
        due = sa.and_(t.alert.c.state.in_(OPEN), t.alert.c.snoozed_until <= now)
        return await self._all(due, limit=limit, order=t.alert.c.snoozed_until, lock=True)

    async def ask_due(self, now: datetime, limit: int) -> list[Alert]:
        """Talked about, and it is time to ask the client, or to stop waiting for an answer."""
        due = sa.and_(t.alert.c.state.in_(_ASKED), t.alert.c.ask_client_at <= now)
        return await self._all(due, limit=limit, order=t.alert.c.ask_client_at, lock=True)

    async def next_due(self) -> datetime | None:
        """The earliest moment at which anything above is due."""
        moments = []
        for column, states in (
            (t.alert.c.step_due_at, [AlertState.RAISED]),
            (t.alert.c.snoozed_until, list(OPEN)),
            (t.alert.c.ask_client_at, list(_ASKED)),
        ):
            query = sa.select(column).where(t.alert.c.state.in_(states), column.is_not(None)).order_by(column).limit(1)
            moments.append((await self._con.execute(query)).scalar())
        return min((moment for moment in moments if moment is not None), default=None)

    async def counted_open(self) -> dict[str, int]:
        """How many alerts are in each state in which somebody still has to act."""
        state = t.alert.c.state
        query = sa.select(state, sa.func.count()).where(state.in_(OPEN)).group_by(state)
        return {one.value: 0 for one in OPEN} | {row[0]: row[1] for row in await self._con.execute(query)}

    async def oldest_waiting(self, now: datetime) -> datetime | None:
        """Since when the oldest alert that has left could have been taken and was not."""
        left = (t.alert.c.state == AlertState.RAISED, t.alert.c.goes_at <= now)
        oldest: datetime | None = (
            await self._con.execute(sa.select(sa.func.min(t.alert.c.goes_at)).where(*left))
        ).scalar()
        return oldest

    # ------------------------------------------------------------ history

    async def note(self, alert_id: str, at: datetime, state: str, by: str) -> None:
        """One more line of history."""
        await self._con.execute(_NOTE, {"alert_id": alert_id, "at": at, "state": state, "by": by})

    async def history(self, alert_id: str) -> list[HistoryLine]:
        rank = sa.case((t.alert_event.c.state == AlertState.RAISED, 0), else_=1)
        query = sa.select(t.alert_event).where(t.alert_event.c.alert_id == alert_id)
        rows = await self._con.execute(query.order_by(t.alert_event.c.at, rank, t.alert_event.c.id))
        return [HistoryLine(row.at, row.state, row.by) for row in rows]

    # ------------------------------------------------------------ rows

    async def _all(
        self,
        *where: sa.ColumnElement[bool],
        limit: int | None = None,
        order: sa.ColumnElement[Any] | None = None,
        lock: bool = False,
    ) -> list[Alert]:
        """With `limit` and `lock`: kept with their clients, but for those on whom somebody else acts at this moment."""
        first = t.alert.c.raised_at if order is None else order
        query = sa.select(t.alert).where(*where).order_by(first, t.alert.c.id).limit(limit)
        if lock and limit is not None:
            query = query.join(t.client, t.client.c.person_id == t.alert.c.client_id)
            query = query.with_for_update(of=[t.client, t.alert], key_share=True, skip_locked=True)
        elif lock:
            query = query.with_for_update()
        return [_alert(row._mapping) for row in await self._con.execute(query)]

    async def _some(self, query: sa.Select[Any], given: Mapping[str, Any], *, lock: bool = False) -> list[Alert]:
        rows = await self._con.execute(query.with_for_update() if lock else query, given)
        return [_alert(row._mapping) for row in rows]


def _as_row(values: Mapping[str, Any]) -> dict[str, Any]:
    row = dict(values)
    if "ladder" in row:
        row["ladder"] = [{"ref": step.ref, "rung": step.rung.value} for step in row["ladder"]]
    return row


def _alert(row: Mapping[Any, Any]) -> Alert:
    values = {name: row[t.alert.c[name]] for name in _NAMES}
    values["ladder"] = tuple(Step(step["ref"], Rung(step["rung"])) for step in values["ladder"])
    for name, kind in (("kind", Kind), ("state", AlertState), ("severity", Severity), ("wish", Wish)):
        values[name] = kind(values[name])
    return Alert(**values)
