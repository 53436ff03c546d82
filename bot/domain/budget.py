"""How many alerts a worker can bear: what is over goes to the weekly digest, the weakest first.

Only what was reckoned can be held back (`catalogue.Rule.may_wait`). What a client said in so many words, danger, silence
where it is urgent, and any wish of the client's to tell the worker always go, and count towards nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import Signal
from bot.domain.words import Tier

WEEK = timedelta(days=7)
MONTH = timedelta(days=28)
MONTHS_OF_YEAR_DAYS = 30.44
"""Days of a mean calendar month: `per_client_per_month` is about those, the window counts 28 days."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may ring: `per_week` for one worker, and `per_client_per_month` over the caseload."""

    per_week: int = 3
    per_client_per_month: float = 0.25

    def month(self, caseload: int) -> int:
        """Alerts in 28 days for so many clients; a small caseload may still spend one week's worth."""
        return max(self.per_week, ceil(self.per_client_per_month * caseload * MONTH.days / MONTHS_OF_YEAR_DAYS))

    def is_spent(self, spent: Sequence[datetime], caseload: int, now: datetime) -> bool:
        """Have the alerts at these moments used it up?"""
        week = sum(now - WEEK < at <= now for at in spent)
        month = sum(now - MONTH < at <= now for at in spent)
        return week >= self.per_week or month >= self.month(caseload)


def may_wait(signals: Iterable[Signal]) -> bool:
    """May an alert that rests on these be held back for the digest?"""
    return all(one.tier <= Tier.ALERT and RULES[one.rule].may_wait and not _was_said(one) for one in signals)


def _was_said(signal: Signal) -> bool:
    """Does it rest on a direct answer? Numbers alone never make `first_low` an alert: the client has confirmed it."""
    return signal.evidence.get("answer") is not None


def strength(signals: Sequence[Signal]) -> tuple[int, float]:
    """How much there is behind an alert, to find the weakest: how many rules, then how far beyond its limit it is."""
    return len({one.rule for one in signals}), max((_beyond(one) for one in signals), default=0.0)


def _beyond(signal: Signal) -> float:
    """The rule's figure over the rule's limit; of an answer its fall below the usual, in steps of three points."""
    evidence = signal.evidence
    reckoned = evidence.get("c", evidence.get("z"))
    limit = evidence.get("limit")
    if isinstance(reckoned, int | float) and isinstance(limit, int | float) and limit:
        return float(reckoned) / float(limit)
    value, usual = evidence.get("value"), evidence.get("usual")
    if isinstance(value, int | float) and isinstance(usual, int | float):
        return (float(usual) - float(value)) / 3
    return 1.0
