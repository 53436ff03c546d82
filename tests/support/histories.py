"""Histories for the rules, written as the numbers that matter."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.signals.history import Event, Happening, History, Span, TalkAbout
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.words import ALLIANCE, Construct

MONDAY = datetime(2026, 5, 4, 0, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)


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
