"""From what was found to the figures of the page: budgets, floors, who beats whom, subgroups, honesty, leaving."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from tests.benchmarks.signals.clients import CASELOAD, Client
from tests.benchmarks.signals.resample import Curve, Figure, curve, weights
from tests.benchmarks.signals.scoring import Counts, Late, count, quiet_sessions
from tests.benchmarks.signals.tables import MOST, Flags, Numbers
from tests.benchmarks.signals.trial import OURS, Found, Live

BUDGETS = (0.10, 0.15, 0.25, 0.50)
JUDGED = (0.15, 0.25)
FLOOR: Mapping[str, float] = {"therapy": 0.55, "recovery": 0.45}
MOST_ALERTS, MOST_FALSE = 0.25, 1.2
"""Per client-month, and per client-year without trouble."""

Key: TypeAlias = tuple[str, str, float | None]


@dataclass(frozen=True, slots=True)
class Point:
    """One setting's figures."""

    alerts: Figure
    sensitivity: Figure
    false: Figure
    by_trouble: tuple[Figure, ...] = ()


@dataclass
class World:
    """The curves of all detectors in one world."""

    found: Found
    seed: int
    draws: int
    together: int = 1

    @cached_property
    def curves(self) -> Mapping[str, Curve]:
        counts = self.found.counts
        weight = weights(len(counts[OURS].weeks), self.seed, self.together, self.draws)
        return {name: curve(one, weight) for name, one in counts.items()}

    def sensitivity(self, name: str, budget: float) -> Figure:
        one = self.curves[name]
        return one.at_budget(budget, one.sensitivity)

    def false(self, name: str, budget: float) -> Figure:
        one = self.curves[name]
        return one.at_budget(budget, one.false)

    def beats(self, other: str, budget: float) -> bool:
        """Is the lower end of our interval above what the other one finds?"""
        return self.sensitivity(OURS, budget).low > self.sensitivity(other, budget).value


def world(found: Found, name: str, draws: int) -> World:
    """Clients of one worker are drawn together where they have something in common."""
    return World(found, seed=len(name), draws=draws, together=CASELOAD if name == "copied" else 1)


def point(counts: Counts, draws: int, seed: int = 1) -> Point:
    """Of counts at one threshold."""
    one = curve(counts, weights(len(counts.weeks), seed, draws=draws))
    kinds = tuple(one.at(0, kind) for kind in one.by_trouble)
    return Point(one.at(0, one.alerts), one.at(0, one.sensitivity), one.at(0, one.false), kinds)


def live_point(live: Live, draws: int, where: Flags | None = None, also: Flags | None = None) -> Point:
    """What the bot did. `where`: only these sessions; `also`: these lines count as alerts too."""
    raised = live.raised if also is None else live.raised | also
    return point(count(live.clients, raised[:, :, None], where), draws)


def parts(live: Live) -> Iterator[tuple[str, Flags]]:
    """The subgroups, as sessions."""
    every = np.ones((len(live.clients), MOST), bool)
    answered = np.zeros((len(live.clients), MOST))
    for row, client in enumerate(live.clients):
        given = [three is not None for three in client.answers]
        answered[row, 1 : len(given)] = np.cumsum(given)[:-1]
    yield "everybody", every
    yield "ceiling raters (nine in ten answers are all tens)", every & _rows(live, lambda one: one.masked)
    yield "the others", every & _rows(live, lambda one: not one.masked)
    yield "answer rate below one in two", every & _rows(live, lambda one: one.rate < 0.5)
    yield "before the fifth answer", answered < 4


def _rows(live: Live, belongs: Callable[[Client], bool]) -> Flags:
    return np.array([belongs(one) for one in live.clients])[:, None]


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """False findings per quiet client-year; `alone`: no other rule took part. `found`: share of episodes."""

    rule: str
    false: float
    alone: float
    found: float


def rule_figures(live: Live) -> list[RuleFigures]:
    """Of each rule that raised an alert."""
    together = np.sum(list(live.by_rule.values()), axis=0) if live.by_rule else np.zeros_like(live.raised)
    figures = []
    for rule, raised in live.by_rule.items():
        mine, alone = (point(count(live.clients, one[:, :, None]), 1) for one in (raised, raised & (together == 1)))
        figures.append(RuleFigures(rule, mine.false.value, alone.false.value, mine.sensitivity.value))
    return figures


def digest_figures(live: Live) -> list[RuleFigures]:
    """The same for lines of the weekly digest."""
    points = {rule: point(count(live.clients, lines[:, :, None]), 1) for rule, lines in live.digest.items()}
    return [RuleFigures(rule, one.false.value, one.false.value, one.sensitivity.value) for rule, one in points.items()]


def near_the_end(live: Live, left: str, sessions: int = 4) -> tuple[int, float, float]:
    """Of those who left so ("" = stayed as planned): how many, the share with an alert, and the share with a line of
    `silence`, in their last sessions."""
    rows = [row for row, one in enumerate(live.clients) if one.left == left]
    silence = live.digest.get("silence", np.zeros_like(live.raised))
    ends = [(row, slice(max(0, live.clients[row].sessions - sessions), live.clients[row].sessions)) for row in rows]
    if not ends:
        return 0, float("nan"), float("nan")
    alerted, silent = ([bool(one[at].any()) for at in ends] for one in (live.raised, silence))
    return len(ends), sum(alerted) / len(ends), sum(silent) / len(ends)


def quantiles(late: Late, threshold: int, trouble: int) -> tuple[str, str]:
    """Median and 90th percentile of the check-ins before the alert: sent, answered."""
    return _quantiles(late.sent[trouble, :, threshold]), _quantiles(late.answered[trouble, :, threshold])


def _quantiles(histogram: Numbers) -> str:
    cumulated = np.cumsum(histogram)
    if not cumulated[-1]:
        return "–"
    return ", ".join(str(int(np.searchsorted(cumulated, share * cumulated[-1]))) for share in (0.5, 0.9))


def years(live: Live) -> float:
    """Quiet client-years behind the false alarms."""
    return float(quiet_sessions(live.clients).sum() * 7 / 365.25)
