"""Misbehaving on demand: rules saying which call fails, how, and how often."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.rehearsal.telegram.refusals import Refusal, too_many


class Kind(StrEnum):
    """How a call goes wrong. The numbers are answers instead of acceptance; the words say what happens to the line."""

    TOO_MANY = "429"
    BAD_REQUEST = "400"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    CONFLICT = "409"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    PAGE = "page"
    """A page instead of an answer, and 200 above it: a hotel's network, a proxy that asks for a name."""
    DELAY = "delay"
    HANG = "hang"
    """Accepted, then no answer for `seconds`."""
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    HALF_JSON = "half_json"
    """Accepted, but only half of the answer's JSON arrives."""
    PARTITION = "partition"
    """From the first match on, nothing gets through for `seconds` on the clock."""


ACCEPTED = frozenset({Kind.DELAY, Kind.HANG, Kind.DROP_AFTER, Kind.HALF_JSON})
PAGES = {Kind.SERVER_ERROR: 500, Kind.BAD_GATEWAY: 502, Kind.PAGE: 200}
_WORDS = {
    Kind.BAD_REQUEST: "Bad Request: refused on purpose",
    Kind.UNAUTHORIZED: "Unauthorized",
    Kind.FORBIDDEN: "Forbidden: bot was blocked by the user",
    Kind.NOT_FOUND: "Not Found",
    Kind.CONFLICT: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Which calls (`method` or "*", one chat or any), what (`kind`), how often (`times`, None = always).

    `seconds`: length of a delay, hang or partition. `text`: the description of an error. `probability`: per match.
    """

    kind: Kind
    method: str = "*"
    chat_id: int | None = None
    times: int | None = 1
    retry_after: int = 5
    seconds: float = 3600.0
    text: str = ""
    probability: float = 1.0

    def fits(self, method: str, chat_id: int | None) -> bool:
        """Whether this call is meant."""
        return self.method.lower() in ("*", method.lower()) and self.chat_id in (None, chat_id)

    def refusal(self) -> Refusal:
        """The JSON answer of the numbered kinds that are not pages."""
        if self.kind == Kind.TOO_MANY:
            return too_many(self.retry_after)
        return Refusal(int(self.kind), self.text or _WORDS[Kind(self.kind)])


@dataclass(slots=True)
class FaultBook:
    """The rules in force, oldest first; the first that fits decides. `hit` counts the calls that each kind hit."""

    dice: random.Random
    hit: Counter[Kind] = field(default_factory=Counter)
    _rules: list[tuple[Rule, int | None]] = field(default_factory=list)
    _cut_until: datetime | None = None

    def add(self, *rules: Rule) -> None:
        """Put rules in force."""
        self._rules += [(rule, rule.times) for rule in rules]

    def clear(self) -> None:
        """Behave again; ends a partition too."""
        self._rules.clear()
        self._cut_until = None

    def pick(self, method: str, chat_id: int | None, now: datetime) -> Rule | None:
        """The rule that hits this call, counted down."""
        rule = self._first(method, chat_id, now)
        if rule is not None:
            self.hit[rule.kind] += 1
        return Rule(Kind.DROP_BEFORE) if rule is not None and rule.kind == Kind.PARTITION else rule

    def _first(self, method: str, chat_id: int | None, now: datetime) -> Rule | None:
        if self._cut_until is not None and now < self._cut_until:
            return Rule(Kind.PARTITION)
        self._cut_until = None
        for place, (rule, left) in enumerate(self._rules):
            if rule.fits(method, chat_id) and self.dice.random() < rule.probability:
                self._count_down(place, rule, left)
                if rule.kind == Kind.PARTITION:
                    self._cut_until = now + timedelta(seconds=rule.seconds)
                return rule
        return None

    def _count_down(self, place: int, rule: Rule, left: int | None) -> None:
        if left is None:
            return
        if left > 1:
            self._rules[place] = (rule, left - 1)
        else:
            del self._rules[place]
