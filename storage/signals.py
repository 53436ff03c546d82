"""Signals on record."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Wish
from bot.domain.signals.history import HARM_BY_OTHERS, Signal, Told
from bot.domain.words import Construct, Tier
from storage import tables as t

DIGEST = ("digest", "budget")
"""What is held for the weekly digest, so that its rule rests as if an alert had told of it."""

_SIGNALS = sa.select(t.signal).order_by(t.signal.c.raised_at, t.signal.c.id)
_OF_CLIENT = _SIGNALS.where(t.signal.c.client_id == sa.bindparam("client"))
_OF_ALERT = _SIGNALS.where(t.signal.c.alert_id == sa.bindparam("alert"))
_LATELY = _OF_CLIENT.where(t.signal.c.raised_at >= sa.bindparam("since"))
_FROM_SOURCE = _OF_CLIENT.where(t.signal.c.source == sa.bindparam("source"))
_BY_KEY = sa.select(t.signal.c.id).where(t.signal.c.key == sa.bindparam("key"))
_ADD = t.signal.insert()


@dataclass(frozen=True, slots=True)
class Kept:
    """A signal on record. `holds`: the answers that it rests on still say so. `wish`: may its numbers be shown?"""

    id: str
    signal: Signal
    alert_id: str | None
    wish: Wish
    holds: bool
    key: str
    client_id: str
    held: str | None = None
    """Why it is in no alert: `digest` (its tier), `budget` (both wait for the digest), `resting`."""
    plan_version: str = ""
    """The version of the configuration by which it was found."""


def key_of(client_id: str, signal: Signal) -> str:
    """The same finding always has the same key, so that a replay writes nothing twice.

    A text may hold danger and harm by others: two signals from one event, on two ways that never meet.
    """
    key = f"{client_id}:{signal.rule}:{signal.construct or ''}:{signal.source or signal.raised_at.isoformat()}"
    return f"{key}:{HARM_BY_OTHERS}" if signal.evidence.get("lists") == [HARM_BY_OTHERS] else key


class Signals:
    """Rows in, signals out."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    # ------------------------------------------------------------ on record

    async def of_client(self, client_id: str) -> list[Kept]:
        """All of a client's, oldest first."""
        return await self._some(_OF_CLIENT, client=client_id)

    async def of_alert(self, alert_id: str) -> list[Kept]:
        """What one alert rests on, the newest evidence first."""
        return list(reversed(await self._some(_OF_ALERT, alert=alert_id)))

    async def of_alerts(self, alert_ids: Collection[str]) -> list[Kept]:
        """What several alerts rest on, oldest first."""
        return await self._kept(t.signal.c.alert_id.in_(alert_ids)) if alert_ids else []

    async def for_digest(self, client_ids: Collection[str], since: datetime) -> list[Kept]:
        """What waits for the digest of these clients' worker and has not stood in one, oldest first."""
        c = t.signal.c
        return await self._kept(
            c.client_id.in_(client_ids),
            c.held.in_(DIGEST),
            c.holds,
            c.alert_id.is_(None),
            c.digested_at.is_(None),
            c.raised_at >= since,
        )

    async def since(self, client_id: str, since: datetime | None) -> list[Kept]:
        """A client's from a moment on, or all there are, oldest first."""
        if since is None:
            return await self.of_client(client_id)
        return await self._some(_LATELY, client=client_id, since=since)

    async def from_source(self, client_id: str, source: str) -> list[Kept]:
        """What was found in one check-in."""
        return await self._some(_FROM_SOURCE, client=client_id, source=source)

    async def put(self, client_id: str, signal: Signal, plan_version: str) -> str:
        """Write it, or bring what stands under its key up to date. Returns its id."""
        key = key_of(client_id, signal)
        values = {
            "tier": int(signal.tier),
            "evidence": dict(signal.evidence),
            "raised_at": signal.raised_at,
            "holds": True,
            "plan_version": plan_version,
        }
        known = (await self._con.execute(_BY_KEY, {"key": key})).scalar()
        if known is not None:
            await self._con.execute(t.signal.update().where(t.signal.c.id == known).values(**values))
            return str(known)
        signal_id = t.new_id()
        row = {
            "id": signal_id,
            "client_id": client_id,
            "rule": signal.rule,
            "construct": signal.construct,
            "source": signal.source,
            "note": signal.note,
            "key": key,
        }
        await self._con.execute(_ADD, row | values)
        return signal_id

    async def change(self, signal_ids: Iterable[str], **values: Any) -> None:
        """Set columns, such as `alert_id`, `wish`, `holds`."""
        ids = list(signal_ids)
        if ids:
            await self._con.execute(t.signal.update().where(t.signal.c.id.in_(ids)).values(**values))

    async def noticed(
        self, client_ids: Sequence[str], rules: Collection[str], since: datetime
    ) -> Mapping[str, list[Told]]:
        """Client → what these rules have on record since then and what still holds."""
        c = t.signal.c
        query = sa.select(c.client_id, c.rule, c.construct, c.raised_at, c.source, c.tier).where(
            c.client_id.in_(client_ids), c.rule.in_(rules), c.raised_at >= since, c.holds.is_(True)
        )
        found: dict[str, list[Told]] = {one: [] for one in client_ids}
        for row in await self._con.execute(query):
            construct = Construct(row.construct) if row.construct else None
            told = Told(row.rule, construct, row.raised_at, row.source, alerted=False, tier=Tier(row.tier))
            found[row.client_id].append(told)
        return found

    async def _kept(self, *where: sa.ColumnElement[bool]) -> list[Kept]:
        query = sa.select(t.signal).where(*where).order_by(t.signal.c.raised_at, t.signal.c.id)
        return [_kept(row._mapping) for row in await self._con.execute(query)]

    async def _some(self, query: sa.Select[Any], **given: Any) -> list[Kept]:
        return [_kept(row._mapping) for row in await self._con.execute(query, given)]


def _kept(row: Mapping[Any, Any]) -> Kept:
    c = t.signal.c
    signal = Signal(
        rule=row[c.rule],
        construct=Construct(row[c.construct]) if row[c.construct] else None,
        raised_at=row[c.raised_at],
        tier=Tier(row[c.tier]),
        evidence=row[c.evidence],
        source=row[c.source],
        note=row[c.note],
    )
    return Kept(
        id=row[c.id],
        signal=signal,
        alert_id=row[c.alert_id],
        wish=Wish(row[c.wish]),
        holds=row[c.holds],
        key=row[c.key],
        client_id=row[c.client_id],
        held=row[c.held],
        plan_version=row[c.plan_version],
    )
