"""Who is compared: our rules, and what others use, each at many thresholds at once.

A detector looks at one session of all clients at a time and says, for each client (row) and threshold (column), which of
its rules fire. What becomes an alert is settled in `sweep`, for all of them in the same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bot.domain.signals.settings import Settings
from tests.benchmarks.signals.tables import Flags, Numbers, Table


class Detector(Protocol):
    """One way of noticing, at several thresholds."""

    @property
    def thresholds(self) -> int:
        """How many."""

    def start(self, table: Table) -> None:
        """Forget everything; these clients come next."""

    def look(self, session: int) -> Mapping[str, Flags]:
        """Which rules fire at this session's answers (clients × thresholds); False where there are none."""

    def told(self, alerted: Flags) -> None:
        """Where somebody has been told: sums start anew."""


def _column(values: Numbers) -> Numbers:
    return values[:, None]


class Ours:
    """`item_low`, `drop` and `slide` with each of several settings, by the conditions of the rules.

    All settings share the prior that the table was made with.
    """

    def __init__(self, every: Sequence[Settings]) -> None:
        self._drop, self._slide, self._low = (
            {name: np.array([one[rule][name] for one in every]) for name in every[0][rule].numbers}
            for rule in ("drop", "slide", "item_low")
        )
        self.thresholds = len(every)

    def start(self, table: Table) -> None:
        self._table = table
        self._sum = np.zeros((len(table.x), self.thresholds))

    def look(self, session: int) -> Mapping[str, Flags]:
        n = _column(self._table.n[:, session])
        z = _column(self._table.z[:, session])
        return {
            "item_low": self._item_low(session),
            "drop": self._dropped(n, z, _column(self._table.m[:, session] - self._table.x[:, session])),
            "slide": self._slid(n, z) & _column(self._table.x[:, session] < self._table.centre[:, session]),
        }

    def told(self, alerted: Flags) -> None:
        self._sum[alerted] = 0

    def _item_low(self, session: int) -> Flags:
        values = self._table.items[:, session, :, None]
        medians = self._table.medians[:, session, :, None]
        early = self._table.answered[:, session, :, None] < self._low["early_n"]
        usual = (values <= self._low["level"]) & (medians - values >= self._low["fall"])
        return np.where(early, values <= self._low["level_early"], usual).any(axis=1)

    def _dropped(self, n: Numbers, z: Numbers, fall: Numbers) -> Flags:
        early = np.minimum(self._drop["z"], self._drop["z_early"])
        limit = np.where(n < self._drop["early_n"], early, self._drop["z"])
        return (n >= self._drop["min_n"]) & (z <= limit) & (fall >= self._drop["min_drop"])

    def _slid(self, n: Numbers, z: Numbers) -> Flags:
        clipped = np.clip(z, self._slide["clip_low"], self._slide["clip_high"])
        self._sum = np.where(n >= 1, np.maximum(0, self._sum - clipped - self._slide["k"]), self._sum)
        self._sum = np.where(n == 0, 0, self._sum)
        return (n + 1 >= self._slide["min_n"]) & (self._sum >= self._slide["h"])


@dataclass
class Level:
    """The mean of the three answers is this or less, whoever it is."""

    limits: Numbers

    @property
    def thresholds(self) -> int:
        return len(self.limits)

    def start(self, table: Table) -> None:
        self._table = table

    def look(self, session: int) -> Mapping[str, Flags]:
        return {"level": _column(self._table.x[:, session]) <= self.limits}

    def told(self, alerted: Flags) -> None:
        """Nothing is carried over."""


@dataclass
class Fall(Level):
    """So much less than the last time."""

    def look(self, session: int) -> Mapping[str, Flags]:
        return {"fall": _column(self._table.before[:, session] - self._table.x[:, session]) >= self.limits}


@dataclass
class Chart(Level):
    """An individuals control chart: below the mean by `limit` mean moving ranges, from the fifth answer on."""

    def look(self, session: int) -> Mapping[str, Flags]:
        below = _column(self._table.centre[:, session] - self._table.x[:, session])
        enough = _column(self._table.n[:, session] >= 4)
        return {"chart": enough & (below > 0) & (below >= self.limits * _column(self._table.moves[:, session]))}


@dataclass
class Ewma(Level):
    """An exponentially weighted mean of the personal z: λ = 0.3, z clipped to [−4, 1]; the limit counts its spreads."""

    weight: float = 0.3

    def start(self, table: Table) -> None:
        self._table = table
        self._mean = np.zeros((len(table.x), self.thresholds))
        self._count = np.zeros_like(self._mean)

    def look(self, session: int) -> Mapping[str, Flags]:
        n, z = _column(self._table.n[:, session]), _column(self._table.z[:, session])
        counts, anew = n >= 1, n == 0
        self._count = np.where(anew, 0, self._count + counts)
        mixed = self.weight * np.clip(z, -4, 1) + (1 - self.weight) * self._mean
        self._mean = np.where(anew, 0, np.where(counts, mixed, self._mean))
        share = self.weight / (2 - self.weight) * (1 - (1 - self.weight) ** (2 * self._count))
        return {"ewma": counts & (self._mean <= -self.limits * np.sqrt(share))}

    def told(self, alerted: Flags) -> None:
        self._mean[alerted] = 0
        self._count[alerted] = 0


@dataclass
class Cusum(Level):
    """A sum of shortfalls of the personal z alone: k = 0.5, z clipped to [−4, 1.5]."""

    def start(self, table: Table) -> None:
        self._table = table
        self._sum = np.zeros((len(table.x), self.thresholds))

    def look(self, session: int) -> Mapping[str, Flags]:
        n, z = _column(self._table.n[:, session]), _column(self._table.z[:, session])
        stepped = np.maximum(0, self._sum - np.clip(z, -4, 1.5) - 0.5)
        self._sum = np.where(n == 0, 0, np.where(n >= 1, stepped, self._sum))
        return {"cusum": (n >= 1) & (self._sum >= self.limits)}

    def told(self, alerted: Flags) -> None:
        self._sum[alerted] = 0


@dataclass
class Chance(Level):
    """Dice, at answered check-ins; `limits` are the chances."""

    seed: int = 0

    def start(self, table: Table) -> None:
        self._table = table
        self._thrown = np.random.default_rng(self.seed).random(table.x.shape)

    def look(self, session: int) -> Mapping[str, Flags]:
        answered = ~np.isnan(self._table.x[:, session])
        return {"chance": _column(answered) & (_column(self._thrown[:, session]) < self.limits)}
