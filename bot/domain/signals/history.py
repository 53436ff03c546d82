"""What the rules read: one client's check-ins, absences and requests, as plain values.

`History` may hold anything that storage, an export file or a simulation knows, in any order and with repeated rows.
`History.until(now)` puts it in order and cuts away whatever was not known at that moment, so that a replay of last
month decides as the bot decided last month.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.signals.beside import Rating, Remark, Repair, talk_order
from bot.domain.words import Construct, Json, Tier

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
    words: int | None = None

    @property
    def length(self) -> int | None:
        """How many words of text; storage gives the count alone, since no rule needs to know what was written."""
        return self.words if self.text is None else len(self.text.split())

    @property
    def key(self) -> tuple[str, str]:
        """What a later version of this answer has in common with it."""
        return self.question, self.about or ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """One check-in.

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

    def answers(self) -> tuple[Reply, ...]:
        """The answers that hold: the last version of each, in the order in which they were first given."""
        last: dict[tuple[str, str], Reply] = {}
        for reply in sorted(self.replies, key=_when):
            last[reply.key] = reply
        return tuple(last.values())

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
    about: str | None = None

    @classmethod
    def of(cls, signal: Signal, *, alerted: bool) -> "Told":
        """A signal that is on record from now on. `about`: the goal that it was about."""
        z, goal = signal.evidence.get("z"), signal.evidence.get("goal")
        return cls(
            signal.rule,
            signal.construct,
            signal.raised_at,
            signal.source,
            float(z) if isinstance(z, int | float) else None,
            alerted,
            signal.tier,
            goal if isinstance(goal, str) else None,
        )


@dataclass(frozen=True, slots=True)
class History:
    """Everything about one client that a rule may look at.

    `sessions` are held ones, `missed_sessions` those that were neither held nor cancelled in time; `assignments` the
    moments at which a worker took over; `resets` confirmed repairs and goals agreed anew (alerts in `told` reset by
    themselves); `ratings` the present worker's own.
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
    missed_sessions: tuple[datetime, ...] = ()
    ratings: tuple[Rating, ...] = ()
    repairs: tuple[Repair, ...] = ()
    remarks: tuple[Remark, ...] = ()
    timezone: str = "UTC"

    def until(self, now: datetime) -> "History":
        """The same client as known at `now`: in order, each row once, nothing from later."""
        seen = (occasion.until(now) for occasion in _merged(self.occasions))
        known = [occasion for occasion in seen if occasion]
        return History(
            occasions=tuple(sorted(known, key=lambda one: (one.started_at, one.check_in_id))),
            sessions=_moments(self.sessions, now),
            assignments=_moments(self.assignments, now),
            pauses=_spans(self.pauses, now),
            closures=_spans(self.closures, now),
            absences=_spans(self.absences, now),
            events=tuple(sorted({one for one in self.events if one.at <= now}, key=lambda one: (one.at, one.id))),
            told=tuple(sorted({one for one in self.told if one.raised_at <= now}, key=_told_order)),
            resets=_moments(self.resets, now),
            missed_sessions=_moments(self.missed_sessions, now),
            ratings=tuple(sorted({one for one in self.ratings if one.at <= now})),
            repairs=tuple(sorted({one.until(now) for one in self.repairs if one.talked_at <= now}, key=talk_order)),
            remarks=tuple(sorted({one for one in self.remarks if one.at <= now})),
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


def _told_order(one: Told) -> tuple[datetime, str, str, str, str]:
    return one.raised_at, one.rule, one.construct or "", one.source or "", one.about or ""


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
