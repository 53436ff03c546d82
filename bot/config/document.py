"""The file as it is written: one model per table. No key is required here; checks.py says what is missing.

Values that are wrong by themselves are found by these models, what is wrong between two keys by checks.py.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.settings import Database, Heartbeat, Http, Logs, Section, Telegram
from bot.config.shapes import (
    Channel,
    Date,
    Day,
    Duration,
    DurationOrNever,
    List,
    Name,
    Number,
    OptionId,
    Parameter,
    Ref,
    Refs,
    Stretch,
    Wall,
    Whole,
    Words,
    Zone,
    one_of,
)
from bot.domain.plan import Detail, Profile
from bot.domain.questions import Asks, Scale
from bot.domain.words import Construct


class Duty(Section):
    """`{ days = ["mon", …], hours = "09:00-17:00" }`"""

    days: list[Day] | None = None
    hours: Stretch | None = None


class ServiceTable(Section):
    """`[service]`"""

    name: Words | None = None
    place: Words | None = None
    profile: Annotated[Profile, BeforeValidator(one_of(Profile))] = Profile.THERAPY
    timezone: Zone | None = None
    languages: List = Field(default_factory=lambda: ["en"])
    quiet_hours: Stretch | None = None
    closed_dates: list[Date] = Field(default_factory=list)
    working_hours: Duty = Duty()
    not_shared_with: List = Field(default_factory=list)
    silence_is_urgent: bool = False
    crisis_text: dict[str, Words] = Field(default_factory=dict)


class ScheduleTable(Section):
    """`[[schedules]]`"""

    name: Name | None = None
    days: list[Day] | None = None
    time: Wall | None = None
    every_weeks: Annotated[Whole, Field(ge=1, le=52)] = 1
    after_session: Duration | None = None
    before_session: Duration | None = None
    questions: List = Field(default_factory=list)
    max_questions: Annotated[Whole, Field(ge=1, le=10)] = 4
    remind_after: Duration | None = None
    expires_after: Duration | None = None


class OptionTable(Section):
    """One of `options`."""

    id: OptionId | None = None
    text: dict[str, Words] = Field(default_factory=dict)


class QuestionTable(Section):
    """`[[questions]]`"""

    id: Name | None = None
    about: Annotated[Construct | None, BeforeValidator(one_of(Construct)), Field(alias="construct")] = None
    scale: Annotated[Scale | None, BeforeValidator(one_of(Scale))] = None
    asks: Annotated[Asks | None, BeforeValidator(one_of(Asks))] = None
    reverse: bool = False
    pool: Words | None = None
    text: dict[str, Words] = Field(default_factory=dict)
    low: dict[str, Words] = Field(default_factory=dict)
    high: dict[str, Words] = Field(default_factory=dict)
    words: dict[str, list[Words]] = Field(default_factory=dict)
    options: list[OptionTable] = Field(default_factory=list)
    note: dict[str, Words] = Field(default_factory=dict)


class Within(Section):
    """`alerts.acknowledge_within`: time in the worker's duty hours; a day is one working day."""

    high: Duration = timedelta(minutes=30)
    medium: Duration = timedelta(days=1)
    low: Duration = timedelta(days=3)


class AlertsTable(Section):
    """`[alerts]`"""

    detail: Annotated[Detail, BeforeValidator(one_of(Detail))] = Detail.DISCREET
    ask_client_first: bool = True
    acknowledge_within: Within = Within()
    escalate_to: Refs = Field(default_factory=list)
    complaints_to: Refs = Field(default_factory=list)
    cover: dict[Ref, Ref] = Field(default_factory=dict)
    snooze: Duration | None = None
    budget_per_worker_per_week: Annotated[Whole, Field(ge=0, le=100)] = 3
    budget_per_client_per_month: Annotated[Number, Field(ge=0, le=10)] = 0.25


class SafetyTable(Section):
    """`[safety]`"""

    duty: Refs = Field(default_factory=list)
    duty_hours: Duty | None = None
    safeguarding_contact: Refs = Field(default_factory=list)
    second_channel: Channel | None = None
    checked_by: Ref | None = None
    checked_on: Date | None = None


class RetentionTable(Section):
    """`[retention]`; `messages = ""` leaves them in the chat."""

    after_discharge: Duration | None = None
    messages: DurationOrNever | None = None


class PrivacyTable(Section):
    """`[privacy]`"""

    erase_delay: Duration | None = None


class Document(BaseSettings):
    """The whole file, read through pydantic-settings: the first source that has a value wins."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    telegram: Telegram = Telegram()
    http: Http = Http()
    database: Database = Database()
    logs: Logs = Logs()
    heartbeat: Heartbeat = Heartbeat()
    service: ServiceTable = ServiceTable()
    schedules: list[ScheduleTable] = Field(default_factory=list)
    questions: list[QuestionTable] = Field(default_factory=list)
    signals: dict[str, dict[str, Parameter]] = Field(default_factory=dict)
    alerts: AlertsTable = AlertsTable()
    safety: SafetyTable = SafetyTable()
    retention: RetentionTable = RetentionTable()
    privacy: PrivacyTable = PrivacyTable()
    texts: dict[str, dict[str, Any]] = Field(default_factory=dict)


class _Layer(PydanticBaseSettingsSource):
    """One source of values that has already been read: environment, secrets or file."""

    def __init__(self, document: type[BaseSettings], values: Mapping[str, Any]) -> None:
        super().__init__(document)
        self._values = dict(values)

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


class _Layered(Document):
    """The document from the layers that it is given, and from nothing else."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        given: Sequence[Mapping[str, Any]] = init_settings()["layers"]
        return tuple(_Layer(settings_cls, layer) for layer in given)


def validate(*layers: Mapping[str, Any]) -> Document:
    """The document from layers of nested values, the strongest first. Raises pydantic's ValidationError."""
    return _Layered(layers=layers)  # type: ignore[call-arg]  # read by the sources above, and no key of the file
