"""The arithmetic of the access log: every line's hash goes over the line and over the hash of the line before it.

    hash(n) = HMAC(key, hash(n-1) · place · number · at · by · did · about)        hash(0) = 64 noughts
    end     = HMAC(key, "end" · begun at · place of the last line · its hash)

A line that is changed, taken out or put in between does not fit any more, and without the key nobody makes it fit. The
end is kept apart from the lines, so that the last ones cannot be cut off unseen. People stand in the hash by pseudonym:
a ref may be replaced by its pseudonym (`UNNAMED` and 16 letters) when somebody is erased, and the line still fits.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

KEY_BYTES = 32
UNNAMED = "~"
START = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """Who did what about whom, and where it stands in the chain; without `place` and `hash` it is not in it yet."""

    number: int
    at: datetime
    by: str
    did: str
    about: str | None
    place: int | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends now: the place and the hash of its last line, sealed off by `end`."""

    begun_at: datetime
    place: int = 0
    hash: str = START
    end: str = ""


class Why(StrEnum):
    """What is wrong with the chain at one place."""

    CHANGED = "changed"
    """The line, or the hash of the one before it, is not what it was."""
    MISSING = "missing"
    """At least one line before this one is gone."""
    PUT_IN = "put in"
    """It stands at a place that another line has, or in no place at all."""
    CUT_OFF = "cut off"
    """The last lines are gone, or the end was moved."""
    ANOTHER = "another"
    """The line that somebody wrote down earlier is not in it: it was made anew."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One place where the chain is broken; `line` is the number of the line, None at the end of the chain."""

    line: int | None
    why: Why


def pseudonym(key: bytes, ref: str) -> str:
    """Stands for a ref; the same for the same ref, and nothing to guess for whoever has no key."""
    return ref if ref.startswith(UNNAMED) else UNNAMED + _mac(key, "ref", ref)[:16]


def hash_of(key: bytes, before: str, place: int, line: Line) -> str:
    """What a line's hash has to be, after a line with the hash `before`."""
    about = pseudonym(key, line.about) if line.about is not None else None
    return _mac(key, "line", before, place, line.number, _moment(line.at), pseudonym(key, line.by), line.did, about)


def end_of(key: bytes, head: Head) -> str:
    """What the end of the chain has to be, by everything else that is kept with it."""
    return _mac(key, "end", _moment(head.begun_at), head.place, head.hash)


class Check:
    """Goes along the chain line by line, in order of place, and collects what does not fit."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.place, self.last = 0, START
        self.flaws: list[Flaw] = []

    def line(self, line: Line) -> None:
        place = line.place or 0
        if place <= self.place:
            self.flaws.append(Flaw(line.number, Why.PUT_IN))
            return
        if place > self.place + 1:
            self.flaws.append(Flaw(line.number, Why.MISSING))
        elif not hmac.compare_digest(line.hash or "", hash_of(self._key, self.last, place, line)):
            self.flaws.append(Flaw(line.number, Why.CHANGED))
        self.place, self.last = place, line.hash or ""

    def end(self, head: Head) -> None:
        if self.place != head.place or not hmac.compare_digest(head.end, end_of(self._key, head)):
            self.flaws.append(Flaw(None, Why.CUT_OFF))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _mac(key: bytes, *parts: object) -> str:
    return hmac.new(key, json.dumps(parts).encode(), "sha256").hexdigest()
