"""What the rules read: one client's check-ins, absences and requests, as plain values.

`History` may hold anything that storage, an export file or a simulation knows, in any order and with repeated rows.
`History.until(now)` puts it in order and cuts away whatever was not known at that moment, so that a replay of last
month decides as the bot decided last month.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from bot.domain.words import ALLIANCE, Construct, Json, Tier

WINDOW = 60
"""Rules look back over so many check-ins: more than half a year at two a week. An older answer is not part of a usual
any more, and reading a client costs the same after years as after months."""

TOLD_FOR = timedelta(days=90)
"""What was told longer ago, and before the oldest check-in of the window, changes no decision any more."""

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


HARM_BY_OTHERS = "harm_by_others"
"""The word list whose hits go to the safeguarding contact only."""

RUNNING = (State.PLANNED, State.OPEN)


@dataclass(frozen=True, slots=True)
class Reply:
    """One version of one answer; a changed answer is a second `Reply` to the same question with a later `at`.

    `value_0_10` is the answer on 0–10 with reversed items already turned round, `value` the one on its own scale.
    `choice` is what the chosen option says to a rule (`questions.meaning`). All None for a skipped question.
    `about` tells goals or tasks apart where one question is asked about several.
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

    @property
    def key(self) -> tuple[str, str]:
        """What a later version of this answer has in common with it."""
        return self.question, self.about or ""


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
        later = self.last_touched_at is not None and self.last_touched_at > now
        over = self.ended_at is not None and self.ended_at <= now
        return replace(
            self,
            state=self.state if over or self.state in RUNNING else State.OPEN,
            replies=replies,
            last_touched_at=max(touches, default=None),
            finished_at=self.finished_at if over else None,
            scales_done=self.scales_done and not later and len(replies) == len(set(self.replies)),
        )

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
    def mean(self) -> float | None:
        """The mean of bond, goals and tasks, each the mean of its ratings; None with fewer than two of the three."""
        rated = [[one.value_0_10 or 0.0 for one in self.ratings if one.construct is part] for part in ALLIANCE]
        means = [sum(values) / len(values) for values in rated if values]
        return sum(means) / len(means) if len(means) >= 2 else None

    def readable(self, now: datetime) -> bool:
        """Rules read a check-in at its last scale answer, at its end, or when it has been left alone half done."""
        if self.state not in RUNNING or self.scales_done:
            return True
        return self.last_touched_at is not None and self.last_touched_at + LEFT_ALONE <= now


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time; without an end it goes on."""

    start: datetime
    end: datetime | None = None

    def meets(self, start: datetime, end: datetime) -> bool:
        """Does it share a moment with `start`–`end`?"""
        return self.start <= end and (self.end is None or self.end >= start)


class Happening(StrEnum):
    """What a client can do besides answering."""

    TEXT = "text"
    CONTACT_ME = "contact_me"
    TALK = "talk"
    BLOCKED = "blocked"
    RETURNED = "returned"


class TalkAbout(StrEnum):
    """The four ways of the menu's *I want to talk about something*."""

    HOW_WE_WORK = "how_we_work"
    WHAT_WE_WORK_ON = "what_we_work_on"
    TIMES_AND_PLACE = "times_and_place"
    SOMEONE_ELSE = "someone_else"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened outside the questions. `lists` names the word lists that a text hit, never words."""

    id: str
    kind: Happening
    at: datetime
    about: TalkAbout | None = None
    lists: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Signal:
    """What a rule found. `raised_at` is the time of the evidence, `source` the id of the check-in or event.

    `evidence` holds `value`, `usual`, `last_three` and the rule's own figures, each rounded by `usual.figure`, so
    that a card and an export show the same numbers. A `note` is passed on once, without the weight of a concern.
    """

    rule: str
    construct: Construct | None
    raised_at: datetime
    tier: Tier
    evidence: Mapping[str, Json] = field(default_factory=dict, hash=False)
    source: str | None = None
    note: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A signal on record. `alerted`: it went into an alert or a digest, so that its rule now rests.

    When a changed answer is read again, leave out what was on record from that very check-in.
    """

    rule: str
    construct: Construct | None
    raised_at: datetime
    source: str | None = None
    z: float | None = None
    alerted: bool = True
    tier: Tier = Tier.ALERT


@dataclass(frozen=True, slots=True)
class History:
    """Everything about one client that a rule may look at.

    `sessions` are held ones, `assignments` the moments at which a worker took over, `resets` confirmed repairs and
    goals agreed anew (alerts in `told` reset by themselves).
    """

    occasions: tuple[Occasion, ...] = ()
    sessions: tuple[datetime, ...] = ()
    assignments: tuple[datetime, ...] = ()
    pauses: tuple[Span, ...] = ()
    closures: tuple[Span, ...] = ()
    absences: tuple[Span, ...] = ()
    events: tuple[Event, ...] = ()
    told: tuple[Told, ...] = ()
    resets: tuple[datetime, ...] = ()
    timezone: str = "UTC"

    def in_order(self) -> "History":
        """The same with each check-in once and in order, nothing left out: what a replay goes along."""
        occasions = sorted(_merged(self.occasions), key=lambda one: (one.started_at, one.check_in_id))
        return replace(self, occasions=tuple(occasions), events=tuple(sorted(set(self.events), key=_event_order)))

    def until(self, now: datetime) -> "History":
        """The same client as known at `now`, over the last `WINDOW` check-ins: in order, each row once."""
        seen = (occasion.until(now) for occasion in _merged(self.occasions))
        known = sorted((one for one in seen if one), key=lambda one: (one.started_at, one.check_in_id))
        return History(
            occasions=tuple(known[-WINDOW:]),
            sessions=_moments(self.sessions, now),
            assignments=_moments(self.assignments, now),
            pauses=_spans(self.pauses, now),
            closures=_spans(self.closures, now),
            absences=_spans(self.absences, now),
            events=tuple(sorted({one for one in self.events if one.at <= now}, key=_event_order)),
            told=tuple(sorted({one for one in self.told if one.raised_at <= now}, key=_told_order)),
            resets=_moments(self.resets, now),
            timezone=self.timezone,
        )

    def excused(self, start: datetime, end: datetime) -> bool:
        """Was the client on a break, the service closed or the bot away at any time from `start` to `end`?"""
        return any(span.meets(start, end) for span in (*self.pauses, *self.closures, *self.absences))


def _moments(moments: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    return tuple(sorted({moment for moment in moments if moment <= now}))


def _spans(spans: Iterable[Span], now: datetime) -> tuple[Span, ...]:
    known = {Span(span.start, min(span.end, now) if span.end else now) for span in spans if span.start <= now}
    return tuple(sorted(known, key=lambda span: (span.start, span.end or now)))


def _event_order(one: Event) -> tuple[datetime, str]:
    return one.at, one.id


def _told_order(one: Told) -> tuple[datetime, str, str, str]:
    return one.raised_at, one.rule, one.construct or "", one.source or ""


def _when(one: Reply) -> datetime:
    return one.at


def _in_order(replies: Iterable[Reply]) -> list[Reply]:
    """Each once, by time; two of the same moment always in the same order."""
    return sorted(set(replies), key=lambda one: (one.at, *one.key, one.value or 0.0, one.choice or "", one.text or ""))


def _merged(occasions: Iterable[Occasion]) -> list[Occasion]:
    by_id: dict[str, Occasion] = {}
    for occasion in occasions:
        first = by_id.setdefault(occasion.check_in_id, occasion)
        if first is not occasion and first != occasion:
            by_id[occasion.check_in_id] = replace(first, replies=(*first.replies, *occasion.replies))
    return list(by_id.values())
