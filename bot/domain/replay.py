"""What the bot decides about one client, worked out again: the history is read at every moment at which it was read.

The rules, the rest of a rule and the decision about an alert are the very functions that run live. What a replay can't
know is assumed and said: nobody taps a wish, and an alert stays open for a week unless `closes` knows better.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.domain.alerts import NO_TAP, Add, AlertState, Hold, Kind, Open, Raise, by_kind, decide, waits_for_client
from bot.domain.budget import MONTH, Budget, may_wait, strength
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import WINDOW, History, Signal, Told, looks_back_to
from bot.domain.signals.occasions import LEFT_ALONE, Occasion
from bot.domain.signals.settings import Settings
from bot.domain.words import Tier

STAYS_OPEN = timedelta(days=7)
Closes: TypeAlias = Callable[[Kind, datetime], datetime]
"""When an alert of that kind that was raised at that moment was over."""


def in_a_week(_: Kind, raised_at: datetime) -> datetime:
    """What is assumed where nothing is known of how alerts were handled."""
    return raised_at + STAYS_OPEN


@dataclass(slots=True, eq=False)
class Replayed:
    """One alert of a replay. `goes_at`: nobody could see it before."""

    kind: Kind
    raised_at: datetime
    goes_at: datetime
    closes_at: datetime
    tier: Tier
    signals: list[Signal]

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.rule for one in self.signals))


@dataclass(frozen=True, slots=True)
class Moment:
    """When the bot looked. `about`: the check-in that was read; without one, `source` names what had happened."""

    at: datetime
    about: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A finding that made no alert, and why: `digest` (its tier), `resting`, `budget`."""

    signal: Signal
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What a replay comes to: signals in the order in which they were found, alerts, and what made none."""

    signals: tuple[Signal, ...]
    alerts: tuple[Replayed, ...]
    held: tuple[Held, ...]


def moments(history: History) -> list[Moment]:
    """Every moment at which a history is read, in order: each check-in at its last scale answer, left alone half done,
    at its end, and whenever an answer is changed; and everything that happens outside the questions."""
    found = {moment for occasion in history.occasions for moment in _moments_of(occasion)}
    found |= {Moment(event.at, source=event.id) for event in history.events}
    said = [at for one in history.repairs for at in (one.said_at, one.chose_at) if at is not None]
    heard = history.heard_at()
    missed = [max(at, heard.get(at, at)) for at in history.missed_sessions]
    found |= {Moment(at) for at in (*missed, *said)}
    return sorted(found, key=lambda one: (one.at, one.about or "", one.source or ""))


def _moments_of(occasion: Occasion) -> Iterable[Moment]:
    given = sorted(reply.at for reply in occasion.replies)
    done, end = occasion.scales_done_at, occasion.ended_at
    for at, following in zip(given, (*given[1:], end), strict=False):
        if done is not None and at >= done:
            yield Moment(at, occasion.check_in_id)
        elif following is None or at + LEFT_ALONE <= following:
            yield Moment(at + LEFT_ALONE, occasion.check_in_id)
    if end is not None and done is None:
        yield Moment(end, occasion.check_in_id)


@dataclass(slots=True, eq=False)
class Replay:
    """One client's decisions, one moment after the other; `run` goes through all of them.

    `signals` are those that hold, in the order in which they were found.
    """

    history: History
    settings: Settings
    closes: Closes = in_a_week
    ask_client_first: bool = True
    ledger: "Ledger | None" = None
    signals: list[Signal] = field(default_factory=list)
    alerts: list[Replayed] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    _starts: list[datetime] = field(default_factory=list)
    _sources: set[str | None] = field(default_factory=set)
    """What anything was ever found in: only that is looked through when it is read again."""

    def __post_init__(self) -> None:
        self.history = self.history.in_order()
        self._starts = [one.started_at for one in self.history.occasions]

    @property
    def decided(self) -> Decided:
        """As far as it has come."""
        return Decided(tuple(self.signals), tuple(self.alerts), tuple(self.held))

    def run(self) -> "Replay":
        for moment in moments(self.history):
            self.step(moment)
        return self

    def step(self, moment: Moment) -> Evaluation:
        """Look at one moment, and say what was found. Moments come in order."""
        found = self._evaluate(moment)
        new = list(found.signals)
        if moment.source is not None:
            new = [one for one in new if one.source == moment.source]
        elif moment.about in self._sources:
            self._forget(moment, new)
        self._decide(moment.at, new, found.resting)
        return found

    def _evaluate(self, moment: Moment) -> Evaluation:
        upto = bisect_right(self._starts, moment.at)
        occasions = self.history.occasions[max(0, upto - WINDOW) : upto]
        oldest = looks_back_to(occasions, moment.at)
        self.told = [one for one in self.told if one.raised_at >= oldest]
        told = tuple(one for one in self.told if moment.about is None or one.source != moment.about)
        return evaluate(replace(self.history, occasions=occasions, told=told), self.settings, moment.at, moment.about)

    def _forget(self, moment: Moment, new: list[Signal]) -> None:
        """Read again: what was found there before stays only if it still holds, or if somebody could see it."""
        still = {_key(one): one for one in new}
        for alert in self.alerts:
            if alert.closes_at > moment.at:
                alert.signals = [
                    still.pop(_key(one), one)
                    for one in alert.signals
                    if one.source != moment.about or _key(one) in still or alert.goes_at <= moment.at
                ]
        kept = {_key(one) for alert in self.alerts for one in alert.signals}
        self.alerts = [alert for alert in self.alerts if alert.signals]
        self.signals = [one for one in self.signals if one.source != moment.about or _key(one) in kept]
        self.held = [one for one in self.held if one.signal.source != moment.about]
        self.told = [one for one in self.told if one.source != moment.about or _key(one) in kept]
        new[:] = [one for one in new if _key(one) in still]

    def _decide(self, now: datetime, new: list[Signal], resting: Iterable[Signal]) -> None:
        rest = {_key(one) for one in resting}
        quiet = [one for one in new if one.tier is Tier.DIGEST and not one.note]
        self.held += [Held(one, "resting" if _key(one) in rest else "digest") for one in quiet]
        told = {_key(one) for one in quiet} - rest
        for kind, signals in by_kind(new).items():
            if self._bundle(now, kind, signals, resting):
                told |= {_key(one) for one in signals}
        self.signals += new
        self._sources |= {one.source for one in new}
        self.told += [Told.of(one, alerted=_key(one) in told) for one in new]

    def _bundle(self, now: datetime, kind: Kind, signals: list[Signal], resting: Iterable[Signal]) -> bool:
        """One kind's new signals: a new alert, more for the open one, or held. True if their rules rest from now on."""
        open_alert = next((one for one in self.alerts if one.kind is kind and one.closes_at > now), None)
        state = Open(AlertState.RAISED, open_alert.tier, tuple(open_alert.signals)) if open_alert else None
        match decide(kind, state, signals, tuple(resting)):
            case Hold(reason=reason):
                self.held += [Held(one, reason) for one in signals]
                return False
            case Add(tier=tier) if open_alert is not None:
                open_alert.signals += signals
                open_alert.tier = tier
            case Raise(tier=tier):
                self._raise(now, kind, signals, tier)
        return True

    def _raise(self, now: datetime, kind: Kind, signals: list[Signal], tier: Tier) -> None:
        raised_at = max(one.raised_at for one in signals)
        asks = waits_for_client(kind, signals, ask_client_first=self.ask_client_first)
        goes_at = now + NO_TAP if asks else now
        alert = Replayed(kind, raised_at, goes_at, self.closes(kind, raised_at), tier, list(signals))
        self.alerts.append(alert)
        over = self.ledger.over(self, alert, now) if self.ledger is not None else None
        if over is not None:
            over.hold()

    def hold(self, alert: Replayed) -> None:
        """The budget is spent: its signals go to the digest, and their rules rest as if they had been told."""
        self.alerts.remove(alert)
        self.held += [Held(one, "budget") for one in alert.signals]


@dataclass(frozen=True, slots=True)
class Spent:
    """An alert that counts towards a worker's budget."""

    replay: Replay
    alert: Replayed

    def hold(self) -> None:
        self.replay.hold(self.alert)


@dataclass(slots=True)
class Ledger:
    """What one worker's clients have spent of the budget. `caseload` is how many clients there are."""

    budget: Budget
    caseload: int
    spent: list[Spent] = field(default_factory=list)

    def over(self, replay: Replay, alert: Replayed, now: datetime) -> Spent | None:
        """Write it down; if that is too much, who is to wait: the weakest of those that nobody could see yet."""
        new = Spent(replay, alert)
        if not may_wait(alert.signals):
            return None
        self.spent = [one for one in self.spent if now - MONTH < one.alert.raised_at and one.alert in one.replay.alerts]
        is_spent = self.budget.is_spent([one.alert.raised_at for one in self.spent], self.caseload, now)
        self.spent.append(new)
        if not is_spent:
            return None
        unseen = [one for one in self.spent if one.alert.goes_at > now]
        weakest = min((new, *unseen), key=lambda one: strength(one.alert.signals))
        self.spent.remove(weakest)
        return weakest


def _key(one: Signal | Told) -> tuple[str, str | None, str | None]:
    return one.rule, one.construct, one.source
