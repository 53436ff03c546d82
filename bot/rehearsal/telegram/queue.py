"""Waiting updates, with the rules of Telegram's own queue (research/pitfalls.md 1.2).

An update is kept until a call with a higher offset confirms it, or its time is over: messages and the rest 24 hours,
button taps 150 seconds.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rehearsal.telegram.shapes import Json

MESSAGE_LIFE, TAP_LIFE = timedelta(hours=24), timedelta(seconds=150)
QUIET_WEEK = timedelta(days=7)
UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}
"""Kinds that are not delivered unless asked for by name."""


@dataclass(frozen=True, slots=True)
class Update:
    """One waiting update; `lane` is the chat or the tapping person, whose updates a webhook gets in order."""

    id: int
    kind: str
    body: Json
    until: datetime
    lane: tuple[str, int]

    def as_json(self) -> Json:
        return {"update_id": self.id, self.kind: self.body}


class UpdateQueue:
    """The updates of one bot."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._next = dice.randint(2_000_001, 2**30)
        self._last_push: datetime | None = None
        self.waiting: list[Update] = []
        self.expired: list[Update] = []
        self.allowed: frozenset[str] = frozenset()

    def push(self, kind: str, body: Json, lane: tuple[str, int], now: datetime) -> Update | None:
        """Queue it; None when the bot did not ask for this kind. After a quiet week ids start anew at random."""
        if kind not in self.allowed if self.allowed else kind in UNASKED:
            return None
        if self._last_push is not None and now - self._last_push > QUIET_WEEK:
            self._next = self._dice.randint(2_000_001, 2**30)
        life = TAP_LIFE if kind == "callback_query" else MESSAGE_LIFE
        update = Update(self._next, kind, body, now + life, lane)
        self._next, self._last_push = self._next + 1, now
        self.waiting.append(update)
        return update

    def forget_below(self, offset: int) -> None:
        """What an offset confirms is gone for good. More than 10 ahead counts as none; negative keeps the last ones."""
        if offset > self._next - 1 + 10:
            return
        if offset < 0:
            self.waiting = self.waiting[offset:]
        self.waiting = [update for update in self.waiting if update.id >= offset]

    def ready(self, now: datetime, limit: int = 100) -> list[Update]:
        """The oldest that still live."""
        self.expired += [update for update in self.waiting if update.until < now]
        self.waiting = [update for update in self.waiting if update.until >= now]
        return self.waiting[:limit]

    def drop(self, gone: Update) -> None:
        """A webhook took it."""
        self.waiting = [update for update in self.waiting if update is not gone]
