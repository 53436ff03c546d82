"""What is on its way to whom: content, never rendered text; and the policy for when it does not get through.

A *surface* is a place in one person's chat that holds one message: `join`, `checkin:ID`, `alert:ID`. What is posted
to a surface takes the place of what stands there (an edit), or makes the message where none stands yet.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bot.domain.words import Facts


class Urgency(IntEnum):
    """Who goes first when everything waits for the same slot."""

    DANGER = 0
    ALERT = 1
    REPLY = 2
    QUESTION = 3
    DIGEST = 4


class Guard(StrEnum):
    """What must still be true at the last moment before sending; otherwise the row is dropped, with the reason."""

    PERSON = "person"
    """The chat still belongs to this person (always checked)."""
    ASKED = "asked"
    """The client still takes part, is not on a break, and the check-in is still open inside its window."""
    ASSIGNED = "assigned"
    """The client (`client_id`) is still this worker's."""
    AT_WORK = "at_work"
    """It is working time and no quiet hour for a worker who is not away (else later), and everybody named is theirs."""
    HOLDER = "holder"
    """The alert is still open, and this person is still on the part of its ladder that has been reached."""


class PostState(StrEnum):
    """The life of one outbox row."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REPLACED = "replaced"
    DROPPED = "dropped"
    """Not true any more when its turn came: cancelled, too late, no longer theirs."""
    DEAD = "dead"
    """Will never arrive: blocked, refused, or a question that was unsure twice."""


CLEAR = "clear"
"""The kind of a post that takes the buttons off its surface and changes nothing else."""
DELETE = "delete"
"""The kind of a post that deletes the message of its surface."""
CAN_DELETE = timedelta(hours=48)
"""Telegram lets a bot delete only what is younger."""


@dataclass(frozen=True, slots=True)
class Post:
    """One thing to say to one person. `key` makes deciding twice harmless: the second is not written.

    `kind` names a view, `facts` are what it shows. `reply` marks the answer to a live tap or a typed word.
    """

    to: str
    kind: str
    key: str
    chat_id: int | None = field(default=None, repr=False, kw_only=True)
    """A chat that was theirs, to be closed; else it goes to the one they have when it is sent."""
    facts: Facts = field(default_factory=dict, repr=False)
    surface: str | None = None
    urgency: Urgency = Urgency.REPLY
    guard: Guard = Guard.PERSON
    fresh: bool = False
    """Send a new message even where the surface has one (the old one loses its buttons)."""
    silent: bool = False
    not_before: datetime | None = None
    expires_at: datetime | None = None
    client_id: str | None = None
    check_in_id: str | None = None
    alert_id: str | None = None


REPEATED_WHEN_UNSURE = frozenset({Urgency.DANGER, Urgency.ALERT})
"""These are repeated without limit when nobody can know whether they arrived; everything else once."""

LEASE = timedelta(seconds=60)
"""Longer than connecting and reading may take; a lease that ran out counts as unsure."""


def back_off(tries: int) -> timedelta:
    """1 s, 2 s, 4 s … up to 5 minutes, without end."""
    return min(timedelta(seconds=2 ** min(tries, 9)), timedelta(minutes=5))


REPEAT_AFTER = timedelta(seconds=30)
"""Between a question that may have arrived and its one repetition: time for a broken line to mend."""


def again_after(urgency: Urgency, unsure: int) -> timedelta:
    """How long to wait before repeating what was `unsure` times neither certainly sent nor certainly not."""
    return back_off(unsure - 1) if urgency in REPEATED_WHEN_UNSURE or urgency is Urgency.REPLY else REPEAT_AFTER
