"""A made-up client as the product knows a real one: a `History` of check-ins with their replies, no sessions known.

Every check-in goes out on a Tuesday at noon (UTC), where there are two a week on Friday again, lasts three days and asks
one bond, one goals and one tasks question.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from bot.domain.signals.history import History
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.words import ALLIANCE
from tests.benchmarks.signals.clients import Client

FIRST = datetime(2024, 1, 2, 12, tzinfo=UTC)
A_WEEK = timedelta(days=7)
LASTS = timedelta(days=3)
Answers: TypeAlias = tuple[float, float, float]


def sent_at(session: int) -> datetime:
    return FIRST + session * A_WEEK


def answered_at(client: Client, session: int) -> datetime:
    return sent_at(session) + timedelta(hours=client.hours[session])


def history(client: Client, said: Sequence[tuple[Reply, ...]] = ()) -> History:
    """The whole of it. `said`: further replies of each session's check-in, where it was answered."""
    occasions = tuple(_occasion(client, u, said[u] if said else ()) for u in range(client.sessions))
    occasions += tuple(_second(u, answers) for u, answers in enumerate(client.again))
    changed = client.new_worker
    assignments = () if changed is None else (sent_at(changed) - timedelta(days=1),)
    return History(occasions=occasions, assignments=assignments)


def _occasion(client: Client, u: int, more: tuple[Reply, ...]) -> Occasion:
    return _asked(f"{u}", sent_at(u), answered_at(client, u), client.answers[u], more)


def _second(u: int, answers: Answers | None) -> Occasion:
    """The same week's Friday, answered within two hours if at all."""
    sent = sent_at(u) + LASTS
    return _asked(f"{u} again", sent, sent + timedelta(hours=2), answers, ())


def _asked(name: str, sent: datetime, at: datetime, answers: Answers | None, more: tuple[Reply, ...]) -> Occasion:
    if answers is None:
        return Occasion(name, sent, State.EXPIRED, sent_at=sent, expires_at=sent + LASTS, finished_at=sent + LASTS)
    replies = tuple(
        Reply(part, part, at, value=value, value_0_10=value) for part, value in zip(ALLIANCE, answers, strict=True)
    )
    return Occasion(
        name, sent, State.COMPLETED, (*replies, *more), sent, sent + LASTS, last_touched_at=at, finished_at=at,
        scales_done=True,
    )  # fmt: skip


def session_of(moment: datetime) -> int:
    """The session whose check-in was the last to go out before that moment."""
    return (moment - FIRST) // A_WEEK
