"""The history that rules read, put together from everything that is known of a client."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import AlertState
from bot.domain.questions import Asks, Bank, Question, Scale, chosen, meaning
from bot.domain.signals.history import WINDOW, History, Span, Told, looks_back_to
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.words import Construct
from storage import beside
from storage import tables as t
from storage.answers import TEXT
from storage.sealing import Seal
from storage.sessions import HELD, MISSED, Sessions
from storage.signals import DIGEST, Signals

LOADED = WINDOW + 12
"""Check-ins are sent in about the order in which they were planned; a few more make sure that the window is whole."""

_STATES = sa.select(t.alert.c.id, t.alert.c.state).where(t.alert.c.client_id == sa.bindparam("client"))
_REPAIRED = sa.select(t.alert.c.closed_at).where(
    t.alert.c.client_id == sa.bindparam("client"),
    t.alert.c.state == AlertState.REPAIRED,
    t.alert.c.closed_at.is_not(None),
)
_REPAIRED_LATELY = _REPAIRED.where(t.alert.c.closed_at >= sa.bindparam("since"))
_PAUSES = (
    sa.select(t.pause.c.starts_at, t.pause.c.ends_at)
    .where(t.pause.c.client_id == sa.bindparam("client"))
    .order_by(t.pause.c.starts_at)
)
_PAUSED_LATELY = _PAUSES.where(sa.or_(t.pause.c.ends_at.is_(None), t.pause.c.ends_at >= sa.bindparam("since")))
_ABSENCES = sa.select(t.absence.c.starts_at, t.absence.c.ends_at).order_by(t.absence.c.starts_at)
_ABSENT_LATELY = _ABSENCES.where(sa.or_(t.absence.c.ends_at.is_(None), t.absence.c.ends_at >= sa.bindparam("since")))
_ASSIGNED = (
    sa.select(t.assignment.c.starts_at)
    .where(t.assignment.c.client_id == sa.bindparam("client"))
    .order_by(t.assignment.c.starts_at)
)
_CHECK_INS = sa.select(t.check_in).where(t.check_in.c.client_id == sa.bindparam("client"))
_LATEST = (
    _CHECK_INS.where(t.check_in.c.planned_at <= sa.bindparam("now"))
    .order_by(t.check_in.c.planned_at.desc())
    .limit(sa.bindparam("most"))
)
_ANSWERS = sa.select(t.answer).order_by(t.answer.c.check_in_id, t.answer.c.item, t.answer.c.version.desc())
_ALL_ANSWERS = _ANSWERS.where(t.answer.c.client_id == sa.bindparam("client"))
_THEIR_ANSWERS = _ANSWERS.where(t.answer.c.check_in_id.in_(sa.bindparam("check_ins", expanding=True)))


class Histories:
    """Rows in, histories out."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    async def of(self, client_id: str, timezone: str, bank: Bank, now: datetime | None = None) -> History:
        """What is on record about a client; closed dates are the plan's and come from there.

        With `now` no more than `until(now)` looks at, so that it costs the same after years; without it all there is.
        """
        occasions = await self._occasions(client_id, bank, now)
        first = sorted(occasions, key=lambda one: one.started_at)[:1]
        since = looks_back_to(first, now) if now is not None else None
        met = await Sessions(self._con).of(client_id, since)
        lately = {"client": client_id} if since is None else {"client": client_id, "since": since}
        return History(
            occasions=tuple(occasions),
            sessions=tuple(one.at for one in met if one.state == HELD),
            assignments=tuple(await self._moments(_ASSIGNED, {"client": client_id})),
            pauses=tuple(await self._spans(_PAUSES if since is None else _PAUSED_LATELY, lately)),
            absences=tuple(await self._spans(_ABSENCES if since is None else _ABSENT_LATELY, lately)),
            told=tuple(await self._told(client_id, since)),
            resets=tuple(await self._moments(_REPAIRED if since is None else _REPAIRED_LATELY, lately)),  # confirmed
            missed_sessions=tuple(one.at for one in met if one.state == MISSED),
            entered=tuple((one.at, one.said_at) for one in met),
            ratings=await beside.ratings(self._con, client_id),
            repairs=await beside.repairs(self._con, client_id, since),
            remarks=await beside.remarks(self._con, self._seal, client_id, since),
            timezone=timezone,
        )

    async def absences(self) -> list[Span]:
        """When the bot itself was away: for everybody the same."""
        return await self._spans(_ABSENCES)

    async def _occasions(self, client_id: str, bank: Bank, now: datetime | None) -> list[Occasion]:
        replies: dict[str, list[Reply]] = defaultdict(list)
        answered: dict[str, set[int]] = defaultdict(set)
        if now is None:
            found = (await self._con.execute(_CHECK_INS, {"client": client_id})).all()
            answers = await self._con.execute(_ALL_ANSWERS, {"client": client_id})
        else:
            found = (await self._con.execute(_LATEST, {"client": client_id, "now": now, "most": LOADED})).all()
            answers = await self._con.execute(_THEIR_ANSWERS, {"check_ins": [row.id for row in found]})
        rows = sorted(found, key=lambda row: row.planned_at)
        newest: dict[tuple[str, int], int] = {}
        for row in answers:
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
            choice=_meant(row[c.asks], question, said),
            about=row[c.goal_id],
            words=self._length(row),
            is_scale=question is None or question.scale is not Scale.TEXT,
        )

    def _length(self, row: Mapping[Any, Any]) -> int | None:
        """How many words: what was written stays here."""
        sealed = row[t.answer.c.text_sealed]
        return len(self._seal.open(TEXT, row[t.answer.c.id], sealed).split()) if sealed else None

    async def _moments(self, query: sa.Select[Any], given: Mapping[str, Any]) -> list[datetime]:
        return [row[0] for row in await self._con.execute(query, given)]

    async def _spans(self, query: sa.Select[Any], given: Mapping[str, Any] | None = None) -> list[Span]:
        return [Span(row.starts_at, row.ends_at) for row in await self._con.execute(query, given)]

    async def _told(self, client_id: str, since: datetime | None) -> list[Told]:
        states = await self._con.execute(_STATES, {"client": client_id})
        taken_back = {row.id for row in states if row.state == AlertState.WITHDRAWN}
        return [
            Told.of(one.signal, alerted=one.held in DIGEST or one.alert_id not in (None, *taken_back))
            for one in await Signals(self._con).since(client_id, since)
            if one.holds or one.alert_id is not None
        ]


def _meant(asks: str | None, question: Question | None, said: float | str | None) -> str | None:
    """What was chosen, by what was asked then: the question may be gone from the file by now, or ask otherwise."""
    if isinstance(said, str):
        return chosen(Asks(asks), said) if asks is not None else None
    return meaning(question, said) if question is not None and said is not None else None


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
