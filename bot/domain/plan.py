"""Everything that a manager decides, as one immutable value with a version.

The version is a hash of the content: two files that mean the same make the same plan. What a change of plan does to
whom is worked out with the very functions that ask people.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time, timedelta
from enum import Enum, StrEnum

from bot.domain.questions import Bank
from bot.domain.schedules import Calendar, Schedule
from bot.domain.words import DutyHours, Json, Severity

CHECK_HOLDS = timedelta(days=183)
"""Contacts and numbers are rung again after six months."""


class Profile(StrEnum):
    """Which priors the rules start from."""

    THERAPY = "therapy"
    RECOVERY = "recovery"


class Detail(StrEnum):
    """How much of an alert stands in the worker's chat."""

    DISCREET = "discreet"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class House:
    """The organisation itself. `crisis_text` is language → text; `not_shared_with` has been signed by a person."""

    name: str
    place: str
    profile: Profile
    languages: tuple[str, ...]
    calendar: Calendar
    not_shared_with: tuple[str, ...] = ()
    silence_is_urgent: bool = False
    crisis_text: Mapping[str, str] = field(default_factory=dict)

    @property
    def timezone(self) -> str:
        return self.calendar.timezone


@dataclass(frozen=True, slots=True)
class Alerts:
    """How alerts are handled. `acknowledge_within` counts the worker's duty hours only; people are refs."""

    detail: Detail
    ask_client_first: bool
    acknowledge_within: Mapping[Severity, timedelta]
    escalate_to: tuple[str, ...] = ()
    complaints_to: tuple[str, ...] = ()
    cover: Mapping[str, str] = field(default_factory=dict)
    snooze: timedelta = timedelta(days=1)
    """Not in effect yet: *More* offers tomorrow and the next meeting. The key is promised to whoever writes a file."""
    budget_per_worker_per_week: int = 3
    budget_per_client_per_month: float = 0.25


@dataclass(frozen=True, slots=True)
class Safety:
    """Who reads what cannot wait. People are refs; `checked_by` has rung the numbers on `checked_on`."""

    duty: tuple[str, ...] = ()
    duty_hours: DutyHours | None = None
    safeguarding_contact: tuple[str, ...] = ()
    second_channel: str | None = None
    checked_by: str | None = None
    checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """How long things stay. `messages`: when prompts and answers leave the chat; None = they stay."""

    after_discharge: timedelta
    messages: timedelta | None
    erase_delay: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """What the managers' file says, checked. `signals` holds only what the file sets: rule → parameter → value.

    `texts` is language → key → the service's own sentence instead of the shipped one.
    """

    service: House
    schedules: tuple[Schedule, ...]
    bank: Bank
    signals: Mapping[str, Mapping[str, float | bool]]
    alerts: Alerts
    safety: Safety
    data: Data
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    version: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        content = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "version"}
        object.__setattr__(self, "version", _mark(content))

    @property
    def calendar(self) -> Calendar:
        return self.service.calendar

    @property
    def rules(self) -> Mapping[str, Json]:
        """What the rules go by, as it is kept with the version, so that a decision can be worked out again later."""
        return {
            "profile": self.service.profile.value,
            "silence_is_urgent": self.service.silence_is_urgent,
            "ask_client_first": self.alerts.ask_client_first,
            "signals": {rule: dict(numbers) for rule, numbers in self.signals.items()},
        }

    @property
    def wordings(self) -> Mapping[str, Json]:
        """Question → a mark of how it is put. Another mark: an answer to the one is none to the other."""
        return {one.id: _mark(one) for one in self.bank.questions}

    def schedule(self, name: str) -> Schedule | None:
        return next((one for one in self.schedules if one.name == name), None)

    @property
    def people_needed(self) -> Mapping[str, tuple[str, ...]]:
        """Config key → refs that it names, for all that have to be on the roster."""
        named: dict[str, tuple[str, ...]] = {
            "alerts.escalate_to": self.alerts.escalate_to,
            "alerts.complaints_to": self.alerts.complaints_to,
            "alerts.cover": tuple(dict.fromkeys(ref for pair in self.alerts.cover.items() for ref in pair)),
            "safety.duty": self.safety.duty,
            "safety.safeguarding_contact": self.safety.safeguarding_contact,
            "safety.checked_by": (self.safety.checked_by,) if self.safety.checked_by else (),
        }
        return {key: refs for key, refs in named.items() if refs}


def _canonical(value: object) -> Json:
    """The same content always as the same JSON: order counts only where it means something."""
    if isinstance(value, Bank):
        return [_canonical(one) for one in value.questions]
    if is_dataclass(value):
        return {one.name: _canonical(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _canonical(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        return sorted((_canonical(one) for one in value), key=str)
    if isinstance(value, list | tuple):
        return [_canonical(one) for one in value]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date | time):
        return value.isoformat()
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _mark(value: object) -> str:
    """Sixteen letters that are the same for the same content."""
    as_text = json.dumps(_canonical(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(as_text.encode()).hexdigest()[:16]


class Lack(StrEnum):
    """In which way a safety key keeps the bot from going live."""

    MISSING = "missing"
    OLD = "old"
    IN_FUTURE = "in_future"


@dataclass(frozen=True, slots=True)
class NotLive:
    """One reason why no client is invited or asked: the config key, and what about it."""

    key: str
    lack: Lack


def live_problems(plan: Plan, today: date) -> tuple[NotLive, ...]:
    """Why the bot is not live; empty when it is. Alerts, crisis texts and receiving never depend on it."""
    safety, crisis = plan.safety, plan.service.crisis_text
    needed = [(f"service.crisis_text.{one}", bool(crisis.get(one, "").strip())) for one in plan.service.languages]
    needed += [
        ("service.not_shared_with", bool(plan.service.not_shared_with)),
        ("alerts.complaints_to", bool(plan.alerts.complaints_to)),
        ("safety.duty", bool(safety.duty)),
        ("safety.safeguarding_contact", bool(safety.safeguarding_contact)),
        ("safety.checked_by", bool(safety.checked_by)),
        ("safety.checked_on", safety.checked_on is not None),
    ]
    found = [NotLive(key, Lack.MISSING) for key, is_there in needed if not is_there]
    if safety.checked_on is not None and today - safety.checked_on > CHECK_HOLDS:
        found.append(NotLive("safety.checked_on", Lack.OLD))
    if safety.checked_on is not None and safety.checked_on > today:
        found.append(NotLive("safety.checked_on", Lack.IN_FUTURE))
    return tuple(found)
