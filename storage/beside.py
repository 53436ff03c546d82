"""What rules read of a client beside check-ins and meetings: remarks, the worker's rating, talks about alerts."""

from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import AlertState, Kind
from bot.domain.signals.beside import BETTER, STILL_THERE, Rating, Remark, Repair
from storage import tables as t
from storage.ratings import Ratings
from storage.remarks import Remarks
from storage.sealing import Seal

SAID = {
    AlertState.REPAIRED: BETTER,
    AlertState.NOT_REPAIRED: STILL_THERE,
    AlertState.UNCONFIRMED: "no_answer",
}
"""What became of an alert after a talk, and what the client said for it. *Not yet* counts as *still there*."""
CHOSE = {"reopened": False, "leave_it": True, "wish": True}
"""Lines of an alert's history that say whether the client leaves it; `wish`: somebody else was asked for."""


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
    return tuple(one for alert_id, known in lines.items() for one in _talks(alert_id, known, feels[alert_id]))


def _talks(alert_id: str, lines: list[tuple[datetime, str]], feels: float | None) -> list[Repair]:
    """One per *We talked*, with what was said until the next one; how it feels is kept of the last only."""
    starts = [at for at, state in lines if state == AlertState.TALKED]
    ends: list[datetime | None] = [*starts[1:], None]
    found = []
    for start, end in zip(starts, ends, strict=False):
        mine = [(at, state) for at, state in lines if at >= start and (end is None or at < end)]
        said = next(((at, SAID[AlertState(state)]) for at, state in reversed(mine) if state in SAID), None)
        chose = next(((at, CHOSE[state]) for at, state in reversed(mine) if state in CHOSE), None)
        found.append(
            Repair(
                alert_id,
                start,
                said=said[1] if said else None,
                feels=feels if said and end is None else None,
                said_at=said[0] if said else None,
                left_alone=chose[1] if chose else None,
                chose_at=chose[0] if chose else None,
            )
        )
    return found
