"""Signals on record, and the history that rules read, put together from everything that is known of a client."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import AlertState, Wish
from bot.domain.questions import Bank, Scale, meaning
from bot.domain.signals.history import HARM_BY_OTHERS, TOLD_FOR, WINDOW, History, Signal, Span, Told
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.words import Construct, Tier
from storage import beside
from storage import tables as t
from storage.answers import TEXT
from storage.sealing import Seal
from storage.sessions import HELD, MISSED, Sessions

DIGEST = ("digest", "budget")
"""What is held for the weekly digest, so that its rule rests as if an alert had told of it."""

LOADED = WINDOW + 12
"""Check-ins are sent in about the order in which they were planned; a few more make sure that the window is whole."""


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


def key_of(client_id: str, signal: Signal) -> str:
    """The same finding always has the same key, so that a replay writes nothing twice.

    A text may hold danger and harm by others: two signals from one event, on two ways that never meet.
    """
    key = f"{client_id}:{signal.rule}:{signal.construct or ''}:{signal.source or signal.raised_at.isoformat()}"
    return f"{key}:{HARM_BY_OTHERS}" if signal.evidence.get("lists") == [HARM_BY_OTHERS] else key


class Signals:
    """Rows in, signals and histories out."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    # ------------------------------------------------------------ on record

    async def of_client(self, client_id: str) -> list[Kept]:
        """All of a client's, oldest first."""
        return await self._kept(t.signal.c.client_id == client_id)

    async def of_alert(self, alert_id: str) -> list[Kept]:
        """What one alert rests on, the newest evidence first."""
        return list(reversed(await self._kept(t.signal.c.alert_id == alert_id)))

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

    async def from_source(self, client_id: str, source: str) -> list[Kept]:
        """What was found in one check-in."""
        return await self._kept(t.signal.c.client_id == client_id, t.signal.c.source == source)

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
        found = await self._con.execute(sa.select(t.signal.c.id).where(t.signal.c.key == key))
        known = found.scalar()
        if known is not None:
            await self._con.execute(t.signal.update().where(t.signal.c.id == known).values(**values))
            return str(known)
        signal_id = t.new_id()
        await self._con.execute(
            t.signal.insert().values(
                id=signal_id,
                client_id=client_id,
                rule=signal.rule,
                construct=signal.construct,
                source=signal.source,
                note=signal.note,
                key=key,
                **values,
            )
        )
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

    # ------------------------------------------------------------ what rules read

    async def history(self, client_id: str, timezone: str, bank: Bank, now: datetime | None = None) -> History:
        """What is on record about a client; closed dates are the plan's and come from there.

        With `now` no more than `until(now)` looks at, so that it costs the same after years; without it all there is.
        """
        occasions = await self._occasions(client_id, bank, now)
        started = min((one.started_at for one in occasions), default=now)
        since = min(started, now - TOLD_FOR) if now is not None and started is not None else None
        met = [(one.at, one.state) for one in await Sessions(self._con).of(client_id)]
        return History(
            occasions=tuple(occasions),
            sessions=tuple(at for at, state in met if state == HELD),
            assignments=tuple(await self._moments(t.assignment, t.assignment.c.starts_at, client_id)),
            pauses=tuple(await self._spans(t.pause, t.pause.c.client_id == client_id)),
            absences=tuple(await self._spans(t.absence, sa.true())),
            told=tuple(await self._told(client_id, since)),
            resets=tuple(await self._resets(client_id)),
            missed_sessions=tuple(at for at, state in met if state == MISSED),
            ratings=await beside.ratings(self._con, client_id),
            repairs=await beside.repairs(self._con, client_id),
            remarks=await beside.remarks(self._con, self._seal, client_id),
            timezone=timezone,
        )

    async def absences(self) -> list[Span]:
        """When the bot itself was away: for everybody the same."""
        return await self._spans(t.absence, sa.true())

    async def _occasions(self, client_id: str, bank: Bank, now: datetime | None) -> list[Occasion]:
        replies: dict[str, list[Reply]] = defaultdict(list)
        answered: dict[str, set[int]] = defaultdict(set)
        mine = sa.select(t.check_in).where(t.check_in.c.client_id == client_id)
        if now is not None:
            mine = mine.where(t.check_in.c.planned_at <= now).order_by(t.check_in.c.planned_at.desc()).limit(LOADED)
        rows = sorted(await self._con.execute(mine), key=lambda row: row.planned_at)
        c = t.answer.c
        theirs = c.client_id == client_id if now is None else c.check_in_id.in_([row.id for row in rows])
        query = sa.select(t.answer).where(theirs).order_by(c.check_in_id, c.item, c.version.desc())
        newest: dict[tuple[str, int], int] = {}
        for row in await self._con.execute(query):
            behind = newest.setdefault((row.check_in_id, row.item), row.version) - row.version
            # Versions given within one tick of the clock stay in their order.
            at = row.answered_at - timedelta(microseconds=behind)
            replies[row.check_in_id].append(self._reply(row._mapping, bank, at))
            answered[row.check_in_id].add(row.item)
        return [_occasion(row._mapping, replies[row.id], answered[row.id], bank) for row in rows]

    def _reply(self, row: Mapping[Any, Any], bank: Bank, at: datetime) -> Reply:
        c = t.answer.c
        question = bank.get(row[c.question])
        said = row[c.choice] if row[c.choice] is not None else row[c.value]
        return Reply(
            question=row[c.question],
            construct=Construct(row[c.construct]),
            at=at,
            asks=row[c.asks],
            value=row[c.value],
            value_0_10=row[c.value_0_10],
            choice=meaning(question, said) if question is not None and said is not None else None,
            about=row[c.goal_id],
            words=self._length(row),
            is_scale=question is None or question.scale is not Scale.TEXT,
        )

    def _length(self, row: Mapping[Any, Any]) -> int | None:
        """How many words: what was written stays here."""
        sealed = row[t.answer.c.text_sealed]
        return len(self._seal.open(TEXT, row[t.answer.c.id], sealed).split()) if sealed else None

    async def _moments(self, table: sa.Table, column: sa.Column[datetime], client_id: str) -> list[datetime]:
        query = sa.select(column).where(table.c.client_id == client_id).order_by(column)
        return [row[0] for row in await self._con.execute(query)]

    async def _spans(self, table: sa.Table, where: sa.ColumnElement[bool]) -> list[Span]:
        query = sa.select(table.c.starts_at, table.c.ends_at).where(where).order_by(table.c.starts_at)
        return [Span(row.starts_at, row.ends_at) for row in await self._con.execute(query)]

    async def _told(self, client_id: str, since: datetime | None) -> list[Told]:
        lately = sa.true() if since is None else t.signal.c.raised_at >= since
        states = sa.select(t.alert.c.id, t.alert.c.state).where(t.alert.c.client_id == client_id)
        taken_back = {row.id for row in await self._con.execute(states) if row.state == AlertState.WITHDRAWN}
        return [
            Told.of(one.signal, alerted=one.held in DIGEST or one.alert_id not in (None, *taken_back))
            for one in await self._kept(t.signal.c.client_id == client_id, lately)
            if one.holds or one.alert_id is not None
        ]

    async def _resets(self, client_id: str) -> list[datetime]:
        """Confirmed repairs."""
        query = sa.select(t.alert.c.closed_at).where(
            t.alert.c.client_id == client_id, t.alert.c.state == AlertState.REPAIRED, t.alert.c.closed_at.is_not(None)
        )
        return [row.closed_at for row in await self._con.execute(query)]


def _occasion(row: Mapping[Any, Any], replies: list[Reply], answered: set[int], bank: Bank) -> Occasion:
    c = t.check_in.c
    asked = [bank.get(item["question"]) for item in row[c["items"]]]
    left = [one for n, one in enumerate(asked) if one is not None and n not in answered and one.scale is not Scale.TEXT]
    return Occasion(
        check_in_id=row[c.id],
        planned_at=row[c.planned_at],
        state=State(row[c.state]),
        replies=tuple(replies),
        sent_at=row[c.sent_at],
        expires_at=row[c.expires_at],
        last_touched_at=row[c.last_touched_at],
        finished_at=row[c.finished_at],
        scales_done=bool(answered) and not left,
    )


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
        row[c.id], signal, row[c.alert_id], Wish(row[c.wish]), row[c.holds], row[c.key], row[c.client_id], row[c.held]
    )
