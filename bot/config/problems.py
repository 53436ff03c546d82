"""How a problem with the configuration is told: where, which key, what is wrong, what would be right."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys, and indexes of lists from 0."""

ENVIRONMENT = "environment"


class Weight(StrEnum):
    """An error keeps the configuration from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a path, before anybody has looked up the line."""

    path: Path
    wrong: str
    right: str
    weight: Weight = Weight.ERROR
    rests_on: Path = ()
    """Another key without which this cannot be known: where that one is wrong, this is not told."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One line for a person. `file` is the path as it was given, or `environment` (line 0), or a secret's file."""

    file: str
    line: int
    key: str
    wrong: str
    right: str
    severity: Weight = Weight.ERROR

    def __str__(self) -> str:
        warning = "warning: " if self.severity is Weight.WARNING else ""
        return f"{self.file}:{self.line}: {self.key}: {warning}{self.wrong}; {self.right}"


def dotted(path: Path) -> str:
    """`("schedules", 0, "time")` → `schedules[1].time`: people count from one."""
    written = ""
    for part in path:
        written += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if written else part
    return written or "file"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    names = {one.lower(): one for one in known}
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def meant(word: str, known: Iterable[str]) -> str:
    """What would be right: the nearest known word, else all of them."""
    words = sorted(known) if isinstance(known, set | frozenset) else list(known)
    close = nearest(word, words)
    if close is not None:
        return f'did you mean "{close}"?'
    return "one of: " + ", ".join(words[:20]) if words else "leave it out"
