"""What `doctor` finds: how it stands with one thing, in words for whoever looks after the computer, and the cure."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands with one thing. Only WRONG asks for something to be done."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it stands, and where it is wrong, the cure."""

    area: str
    state: State
    says: str
    cure: str = ""


def fine(area: str, says: str) -> Finding:
    return Finding(area, State.FINE, says)


def note(area: str, says: str) -> Finding:
    return Finding(area, State.NOTE, says)


def wrong(area: str, says: str, cure: str) -> Finding:
    return Finding(area, State.WRONG, says, cure)
