"""What staff say of alerts, counted for each rule, and when a rule is worth another look.

Each kind of alert is treated as a diagnostic test: with its own figures, and a review when it is seldom useful.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.signals.catalogue import RULES
from bot.domain.signals.settings import Settings

REVIEWED = 30
"""Alerts of a rule, the newest that staff have said something of, that a review looks at."""
LEAST_USEFUL = 0.30
"""Below this share a rule is worth another look."""
FEWEST = 5
"""Fewer alerts than this say nothing about a rule."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One alert that staff have said something of: `useful`, `knew`, `not_concern`; and what it rested on."""

    alert_id: str
    client_id: str
    at: datetime
    said: str
    rules: frozenset[str]


@dataclass(slots=True)
class Verdicts:
    """How often each was said of one rule's alerts."""

    useful: int = 0
    knew: int = 0
    not_concern: int = 0

    @property
    def n(self) -> int:
        return self.useful + self.knew + self.not_concern

    @property
    def precision(self) -> float:
        """The share that was useful; of none it is nought."""
        return self.useful / self.n if self.n else 0.0

    def add(self, said: str) -> None:
        if said in ("useful", "knew", "not_concern"):
            setattr(self, said, getattr(self, said) + 1)


def by_rule(judged: Iterable[Judged]) -> Mapping[str, Verdicts]:
    """An alert counts for each of its rules."""
    found: dict[str, Verdicts] = defaultdict(Verdicts)
    for one in judged:
        for rule in one.rules:
            found[rule].add(one.said)
    return dict(found)


def worth_a_look(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    """Rule → its newest `REVIEWED` alerts, for rules of which fewer than `LEAST_USEFUL` of these were useful."""
    newest = sorted(judged, key=lambda one: one.at, reverse=True)
    found = {}
    for rule in {rule for one in judged for rule in one.rules}:
        mine = [one for one in newest if rule in one.rules][:REVIEWED]
        if len(mine) == REVIEWED and by_rule(mine)[rule].precision < LEAST_USEFUL:
            found[rule] = mine
    return found


@dataclass(frozen=True, slots=True)
class Stricter:
    """One step to fewer alerts: the rule's number, what it is and what it could be."""

    rule: str
    name: str
    now: float
    then: float


def stricter(rule: str, settings: Settings) -> Stricter | None:
    """The step that the catalogue names for a rule, within its bounds; None where there is none."""
    for name, parameter in RULES[rule].parameters.items():
        if parameter.stricter:
            now = settings[rule][name]
            then = round(min(max(now + parameter.stricter, parameter.low), parameter.high), 3)
            return Stricter(rule, name, now, then) if then != now else None
    return None
