"""Check-ins: every occasion of asking, also those that were skipped, taken back or missed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.checkins import ANSWERABLE, CheckIn, Item, Past, State
from bot.domain.signals.occasions import RUNNING
from bot.domain.turns import MEMORY, Round, seen_of
from storage import tables as t

c = t.check_in.c
FAR_BACK = timedelta(days=400)
_ADD, _CHANGE = t.check_in.insert(), t.check_in.update().where(c.id == sa.bindparam("sought"))
_BY_ID = sa.select(t.check_in).where(c.id == sa.bindparam("sought"))
_BY_ID_LOCKED = _BY_ID.with_for_update()


class CheckIns:
    """Rows in, check-ins out."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    # ------------------------------------------------------------ one client

    async def by_id(self, check_in_id: str, *, lock: bool = False) -> CheckIn | None:
        """`lock` keeps it for this unit, so that two replicas never step the same check-in at once."""
        found = await self._many(_BY_ID_LOCKED if lock else _BY_ID, {"sought": check_in_id})
        return found[0] if found else None

    async def of(self, client_id: str, since: datetime | None = None) -> list[CheckIn]:
        """All of a client's, oldest first; with `since`, those that were due from then on."""
        query = sa.select(t.check_in).where(c.client_id == client_id).order_by(c.planned_at, c.id)
        return await self._many(query.where(c.planned_at >= since) if since else query)

    async def running(self, client_id: str) -> list[CheckIn]:
        """Those planned or open, whether or not their window is over, newest first."""
        query = sa.select(t.check_in).where(c.client_id == client_id, c.state.in_(RUNNING))
        return await self._many(query.order_by(c.planned_at.desc()))

    async def all_running(self, now: datetime) -> list[CheckIn]:
        """Everybody's that are planned or open and not over yet, in order of client."""
        query = sa.select(t.check_in).where(c.state.in_(RUNNING), c.expires_at > now)
        return await self._many(query.order_by(c.client_id, c.planned_at))

    async def answerable(self, client_id: str, heard: datetime, now: datetime) -> CheckIn | None:
        """The newest one that had left when this was heard and whose window was open, kept for this unit. One from the
        future has left as well: the clock was put back since.
        """
        had_left = (c.planned_at <= heard) | (c.planned_at > now)
        query = (
            sa.select(t.check_in)
            .where(c.client_id == client_id, c.expires_at > heard, c.state.in_(ANSWERABLE), had_left)
            .order_by(c.planned_at.desc(), c.id)
            .limit(1)
            .with_for_update()
        )
        found = await self._many(query)
        return found[0] if found else None

    async def add(self, check_ins: Collection[CheckIn]) -> None:
        if check_ins:
            await self._con.execute(_ADD, [_row(one) for one in check_ins])

    async def change(self, check_in_id: str, **values: Any) -> None:
        await self._con.execute(_CHANGE, {"sought": check_in_id, **values})

    async def put_items(self, check_in: CheckIn) -> None:
        """Keep its questions as they are now; those that stood there keep their places."""
        await self.change(check_in.id, items=_items(check_in))

    # ------------------------------------------------------------ what is due

    async def to_remind(self, now: datetime, limit: int) -> list[CheckIn]:
        query = sa.select(t.check_in).where(c.remind_at <= now).order_by(c.remind_at)
        return await self._claimed(query, limit)

    async def to_evaluate(self, now: datetime, limit: int) -> list[CheckIn]:
        query = sa.select(t.check_in).where(c.evaluate_at <= now).order_by(c.evaluate_at)
        return await self._claimed(query, limit)

    async def to_expire(self, now: datetime, limit: int) -> list[CheckIn]:
        """Those whose window is over, but for clients of whom something is not handled yet: it may have been sent in
        time, and heard only later.
        """
        i = t.inbox.c
        waits = sa.select(i.update_id).join(t.person, t.person.c.chat_id == i.chat_key)
        waits = waits.where(t.person.c.id == c.client_id, i.state == "new")
        over = sa.and_(c.state.in_(RUNNING), c.expires_at <= now, ~waits.exists())
        return await self._claimed(sa.select(t.check_in).where(over).order_by(c.expires_at), limit)

    async def open_before(self, since: datetime, now: datetime, limit: int, after: str = "") -> list[CheckIn]:
        """Open ones that had left before `since`, in order of id, from behind `after`."""
        query = sa.select(t.check_in).where(c.state == State.OPEN, c.expires_at > now, c.sent_at <= since, c.id > after)
        return await self._claimed(query.order_by(c.id), limit)

    async def _claimed(self, query: sa.Select[Any], limit: int) -> list[CheckIn]:
        """Kept for this unit together with their clients, but for those on whom somebody else is acting."""
        mine = query.join(t.client, t.client.c.person_id == c.client_id).limit(limit)
        return await self._many(mine.with_for_update(of=[t.client, t.check_in], key_share=True, skip_locked=True))

    # ------------------------------------------------------------ many clients

    async def latest(self, client_ids: Sequence[str], now: datetime, most: int = 8) -> Mapping[str, list[CheckIn]]:
        """Client → their newest check-ins, newest first, about `most` each, however many there have been."""
        since = _since(client_ids, most, now)
        query = (
            sa.select(t.check_in)
            .join_from(since, t.check_in, sa.and_(c.client_id == since.c.client_id, c.planned_at >= since.c.at))
            .order_by(c.planned_at.desc(), c.id)
        )
        found: dict[str, list[CheckIn]] = {one: [] for one in client_ids}
        for check_in in await self._many(query):
            found[check_in.client_id].append(check_in)
        return found

    async def last_answered(self, client_id: str) -> datetime | None:
        """When the newest check-in ended that the client touched, however many came after it."""
        touched = (c.client_id == client_id, c.last_touched_at.is_not(None), c.finished_at.is_not(None))
        newest = sa.select(c.finished_at).where(*touched).order_by(c.planned_at.desc()).limit(1)
        found: datetime | None = (await self._con.execute(newest)).scalar()
        return found

    async def last_sent(self, client_id: str, now: datetime) -> CheckIn | None:
        """The newest that left, however many that never did came after it."""
        query = sa.select(t.check_in).where(c.client_id == client_id, c.planned_at <= now, c.sent_at.is_not(None))
        return next(iter(await self._many(query.order_by(c.planned_at.desc(), c.id).limit(1))), None)

    async def rounds(
        self, client_ids: Sequence[str], now: datetime, in_turn: Collection[str], most: int = MEMORY
    ) -> Mapping[str, list[Round]]:
        """Client → what their newest check-ins put before them, newest first. `in_turn`: schedules that ask in turn.

        Those that were never sent are left out.
        """
        of = (
            c.client_id,
            c.id,
            c.planned_at,
            c.schedule,
            c.state,
            c["items"].label("items_"),
            c.position,
            c.last_touched_at,
        )
        never = (State.CANCELLED, State.MISSED_BY_US)
        since = _since(client_ids, most, now)
        query = (
            sa.select(*of)
            .join_from(since, t.check_in, sa.and_(c.client_id == since.c.client_id, c.planned_at >= since.c.at))
            .where(c.state.not_in(never))
            .order_by(c.planned_at.desc(), c.id)
        )
        found: dict[str, list[Round]] = {one: [] for one in client_ids}
        for row in await self._con.execute(query):
            items = [Item(item["question"], item["goal"]) for item in row.items_]
            seen = seen_of(State(row.state), items, row.position, touched=row.last_touched_at is not None)
            found[row.client_id].append(Round(row.id, row.planned_at, seen, row.schedule in in_turn))
        return found

    async def past(self, check_ins: Iterable[CheckIn]) -> list[Past]:
        """What the count of untouched ones needs, of one client's check-ins, in the order given."""
        listed = list(check_ins)
        spans = await self._excused(listed)
        return [Past(one.state, one.last_touched_at is not None, one.reason, _meets(one, spans)) for one in listed]

    async def _excused(self, check_ins: Sequence[CheckIn]) -> list[tuple[datetime, datetime | None]]:
        if not check_ins:
            return []
        since = min(one.planned_at for one in check_ins)
        pause, absence = t.pause.c, t.absence.c
        breaks = sa.select(pause.starts_at, pause.ends_at).where(
            pause.client_id == check_ins[0].client_id, sa.or_(pause.ends_at.is_(None), pause.ends_at >= since)
        )
        away = sa.select(absence.starts_at, absence.ends_at).where(absence.ends_at >= since)
        return [(row[0], row[1]) for query in (breaks, away) for row in await self._con.execute(query)]

    async def _many(self, query: sa.Select[Any], given: Mapping[str, Any] | None = None) -> list[CheckIn]:
        return [_check_in(row._mapping) for row in await self._con.execute(query, given)]


def _since(client_ids: Sequence[str], most: int, now: datetime) -> sa.CTE:
    """Client → when their `most`-th newest check-in was due; long ago where there are fewer.

    Worked out once for each client: PostgreSQL would otherwise do it again for every check-in that it looks at.
    """
    k, earlier = t.client.c.person_id, t.check_in.alias("earlier")
    newest = (
        sa.select(earlier.c.planned_at)
        .where(earlier.c.client_id == k)
        .order_by(earlier.c.planned_at.desc())
        .limit(1)
        .offset(most - 1)
        .scalar_subquery()
    )
    at = sa.func.coalesce(newest, sa.literal(now - FAR_BACK, t.Instant), type_=t.Instant)
    bounds = sa.select(k.label("client_id"), at.label("at")).where(k.in_(client_ids))
    return bounds.cte("bounds").prefix_with("MATERIALIZED", dialect="postgresql")


def _meets(one: CheckIn, spans: Sequence[tuple[datetime, datetime | None]]) -> bool:
    start, end = one.sent_at or one.planned_at, one.finished_at or one.expires_at or one.planned_at
    return any(begin <= end and (over is None or over >= start) for begin, over in spans)


def _row(one: CheckIn) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in CheckIn.__dataclass_fields__}
    row["items"] = _items(one)
    return row


def _items(one: CheckIn) -> list[dict[str, str | None]]:
    return [{"question": item.question, "goal": item.goal_id} for item in one.items]


def _check_in(row: Mapping[Any, Any]) -> CheckIn:
    values = {name: row[c[name]] for name in CheckIn.__dataclass_fields__}
    values["items"] = tuple(Item(item["question"], item["goal"]) for item in row[c["items"]])
    values["state"] = State(row[c.state])
    return CheckIn(**values)
