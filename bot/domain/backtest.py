"""A whole service's decisions, worked out again, and what other numbers would have changed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import merge

from bot.domain.alerts import Kind
from bot.domain.budget import Budget
from bot.domain.replay import Decided, Ledger, Moment, Replay, Replayed, in_a_week, moments
from bot.domain.signals.history import History
from bot.domain.signals.settings import Settings

SAME = timedelta(days=7)
"""Two alerts of a kind this close to each other are the same matter."""
UNTOLD = (Kind.SOMEONE_ELSE, Kind.HARM)
"""What may concern the worker is in no figure about the worker; no number of a rule changes it anyway."""
STILL_OPEN = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One alert as it really was: when it was over (None: nobody knows), and what the worker said of it."""

    kind: str
    raised_at: datetime
    over_at: datetime | None = None
    useful: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One client: the history, whose client it was from when on, and the alerts that there really were."""

    ref: str
    history: History
    workers: tuple[tuple[datetime, str], ...] = ()
    recorded: tuple[Recorded, ...] = ()

    def worker(self, at: datetime) -> str:
        """Whose client it was; before the first known assignment the first one's, without any nobody's."""
        names = [name for start, name in self.workers if start <= at]
        return names[-1] if names else (self.workers[0][1] if self.workers else "")

    def closes(self, kind: Kind, raised_at: datetime) -> datetime:
        """When an alert raised then was over: as it really was where there was one of its kind, else after a week."""
        known = [
            (abs(one.raised_at - raised_at), one.over_at)
            for one in self.recorded
            if one.kind == kind and one.over_at is not None
        ]
        apart, over_at = min(known, default=(SAME, in_a_week(kind, raised_at)))
        return max(over_at, raised_at) if apart <= SAME else in_a_week(kind, raised_at)

    def was_useful(self, alert: Replayed) -> bool:
        """Did the worker say so of the alert that this one stands for?"""
        return any(
            one.useful == "useful" and one.kind == alert.kind and abs(one.raised_at - alert.raised_at) <= SAME
            for one in self.recorded
        )


def run(
    cases: Sequence[Case],
    settings: Settings,
    budget: Budget,
    *,
    ask_client_first: bool = True,
    step: Callable[[], None] = lambda: None,
) -> list[Decided]:
    """Every client's decisions, in the order of `cases`. Each worker's clients share a budget, so they go side by side
    in time. `step` is called once for each client that is done."""
    replays = [Replay(one.history, settings, one.closes, ask_client_first) for one in cases]
    for mine in by_worker(cases):
        ledger = Ledger(budget, len(mine)) if cases[mine[0]].workers else None
        for n in mine:
            replays[n].ledger = ledger
        _side_by_side([replays[n] for n in mine], step)
    return [one.decided for one in replays]


def by_worker(cases: Sequence[Case]) -> list[list[int]]:
    """Who shares a budget: the places in `cases` of each worker's clients. Who has no worker shares none."""
    found: dict[tuple[str, int], list[int]] = {}
    for n, case in enumerate(cases):
        found.setdefault((case.workers[-1][1], -1) if case.workers else ("", n), []).append(n)
    return list(found.values())


def _side_by_side(replays: Sequence[Replay], step: Callable[[], None]) -> None:
    left = []
    for n, replay in enumerate(replays):
        mine = moments(replay.history)
        left.append([(moment.at, n, k, moment, k == len(mine) - 1) for k, moment in enumerate(mine)])
        if not mine:
            step()
    ways: Iterable[tuple[datetime, int, int, Moment, bool]] = merge(*left, key=lambda one: one[:3])
    for _, n, _, moment, last in ways:
        replays[n].step(moment)
        if last:
            step()


@dataclass(slots=True)
class Effect:
    """What other numbers would have done: alerts gained, lost, and lost although the worker had called them useful."""

    before: int = 0
    after: int = 0
    gained: int = 0
    lost: int = 0
    useful_lost: int = 0


@dataclass(slots=True)
class Comparison:
    """The effect in all, by rule (an alert counts for each of its rules) and by worker."""

    whole: Effect = field(default_factory=Effect)
    by_rule: dict[str, Effect] = field(default_factory=dict)
    by_worker: dict[str, Effect] = field(default_factory=dict)

    def _effects(self, case: Case, alert: Replayed) -> list[Effect]:
        worker = case.worker(alert.raised_at)
        rules = [self.by_rule.setdefault(rule, Effect()) for rule in alert.rules]
        return [self.whole, *rules, self.by_worker.setdefault(worker, Effect())]

    def add(self, case: Case, before: Sequence[Replayed], after: Sequence[Replayed]) -> None:
        """One client's alerts by the numbers in force and by the others, but for what no figure may tell."""
        before, after = ([alert for alert in alerts if alert.kind not in UNTOLD] for alerts in (before, after))
        for alert in before:
            lost = not any(_same(alert, one) for one in after)
            for effect in self._effects(case, alert):
                effect.before += 1
                effect.lost += lost
                effect.useful_lost += lost and case.was_useful(alert)
        for alert in after:
            for effect in self._effects(case, alert):
                effect.after += 1
                effect.gained += not any(_same(alert, one) for one in before)


def _same(one: Replayed, other: Replayed) -> bool:
    return one.kind is other.kind and abs(one.raised_at - other.raised_at) <= SAME


def compare(cases: Sequence[Case], before: Sequence[Decided], after: Sequence[Decided]) -> Comparison:
    """What the second replay has that the first has not, and the other way round."""
    found = Comparison()
    for case, one, other in zip(cases, before, after, strict=True):
        found.add(case, one.alerts, other.alerts)
    return found


def counts(replays: Sequence[Decided]) -> Mapping[str, Mapping[str, int]]:
    """Rule → how many signals, alerts that rest on it, and findings held back."""
    signals = Counter(one.rule for replay in replays for one in replay.signals)
    alerts = Counter(rule for replay in replays for alert in replay.alerts for rule in alert.rules)
    held = Counter(one.signal.rule for replay in replays for one in replay.held)
    rules = dict.fromkeys((*signals, *alerts, *held))
    return {rule: {"signals": signals[rule], "alerts": alerts[rule], "held": held[rule]} for rule in rules}
