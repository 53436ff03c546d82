"""One check-in as the rules read it: what was asked, what was answered, and how it stood at any moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from bot.domain.words import ALLIANCE, Construct

LEFT_ALONE = timedelta(minutes=30)
"""A half-done check-in is read once nobody has tapped for this long."""


class State(StrEnum):
    """How far a check-in has come."""

    PLANNED = "planned"
    OPEN = "open"
    COMPLETED = "completed"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MISSED_BY_US = "missed_by_us"


RUNNING = (State.PLANNED, State.OPEN)


@dataclass(frozen=True, slots=True)
class Reply:
    """One version of one answer; a changed answer is a second `Reply` to the same question with a later `at`.

    `value_0_10` is the answer on 0–10 with reversed items already turned round, `value` the one on its own scale.
    `choice` is what the chosen option says to a rule (`questions.meaning`). All None for a skipped question.
    `about` tells goals or tasks apart where one question is asked about several. `is_scale` is False for words alone:
    the rules do not wait for them.
    """

    question: str
    construct: Construct
    at: datetime
    asks: str | None = None
    value: float | None = None
    value_0_10: float | None = None
    choice: str | None = None
    text: str | None = None
    about: str | None = None
    words: int | None = None
    is_scale: bool = True

    @property
    def length(self) -> int | None:
        """How many words of text; storage gives the count alone, since no rule needs to know what was written."""
        return self.words if self.text is None else len(self.text.split())

    @property
    def key(self) -> tuple[str, str]:
        """What a later version of this answer has in common with it."""
        return self.question, self.about or ""


@dataclass(frozen=True, slots=True)
class Scored:
    """One alliance answer that holds, with the check-in that it belongs to."""

    check_in_id: str
    reply: Reply
    value: float


@dataclass(frozen=True)
class Occasion:
    """One check-in. It has no slots, so that what is worked out of its answers is worked out once.

    `finished_at` is when it came to its end, whatever the end was; without it, `expires_at`, the last touch, the
    sending or the plan stand in, in this order. `last_touched_at` is the client's last tap or word of any kind, even
    *Later*. `scales_done` says that each of its scale questions has been answered or skipped.
    """

    check_in_id: str
    planned_at: datetime
    state: State
    replies: tuple[Reply, ...] = ()
    sent_at: datetime | None = None
    expires_at: datetime | None = None
    last_touched_at: datetime | None = None
    finished_at: datetime | None = None
    scales_done: bool = False

    @property
    def started_at(self) -> datetime:
        return self.sent_at or self.planned_at

    @cached_property
    def order(self) -> tuple[datetime, str]:
        """By when it was sent; two of one moment always in the same order."""
        return self.started_at, self.check_in_id

    @property
    def ended_at(self) -> datetime | None:
        """When it was over; None while it still runs."""
        if self.state in RUNNING:
            return None
        return self.finished_at or self.expires_at or self.last_touched_at or self.started_at

    @property
    def touched(self) -> bool:
        return bool(self.replies) or self.last_touched_at is not None

    def until(self, now: datetime) -> "Occasion | None":
        """The check-in as it stood at `now`; None if nothing was known of it."""
        if self.started_at > now:
            return None
        if self._settled is not None and self._settled <= now:
            return self
        replies = tuple(reply for reply in _in_order(self.replies) if reply.at <= now)
        touches = [at for at in (self.last_touched_at, *(reply.at for reply in replies)) if at and at <= now]
        over = self.ended_at is not None and self.ended_at <= now
        return replace(
            self,
            state=self.state if over or self.state in RUNNING else State.OPEN,
            replies=replies,
            last_touched_at=max(touches, default=None),
            finished_at=self.finished_at if over else None,
            scales_done=self.scales_done_at is not None and self.scales_done_at <= now,
        )

    def in_order(self) -> "Occasion":
        """The same, with each reply once and by time, and touched as far as it can be told where nobody wrote it down: so
        that `until` need not work it out again for each moment after its end."""
        replies = tuple(_in_order(self.replies))
        touched = self.last_touched_at or max((one.at for one in replies), default=None)
        if replies == self.replies and touched == self.last_touched_at:
            return self
        return replace(self, replies=replies, last_touched_at=touched)

    @cached_property
    def scales_done_at(self) -> datetime | None:
        """The first answer to the last scale question; None while one is left. What is changed later is read again."""
        first: dict[tuple[str, str], datetime] = {}
        for reply in self.replies:
            if reply.is_scale:
                first[reply.key] = min(reply.at, first.get(reply.key, reply.at))
        return max(first.values(), default=self.started_at) if self.scales_done else None

    @cached_property
    def _settled(self) -> datetime | None:
        """From when on it looks as it does now; None while it runs, or while its rows are not in order."""
        if self.ended_at is None or list(self.replies) != _in_order(self.replies):
            return None
        touched = self.last_touched_at
        if self.replies and (touched is None or touched < self.replies[-1].at):
            return None
        return max(self.ended_at, touched or self.ended_at)

    def answers(self) -> tuple[Reply, ...]:
        """The answers that hold: the last version of each, in the order in which they were first given."""
        return self._answers

    @cached_property
    def _answers(self) -> tuple[Reply, ...]:
        last: dict[tuple[str, str], Reply] = {}
        for reply in sorted(self.replies, key=_when):
            last[reply.key] = reply
        return tuple(last.values())

    @cached_property
    def ratings(self) -> tuple[Reply, ...]:
        """The bond, goals and tasks answers that carry a number and ask nothing special."""
        return tuple(
            one for one in self._answers if one.construct in ALLIANCE and one.asks is None and one.value_0_10 is not None
        )

    @cached_property
    def by_question(self) -> Mapping[tuple[str, str], tuple[Reply, ...]]:
        """The ratings by what they answer."""
        found: dict[tuple[str, str], tuple[Reply, ...]] = {}
        for one in self.ratings:
            found[one.key] = (*found.get(one.key, ()), one)
        return found

    @cached_property
    def seconds_between(self) -> tuple[float, ...]:
        """From one question's first answer to the next one's; a changed answer is no second look at the clock."""
        first: dict[tuple[str, str], float] = {}
        for reply in self.replies:
            at = reply.at.timestamp()
            first[reply.key] = min(at, first.get(reply.key, at))
        return tuple(later - earlier for earlier, later in pairwise(sorted(first.values())))

    @cached_property
    def scored(self) -> tuple[Scored, ...]:
        """The same, each with the check-in that it belongs to."""
        return tuple(Scored(self.check_in_id, reply, reply.value_0_10 or 0.0) for reply in self.ratings)

    @cached_property
    def parts(self) -> Mapping[Construct, float]:
        """Bond, goals and tasks, as far as they were rated: the mean of each one's ratings."""
        rated = {part: [one.value_0_10 or 0.0 for one in self.ratings if one.construct is part] for part in ALLIANCE}
        return {part: sum(values) / len(values) for part, values in rated.items() if values}

    @cached_property
    def mean(self) -> float | None:
        """The mean of bond, goals and tasks; None with fewer than two of the three."""
        return sum(self.parts.values()) / len(self.parts) if len(self.parts) >= 2 else None

    @cached_property
    def rated_from_to(self) -> tuple[datetime, datetime] | None:
        """When the first answer about bond, goals or tasks came (it stays when one is changed), and the newest rating."""
        if not self.ratings:
            return None
        first = min(reply.at for reply in self.replies if reply.construct in ALLIANCE)
        return first, max(one.at for one in self.ratings)

    @cached_property
    def first_reply_at(self) -> datetime | None:
        return min((reply.at for reply in self.replies), default=None)

    @cached_property
    def special(self) -> tuple[Reply, ...]:
        """The answers to questions of which a rule has to know what they ask."""
        return tuple(one for one in self._answers if one.asks is not None)

    def readable(self, now: datetime) -> bool:
        """Rules read a check-in at its last scale answer, at its end, or when it has been left alone half done."""
        if self.state not in RUNNING or self.scales_done:
            return True
        return self.last_touched_at is not None and self.last_touched_at + LEFT_ALONE <= now


def _when(one: Reply) -> datetime:
    return one.at


def _in_order(replies: Iterable[Reply]) -> list[Reply]:
    """Each once, by time; two of the same moment always in the same order."""
    return sorted(set(replies), key=lambda one: (one.at, *one.key, one.value or 0.0, one.choice or "", one.text or ""))
