"""Goals: written by the client in the chat, in their words, and let go by them."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.errors import Refusal

MOST_LIVE = 5
LONGEST = 200
"""Letters of a goal: one line on a phone, and room for it inside a question."""


class GoalState(StrEnum):
    """Whether the client still works towards it."""

    LIVE = "live"
    LET_GO = "let_go"


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal. `number` is what it is called as long as it may not be quoted; it is never given twice."""

    id: str
    client_id: str
    number: int
    text: str = field(repr=False)
    state: GoalState
    made_at: datetime
    changed_at: datetime
    seen_by_worker_at: datetime | None = None
    quote_agreed_at: datetime | None = None

    @property
    def live(self) -> bool:
        return self.state is GoalState.LIVE

    @property
    def quotable(self) -> bool:
        """Only when the worker has seen these very words *and* the client agreed to be quoted for them."""
        return self.seen_by_worker_at is not None and self.quote_agreed_at is not None


def one_line(typed: str) -> str:
    """The goal as it is kept. Raises Refusal when it does not fit one line, or is empty."""
    text = " ".join(typed.split())
    if not text:
        raise Refusal("client.goals.ask")
    if len(text) > LONGEST:
        raise Refusal("client.goals.too_long")
    return text


def check_new(text: str, live: Collection[Goal]) -> None:
    """Raises Refusal when this goal is there already, or when there is no room for one more."""
    if any(goal.text.casefold() == text.casefold() for goal in live):
        raise Refusal("client.goals.same")
    if len(live) >= MOST_LIVE:
        raise Refusal("client.goals.limit")


def renamed(goal: Goal, text: str, now: datetime) -> Goal:
    """New words: they have not been seen, and nobody has agreed to quote them."""
    return replace(goal, text=text, changed_at=now, seen_by_worker_at=None, quote_agreed_at=None)
