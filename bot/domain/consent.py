"""Joining as a table: six screens, what each button does, and where that leads.

One message edits itself from screen to screen. A tap names the screen it was made on, so a double tap or a tap on a
screen that has gone changes nothing: the screen where the client stands is shown again.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

SCREENS = 6
AGREES_ON = 5
DONE = 7
"""Where `join_screen` stands once everything is settled; 0 = nothing has been shown."""

CONSENT_TEXTS = tuple(f"client.join.{n}." for n in range(1, AGREES_ON + 1))
"""What the keys of the texts begin with that a client agrees to."""


class Choice(StrEnum):
    """A button of the joining screens, as it travels."""

    NEXT = "next"
    SHARED = "shared"
    UNKNOWN = "unknown"
    BACK = "back"
    AGREE = "agree"
    DECLINE = "no"
    FINE = "fine"
    CHANGE = "change"
    STYLE = "style"
    CLOCK = "at"


class End(StrEnum):
    """The ways out of joining other than agreeing."""

    UNKNOWN = "unknown_worker"
    DECLINED = "declined"


_C = Choice
STEPS: Mapping[tuple[int, Choice], int | End] = MappingProxyType(
    {
        (1, _C.NEXT): 2,
        (1, _C.SHARED): 2,
        (1, _C.UNKNOWN): End.UNKNOWN,
        (2, _C.NEXT): 3,
        (2, _C.BACK): 1,
        (3, _C.NEXT): 4,
        (3, _C.BACK): 2,
        (4, _C.NEXT): 5,
        (4, _C.BACK): 3,
        (5, _C.AGREE): 6,
        (5, _C.DECLINE): End.DECLINED,
        (5, _C.BACK): 4,
        (6, _C.FINE): DONE,
        (6, _C.CHANGE): 6,
        (6, _C.CLOCK): 6,
        (6, _C.STYLE): 6,
        (6, _C.BACK): 5,
    }
)


def step(stands_on: int, tapped_on: int, choice: Choice) -> int | End:
    """Where a tap leads. A tap on another screen than the one the client stands on leads nowhere."""
    if tapped_on != stands_on:
        return stands_on
    return STEPS.get((tapped_on, choice), stands_on)
