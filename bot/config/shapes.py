"""The shapes of single values: durations, hours, days, zones, refs. Each says what is wrong and what would be right."""

import re
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, PlainValidator, SecretStr
from pydantic_core import PydanticCustomError

from bot.config.problems import meant, nearest
from bot.domain import words
from bot.domain.words import Hours, Weekday

Names = TypeVar("Names", bound=StrEnum)

_HOURS = re.compile(r"\s*(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)\s*")
_WALL = re.compile(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*")
_CHANNEL = re.compile(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://[^\s/]+\S*")
_LISTEN = re.compile(r"(\[[0-9a-fA-F:]+\]|[\w.\-]+)?:(\d{1,5})")
LONGEST_NAME, LONGEST_OPTION = 64, 36
_NO_LETTER = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_DAY_NAMES = {day.name.lower(): day for day in Weekday}


def wrong(what: str, right: str) -> PydanticCustomError:
    """An error that carries both halves of what a person reads."""
    return PydanticCustomError("told", "{wrong}; {right}", {"wrong": what, "right": right})


def shown(value: object) -> str:
    """A value in a message, short."""
    text = str(value)
    return f'"{text[:40]}…"' if len(text) > 41 else f'"{text}"'


def _words(value: str) -> str:
    if not value.strip():
        raise wrong("is empty", "write at least one word, or leave the key out")
    if _NO_LETTER.search(value):
        raise wrong("has a sign in it that is no letter", "write it anew")
    return value.strip()


def _name(value: str) -> str:
    """What rows are found by."""
    if not value.isprintable() or len(value) > LONGEST_NAME:
        raise wrong("is no name", f"write at most {LONGEST_NAME} letters on one line")
    return value


def _option(value: str) -> str:
    """What travels with a button, between colons."""
    if not value.isprintable() or ":" in value or len(value.encode()) > LONGEST_OPTION:
        raise wrong("is no id of an option", f'write at most {LONGEST_OPTION} letters without a colon: "yes"')
    return value


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        found = words.duration(value)
    except (TypeError, ValueError, OverflowError):
        raise wrong(f"{shown(value)} is not a length of time", 'write "90m", "20h", "3d" or "2w"') from None
    if found > timedelta(days=3660):
        raise wrong(f"{shown(value)} is longer than ten years", "write a shorter time")
    return found


def _duration_or_never(value: Any) -> timedelta:
    """`""` becomes no time at all, which stands for never."""
    return timedelta(0) if value == "" else _duration(value)


def _wall(value: Any) -> time:
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    found = _WALL.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong(f"{shown(value)} is not a time of day", 'write "09:00" or "14:30", from "00:00" to "23:59"')
    return time(int(found[1]), int(found[2]))


def _hours(value: Any) -> Hours:
    if isinstance(value, Hours):
        return value
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong(f"{shown(value)} is not a stretch of hours", 'write "09:00-17:00", or "20:00-09:00" over midnight')
    return Hours(_wall(found[1]), _wall(found[2]))


def _day(value: Any) -> Weekday:
    name = value.strip().lower() if isinstance(value, str) else ""
    if isinstance(value, Weekday):
        return value
    if name[:3] in _DAY_NAMES and (len(name) == 3 or name in _FULL_DAYS):
        return _DAY_NAMES[name[:3]]
    close = nearest(name, [*_DAY_NAMES, *_FULL_DAYS])
    right = f'did you mean "{close[:3]}"?' if close else "one of: " + ", ".join(_DAY_NAMES)
    raise wrong(f"{shown(value)} is not a day", right)


_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else date(value.year, value.month, value.day)
    except (ValueError, AttributeError):
        raise wrong(f"{shown(value)} is not a date", "write year, month, day: 2026-12-25") from None


@cache
def zones() -> frozenset[str]:
    """All names of time zones that this computer knows."""
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def zone(value: str) -> str:
    """A time zone by its name in the tz database."""
    if value not in zones():
        right = meant(value, zones())
        raise wrong(f"{shown(value)} is not a time zone", right if "mean" in right else 'write it as in "Europe/London"')
    return value


def _ref(value: str) -> str:
    if not words.REF.fullmatch(value):
        raise wrong(
            f"{shown(value)} is not a ref", 'write it as in the roster, such as "W-1": no blanks, 40 signs at most'
        )
    return value


def _channel(value: str) -> str:
    if value and not _CHANNEL.fullmatch(value):
        raise wrong("is neither an e-mail nor a web address", 'write "mailto:duty@example.org" or "https://…"')
    return value


def _listen(value: str) -> str:
    found = _LISTEN.fullmatch(value)
    if value and (found is None or int(found[2]) > 65535):
        raise wrong(f"{shown(value)} is not an address to listen on", 'write "127.0.0.1:8080", or "" for none')
    return value


def _web(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\S*", value):
        raise wrong("is not a web address", 'write it as in "https://api.telegram.org"')
    return value.rstrip("/")


def _secret_web(value: SecretStr) -> SecretStr:
    """The value never shows."""
    return SecretStr(_web(value.get_secret_value()))


def _beat(value: timedelta) -> timedelta:
    if not timedelta(minutes=1) <= value <= timedelta(days=1):
        raise wrong("is no pace for a heartbeat", 'write "1m" to "24h"')
    return value


def _database(value: SecretStr) -> SecretStr:
    """The value never shows: it may hold a password."""
    url, file, server = value.get_secret_value(), "sqlite+aiosqlite:///checkin.db", "postgresql+psycopg://"
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite+aiosqlite:///").partition("?")[0]
        if path == url.partition("?")[0] or path in ("", ":memory:"):
            raise wrong("is not an SQLite database in a file", f"write {file}")
    elif url.startswith(server):
        if not _is_address(url):
            raise wrong("is not an address", "write / : @ in a password as %2F %3A %40")
    elif url.startswith("postgres"):
        raise wrong("is not a database that is known here", f"write {server}name:password@host/database")
    else:
        raise wrong("is not a database that is known here", f"write {file}, or {server}…")
    return value


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return "@" not in parts.path and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _file(value: Path) -> Path:
    if "\0" in str(value) or not value.name:
        raise wrong("is not the path of a file", 'write it as in "telegram.token"')
    return value


def _no_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise wrong("is true or false, and a number is needed", "write a number without quotes")
    return value


def number_or_switch(value: Any) -> float | bool:
    """A rule's parameter. Text comes only from the environment, where everything is text."""
    if isinstance(value, str):
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
        try:
            value = float(value)
        except ValueError:
            raise wrong(f"{shown(value)} is not a number", "write a number, or true or false, without quotes") from None
    if not isinstance(value, bool | int | float) or value != value:
        raise wrong("is not a number", "write a number, or true or false, without quotes")
    try:
        return value if isinstance(value, bool) else float(value)
    except OverflowError:
        raise wrong("is far too large", "write a smaller number") from None


def _one_is_a_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def one_of(names: type[Names]) -> Callable[[Any], Names]:
    """A validator for the names of a StrEnum."""

    def check(value: Any) -> Names:
        if value not in list(names):
            raise wrong(f"{shown(value)} is not known here", meant(str(value), _quoted(names)))
        return names(value)

    return check


def _quoted(names: Iterable[str]) -> list[str]:
    return [str(one) for one in names]


Words: TypeAlias = Annotated[str, AfterValidator(_words)]
Name: TypeAlias = Annotated[Words, AfterValidator(_name)]
OptionId: TypeAlias = Annotated[Words, AfterValidator(_option)]
Duration: TypeAlias = Annotated[timedelta, PlainValidator(_duration)]
Beat: TypeAlias = Annotated[Duration, AfterValidator(_beat)]
DurationOrNever: TypeAlias = Annotated[timedelta, PlainValidator(_duration_or_never)]
Wall: TypeAlias = Annotated[time, PlainValidator(_wall)]
Stretch: TypeAlias = Annotated[Hours, PlainValidator(_hours)]
Day: TypeAlias = Annotated[Weekday, PlainValidator(_day)]
Date: TypeAlias = Annotated[date, PlainValidator(_date)]
Zone: TypeAlias = Annotated[str, AfterValidator(zone)]
Ref: TypeAlias = Annotated[str, AfterValidator(_ref)]
Refs: TypeAlias = Annotated[list[Ref], BeforeValidator(_one_is_a_list)]
List: TypeAlias = Annotated[list[Words], BeforeValidator(_one_is_a_list)]
Channel: TypeAlias = Annotated[str, AfterValidator(_channel)]
Listen: TypeAlias = Annotated[str, AfterValidator(_listen)]
Web: TypeAlias = Annotated[str, AfterValidator(_web)]
SecretWeb: TypeAlias = Annotated[SecretStr, AfterValidator(_secret_web)]
Database: TypeAlias = Annotated[SecretStr, AfterValidator(_database)]
File: TypeAlias = Annotated[Path, AfterValidator(_file)]
Whole: TypeAlias = Annotated[int, BeforeValidator(_no_switch)]
Number: TypeAlias = Annotated[float, BeforeValidator(_no_switch)]
Parameter: TypeAlias = Annotated[float | bool, PlainValidator(number_or_switch)]
