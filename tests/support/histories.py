"""Histories for the rules, written as the numbers that matter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import Event, Happening, History, Signal, Span, TalkAbout, Told
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.signals.settings import Settings
from bot.domain.words import ALLIANCE, Construct, Tier

MONDAY = datetime(2026, 5, 4, 0, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Replay:
    """What a whole history came to: (check-in, rules) of each alert, what was found at each step, what is on record."""

    alerts: tuple[tuple[str, tuple[str, ...]], ...]
    evaluations: tuple[Evaluation, ...]
    told: tuple[Told, ...]


def reply(value: float | None, at: datetime, construct: Construct = Construct.BOND, question: str = "") -> Reply:
    return Reply(question or f"{construct}-1", construct, at, value=value, value_0_10=value)


def chose(asks: str, choice: str, at: datetime) -> Reply:
    return Reply(f"{asks}-1", Construct.BOND, at, asks=asks, choice=choice)


def check_in(name: str, sent: datetime, *values: float | None, more: Sequence[Reply] = ()) -> Occasion:
    """A finished check-in with bond, goals and tasks answered an hour after it was sent; None = skipped."""
    at = sent + timedelta(hours=1)
    replies = [reply(value, at, construct) for value, construct in zip(values, ALLIANCE, strict=False)]
    return Occasion(
        name, sent, State.COMPLETED, (*replies, *more), sent_at=sent, last_touched_at=at, finished_at=at, scales_done=True
    )


def missed(name: str, sent: datetime, lasting: timedelta = A_DAY) -> Occasion:
    """A check-in that nobody touched."""
    return Occasion(name, sent, State.EXPIRED, sent_at=sent, finished_at=sent + lasting)


def weekly(*values: float, start: datetime = MONDAY, every: timedelta = A_WEEK) -> History:
    """One check-in a week with this mean; all three answers alike."""
    return History(tuple(check_in(f"c{n}", start + n * every + A_DAY, *[value] * 3) for n, value in enumerate(values)))


def answered(pattern: str, start: datetime = MONDAY) -> History:
    """Check-ins every three days: `a` answered, `-` missed."""
    sent = (start + n * timedelta(days=3) for n in range(len(pattern)))
    return History(
        tuple(
            check_in(f"c{n}", at, 8, 8, 8) if sign == "a" else missed(f"c{n}", at)
            for n, (sign, at) in enumerate(zip(pattern, sent, strict=True))
        )
    )


def end(history: History) -> datetime:
    """When the last of its check-ins was over."""
    return max(one.ended_at or one.started_at for one in history.occasions)


def event(kind: Happening, at: datetime, about: TalkAbout | None = None, lists: Iterable[str] = ()) -> Event:
    return Event(f"e-{at:%m%d%H%M}", kind, at, about, frozenset(lists))


def during(history: History, **spans: tuple[Span, ...]) -> History:
    return replace(history, **spans)


def asked(asks: str, *choices: str, construct: Construct = Construct.BOND) -> History:
    """One check-in a week, all well by numbers, with this answer to a direct question five minutes after it was sent."""

    def one(n: int, choice: str) -> Occasion:
        at = MONDAY + n * A_WEEK
        said = replace(chose(asks, choice, at + timedelta(minutes=5)), construct=construct)
        return check_in(f"c{n}", at, 8, 8, 8, more=[said])

    return History(tuple(one(n, choice) for n, choice in enumerate(choices)))


def rated(asks: str, value: float, at: datetime, construct: Construct, about: str | None = None) -> Reply:
    """An answer from 0 to 10 to a question that is no part of an observation."""
    return Reply(f"{asks}-1", construct, at, asks=asks, value=value, value_0_10=value, about=about)


def goal(*ratings: float, name: str = "g1", every: timedelta = A_WEEK) -> History:
    """How far one goal has come, rated once a week."""
    at = [MONDAY + n * every for n in range(len(ratings))]
    return History(
        tuple(
            check_in(f"c{n}", when, more=[rated("goal_progress", value, when, Construct.PROGRESS, name)])
            for n, (when, value) in enumerate(zip(at, ratings, strict=True))
        )
    )


def found(evaluation: Evaluation, rule: str) -> Signal | None:
    return next((one for one in evaluation.signals if one.rule == rule), None)


def replayed(history: History, settings: Settings) -> Replay:
    """Every check-in as it came, with whatever was found by then on record, each alert closed at once."""
    told: tuple[Told, ...] = ()
    alerts, evaluations = [], []
    for occasion in history.occasions:
        now = occasion.ended_at or occasion.started_at
        result = evaluate(replace(history, told=told), settings, now)
        new = [one for one in result.signals if one.tier >= Tier.ALERT and not one.note and one not in result.resting]
        alerts += [(occasion.check_in_id, tuple(sorted({one.rule for one in new})))] if new else []
        told += tuple(Told.of(one, alerted=bool(new) and one.tier >= Tier.ALERT) for one in result.signals)
        evaluations.append(result)
    return Replay(tuple(alerts), tuple(evaluations), told)
