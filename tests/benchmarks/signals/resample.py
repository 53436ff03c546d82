"""How sure a figure is: the same figure over clients drawn anew, again and again."""

from dataclasses import dataclass

import numpy as np

from tests.benchmarks.signals.scoring import WEEKS_A_MONTH, WEEKS_A_YEAR, Counts
from tests.benchmarks.signals.tables import Numbers

DRAWS = 1000
MIDDLE = (2.5, 97.5)
"""Percentiles of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "–"
        if np.isnan(self.low):
            return f"{self.value:.2f}"
        return f"{self.value:.2f} ({self.low:.2f}–{self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Curve:
    """A detector's figures, draw by draw (rows; the first is the clients as they are) and threshold by threshold."""

    alerts: Numbers
    sensitivity: Numbers
    by_trouble: tuple[Numbers, ...]
    false: Numbers

    def at_budget(self, budget: float, what: Numbers) -> Figure:
        """Between two thresholds as if each were used for part of the clients; nothing found for no alerts at all.

        A detector that can't ring so often even at its loosest gets what it finds there.
        """
        return _where(self.alerts, budget, what)

    def at_false(self, false: float, what: Numbers) -> Figure:
        """The same where false alarms are so many."""
        return _where(self.false, false, what)

    def nearest(self, budget: float) -> int:
        """The threshold that comes closest."""
        return int(np.abs(self.alerts[0] - budget).argmin())

    def at(self, threshold: int, what: Numbers) -> Figure:
        return figure(what[:, threshold])


def _where(along: Numbers, value: float, what: Numbers) -> Figure:
    return figure(np.array([_read(a, w, value) for a, w in zip(along, what, strict=True)]))


def _read(along: Numbers, what: Numbers, value: float) -> float:
    order = np.argsort(along, kind="stable")
    return float(np.interp(value, np.concatenate([[0.0], along[order]]), np.concatenate([[0.0], what[order]])))


def figure(draws: Numbers) -> Figure:
    """The first is the figure, the rest say how sure it is."""
    if np.isnan(draws[1:]).all():  # so few clients that none of those drawn had a trouble of this kind
        return Figure(float(draws[0]), np.nan, np.nan)
    low, high = np.nanpercentile(draws[1:], MIDDLE)
    return Figure(float(draws[0]), float(low), float(high))


def weights(clients: int, seed: int, together: int = 1, draws: int = DRAWS) -> Numbers:
    """How often each client is drawn: once each, then `draws` times with replacement, `together` clients at once."""
    groups = -(-clients // together)
    dice = np.random.default_rng(seed)
    drawn = dice.multinomial(groups, np.full(groups, 1 / groups), size=draws)
    return np.repeat(np.vstack([np.ones((1, groups)), drawn]), together, axis=1)[:, :clients].astype(float)


def curve(counts: Counts, weight: Numbers) -> Curve:
    """All figures of a detector."""
    with np.errstate(invalid="ignore", divide="ignore"):
        episodes, found = weight @ counts.episodes, np.einsum("dc,ckt->dkt", weight, counts.found, optimize=True)
        return Curve(
            alerts=weight @ counts.alerts / (weight @ counts.weeks)[:, None] * WEEKS_A_MONTH,
            sensitivity=found.sum(axis=1) / episodes.sum(axis=1)[:, None],
            by_trouble=tuple(found[:, kind] / episodes[:, kind, None] for kind in range(episodes.shape[1])),
            false=weight @ counts.false / (weight @ counts.quiet)[:, None] * WEEKS_A_YEAR,
        )
