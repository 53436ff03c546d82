"""From signals to one alert, and an alert's way from raised to closed. Escalation over time is in `ladder`.

An alert is raised → acknowledged → talked → repaired / not repaired / unconfirmed; it may be dismissed on the way, or
withdrawn while nobody has seen it. Four kinds of matter never mix: what goes on between two people, danger, harm by
somebody (safeguarding only), and the wish for somebody else (never on any surface of the worker).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from bot.domain.errors import Refusal
from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import HARM_BY_OTHERS, Signal, TalkAbout
from bot.domain.words import Severity, Tier

UNDO = timedelta(seconds=60)
NO_TAP = timedelta(hours=2)
MOST_REASONS = 3


class Kind(StrEnum):
    """What sort of matter it is, and so who may know that it exists."""

    ALLIANCE = "alliance"
    DANGER = "danger"
    HARM = "harm"
    SOMEONE_ELSE = "someone_else"


class AlertState(StrEnum):
    """How far an alert has come."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    TALKED = "talked"
    REPAIRED = "repaired"
    NOT_REPAIRED = "not_repaired"
    UNCONFIRMED = "unconfirmed"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


OPEN = (AlertState.RAISED, AlertState.ACKNOWLEDGED)
"""Somebody still has to act: new evidence joins these. After *We talked* a new worry is a new alert."""


class AlertEvent(StrEnum):
    """What can happen to an alert."""

    ACKNOWLEDGE = "acknowledge"
    TALKED = "talked"
    DISMISS = "dismiss"
    WITHDRAW = "withdraw"
    BETTER = "better"
    STILL_THERE = "still_there"
    NO_ANSWER = "no_answer"
    REOPEN = "reopen"


class Wish(StrEnum):
    """How the client wants the worker to hear; NONE = no tap so far."""

    TELL = "tell"
    MYSELF = "myself"
    SOMEONE_ELSE = "someone_else"
    NONE = "none"


_S, _E = AlertState, AlertEvent
STEPS: dict[tuple[AlertState, AlertEvent], AlertState] = {
    (_S.RAISED, _E.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.RAISED, _E.TALKED): _S.TALKED,
    (_S.RAISED, _E.DISMISS): _S.DISMISSED,
    (_S.RAISED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.ACKNOWLEDGED, _E.ACKNOWLEDGE): _S.ACKNOWLEDGED,  # a second tap, or cover taking over
    (_S.ACKNOWLEDGED, _E.TALKED): _S.TALKED,
    (_S.ACKNOWLEDGED, _E.DISMISS): _S.DISMISSED,
    (_S.TALKED, _E.TALKED): _S.TALKED,
    (_S.TALKED, _E.BETTER): _S.REPAIRED,
    (_S.TALKED, _E.STILL_THERE): _S.NOT_REPAIRED,
    (_S.TALKED, _E.NO_ANSWER): _S.UNCONFIRMED,
    (_S.UNCONFIRMED, _E.BETTER): _S.REPAIRED,  # a late answer is an answer
    (_S.UNCONFIRMED, _E.STILL_THERE): _S.NOT_REPAIRED,
    (_S.NOT_REPAIRED, _E.REOPEN): _S.RAISED,  # one step higher, to the manager, unless the client says leave it
}


def step(state: AlertState, event: AlertEvent, *, sent: bool = True) -> AlertState:
    """The state after `event`. Raises Refusal `alert.closed`, `alert.not_yet` or `alert.already_sent`.

    What a person has seen is never taken back, so a sent alert cannot be withdrawn.
    """
    if event is AlertEvent.WITHDRAW and sent:
        raise Refusal("alert.already_sent")
    after = STEPS.get((state, event))
    if after is None:
        raise Refusal("alert.not_yet" if state in OPEN else "alert.closed")
    return after


def kind_of(signal: Signal) -> Kind:
    """Which matter a tier-2 or tier-3 signal belongs to."""
    if signal.evidence.get("about") == TalkAbout.SOMEONE_ELSE:
        return Kind.SOMEONE_ELSE
    if signal.tier < Tier.NOW:
        return Kind.ALLIANCE
    return Kind.HARM if signal.evidence.get("lists") == [HARM_BY_OTHERS] else Kind.DANGER


def by_kind(signals: Iterable[Signal]) -> dict[Kind, list[Signal]]:
    """Alert-worthy signals sorted into matters; tier 1, tier 0 and notes are left out."""
    found: dict[Kind, list[Signal]] = {}
    for signal in signals:
        if signal.tier >= Tier.ALERT and not signal.note:
            found.setdefault(kind_of(signal), []).append(signal)
    return found


@dataclass(frozen=True, slots=True)
class Open:
    """The client's open alert of one kind, as far as deciding needs it. `reasons` are what it rests on."""

    state: AlertState
    tier: Tier
    reasons: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Raise:
    """Make a new alert."""

    kind: Kind
    tier: Tier
    reasons: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Add:
    """Edit the open alert. `worse`: the tier has risen, so it rings again and waits to be acknowledged anew."""

    tier: Tier
    reasons: tuple[Signal, ...]
    worse: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep it for the digest, which says why."""

    reason: str
    signals: tuple[Signal, ...]


Decision: TypeAlias = Raise | Add | Hold


def decide(kind: Kind, open_alert: Open | None, signals: Iterable[Signal], resting: Collection[Signal]) -> Decision:
    """What becomes of one kind's new signals, as `by_kind` gives them.

    `resting` are those whose rule told somebody lately (`Evaluation.resting`). They still join an open alert, since
    an edit disturbs nobody, but make no new one.
    """
    fresh = tuple(signals)
    if open_alert is not None and open_alert.state in OPEN:
        reasons = strongest((*fresh, *open_alert.reasons))
        tier = max(signal.tier for signal in (*fresh, *open_alert.reasons))
        return Add(tier, reasons, worse=tier > open_alert.tier)
    awake = tuple(signal for signal in fresh if signal not in resting)
    if not awake:
        return Hold("resting", fresh)
    return Raise(kind, max(signal.tier for signal in awake), strongest(fresh))


def strongest(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """At most three reasons: higher tiers first, what was said before what was reckoned, then the newest.

    Of one rule about one construct only the first given counts, so hand in new evidence before old.
    """
    once: dict[tuple[str, str | None], Signal] = {}
    for signal in signals:
        once.setdefault((signal.rule, signal.construct), signal)
    return tuple(sorted(once.values(), key=_weight)[:MOST_REASONS])


def _weight(signal: Signal) -> tuple[int, int, float]:
    return -signal.tier, list(RULES).index(signal.rule), -signal.raised_at.timestamp()


def reconsider(open_alert: Open, source: str, still: Iterable[Signal], *, sent: bool) -> Add | None:
    """After a changed answer in check-in `source`: the alert with what still holds. None = withdraw it.

    An alert that somebody may have seen is never withdrawn; it keeps its reasons if nothing else is left.
    """
    others = tuple(signal for signal in open_alert.reasons if signal.source != source)
    left = strongest((*(signal for signal in still if signal.tier >= Tier.ALERT and not signal.note), *others))
    if not left and not sent:
        return None
    tier = max((signal.tier for signal in left), default=open_alert.tier)
    return Add(tier, left or open_alert.reasons, worse=tier > open_alert.tier)


def asks_client(kind: Kind, reasons: Iterable[Signal], *, ask_client_first: bool) -> bool:
    """Is any of it the client's to say how the worker shall hear?"""
    return kind is Kind.ALLIANCE and ask_client_first and any(RULES[one.rule].client_is_asked for one in reasons)


def waits_for_client(kind: Kind, reasons: Iterable[Signal], *, ask_client_first: bool) -> bool:
    """Is there time to ask how the worker shall hear? Only if all of it rests on the client's answers.

    Where some of it does not, the card leaves at once and shows that part; the client is asked about the other.
    """
    return kind is Kind.ALLIANCE and ask_client_first and all(RULES[one.rule].client_is_asked for one in reasons)


def for_supervision(reasons: Iterable[Signal]) -> bool:
    """Does it begin one step higher, with the manager, as a talk did not mend it?"""
    return any(RULES[one.rule].for_supervision and one.tier >= Tier.ALERT and not one.note for one in reasons)


def leaves_at(
    raised_at: datetime, last_tap: datetime, *, waits: bool, wish: Wish = Wish.NONE, chosen_at: datetime | None = None
) -> datetime:
    """The earliest moment for the card: at once, 60 s (for *Undo*) after a choice, two hours after the last tap."""
    if not waits:
        return raised_at
    if wish is Wish.NONE or chosen_at is None:
        return last_tap + NO_TAP
    return chosen_at + UNDO


def severity(tier: Tier, wish: Wish, *, waits: bool) -> Severity:
    """High = tier 3, medium = tier 2, low = tier 2 that the client's wish (or no tap) has softened."""
    if tier is Tier.NOW:
        return Severity.HIGH
    return Severity.LOW if waits and wish in (Wish.MYSELF, Wish.NONE) else Severity.MEDIUM
