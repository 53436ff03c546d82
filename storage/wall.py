"""Rows that an earlier clock wrote: what they wait for is reckoned anew from now."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.delivery import LEASE, PostState
from storage import tables as t

_o, _i = t.outbox.c, t.inbox.c


class Wall:
    """After the wall clock was put back. Doing it twice changes nothing more."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def reckon_anew(self, now: datetime) -> int:
        """What was written by a clock that was ahead waits as long as it was to, from now; what was only put off is
        tried at once; no lease lasts longer than a lease. Returns how many rows would have waited for the old clock.
        """
        ahead = (_o.state == PostState.WAITING) & (_o.not_before > now) & ((_o.made_at > now) | (_o.tries > 0))
        rows = list(await self._con.execute(sa.select(_o.id, _o.made_at, _o.not_before).where(ahead)))
        for row in rows:
            still = row.not_before - row.made_at if row.made_at > now else timedelta(0)
            changed = {"not_before": now + still, "made_at": min(now, row.made_at)}
            await self._con.execute(t.outbox.update().where(_o.id == row.id).values(**changed))
        leased = t.outbox.update().where(_o.state == PostState.SENDING, _o.lease_until > now + LEASE)
        await self._con.execute(leased.values(lease_until=now + LEASE))
        put_off = t.inbox.update().where(_i.state == "new", _i.try_at > now, _i.try_at != _i.received_at)
        tried = await self._con.execute(put_off.values(try_at=now))
        return len(rows) + tried.rowcount
