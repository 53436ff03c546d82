"""Goals, their words sealed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.goals import Goal, GoalState
from storage import tables as t
from storage.sealing import Seal

TEXT = "goal.text"


class Goals:
    """Rows in, goals out."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    async def by_id(self, goal_id: str) -> Goal | None:
        found = await self._many(t.goal.c.id == goal_id)
        return found[0] if found else None

    async def of(self, client_id: str) -> list[Goal]:
        """All of a client's goals, also those that they let go, by number."""
        return await self._many(t.goal.c.client_id == client_id)

    async def live(self, client_id: str) -> list[Goal]:
        return await self._many(t.goal.c.client_id == client_id, t.goal.c.state == GoalState.LIVE)

    async def live_of(self, client_ids: Sequence[str]) -> dict[str, list[Goal]]:
        """Client → their live goals, by number, for many clients at once."""
        found: dict[str, list[Goal]] = {one: [] for one in client_ids}
        for goal in await self._many(t.goal.c.client_id.in_(client_ids), t.goal.c.state == GoalState.LIVE):
            found[goal.client_id].append(goal)
        return found

    async def add(self, client_id: str, text: str, now: datetime) -> Goal:
        """A new live goal, with the next number; numbers are not given twice."""
        used = await self._con.scalar(sa.select(sa.func.max(t.goal.c.number)).where(t.goal.c.client_id == client_id))
        goal_id, number = t.new_id(), (used or 0) + 1
        await self._con.execute(
            t.goal.insert().values(
                id=goal_id,
                client_id=client_id,
                number=number,
                text_sealed=self._seal.close(TEXT, goal_id, text),
                state=GoalState.LIVE,
                made_at=now,
                changed_at=now,
            )
        )
        return Goal(goal_id, client_id, number, text, GoalState.LIVE, now, now)

    async def put(self, goal: Goal) -> None:
        """Keep a goal as it is now."""
        await self._con.execute(
            t.goal.update()
            .where(t.goal.c.id == goal.id)
            .values(
                text_sealed=self._seal.close(TEXT, goal.id, goal.text),
                state=goal.state,
                changed_at=goal.changed_at,
                seen_by_worker_at=goal.seen_by_worker_at,
                quote_agreed_at=goal.quote_agreed_at,
            )
        )

    async def _many(self, *where: sa.ColumnElement[bool]) -> list[Goal]:
        rows = await self._con.execute(sa.select(t.goal).where(*where).order_by(t.goal.c.number))
        return [self._goal(row._mapping) for row in rows]

    def _goal(self, row: Mapping[Any, Any]) -> Goal:
        g = t.goal.c
        return Goal(
            id=row[g.id],
            client_id=row[g.client_id],
            number=row[g.number],
            text=self._seal.open(TEXT, row[g.id], row[g.text_sealed]),
            state=GoalState(row[g.state]),
            made_at=row[g.made_at],
            changed_at=row[g.changed_at],
            seen_by_worker_at=row[g.seen_by_worker_at],
            quote_agreed_at=row[g.quote_agreed_at],
        )
