"""Flood control: about 30 messages a second for the bot, one a second for a chat with short bursts."""

import math
from dataclasses import dataclass, field

from bot.rehearsal.telegram.refusals import too_many

BOT, CHAT = (30.0, 30.0), (1.0, 4.0)
"""(tokens a second, burst). Telegram publishes no exact figures: believe only `retry_after`."""
EVERYBODY = 0


@dataclass(slots=True)
class _Bucket:
    rate: float
    left: float
    at: float
    closed_until: float = 0.0

    def refill(self, burst: float, now: float) -> None:
        self.left = min(burst, self.left + (now - self.at) * self.rate)
        self.at = now


@dataclass(frozen=True, slots=True)
class Flooded:
    """One 429 that was given. `early`: it came while an earlier `retry_after` of this scope still ran."""

    steady: float
    chat_id: int
    retry_after: int
    early: bool


@dataclass(slots=True)
class Flood:
    """Counts sends and edits. Off unless `enabled`; `given` is every 429, so that a test can ask for none."""

    enabled: bool = False
    given: list[Flooded] = field(default_factory=list)
    _buckets: dict[int, _Bucket] = field(default_factory=dict)

    def check(self, chat_id: int, steady: float) -> None:
        """Raise a 429 if this chat, or the bot as a whole, is too fast."""
        if not self.enabled:
            return
        scopes = ((EVERYBODY, BOT), (chat_id, CHAT))
        for scope, (rate, burst) in scopes:
            bucket = self._buckets.setdefault(scope, _Bucket(rate, burst, steady))
            bucket.refill(burst, steady)
            if steady < bucket.closed_until or bucket.left < 1.0:
                self._refuse(bucket, scope, steady)
        for scope, _ in scopes:
            self._buckets[scope].left -= 1.0

    def _refuse(self, bucket: _Bucket, scope: int, steady: float) -> None:
        early = steady < bucket.closed_until
        wait = bucket.closed_until - steady if early else (1.0 - bucket.left) / bucket.rate
        seconds = max(1, math.ceil(wait))
        bucket.closed_until = max(bucket.closed_until, steady + seconds)
        self.given.append(Flooded(steady, scope, seconds, early))
        raise too_many(seconds)
