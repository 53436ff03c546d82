"""One occasion of asking one client: how far it has come, and what a tap on it means now.

A check-in may be answered, and its answers changed, from the moment it left until its window ends; in between, a
client who has touched every item has finished it. `STEPS` is the whole life of a check-in:

    planned → open → completed / partial / skipped / expired / cancelled / missed_by_us

completed   every item was answered or skipped, and at least one was answered
skipped     every item was skipped
partial     it came to its end with answers, but not all items were touched
expired     it came to its end without an answer
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import takewhile
from types import MappingProxyType

from bot.domain.questions import Bank, Scale, Value
from bot.domain.signals.occasions import LEFT_ALONE, RUNNING
from bot.domain.signals.occasions import State as State

MISSES_BEFORE_ASKING = 2
"""After so many without a tap, the question about the questions comes instead of the next check-in."""
MISSES_BEFORE_QUIET = 4


class Event(StrEnum):
    """What can happen to a check-in."""

    SENT = "sent"
    ALL_ANSWERED = "all_answered"
    """Every item has been touched, at least one with an answer."""
    ALL_SKIPPED = "all_skipped"
    RAN_OUT = "ran_out"
    RAN_OUT_ANSWERED = "ran_out_answered"
    """The end of the window, or the client's own end, with some answers."""
    TAKEN_BACK = "taken_back"
    TOO_LATE = "too_late"
    """It never left inside its window, and that was our fault."""


_ENDS = {
    Event.ALL_ANSWERED: State.COMPLETED,
    Event.ALL_SKIPPED: State.SKIPPED,
    Event.RAN_OUT_ANSWERED: State.PARTIAL,
    Event.TAKEN_BACK: State.CANCELLED,
}

STEPS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.PLANNED, Event.SENT): State.OPEN,
        (State.PLANNED, Event.RAN_OUT): State.MISSED_BY_US,
        (State.PLANNED, Event.TOO_LATE): State.MISSED_BY_US,
        # A tap proves that it was sent, even where nobody could tell the bot so.
        **{(State.PLANNED, event): state for event, state in _ENDS.items()},
        **{(State.OPEN, event): state for event, state in _ENDS.items()},
        (State.OPEN, Event.RAN_OUT): State.EXPIRED,
        # Whoever skipped all, or ended early, may still answer inside the window.
        (State.SKIPPED, Event.ALL_ANSWERED): State.COMPLETED,
        (State.COMPLETED, Event.ALL_SKIPPED): State.SKIPPED,
        (State.PARTIAL, Event.ALL_ANSWERED): State.COMPLETED,
        (State.PARTIAL, Event.ALL_SKIPPED): State.SKIPPED,
    }
)
"""What changes the state; every other event leaves it as it is."""

ANSWERABLE = frozenset({State.PLANNED, State.OPEN, State.COMPLETED, State.SKIPPED, State.PARTIAL})
"""In these states an answer is taken, as long as the window lasts."""


def step(state: State, event: Event) -> State:
    return STEPS.get((state, event), state)


AS_IT_WAS = " (as it was)"
"""Behind the id of a question that is put in another way since: what is tapped on the old card answers nothing."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a check-in; `goal_id` is set where it is about one of the client's goals."""

    question: str
    goal_id: str | None = None


def put_anew(items: Sequence[Item], answered: Collection[int], otherwise: Collection[str]) -> tuple[Item, ...]:
    """The items where some questions are put `otherwise` by now: those close, and come again behind all others if they
    have not been answered, so that no button that is out there means another question.
    """
    old = [replace(one, question=one.question + AS_IT_WAS) if one.question in otherwise else one for one in items]
    again = [one for n, one in enumerate(items) if one.question in otherwise and n not in answered]
    return (*old, *again)


@dataclass(frozen=True, slots=True)
class Answer:
    """One version of one client's reply to one item. Value, choice and text all None: skipped."""

    item: int
    question: str
    construct: str
    answered_at: datetime
    asks: str | None = None
    goal_id: str | None = None
    value: float | None = None
    value_0_10: float | None = None
    choice: str | None = None
    text: str | None = field(default=None, repr=False)
    version: int = 1
    current: bool = True
    chat_message_id: int | None = None
    """The message that it was typed in, if it was."""

    @property
    def skipped(self) -> bool:
        return self.value is None and self.choice is None and self.text is None

    @property
    def said(self) -> Value | None:
        """What was answered, on the question's own scale; None when it was skipped."""
        return self.value if self.value is not None else self.choice if self.choice is not None else self.text


@dataclass(frozen=True, slots=True)
class CheckIn:
    """One occasion. `planned_at` is when it was due; `position` is the item that stands in the chat.

    `showing` counts how often its message was written anew, `comes_back` says that the client chose *Later*,
    `asks_about` is what the client is being asked about, how the worker shall hear of it: an alert, or this check-in
    where a resting rule made none.
    """

    id: str
    client_id: str
    worker_id: str | None
    schedule: str
    local_date: date
    slot: str
    state: State
    items: tuple[Item, ...]
    planned_at: datetime
    plan_version: str = ""
    reason: str | None = None
    position: int = 0
    showing: int = 0
    comes_back: bool = False
    asks_about: str | None = None
    sent_at: datetime | None = None
    first_touched_at: datetime | None = None
    last_touched_at: datetime | None = None
    finished_at: datetime | None = None
    remind_at: datetime | None = None
    expires_at: datetime | None = None
    evaluate_at: datetime | None = None

    @property
    def surface(self) -> str:
        return surface(self.id)

    @property
    def running(self) -> bool:
        return self.state in RUNNING

    def takes_answers(self, now: datetime) -> bool:
        """Is its window open? Also when all has been answered: answers may be changed until the window ends."""
        return self.state in ANSWERABLE and self.expires_at is not None and now < self.expires_at

    def touch_at(self, heard: datetime, now: datetime) -> datetime:
        """When a touch counts that was received at `heard`: never before there was anything to touch. A clock that was
        wrong when it came would put it there, where no rule finds it.
        """
        return min(now, max(heard, self.sent_at or self.planned_at))


def surface(check_in_id: str) -> str:
    """The place in the client's chat where a check-in stands."""
    return f"checkin:{check_in_id}"


class Means(StrEnum):
    """What a tap, or a typed answer, means now."""

    NEXT = "next"
    """A first answer; there is more to ask."""
    DONE = "done"
    """The last one that was missing."""
    CHANGED = "changed"
    SAME = "same"
    """That is what was answered already."""
    STALE = "stale"
    """Its time is over, or it never was one of this check-in's."""


def holding(answers: Sequence[Answer]) -> Mapping[int, Answer]:
    """Item → the version that holds."""
    return {one.item: one for one in answers if one.current}


def with_answer(answers: Sequence[Answer], new: Answer) -> list[Answer]:
    """All versions with one more, numbered behind the earlier ones of its item; only it holds."""
    last = max((one.version for one in answers if one.item == new.item), default=0)
    earlier = [replace(one, current=one.current and one.item != new.item) for one in answers]
    return [*earlier, replace(new, version=last + 1, current=True)]


def untouched(items: Sequence[Item], answers: Sequence[Answer], bank: Bank) -> tuple[int, ...]:
    """Items neither answered nor skipped, in order. What has left the bank is asked no more."""
    known = holding(answers)
    return tuple(n for n, item in enumerate(items) if n not in known and item.question in bank)


def next_item(check_in: CheckIn, answers: Sequence[Answer], bank: Bank, after: int = -1) -> int | None:
    """The next item to ask: the first untouched one behind `after`, else the first untouched at all."""
    left = untouched(check_in.items, answers, bank)
    return next((n for n in left if n > after), left[0] if left else None)


def item_before(check_in: CheckIn, item: int, bank: Bank) -> int | None:
    """Where *Back* leads."""
    return next((n for n in range(item - 1, -1, -1) if check_in.items[n].question in bank), None)


def means(
    check_in: CheckIn, answers: Sequence[Answer], item: int, said: Value | None, bank: Bank, heard: datetime
) -> Means:
    """What answering `item` with `said` (None = skip) means, received at `heard`. Whether the value fits is asked
    elsewhere."""
    if not check_in.takes_answers(heard) or item not in range(len(check_in.items)):
        return Means.STALE
    if check_in.items[item].question not in bank:
        return Means.STALE
    held = holding(answers).get(item)
    if held is not None:
        return Means.SAME if held.said == said else Means.CHANGED
    return Means.NEXT if set(untouched(check_in.items, answers, bank)) - {item} else Means.DONE


def scales_done(check_in: CheckIn, answers: Sequence[Answer], bank: Bank) -> bool:
    """Has each scale question been answered or skipped? Then the rules may read."""
    left = untouched(check_in.items, answers, bank)
    return not any(bank[check_in.items[n].question].scale is not Scale.TEXT for n in left)


def ended(check_in: CheckIn, answers: Sequence[Answer], bank: Bank, *, window_over: bool = True) -> Event | None:
    """Which end a check-in comes to with these answers; None while it goes on."""
    some = any(not one.skipped for one in holding(answers).values())
    if holding(answers) and not untouched(check_in.items, answers, bank):
        return Event.ALL_ANSWERED if some else Event.ALL_SKIPPED
    if not window_over:
        return None
    return Event.RAN_OUT_ANSWERED if some else Event.RAN_OUT


def half_done_at(check_in: CheckIn, answers: Sequence[Answer], bank: Bank, touched: datetime) -> datetime | None:
    """When the rules read what was left half done; None when nothing was answered, or all scales are."""
    some = any(not one.skipped for one in holding(answers).values())
    return touched + LEFT_ALONE if some and not scales_done(check_in, answers, bank) else None


@dataclass(frozen=True, slots=True)
class Past:
    """What the count of untouched ones needs of an earlier check-in, newest first."""

    state: State
    touched: bool
    reason: str | None = None
    excused: bool = False
    """The bot was away, or the client on a break, during its window."""

    @property
    def ends_run(self) -> bool:
        return self.touched or self.state in (State.COMPLETED, State.PARTIAL, State.SKIPPED)


ASKED_ABOUT = "asked_about"
"""The reason of a check-in in whose place the question about the questions was asked."""


def untouched_run(past: Sequence[Past]) -> int:
    """How many in a row, up to the newest, were sent and never touched. What was not sent counts for nobody."""
    run = takewhile(lambda one: not one.ends_run, past)
    return sum(one.state is State.EXPIRED and not one.excused for one in run)


def asks_about_questions(past: Sequence[Past]) -> bool:
    """Is it time for the question about the questions? Once in a run, in place of the third."""
    run = tuple(takewhile(lambda one: not one.ends_run, past))
    return untouched_run(run) == MISSES_BEFORE_ASKING and all(one.reason != ASKED_ABOUT for one in run)
