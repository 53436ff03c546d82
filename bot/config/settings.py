"""Settings for whoever looks after the computer: Telegram, the web door, the database, logs.

Secrets are `SecretStr`: they show as stars wherever they are printed by accident.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot.config.shapes import Beat, File, Listen, Number, SecretWeb, Web, Words, one_of
from bot.config.shapes import Database as DatabaseUrl


class Mode(StrEnum):
    """How updates come in."""

    POLLING = "polling"
    WEBHOOK = "webhook"


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Format(StrEnum):
    """How a log line looks."""

    TEXT = "text"
    JSON = "json"


class Section(BaseModel):
    """A table of the file: unknown keys are errors, and values never show in messages of the library."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)


class Telegram(Section):
    """`[telegram]`"""

    token: SecretStr | None = None
    token_file: File | None = None
    api_base_url: Web = "https://api.telegram.org"
    mode: Annotated[Mode, BeforeValidator(one_of(Mode))] = Mode.POLLING
    webhook_url: Web | None = None
    webhook_secret: SecretStr | None = None
    webhook_path: Words = "/telegram"
    messages_per_second: Annotated[Number, Field(ge=0, le=1000)] = 25.0
    chat_messages_per_second: Annotated[Number, Field(ge=0, le=100)] = 1.0


class Http(Section):
    """`[http]`"""

    listen: Listen = "127.0.0.1:8080"

    @property
    def is_configured(self) -> bool:
        """Whether somebody chose the address: then it has to be free."""
        return "listen" in self.model_fields_set


def _keys(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Database(Section):
    """`[database]`; the keys newest first, each as text."""

    url: DatabaseUrl = SecretStr("sqlite+aiosqlite:///checkin.db")
    encryption_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_keys)] = ()
    encryption_keys_file: File | None = None
    erased_file: File | None = None


class Heartbeat(Section):
    """`[heartbeat]`; the address lets whoever knows it pretend that the bot is alive."""

    url: SecretWeb | None = None
    every: Beat = timedelta(minutes=1)


class Logs(Section):
    """`[logs]`"""

    level: Annotated[Level, BeforeValidator(one_of(Level))] = Level.INFO
    format: Annotated[Format, BeforeValidator(one_of(Format))] = Format.TEXT


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them. `folder` is where the file stands: relative paths and the key file start there."""

    folder: Path
    telegram: Telegram
    http: Http
    database: Database
    logs: Logs
    heartbeat: Heartbeat = field(default_factory=Heartbeat)

    @property
    def key_file(self) -> Path:
        """Where the encryption keys are kept when they are not given otherwise."""
        return self.database.encryption_keys_file or self.folder / "checkin.keys"

    @property
    def erased_file(self) -> Path:
        """The list of who was erased, which no restored backup may overwrite."""
        return self.folder / (self.database.erased_file or "checkin.erased")
