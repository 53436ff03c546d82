"""Which questions a check-in asks, worked out from what earlier ones asked: the release and the preview call the same.

A schedule without `questions` asks one bond, one goals and one tasks question; what is left of `max_questions` is taken
in turn. With three questions or fewer every second check-in gives one of its places to those in turn. What is *called
for* (by a low first answer, a missed meeting, a low "will you come") takes a place of those in turn.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from bot.domain.questions import Asks, Bank, Question
from bot.domain.schedules import Schedule
from bot.domain.signals.history import Told
from bot.domain.signals.settings import Parameters
from bot.domain.turns import Round, Waits, in_turn
from bot.domain.words import ALLIANCE, Tier

ROTATING = "rotating"
"""The pool that a schedule without `questions` of its own takes in turn."""

CALLS = {("first_low", Tier.DIGEST): Asks.BOTHERED, ("low_intent", Tier.ALERT): Asks.BARRIERS}
"""Rule, and how loudly it spoke → the question that it calls for. A low start that has been confirmed needs no asking,
nor does a low "will you come" whose reason is known."""
SAME_ANSWERS = "low_information"
NOTICED = (*(rule for rule, _ in CALLS), SAME_ANSWERS)
"""Rules that the choice of questions looks at."""
CALLS_FOR = timedelta(days=14)
"""What called for a question longer ago is no news any more."""
SAME_FOR = timedelta(days=28)

BEFORE_MEETING = (timedelta(hours=24), timedelta(hours=48))
"""When "will you come" is asked: so long before the meeting, at the latest and at the earliest."""
INTENT_EVERY = 4
"""And at most in every so many-th place in turn, so that the others get theirs."""

NOT_IN_TURN = frozenset({Asks.REPAIR, Asks.INTENT})
"""Asked by the follow-up of an alert, and before a meeting."""


class _Goal(Protocol):
    @property
    def id(self) -> str: ...


Goal = TypeVar("Goal", bound=_Goal)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the choice depends on at the client's side.

    `has_other`: somebody besides the worker is there to hear what the worker is not shown. `told`: what the rules in
    `NOTICED` have on record; `missed`: when somebody said that a meeting was not held.
    """

    rounds: Sequence[Round] = ()
    live_goals: int = 0
    has_task: bool = False
    next_session: datetime | None = None
    max_questions: int | None = None
    has_other: bool = False
    told: Sequence[Told] = ()
    missed: Sequence[datetime] = ()


# ---------------------------------------------------------------- what is called for


def called_for(client: Standing, bank: Bank, at: datetime) -> tuple[Asks, ...]:
    """What a signal on record or a missed meeting calls for, and what has not been asked since.

    Once the question has stood before the client, answered or not, nothing calls for it any more.
    """
    found = [(CALLS.get((one.rule, one.tier)), one.raised_at, one.source) for one in client.told]
    since = [*found, *((Asks.BARRIERS, when, None) for when in client.missed)]
    open_calls = {
        asks
        for asks, when, source in since
        if asks is not None
        and at - when <= CALLS_FOR
        and not any(_asked(one, asks, when, source, bank) for one in client.rounds)
    }
    if not rested_barriers(client, bank, at):
        open_calls.discard(Asks.BARRIERS)
    return tuple(asks for asks in (Asks.BOTHERED, Asks.BARRIERS) if asks in open_calls)


def rested_barriers(client: Standing, bank: Bank, at: datetime) -> bool:
    """May times and places be asked about again? Two reasons within a few days are one question."""
    return Waits.of(client.rounds).rested(Asks.BARRIERS, bank.by_asks(Asks.BARRIERS), at)


def _asked(one: Round, asks: Asks, when: datetime, source: str | None, bank: Bank) -> bool:
    after = one.at >= when or one.check_in_id == source
    return after and any(item.question in bank and bank[item.question].asks is asks for item in one.items)


def low_intent(value: float, earlier: Sequence[float], numbers: Parameters) -> bool:
    """Is "will you come" low by the numbers of the rule of that name? Then times and places are asked about."""
    fell = len(earlier) >= numbers["early_n"] and median(earlier) - value >= numbers["fall"]
    return numbers.enabled and (value <= numbers["level"] or fell)


def same_answers(client: Standing, at: datetime) -> bool:
    """Did this client lately give the same answers so steadily that they can show no change?"""
    return any(one.rule == SAME_ANSWERS and at - one.raised_at <= SAME_FOR for one in client.told)


def offers_other_wording(client: Standing, at: datetime, timezone: str) -> bool:
    """Other wording is offered to whom the same answer comes easily: with the first check-in of a month, never more."""
    zone = ZoneInfo(timezone)
    month = f"{at.astimezone(zone):%Y-%m}"
    return same_answers(client, at) and all(f"{one.at.astimezone(zone):%Y-%m}" != month for one in client.rounds)


# ---------------------------------------------------------------- the choice


def questions_for(schedule: Schedule, bank: Bank, client: Standing, at: datetime) -> tuple[str, ...]:
    """Ids of what is asked this time, in order; `at` is when it is due.

    A schedule's own `questions` are asked as they stand there, a pool's name for the one of its questions that is due;
    what is called for comes behind them if there is room.
    """
    most = most_for(schedule, client)
    waits = Waits.of(client.rounds)
    if schedule.questions:
        named = [_named(bank, name, client, waits, at) for name in schedule.questions]
        chosen = [*(one for one in named if one is not None), *_called(bank, client, waits, at)]
    else:
        turning = _turning(bank, client, waits, at, most)
        chosen = [*_core(bank, client, waits, at, most - len(turning)), *turning]
    return tuple(dict.fromkeys(one.id for one in chosen))[:most]


def most_for(schedule: Schedule, client: Standing) -> int:
    """A client may want fewer than the schedule asks, not more."""
    return min(schedule.max_questions, client.max_questions or schedule.max_questions)


def takes_turns(schedule: Schedule | None, bank: Bank) -> bool:
    """Whether a schedule leaves any choice to the bank: its check-ins are those in which waiting is counted."""
    return schedule is not None and any(name not in bank for name in schedule.questions or (ROTATING,))


def goal_for(goals: Sequence[Goal], rounds: Sequence[Round]) -> Goal | None:
    """Which of the client's live goals a question is about this time: the one that has waited longest."""
    last = {item.goal_id: one.at for one in sorted(rounds, key=lambda one: one.at) for item in one.items if item.goal_id}
    first = min(last.values(), default=None)
    return min(goals, key=lambda goal: (goal.id in last, last.get(goal.id, first)), default=None)


def core_of(bank: Bank) -> list[tuple[Question, ...]]:
    """For bond, goals and tasks the items of the pool so named; without one, plain ratings outside the pools."""
    found = []
    for construct in ALLIANCE:
        plain = tuple(one for one in bank.questions if one.construct == construct and one.is_alliance)
        found.append(bank.by_pool(construct) or tuple(one for one in plain if one.pool is None) or plain)
    return found


def _core(bank: Bank, client: Standing, waits: Waits, at: datetime, places: int) -> list[Question]:
    """One of each, in order; where the places do not suffice, those that have waited longest."""
    groups = [group for group in (_askable(one, client, at) for one in core_of(bank)) if group]
    kept = sorted(range(len(groups)), key=lambda n: -waits.waited(groups[n]))[: max(0, places)]
    found = (waits.longest(groups[n]) for n in sorted(kept))
    return [one for one in found if one is not None]


def _turning(bank: Bank, client: Standing, waits: Waits, at: datetime, most: int) -> list[Question]:
    """What takes the places beside bond, goals and tasks: what is called for, then by turn."""
    core = core_of(bank)
    spare = most - len(core)
    room = spare if spare > 0 else _second_time(waits, {one.id for group in core for one in group})
    urgent = [*_called(bank, client, waits, at), *_before_meeting(bank, client, waits, at, 1 if spare > 0 else 2)]
    urgent = urgent[: max(1, most - 2)]
    offered = [*bank.by_asks(Asks.GOAL_PROGRESS), *bank.by_pool(ROTATING)]
    others = [one for one in _askable(offered, client, at) if one.asks not in NOT_IN_TURN]
    first = Asks.DIRECTION if same_answers(client, at) else None
    turning = [one for one in in_turn(others, bank, waits, at, first) if one not in urgent]
    return [*urgent, *turning][: max(room, len(urgent))]


def _second_time(waits: Waits, core: Collection[str]) -> int:
    """With few questions: one place in turn, unless the last check-in gave one."""
    return int(waits.newest is not None and all(item.question in core for item in waits.newest.items))


def _called(bank: Bank, client: Standing, waits: Waits, at: datetime) -> list[Question]:
    found = (waits.longest(_askable(bank.by_asks(asks), client, at)) for asks in called_for(client, bank, at))
    return [one for one in found if one is not None]


def _before_meeting(bank: Bank, client: Standing, waits: Waits, at: datetime, apart: int) -> list[Question]:
    asking = [one for one in bank.by_pool(ROTATING) if one.asks is Asks.INTENT]
    known = bank.by_asks(Asks.INTENT)
    due = waits.waited(known) >= INTENT_EVERY * apart or not any(one.id in waits.asked for one in known)
    found = waits.longest(_askable(asking, client, at)) if due and _is_near(client, at) else None
    return [found] if found else []


def _is_near(client: Standing, at: datetime) -> bool:
    latest, earliest = BEFORE_MEETING
    return client.next_session is not None and latest <= client.next_session - at <= earliest


def _named(bank: Bank, name: str, client: Standing, waits: Waits, at: datetime) -> Question | None:
    if name in bank:
        return next(iter(_askable((bank[name],), client, at)), None)
    near = _is_near(client, at)
    offered = [one for one in _askable(bank.by_pool(name), client, at) if near or one.asks is not Asks.INTENT]
    return next(iter(in_turn(offered, bank, waits, at)), None) or waits.longest(offered)


def _askable(questions: Sequence[Question], client: Standing, at: datetime) -> tuple[Question, ...]:
    """Those that have something to be about, and somebody to hear them."""
    meets = client.next_session is not None and client.next_session > at
    return tuple(
        one
        for one in questions
        if (client.live_goals or not (one.quotes_goal or one.asks is Asks.GOAL_PROGRESS))
        and (client.has_task or not one.quotes_task)
        and (meets or not (one.quotes_date or one.asks is Asks.INTENT))
        and (client.has_other or one.asks is not Asks.FIT)
    )
