"""What a benchmark says: numbers of several interleaved rounds, ours beside a peer's, and what the ratio ought to be.

The machine may be shared and noisy, so no number means anything alone: a round measures both, one right after the other,
a ratio is taken within each round, and the median of the ratios is the figure.
"""

from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Size:
    """How much work one round is. `smoke` is enough to see that a benchmark still runs, and nothing more."""

    rounds: int = 5
    people: int = 1000
    messages: int = 150
    taps: int = 60
    far_taps: int = 24
    campaigns: int = 2
    campaign: int = 900
    alerts: int = 20
    speed: float = 1.0
    due: int = 100
    timetables: tuple[int, ...] = (10_000, 100_000)
    idle_seconds: float = 4.0


SMOKE = Size(
    rounds=1,
    people=12,
    messages=8,
    taps=4,
    far_taps=4,
    campaigns=1,
    campaign=6,
    alerts=2,
    speed=20.0,
    due=4,
    timetables=(20, 40),
    idle_seconds=0.0,
)


@dataclass(slots=True)
class Figure:
    """One line of the table. `ours` and `theirs` hold one number a round; `at_least` or `at_most` is the target."""

    path: str
    ours_is: str
    peer_is: str
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def add(self, ours: float, theirs: float) -> None:
        self.ours.append(ours)
        self.theirs.append(theirs)

    @property
    def ratios(self) -> list[float]:
        """Ours ÷ theirs, round by round."""
        return [one / other for one, other in zip(self.ours, self.theirs, strict=True)]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def is_met(self) -> bool | None:
        """None where nothing was aimed at."""
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return None if self.at_most is None else self.ratio <= self.at_most

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:.3g}"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something counted or measured that has no peer."""

    path: str
    says: str


@dataclass(slots=True)
class Results:
    """Everything of one run."""

    figures: list[Figure] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


def quantile(values: list[float], share: float) -> float:
    """The value that this share of all does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
