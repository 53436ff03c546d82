"""Invitations: a code that opens the door once, for one person, for a while. Only its hash is ever kept."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LIFE = timedelta(days=14)
MOST_WRONG = 5
"""So many wrong codes from one chat within `WRONG_WITHIN`, then even a right one is refused."""
WRONG_WITHIN = timedelta(hours=1)
MANY_WRONG, THEN_MOST = 100, 1
"""So many wrong codes from all chats together within that time, then each chat has that many tries: a right link still
opens at the first, and whoever tries from ever new accounts needs one for each guess."""
_CODE = re.compile(r"[A-Za-z0-9_-]{16,64}")


class CodeState(StrEnum):
    """What a code is worth now."""

    GOOD = "good"
    USED = "used"
    ENDED = "ended"
    """A newer one took its place, or it was opened by somebody it was not meant for."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation of one person. `ended` says why it does not count any more, other than by use."""

    id: str
    person_id: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    ended: str | None = None

    def state(self, now: datetime) -> CodeState:
        if self.used_at is not None:
            return CodeState.USED
        if self.ended is not None:
            return CodeState.ENDED
        return CodeState.GOOD if now < self.expires_at else CodeState.EXPIRED


def is_code(text: str) -> bool:
    """Whether this has the form of a code: 16 to 64 letters, digits, `_` and `-`."""
    return _CODE.fullmatch(text) is not None


def hash_of(code: str) -> str:
    """What is kept of a code. It has 256 random bits, so a plain hash cannot be searched backwards."""
    return hashlib.sha256(code.encode()).hexdigest()


def most_wrong(from_all: int) -> int:
    """How many wrong codes one chat may try, after so many from all chats."""
    return MOST_WRONG if from_all < MANY_WRONG else THEN_MOST


def link(bot_name: str, code: str) -> str:
    return f"https://t.me/{bot_name.removeprefix('@')}?start={code}"
