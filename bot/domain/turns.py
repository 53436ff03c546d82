"""Whose turn it is: what earlier check-ins put before a client, and which question has waited longest for its share.

Nothing is counted beside the check-ins themselves. Waiting is measured in check-ins that ask in turn, so that a promise
holds for any schedule; rests are measured in days, because "think back two weeks" means days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias

from bot.domain.checkins import Item, State
from bot.domain.questions import Asks, Bank, Question
from bot.domain.signals.occasions import RUNNING
from bot.domain.words import Construct

Kind: TypeAlias = Asks | Construct
"""What shares one turn: all questions that ask the same; those that ask nothing special, by construct."""

WEEK = timedelta(days=7)
SAME_DAY = timedelta(hours=12)
"""A week from Tuesday at two to Tuesday at two may be some hours shorter: clocks change, quiet hours move."""

SHARES: Mapping[Kind, int] = MappingProxyType(
    {Asks.BOTHERED: 1, Asks.DIRECTION: 1, Asks.STOPPING: 1, Asks.GOAL_PROGRESS: 1, Asks.FIT: 2}
)
"""1 comes as often as anything does, 2 half as often. What is not named has `OTHERS`."""
OTHERS = 3

RESTS: Mapping[Kind, timedelta] = MappingProxyType(
    {
        Asks.BOTHERED: WEEK,
        Asks.DIRECTION: 2 * WEEK,
        Asks.STOPPING: 2 * WEEK,
        Asks.GOAL_STILL_MINE: 2 * WEEK,
        Asks.FIT: 4 * WEEK,
        Asks.BARRIERS: WEEK,
    }
)
"""Never asked again sooner, however often somebody is asked at all."""

FIRST_AFTER: Mapping[Kind, timedelta] = MappingProxyType({Asks.DIRECTION: 2 * WEEK, Asks.FIT: 4 * WEEK})
"""Makes no sense before a client has been with the bot for so long."""

MEMORY = 60
"""So many of the newest check-ins are looked at: as many as the longest promise, and four weeks at two a day."""


@dataclass(frozen=True, slots=True)
class Round:
    """An earlier check-in: what of it the client came to see. `in_turn`: its schedule leaves the choice to the bank."""

    check_in_id: str
    at: datetime
    items: tuple[Item, ...]
    in_turn: bool = True


def seen_of(state: State, items: Sequence[Item], position: int, *, touched: bool) -> tuple[Item, ...]:
    """What a check-in put before the client. Nobody has seen the later questions of one that was left alone."""
    if state in RUNNING or state in (State.COMPLETED, State.SKIPPED):
        return tuple(items)
    if state is State.PARTIAL or (state is State.EXPIRED and touched):
        return tuple(items[: position + 1])
    return ()


def kind_of(question: Question) -> Kind:
    return question.asks or question.construct


def share_of(kind: Kind) -> int:
    return SHARES.get(kind, OTHERS)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long each question has waited. `passed` = check-ins in turn that are on record."""

    passed: int
    since: datetime | None
    asked: Mapping[str, tuple[int, datetime]]
    """Question → check-ins in turn after the last that asked it, and when that was."""
    newest: Round | None
    """The last one in turn."""

    @classmethod
    def of(cls, rounds: Iterable[Round]) -> "Waits":
        passed, since, newest = 0, None, None
        asked: dict[str, tuple[int, datetime]] = {}
        for one in sorted(rounds, key=lambda one: (one.at, one.check_in_id), reverse=True):
            if not one.items:
                continue
            for item in one.items:
                asked.setdefault(item.question, (passed, one.at))
            newest = newest or (one if one.in_turn else None)
            passed, since = passed + one.in_turn, one.at
        return cls(passed, since, asked, newest)

    def waited(self, questions: Iterable[Question]) -> int:
        """In check-ins in turn, this one included; 1 where one of them was asked in the last."""
        return 1 + min((self.asked[one.id][0] for one in questions if one.id in self.asked), default=self.passed)

    def longest(self, questions: Sequence[Question]) -> Question | None:
        """The one that has waited longest; of equals the first."""
        return max(questions, key=lambda one: self.waited([one]), default=None)

    def rested(self, kind: Kind, questions: Iterable[Question], at: datetime) -> bool:
        last = max((self.asked[one.id][1] for one in questions if one.id in self.asked), default=None)
        if last is not None:
            return at - last >= RESTS.get(kind, timedelta(0)) - SAME_DAY
        wait = FIRST_AFTER.get(kind)
        return wait is None or (self.since is not None and at - self.since >= wait - SAME_DAY)


def in_turn(
    questions: Sequence[Question], bank: Bank, waits: Waits, at: datetime, first: Asks | None = None
) -> list[Question]:
    """One question of each kind whose rest is over, in the order in which they are due; of equals the bank's order.

    `first` goes before all others once it is rested.
    """
    kinds: dict[Kind, list[Question]] = {}
    for one in questions:
        kinds.setdefault(kind_of(one), []).append(one)
    alike = {kind: bank.by_asks(kind) if isinstance(kind, Asks) else tuple(of) for kind, of in kinds.items()}
    ready = [kind for kind in kinds if waits.rested(kind, alike[kind], at)]
    ready.sort(key=lambda kind: (kind is not first, -waits.waited(alike[kind]) / share_of(kind)))
    found = (waits.longest(kinds[kind]) for kind in ready)
    return [one for one in found if one is not None]
