"""An export read back: each client as the history that rules read. Anybody's file of that shape will do.

Required are `ref`, and per check-in a time and its answers; everything else has a neutral default, so that a series from
elsewhere can be replayed: without sessions intervals are calendar weeks, without a state a check-in with answers is
completed, without `value_0_10` a number from 0 to 10 stands for itself.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from bot.actions.exported_shape import (
    AlertRow,
    CheckInRow,
    ClientRow,
    Given,
    NotAnExport,
    SignalRow,
    Version,
    number,
    read,
    worth,
)
from bot.domain.alerts import AlertState, Kind
from bot.domain.backtest import STILL_OPEN, Case, Recorded
from bot.domain.questions import MEANINGS, Asks, Bank, Question, Scale, canonical, meaning
from bot.domain.signals.beside import Remark, Repair, talks
from bot.domain.signals.history import Event, Happening, History, Span, TalkAbout
from bot.domain.signals.intervals import closures
from bot.domain.signals.occasions import Occasion, Reply, State

__all__ = ["NotAnExport", "cases", "schedule_of"]

OVER = {AlertState.TALKED, AlertState.DISMISSED, AlertState.WITHDRAWN}
_EVENTS = {
    "risk_text": (Happening.TEXT, Happening.CONTACT_ME),
    "blocked": (Happening.BLOCKED, Happening.RETURNED),
}
"""Rule → what it was raised by, as its evidence says."""


def cases(document: object, bank: Bank, closed_dates: Collection[date] = ()) -> list[Case]:
    """Every client of an export, with the days on which the service was closed. Raises NotAnExport."""
    return [_case(one, bank, closed_dates) for one in read(document, bank)]


def _case(client: ClientRow, bank: Bank, closed_dates: Collection[date]) -> Case:
    history = History(
        occasions=tuple(_occasion(n, one, bank) for n, one in enumerate(client.check_ins)),
        sessions=tuple(one.at for one in client.sessions if one.state == "held"),
        assignments=tuple(one.starts_at for one in client.assignments),
        pauses=tuple(Span(one.starts_at, one.ends_at) for one in client.pauses),
        closures=closures(closed_dates, client.timezone),
        absences=tuple(Span(one.starts_at, one.ends_at) for one in client.absences),
        events=tuple(_events(client.signals)),
        resets=tuple(line.at for one in client.alerts for line in one.history if line.state == AlertState.REPAIRED),
        missed_sessions=tuple(one.at for one in client.sessions if one.state == "missed"),
        entered=tuple((one.at, one.said_at) for one in client.sessions if one.said_at is not None),
        repairs=tuple(repair for n, one in enumerate(client.alerts) for repair in _repairs(n, one)),
        remarks=tuple(
            Remark(one.said_at, len((one.text or "").split())) for one in client.remarks if one.shown_to == "worker"
        ),
        timezone=client.timezone,
    )
    workers = tuple(sorted((one.starts_at, one.worker) for one in client.assignments))
    return Case(client.ref, history, workers, tuple(_recorded(one) for one in client.alerts))


def _occasion(n: int, one: CheckInRow, bank: Bank) -> Occasion:
    replies = [reply for answer in one.answers for reply in _replies(answer, bank)]
    state = one.state or (State.COMPLETED if one.answers else State.EXPIRED)
    done = bool(one.answers) and (not _left(one, bank) if one.questions else state is State.COMPLETED)
    planned = one.planned_at or one.sent_at or min(reply.at for reply in replies)
    return Occasion(
        check_in_id=f"{one.schedule}{_name(planned, n)}",
        planned_at=planned,
        state=state,
        replies=tuple(replies),
        sent_at=one.sent_at,
        expires_at=one.expires_at,
        last_touched_at=one.last_touched_at or max((reply.at for reply in replies), default=None),
        finished_at=one.finished_at,
        scales_done=done,
    )


def _name(planned: datetime, n: int) -> str:
    return f":{planned.isoformat()}:{n:06}"


def schedule_of(one: Occasion) -> str:
    """The schedule of a check-in that was read from an export."""
    return one.check_in_id[: -len(_name(one.planned_at, 0))]


def _left(one: CheckInRow, bank: Bank) -> Counter[str]:
    """Scale questions without an answer; one may be asked about several goals."""
    scales = (name for name in one.questions if (known := bank.get(name)) is None or known.scale is not Scale.TEXT)
    return Counter(scales) - Counter(name for name, _ in {(each.question, each.goal) for each in one.answers})


def _replies(answer: Given, bank: Bank) -> list[Reply]:
    """Every version; those given within one tick of the clock stay in their order."""
    question = bank.get(answer.question)
    versions: list[Version] = [*answer.versions, answer]
    return [
        Reply(
            question=answer.question,
            construct=answer.about,
            at=one.answered_at - timedelta(microseconds=len(versions) - 1 - n),
            asks=answer.asks,
            value=number(question, one),
            value_0_10=worth(question, one),
            choice=_meaning(question, answer.asks, one.value),
            text=one.text,
            about=answer.goal,
            is_scale=_is_scale(question, answer),
        )
        for n, one in enumerate(versions)
    ]


def _is_scale(question: Question | None, answer: Given) -> bool:
    """Is it more than words? Of a question that is not in the bank what was answered tells."""
    return answer.value is not None or answer.text is None if question is None else question.scale is not Scale.TEXT


def _meaning(question: Question | None, asks: str | None, value: float | str | None) -> str | None:
    if value is None:
        return None
    if question is not None:
        return meaning(question, value)
    known = MEANINGS.get(Asks(asks), ()) if asks in set(Asks) else ()
    found = canonical(value) if isinstance(value, str) else None
    return found if found in known else None


def _events(signals: Sequence[SignalRow]) -> list[Event]:
    """What was said and done outside the questions is known by the signals that it raised."""
    return [event for n, one in enumerate(signals) if (event := _event(n, one)) is not None]


def _event(n: int, one: SignalRow) -> Event | None:
    name = f"{one.rule}:{one.raised_at.isoformat()}:{n}"
    about, value = (str(said) for said in (one.evidence.about, one.evidence.value))
    if one.rule == "asked_to_talk" and about in set(TalkAbout):
        return Event(name, Happening.TALK, one.raised_at, about=TalkAbout(about))
    if value in _EVENTS.get(one.rule, ()):
        return Event(name, Happening(value), one.raised_at, lists=frozenset(one.evidence.lists))
    return None


def _repairs(n: int, one: AlertRow) -> list[Repair]:
    if one.kind != Kind.ALLIANCE:
        return []
    lines = sorted(one.history, key=lambda line: line.at)
    return talks(f"alert:{n}", [(line.at, line.state) for line in lines], one.client_feels)


def _recorded(one: AlertRow) -> Recorded:
    over = [line.at for line in one.history if line.state in OVER]
    return Recorded(one.kind, one.raised_at, min(over, default=STILL_OPEN if one.history else None), one.useful)
