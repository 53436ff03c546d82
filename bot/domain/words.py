"""Small words that every other module uses. One word for one thing; docs/words.md is the glossary."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from enum import IntEnum, StrEnum
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Facts: TypeAlias = Mapping[str, Json]
"""What a message says, as values and not yet as words; a view turns it into text when it is sent."""


OPERATOR = "operator"
"""Whoever ran a command on the computer, where it is kept who did something."""


class Role(StrEnum):
    """The three kinds of people."""

    CLIENT = "client"
    WORKER = "worker"
    MANAGER = "manager"


class Construct(StrEnum):
    """What a question asks about. The first three are the alliance (Bordin: bond, goals, tasks)."""

    BOND = "bond"
    GOALS = "goals"
    TASKS = "tasks"
    PROGRESS = "progress"
    ENGAGEMENT = "engagement"
    SELF_MANAGEMENT = "self-management"
    LOGISTICS = "logistics"


ALLIANCE = (Construct.BOND, Construct.GOALS, Construct.TASKS)


class Tier(IntEnum):
    """How loudly a signal is passed on: 3 now, 2 an alert today, 1 weekly digest, 0 only on charts."""

    CHART = 0
    DIGEST = 1
    ALERT = 2
    NOW = 3


class Severity(StrEnum):
    """How an alert is handled. `low` is a tier-2 alert softened by the client's wish, or by no tap."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Weekday(IntEnum):
    """Days as `date.weekday()` counts them."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of wall time, `start` included and `end` not; over midnight if `start > end`; never if equal."""

    start: time
    end: time

    def __contains__(self, wall: time) -> bool:
        if self.start <= self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class DutyHours:
    """When somebody is there to act: wall-time hours on some days of the week."""

    days: frozenset[Weekday]
    hours: Hours


REF = re.compile(r"[^\W_][\w./-]{0,39}")
"""How a person is named in files and commands: at most 40 letters, digits and `. / _ -`, the first a letter or digit."""

DURATION = re.compile(r"^\s*(\d+)\s*(m|h|d|w)\s*$")
_UNIT = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def duration(text: str) -> timedelta:
    """`"90m"`, `"20h"`, `"3d"`, `"2w"` → timedelta. Raises ValueError for anything else."""
    found = DURATION.match(text)
    if not found:
        raise ValueError(f"not a duration: {text!r}")
    return int(found[1]) * _UNIT[found[2]]
