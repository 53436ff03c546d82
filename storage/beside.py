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


async def remarks(con: AsyncConnection, seal: Seal, client_id: str) -> tuple[Remark, ...]:
    """How long those are that the client lets the worker see. What is theirs alone is not even counted."""
    return tuple(Remark(one.said_at, len(one.text.split())) for one in await Remarks(con, seal).all_shown(client_id))


async def ratings(con: AsyncConnection, client_id: str) -> tuple[Rating, ...]:
    """By the present worker."""
    present = sa.select(t.client.c.worker_id).where(t.client.c.person_id == client_id).scalar_subquery()
    return tuple(await Ratings(con).of(client_id, present))


async def repairs(con: AsyncConnection, client_id: str) -> tuple[Repair, ...]:
    """Every talk about an alliance alert, from the alerts' histories: an alert that was opened again forgets its own."""
    a, e = t.alert.c, t.alert_event.c
    query = sa.select(e.alert_id, e.at, e.state, a.client_feels).join_from(t.alert_event, t.alert, a.id == e.alert_id)
    mine = sa.and_(a.client_id == client_id, a.kind == Kind.ALLIANCE)
    lines: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    feels: dict[str, float | None] = {}
    for row in await con.execute(query.where(mine).order_by(e.at, e.id)):
        lines[row.alert_id].append((row.at, row.state))
        feels[row.alert_id] = row.client_feels
    return tuple(one for alert_id, known in lines.items() for one in talks(alert_id, known, feels[alert_id]))
