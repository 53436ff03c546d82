"""What a database that has just been put back holds of its past, and what must not happen a second time."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import AlertState
from bot.domain.checkins import State
from bot.domain.delivery import CLEAR, DELETE, PostState
from storage import tables as t

RESTORED = "restored"
"""Why something was not sent, asked or accepted."""
_o, _k, _a, _i = t.outbox.c, t.check_in.c, t.alert.c, t.invitation.c
_ON_ITS_WAY = _o.state.in_((PostState.WAITING, PostState.SENDING))


class Restored:
    """Only for a database that nobody works on yet."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def drop_unsent(self, now: datetime) -> int:
        """What was on its way is not sent: it may have arrived since. What only takes something out of a chat is."""
        says = _ON_ITS_WAY & _o.kind.not_in((CLEAR, DELETE))
        gone = {"state": PostState.DROPPED, "why": RESTORED, "settled_at": now, "facts_sealed": None}
        gone |= {"lease_until": None, "claimed_by": None}
        return (await self._con.execute(t.outbox.update().where(says).values(**gone))).rowcount

    async def miss_planned(self, now: datetime) -> int:
        """Check-ins whose question had not left: missed by us."""
        missed = {"state": State.MISSED_BY_US, "reason": RESTORED, "finished_at": now, "remind_at": None}
        done = await self._con.execute(t.check_in.update().where(_k.state == State.PLANNED).values(**missed))
        return done.rowcount

    async def no_late_reminders(self, now: datetime) -> None:
        late = t.check_in.update().where(_k.remind_at <= now)
        await self._con.execute(late.values(remind_at=None, comes_back=False))

    async def asked_already(self, now: datetime, until: datetime) -> None:
        """Clients who were to be asked how a talk went may have been: their answer is waited for until `until`."""
        due = (_a.state == AlertState.TALKED) & _a.asked_at.is_(None) & (_a.ask_client_at <= now)
        await self._con.execute(t.alert.update().where(due).values(asked_at=now, ask_client_at=until))

    async def end_invitations(self) -> int:
        """A link that was used since would open a second time."""
        still_open = _i.used_at.is_(None) & _i.ended.is_(None)
        return (await self._con.execute(t.invitation.update().where(still_open).values(ended=RESTORED))).rowcount

    async def to_be_erased(self) -> list[tuple[str, datetime]]:
        """(client id, when) of those who had asked for it."""
        c = t.client.c
        query = sa.select(c.person_id, c.erase_at).where(c.erase_at.is_not(None)).order_by(c.erase_at, c.person_id)
        return [(row.person_id, row.erase_at) for row in await self._con.execute(query)]

    async def may_be_old(self, alert_id: str) -> None:
        """What waits about this alert says that it may be a repeat."""
        await self._con.execute(t.outbox.update().where(_o.alert_id == alert_id, _ON_ITS_WAY).values(unsure=1))
