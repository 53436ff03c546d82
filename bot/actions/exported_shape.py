"""The shape of an export as far as a replay reads it, and everything that is wrong with a file, said at once.

Rows come in any order and may stand there twice: what is read is each row once, in an order of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Annotated, Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from bot.actions.reports import FORMAT
from bot.domain.alerts import Kind
from bot.domain.questions import STEPS, Bank, Question, Scale
from bot.domain.signals.occasions import State
from bot.domain.words import Construct

YEARS = range(1900, 2200)
"""Outside these no clock was right, and arithmetic with days could leave the calendar."""
MOST_SAID = 20
"""Problems that are listed; what is wrong in every row need not be said for each."""


class NotAnExport(Exception):
    """The file is not of the export's shape; the message says where and what, one line each."""


class Loose(BaseModel):
    """Further fields are none of ours."""

    model_config = ConfigDict(extra="ignore")


Row = TypeVar("Row", bound=Loose)


def _each_once(rows: list[Row]) -> list[Row]:
    by_content = {one.model_dump_json(): one for one in rows}
    return [by_content[content] for content in sorted(by_content)]


Rows: TypeAlias = Annotated[list[Row], AfterValidator(_each_once)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("is no time zone, such as Europe/London") from None
    return name


def _in_reach(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise ValueError(f"is not between the years {YEARS[0]} and {YEARS[-1]}")
    return at


def _writable(name: str) -> str:
    if any("\ud800" <= sign <= "\udfff" for sign in name):
        raise ValueError("holds half of a sign")
    return name


def _known_format(number: int) -> int:
    if number != FORMAT:
        raise ValueError(f"{number} is not known; this version reads format {FORMAT}")
    return number


def _said(value: object) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("is neither a number nor text")
    if not isfinite(value) if isinstance(value, float) else abs(value) > 10**9:
        raise ValueError("is no number that anybody can have chosen")
    return float(value)


def _goal(value: object) -> str | None:
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return None if value is None else str(value)
    raise ValueError("is not the id of a goal")


Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_in_reach)]
Name: TypeAlias = Annotated[str, AfterValidator(_writable)]
Worth: TypeAlias = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class Version(Loose):
    """One version of an answer: on the question's own scale, and what that is worth."""

    value: Annotated[float | str | None, BeforeValidator(_said)] = None
    value_0_10: Worth | None = None
    text: str | None = None
    answered_at: Moment


class Given(Version):
    """One answer as it stands, with its earlier versions, oldest first."""

    question: Name
    about: Construct = Field(alias="construct")
    asks: str | None = None
    goal: Annotated[Name | None, BeforeValidator(_goal)] = None
    versions: list[Version] = []

    @model_validator(mode="after")
    def _numbers_mean_something(self, info: ValidationInfo) -> "Given":
        bank: Bank = (info.context or {}).get("bank", Bank())
        question = bank.get(self.question)
        for one in (*self.versions, self):
            if isinstance(one.value, float) and worth(question, one) is None:
                raise ValueError(
                    f"{one.value:g} is no answer on this question's scale; value_0_10 would say what it means"
                )
        return self


def worth(question: Question | None, one: Version) -> float | None:
    """From 0 to 10, reversed questions turned round. A number in quotes is a number; of text and choices None."""
    said = number(question, one)
    if one.value_0_10 is not None or said is None:
        return one.value_0_10
    if question is not None and not question.is_rating:
        return None
    if question is not None and question.scale in (Scale.WORDS, Scale.FACES):
        found = STEPS[int(said)] if said in range(len(STEPS)) else None
    else:
        found = said if 0 <= said <= 10 else None
    return 10.0 - found if found is not None and question is not None and question.reverse else found


def number(question: Question | None, one: Version) -> float | None:
    """An answer on its own scale, where that has numbers."""
    if not isinstance(one.value, str):
        return one.value
    try:
        found = float(one.value) if question is None or question.is_rating else None
    except ValueError:
        return None
    return found if found is not None and isfinite(found) else None


class CheckInRow(Loose):
    """One check-in; without a state one with answers is completed."""

    schedule: Name = ""
    state: State | None = None
    planned_at: Moment | None = None
    sent_at: Moment | None = None
    last_touched_at: Moment | None = None
    finished_at: Moment | None = None
    expires_at: Moment | None = None
    questions: list[str] = []
    answers: Rows[Given] = []

    @model_validator(mode="after")
    def _has_a_time(self) -> "CheckInRow":
        if self.planned_at is None and self.sent_at is None and not self.answers:
            raise ValueError("has neither planned_at nor sent_at nor an answer")
        return self


class Evidence(Loose):
    """What a signal says of the event that raised it; figures are none of ours."""

    about: Any = None
    value: Any = None
    lists: list[Name] = []


class SignalRow(Loose):
    """One signal on record."""

    rule: str
    raised_at: Moment
    evidence: Evidence = Evidence()


class HistoryRow(Loose):
    """One line of an alert's history."""

    at: Moment
    state: str


class RemarkRow(Loose):
    """Words of the client's own accord."""

    text: str | None = None
    shown_to: str = ""
    said_at: Moment


class AlertRow(Loose):
    """One alert as it was handled."""

    kind: str = Kind.ALLIANCE
    raised_at: Moment
    useful: str | None = None
    client_feels: Worth | None = None
    history: list[HistoryRow] = []


class SessionRow(Loose):
    """One meeting. Without `said_at` it was known as soon as it was over."""

    at: Moment
    state: str = "held"
    said_at: Moment | None = None


class StretchRow(Loose):
    """A pause, an absence, or the time with one worker."""

    starts_at: Moment
    ends_at: Moment | None = None
    worker: Name = ""


class ClientRow(Loose):
    """Everything of one client."""

    ref: Name
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    check_ins: Rows[CheckInRow] = []
    remarks: Rows[RemarkRow] = []
    signals: Rows[SignalRow] = []
    alerts: Rows[AlertRow] = []
    sessions: Rows[SessionRow] = []
    assignments: Rows[StretchRow] = []
    pauses: Rows[StretchRow] = []
    absences: Rows[StretchRow] = []


class _Export(Loose):
    format: Annotated[int, AfterValidator(_known_format)]
    clients: list[ClientRow]


def read(document: object, bank: Bank) -> list[ClientRow]:
    """Every client of a document, each once. Raises NotAnExport with everything that is wrong."""
    lines = _twice(document)
    try:
        found = _Export.model_validate(document, context={"bank": bank})
    except ValidationError as broken:
        wrong = broken.errors(include_input=False, include_url=False, include_context=False)
        lines = [f"{_where(one['loc'])}: {_what(one['type'], one['msg'])}" for one in wrong] + lines
    if lines:
        more = [f"… and {len(lines) - MOST_SAID} more"] if len(lines) > MOST_SAID else []
        raise NotAnExport("\n".join([*lines[:MOST_SAID], *more]))
    return list({one.ref: one for one in found.clients}.values())


def _twice(document: object) -> list[str]:
    """Clients of one ref that are not the same: which of them is true nobody can say."""
    rows = document.get("clients") if isinstance(document, Mapping) else None
    clients = rows if isinstance(rows, list) else []
    first: dict[str, int] = {}
    found = []
    for n, one in enumerate(clients):
        ref = one.get("ref") if isinstance(one, Mapping) else None
        if isinstance(ref, str) and first.setdefault(ref, n) != n and clients[first[ref]] != one:
            found.append(f"clients[{n}].ref: is that of clients[{first[ref]}] too, and they are not the same")
    return found


def _what(kind: str, message: str) -> str:
    return "Input should be an object" if kind == "model_type" else message.removeprefix("Value error, ")


def _where(path: Sequence[int | str]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "the file"
