"""About whom a worker is asked next how the two of them work together: each client in turn, never many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.people import Asking
from bot.domain.signals.settings import Parameters

KNOWN_FOR = timedelta(days=14)
"""Before that the two have hardly met."""
WEEK = timedelta(days=7)
SAME_DAY = timedelta(hours=12)
"""A week from Monday at nine to Monday at nine may be some hours shorter."""

NOT_NOW = frozenset({Asking.NOT_YET, Asking.CRISIS, Asking.HELD, Asking.NO_MORE})
"""Towards a client in such a state nobody is asked how it goes: something else is going on, or nothing is."""


@dataclass(frozen=True, slots=True)
class Together:
    """One worker and one of their own clients: since when, and when the worker was last asked about it."""

    worker_id: str
    client_id: str
    ref: str
    asking: Asking
    since: datetime
    asked_at: datetime | None = None


def next_to_rate(
    caseload: Sequence[Together], asked: Sequence[datetime], numbers: Parameters, now: datetime, timezone: str
) -> Together | None:
    """The one who has waited longest, if this worker may be asked at all today.

    `asked`: when this worker was asked about anybody, these last seven days at least.
    """
    zone = ZoneInfo(timezone)
    lately = [at for at in asked if now - at < WEEK - SAME_DAY]
    today = now.astimezone(zone).date()
    if len(lately) >= numbers["per_week"] or any(at.astimezone(zone).date() == today for at in lately):
        return None
    apart = timedelta(days=numbers["every_days"]) - SAME_DAY
    due = [one for one in caseload if one.asking not in NOT_NOW and now - one.since >= KNOWN_FOR]
    due = [one for one in due if one.asked_at is None or now - one.asked_at >= apart]
    return min(due, key=lambda one: (one.asked_at or one.since, one.client_id), default=None)
