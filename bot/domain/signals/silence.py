"""`silence`: a run of unanswered check-ins that is long *for this client*.

p0 is the client's own answer rate, mixed with the service's (weight 6), learnt from check-ins older than the last four:

    p0 = (6·p_service + answered) / (6 + sent),   silence when (1 − p0)^r ≤ 0.03 and r ≥ 2

Four in a row that were never touched are silence whatever p0 is. A tap of any kind, *Skip* or *Later* too, ends a run.
Breaks, closed days, absences of ours and what we missed count neither way.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from itertools import takewhile

from bot.domain.signals.history import History, Signal
from bot.domain.signals.occasions import RUNNING, Occasion, State
from bot.domain.signals.reading import Finding, Reading, Unmet
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure
from bot.domain.words import Json, Tier


class Outcome(Enum):
    """What a check-in that is over says about whether the client answers."""

    ANSWERED = 1
    TOUCHED = 2
    MISSED = 3


def silence(reading: Reading, numbers: Parameters) -> Finding:
    """See the module. Raised when the last missed check-in ended."""
    if newest(reading.history) is not Outcome.MISSED:
        return Unmet("answering")
    over = outcomes(reading.history)
    run = len(list(takewhile(lambda one: one[1] is Outcome.MISSED, reversed(over))))
    if not reading.is_news(ended(over[-1][0])):
        return Unmet("answering")
    p0 = own_rate([outcome for _, outcome in over], numbers)
    chance = (1 - p0) ** run
    long_for_them = chance <= numbers["surprise"] and run >= numbers["min_run"]
    if not long_for_them and run < numbers["untouched"]:
        return Unmet("run_too_short", {"r": run, "p0": figure(p0), "chance": figure(chance)})
    return (_signal(reading, over[-1][0], run, p0, over),)


def own_rate(outcomes: Sequence[Outcome], numbers: Parameters) -> float:
    """p0 over all but the last `lag` check-ins; touched but unanswered ones say nothing about it."""
    older = outcomes[: max(0, len(outcomes) - int(numbers["lag"]))]
    answered, missed = older.count(Outcome.ANSWERED), older.count(Outcome.MISSED)
    weight = numbers["weight"]
    return (weight * numbers["p_service"] + answered) / (weight + answered + missed)


def outcomes(history: History) -> list[tuple[Occasion, Outcome]]:
    """The check-ins that were asked, are over and count, in the order in which they were sent."""
    return [(one, outcome) for one in history.occasions if (outcome := _outcome(one, history)) is not None]


def newest(history: History) -> Outcome | None:
    """What the last of them says, without looking at all the others; None if there is none."""
    return next((outcome for one in reversed(history.occasions) if (outcome := _outcome(one, history))), None)


def _outcome(one: Occasion, history: History) -> Outcome | None:
    if one.state in RUNNING or one.state in (State.CANCELLED, State.MISSED_BY_US):
        return None
    if one.state in (State.COMPLETED, State.PARTIAL, State.SKIPPED) or one.replies:
        return Outcome.ANSWERED
    if history.excused(one.started_at, ended(one)):
        return None
    return Outcome.TOUCHED if one.touched else Outcome.MISSED


def ended(one: Occasion) -> datetime:
    return one.ended_at or one.started_at


def _signal(reading: Reading, last: Occasion, run: int, p0: float, over: Sequence[tuple[Occasion, Outcome]]) -> Signal:
    last_three: list[Json] = [outcome.name.lower() for _, outcome in over[-run - 3 : -run]]
    evidence: dict[str, Json] = {
        "value": run,
        "usual": figure(p0),
        "last_three": last_three,
        "r": run,
        "p0": figure(p0),
        "chance": figure((1 - p0) ** run),
    }
    tier = Tier.ALERT if reading.settings.silence_is_urgent else Tier.DIGEST
    return Signal("silence", None, ended(last), tier, evidence, last.check_in_id)
