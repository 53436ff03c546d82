"""An export read back: each client as the history that rules read. Anybody's file of that shape will do.

Required are `ref`, and per check-in a time and its answers; everything else has a neutral default, so that a series from
elsewhere can be replayed: without sessions intervals are calendar weeks, without a state a check-in with answers is
completed, without `value_0_10` a number from 0 to 10 stands for itself.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.domain.alerts import AlertState, Kind
from bot.domain.backtest import Case, Recorded
from bot.domain.questions import MEANINGS, Asks, Bank, Question, canonical, meaning, value_0_10
from bot.domain.signals.beside import Remark, Repair, talks
from bot.domain.signals.history import Event, Happening, History, Span, TalkAbout
from bot.domain.signals.intervals import closures
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.words import Construct

MOST_SAID = 20
"""Problems that are listed; what is wrong in every row need not be said for each."""
OVER = {AlertState.TALKED, AlertState.DISMISSED, AlertState.WITHDRAWN}


class NotAnExport(Exception):
    """The file is not of the export's shape; the message says where and what, one line each."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("is no time zone, such as Europe/London") from None
    return name


class _Loose(BaseModel):
    """Further fields are none of ours."""

    model_config = ConfigDict(extra="ignore")


class _Version(_Loose):
    value: float | str | None = None
    value_0_10: Annotated[float, Field(ge=0, le=10)] | None = None
    text: str | None = None
    answered_at: AwareDatetime


class _Answer(_Version):
    question: str
    about: Construct = Field(alias="construct")
    asks: str | None = None
    goal: str | int | None = None
    versions: list[_Version] = []


class _CheckIn(_Loose):
    schedule: str = ""
    state: State | None = None
    planned_at: AwareDatetime | None = None
    sent_at: AwareDatetime | None = None
    last_touched_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    questions: list[str] = []
    answers: list[_Answer] = []

    @model_validator(mode="after")
    def _has_a_time(self) -> "_CheckIn":
        if self.planned_at is None and self.sent_at is None and not self.answers:
            raise ValueError("has neither planned_at nor sent_at nor an answer")
        return self


class _Signal(_Loose):
    rule: str
    raised_at: AwareDatetime
    evidence: dict[str, Any] = {}


class _Line(_Loose):
    at: AwareDatetime
    state: str


class _Remark(_Loose):
    text: str | None = None
    shown_to: str = ""
    said_at: AwareDatetime


class _Alert(_Loose):
    kind: str = Kind.ALLIANCE
    raised_at: AwareDatetime
    useful: str | None = None
    client_feels: float | None = None
    history: list[_Line] = []


class _Session(_Loose):
    at: AwareDatetime
    state: str = "held"


class _Stretch(_Loose):
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    worker: str = ""


class _Client(_Loose):
    ref: str
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    check_ins: list[_CheckIn] = []
    remarks: list[_Remark] = []
    signals: list[_Signal] = []
    alerts: list[_Alert] = []
    sessions: list[_Session] = []
    assignments: list[_Stretch] = []
    pauses: list[_Stretch] = []
    absences: list[_Stretch] = []


class _Export(_Loose):
    format: int
    clients: list[_Client]


def cases(document: object, bank: Bank, closed_dates: Collection[date] = ()) -> list[Case]:
    """Every client of an export, with the days on which the service was closed. Raises NotAnExport."""
    try:
        found = _Export.model_validate(document)
    except ValidationError as broken:
        raise NotAnExport(_problems(broken)) from None
    if found.format != 1:
        raise NotAnExport(f"format: {found.format} is not known; this version reads format 1")
    return [_case(one, bank, closed_dates) for one in found.clients]


def _problems(broken: ValidationError) -> str:
    lines = [f"{_where(one['loc'])}: {one['msg']}" for one in broken.errors(include_input=False, include_url=False)]
    more = [f"… and {len(lines) - MOST_SAID} more"] if len(lines) > MOST_SAID else []
    return "\n".join([*lines[:MOST_SAID], *more])


def _where(path: Sequence[int | str]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "the file"


def _case(client: _Client, bank: Bank, closed_dates: Collection[date]) -> Case:
    history = History(
        occasions=tuple(_occasion(n, one, bank) for n, one in enumerate(client.check_ins)),
        sessions=tuple(one.at for one in client.sessions if one.state == "held"),
        assignments=tuple(one.starts_at for one in client.assignments),
        pauses=tuple(Span(one.starts_at, one.ends_at) for one in client.pauses),
        closures=closures(closed_dates, client.timezone),
        absences=tuple(Span(one.starts_at, one.ends_at) for one in client.absences),
        events=tuple(_events(client.signals)),
        missed_sessions=tuple(one.at for one in client.sessions if one.state == "missed"),
        repairs=tuple(repair for n, one in enumerate(client.alerts) for repair in _repairs(n, one)),
        remarks=tuple(
            Remark(one.said_at, len((one.text or "").split())) for one in client.remarks if one.shown_to == "worker"
        ),
        timezone=client.timezone,
    )
    workers = tuple(sorted((one.starts_at, one.worker) for one in client.assignments))
    return Case(client.ref, history, workers, tuple(_recorded(one) for one in client.alerts))


def _occasion(n: int, one: _CheckIn, bank: Bank) -> Occasion:
    replies = [reply for answer in one.answers for reply in _replies(answer, bank)]
    answered = {answer.question for answer in one.answers}
    state = one.state or (State.COMPLETED if one.answers else State.EXPIRED)
    done = bool(answered) and (set(one.questions) <= answered if one.questions else state is State.COMPLETED)
    planned = one.planned_at or one.sent_at or min(reply.at for reply in replies)
    return Occasion(
        check_in_id=f"{one.schedule}:{planned.isoformat()}:{n}",
        planned_at=planned,
        state=state,
        replies=tuple(replies),
        sent_at=one.sent_at,
        expires_at=one.expires_at,
        last_touched_at=one.last_touched_at or max((reply.at for reply in replies), default=None),
        finished_at=one.finished_at,
        scales_done=done,
    )


def _replies(answer: _Answer, bank: Bank) -> list[Reply]:
    """Every version; those given within one tick of the clock stay in their order."""
    question = bank.get(answer.question)
    versions: list[_Version] = [*answer.versions, answer]
    return [
        Reply(
            question=answer.question,
            construct=answer.about,
            at=one.answered_at - timedelta(microseconds=len(versions) - 1 - n),
            asks=answer.asks,
            value=float(one.value) if isinstance(one.value, float) else None,
            value_0_10=_worth(question, one),
            choice=_meaning(question, answer.asks, one.value),
            text=one.text,
            about=None if answer.goal is None else str(answer.goal),
        )
        for n, one in enumerate(versions)
    ]


def _worth(question: Question | None, one: _Version) -> float | None:
    if one.value_0_10 is not None or one.value is None or isinstance(one.value, str):
        return one.value_0_10
    if question is not None:
        return value_0_10(question, one.value)
    return one.value if 0 <= one.value <= 10 else None


def _meaning(question: Question | None, asks: str | None, value: float | str | None) -> str | None:
    if value is None:
        return None
    if question is not None:
        return meaning(question, value)
    known = MEANINGS.get(Asks(asks), ()) if asks in set(Asks) else ()
    found = canonical(value) if isinstance(value, str) else None
    return found if found in known else None


def _events(signals: Sequence[_Signal]) -> list[Event]:
    """What was said and done outside the questions is known by the signals that it raised."""
    return [event for n, one in enumerate(signals) if (event := _event(n, one)) is not None]


def _event(n: int, one: _Signal) -> Event | None:
    name = f"{one.rule}:{one.raised_at.isoformat()}:{n}"
    if one.rule == "asked_to_talk" and one.evidence.get("about") in set(TalkAbout):
        return Event(name, Happening.TALK, one.raised_at, about=TalkAbout(one.evidence["about"]))
    if one.rule in ("risk_text", "blocked") and one.evidence.get("value") in set(Happening):
        lists: Any = one.evidence.get("lists") or ()
        return Event(name, Happening(one.evidence["value"]), one.raised_at, lists=frozenset(lists))
    return None


def _repairs(n: int, one: _Alert) -> list[Repair]:
    if one.kind != Kind.ALLIANCE:
        return []
    return talks(f"alert:{n}", [(line.at, line.state) for line in one.history], one.client_feels)


def _recorded(one: _Alert) -> Recorded:
    over = [line.at for line in one.history if line.state in OVER]
    return Recorded(one.kind, one.raised_at, min(over, default=None), one.useful)
