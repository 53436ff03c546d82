"""What the rules read: one client's check-ins, absences and requests, as plain values.

`History` may hold anything that storage, an export file or a simulation knows, in any order and with repeated rows.
`History.until(now)` puts it in order and cuts away whatever was not known at that moment, so that a replay of last
month decides as the bot decided last month, and what is too old to matter, so that it costs the same after years.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.signals.beside import Rating, Remark, Repair, talk_order
from bot.domain.signals.occasions import Occasion
from bot.domain.words import Construct, Json, Tier

WINDOW = 60
"""Rules look back over so many check-ins: more than half a year at two a week. An older answer is not part of a usual
any more, and reading a client costs the same after years as after months."""

TOLD_FOR = timedelta(days=366)
"""What is older, and older than the oldest check-in of the window, changes no decision any more."""

HARM_BY_OTHERS = "harm_by_others"
"""The word list whose hits go to the safeguarding contact only."""


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

    `sessions` are held ones, `missed_sessions` those that were neither held nor cancelled in time, each known from its
    own moment on or, as `entered` says, from when somebody entered it; `assignments` the moments at which a worker took
    over; `resets` confirmed repairs and goals agreed anew (alerts in `told` reset by themselves); `ratings` the present
    worker's own.
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
    entered: tuple[tuple[datetime, datetime], ...] = ()
    ratings: tuple[Rating, ...] = ()
    repairs: tuple[Repair, ...] = ()
    remarks: tuple[Remark, ...] = ()
    timezone: str = "UTC"

    def in_order(self) -> "History":
        """The same with each check-in once and in order, nothing left out: what a replay goes along."""
        each = (one.in_order() for one in _merged(self.occasions))
        occasions = sorted(each, key=_sent_order)
        return replace(self, occasions=tuple(occasions), events=tuple(sorted(set(self.events), key=_event_order)))

    def until(self, now: datetime) -> "History":
        """The same client as known at `now`, as far back as `looks_back_to`: in order, each row once."""
        seen = (occasion.until(now) for occasion in _merged(self.occasions))
        known = sorted((one for one in seen if one), key=_sent_order)[-WINDOW:]
        since = looks_back_to(known, now)
        unheard = {met for met, heard in self.heard_at().items() if heard > now}
        held = _moments((one for one in self.sessions if one not in unheard), now)
        talks = (one.until(now) for one in self.repairs if since <= one.talked_at <= now)
        return History(
            occasions=tuple(known),
            sessions=held[max(0, bisect_right(held, since) - 1) :],  # the interval at `since` began with the one before
            assignments=_moments(self.assignments, now),
            pauses=_spans(self.pauses, since, now),
            closures=_spans(self.closures, since, now),
            absences=_spans(self.absences, since, now),
            events=tuple(sorted({one for one in self.events if since <= one.at <= now}, key=_event_order)),
            told=tuple(sorted({one for one in self.told if since <= one.raised_at <= now}, key=_told_order)),
            resets=_moments(self.resets, now, since),
            missed_sessions=_moments((one for one in self.missed_sessions if one not in unheard), now, since),
            entered=tuple(sorted({one for one in self.entered if since <= one[0] and one[1] <= now})),
            ratings=tuple(sorted({one for one in self.ratings if since <= one.at <= now})),
            repairs=tuple(sorted(set(talks), key=talk_order)),
            remarks=tuple(sorted({one for one in self.remarks if since <= one.at <= now})),
            timezone=self.timezone,
        )

    def heard_at(self) -> Mapping[datetime, datetime]:
        """Meeting → when what became of it was known; those that nobody entered are not among them."""
        found: dict[datetime, datetime] = {}
        for met, entered in self.entered:
            found[met] = min(found.get(met, entered), entered)
        return found

    def excused(self, start: datetime, end: datetime) -> bool:
        """Was the client on a break, the service closed or the bot away at any time from `start` to `end`?"""
        return any(span.meets(start, end) for spans in (self.pauses, self.closures, self.absences) for span in spans)


def looks_back_to(occasions: Sequence[Occasion], now: datetime) -> datetime:
    """What was before that changes no decision at `now`: the oldest of the window's check-ins, or a year ago."""
    return min([now - TOLD_FOR, *(one.started_at for one in occasions[:1])])


def _moments(moments: Iterable[datetime], now: datetime, since: datetime | None = None) -> tuple[datetime, ...]:
    return tuple(sorted({moment for moment in moments if moment <= now and (since is None or since <= moment)}))


def _spans(spans: Iterable[Span], since: datetime, now: datetime) -> tuple[Span, ...]:
    met = (span for span in spans if span.start <= now and span.meets(since, now))
    known = {Span(span.start, min(span.end, now) if span.end else now) for span in met}
    return tuple(sorted(known, key=lambda span: (span.start, span.end or now)))


def _sent_order(one: Occasion) -> tuple[datetime, str]:
    return one.order


def _event_order(one: Event) -> tuple[datetime, str]:
    return one.at, one.id


def _told_order(one: Told) -> tuple[datetime, str, str, str, str]:
    return one.raised_at, one.rule, one.construct or "", one.source or "", one.about or ""


def _merged(occasions: Iterable[Occasion]) -> list[Occasion]:
    """Each check-in once, with the answers of all its rows. Of rows that contradict each other the same one counts in
    whatever order they come."""
    by_id: dict[str, Occasion] = {}
    for occasion in occasions:
        first = by_id.setdefault(occasion.check_in_id, occasion)
        if first is not occasion and first != occasion:
            counts = max(first, occasion, key=_without_answers)
            by_id[occasion.check_in_id] = replace(counts, replies=(*first.replies, *occasion.replies))
    return list(by_id.values())


def _without_answers(one: Occasion) -> str:
    return repr(replace(one, replies=()))
