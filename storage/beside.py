"""What rules read of a client beside check-ins and meetings: remarks, the worker's rating, talks about alerts."""

from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Kind
from bot.domain.signals.beside import Rating, Remark, Repair, talks
from storage import tables as t
from storage.ratings import Ratings
from storage.remarks import Remarks
from storage.sealing import Seal

_a, _e = t.alert.c, t.alert_event.c
_TALKS = (
    sa.select(_e.alert_id, _e.at, _e.state, _a.client_feels)
    .join_from(t.alert_event, t.alert, _a.id == _e.alert_id)
    .where(_a.client_id == sa.bindparam("client"), _a.kind == Kind.ALLIANCE)
    .order_by(_e.at, _e.id)
)
_TALKS_LATELY = _TALKS.where(sa.or_(_a.closed_at.is_(None), _a.closed_at >= sa.bindparam("since")))


async def remarks(con: AsyncConnection, seal: Seal, client_id: str, since: datetime | None) -> tuple[Remark, ...]:
    """How long those are that the client lets the worker see. What is theirs alone is not even counted."""
    shown = await Remarks(con, seal).all_shown(client_id, since)
    return tuple(Remark(one.said_at, len(one.text.split())) for one in shown)


async def ratings(con: AsyncConnection, client_id: str) -> tuple[Rating, ...]:
    """By the present worker."""
    return tuple(await Ratings(con).by_present_worker(client_id))


async def repairs(con: AsyncConnection, client_id: str, since: datetime | None) -> tuple[Repair, ...]:
    """Every talk about an alliance alert, from the alerts' histories: an alert that was opened again forgets its own.

    With `since` of alerts that were not over by then.
    """
    lines: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    feels: dict[str, float | None] = {}
    query = _TALKS if since is None else _TALKS_LATELY
    for row in await con.execute(query, {"client": client_id, "since": since}):
        lines[row.alert_id].append((row.at, row.state))
        feels[row.alert_id] = row.client_feels
    return tuple(one for alert_id, known in lines.items() for one in talks(alert_id, known, feels[alert_id]))
