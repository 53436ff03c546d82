"""How fast messages may leave. Telegram takes about 30 a second from one bot and about one a second in one chat.

A budget is one number: the moment at which it would be full again (the "theoretical arrival time" of the generic
cell rate algorithm, ITU-T I.371). In any stretch of t seconds it lets through at most `rate * t + burst` messages.
All moments are monotonic seconds. A rate of 0 switches a limit off.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

TELEGRAMS_LIMIT = 30
"""Messages a second over all chats; above it comes 429."""
MOST_AT_ONCE = 4
"""After a pause, and to make up for waking late."""
TINY = 1e-6
"""Seconds that count as none: sums of fractions never quite meet."""
MANY = 1000
"""Chats remembered before those that are full again are forgotten."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`rate` messages a second on average, `burst` at once."""

    rate: float
    burst: int = 1

    @classmethod
    def for_whole_bot(cls, rate: float) -> "Pace":
        """As many at once as keeps every second below Telegram's limit: 25 a second and 4 at once make 29."""
        return cls(rate, max(1, min(MOST_AT_ONCE, math.floor(TELEGRAMS_LIMIT - rate) - 1)))

    @property
    def off(self) -> bool:
        return self.rate <= 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a pace. A new one is full."""

    pace: Pace
    full_at: float = -math.inf
    closed_until: float = -math.inf

    @property
    def ready_at(self) -> float:
        """From when on one more may leave."""
        if self.pace.off:
            return self.closed_until
        return max(self.closed_until, self.full_at - (self.pace.burst - 1) / self.pace.rate)

    def taken(self, now: float) -> "Budget":
        """One has left."""
        if self.pace.off:
            return self
        return replace(self, full_at=max(self.full_at, now) + 1 / self.pace.rate)

    def closed(self, until: float) -> "Budget":
        """Nothing leaves before `until`; an earlier order to wait longer stands."""
        return replace(self, closed_until=max(self.closed_until, until))

    def rested(self, now: float) -> bool:
        """As good as new."""
        return max(self.full_at, self.closed_until) <= now


@dataclass(frozen=True, slots=True)
class Pacing:
    """The whole bot's budget, and each chat's."""

    whole: Budget
    each: Pace
    chats: Mapping[int, Budget] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, messages_per_second: float = 25, per_chat: float = 1, per_chat_burst: int = 3) -> "Pacing":
        return cls(Budget(Pace.for_whole_bot(messages_per_second)), Pace(per_chat, per_chat_burst))

    def ready_in(self, chat_id: int, now: float) -> float:
        """Seconds until this chat may get one more; 0 for now."""
        return _rest(max(self.whole.ready_at, self._of(chat_id).ready_at) - now)

    def chat_ready_in(self, chat_id: int | None, now: float) -> float:
        """The same, as far as only this chat is concerned and the whole bot is not closed. None: no chat at all."""
        chat = self._of(chat_id).ready_at if chat_id is not None else now
        return _rest(max(self.whole.closed_until, chat) - now)

    def closed_for(self, now: float) -> float:
        """Seconds until anything may leave at all, the pace itself not counted."""
        return _rest(self.whole.closed_until - now)

    def taken(self, chat_id: int, now: float) -> "Pacing":
        """One message or edit has left for this chat."""
        return replace(self, whole=self.whole.taken(now), chats=self._with(self._of(chat_id).taken(now), chat_id, now))

    def closed(self, until: float, chat_id: int | None = None) -> "Pacing":
        """Telegram asked for patience: in one chat, or (None) everywhere."""
        if chat_id is None:
            return replace(self, whole=self.whole.closed(until))
        return replace(self, chats={**self.chats, chat_id: self._of(chat_id).closed(until)})

    def _of(self, chat_id: int) -> Budget:
        return self.chats.get(chat_id) or Budget(self.each)

    def _with(self, budget: Budget, chat_id: int, now: float) -> Mapping[int, Budget]:
        if self.each.off and budget == Budget(self.each):
            return self.chats
        kept = self.chats
        if len(kept) >= MANY:
            kept = {chat: one for chat, one in kept.items() if not one.rested(now)}
        return {**kept, chat_id: budget}


def _rest(seconds: float) -> float:
    return seconds if seconds > TINY else 0.0
