"""A client's own usual, and how far an answer is from it: arithmetic over plain numbers on 0–10.

The shrunken predictive z: a prior for the client's mean (μ0, weight κ0) and for the spread of one client's answers
(σ0, weight ν0) is mixed with what the client has answered, so that the second answer can already be judged and an
unbroken row of tens keeps a spread above zero:

    m  = (κ0·μ0 + Σx) / (κ0 + n)
    s² = (ν0·σ0² + Σ(x − x̄)²) / (ν0 + n − 1)          n ≥ 1
    z  = (x − m) / (s·√(1 + 1/(κ0 + n)))

CUSUM beside it adds up what falls short: C = max(0, C − z − k) with z clipped. A value enters the baseline no lower
than m − 1.5·s, so that one rupture does not hide the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median as _median


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a client who has said nothing yet."""

    mu0: float
    sigma0: float
    kappa0: float = 0.4
    nu0: float = 4.0
    winsor_k: float = 1.5


@dataclass(frozen=True, slots=True)
class Baseline:
    """The usual after `n` values: mean `m` and spread `s` on 0–10, `weight` = κ0 + n."""

    n: int
    m: float
    s: float
    weight: float

    def z(self, x: float) -> float:
        """How many predictive standard deviations `x` is above the usual."""
        return (x - self.m) / (self.s * sqrt(1 + 1 / self.weight))


@dataclass(frozen=True, slots=True)
class Step:
    """One value of a series: the usual before it, its z against that, and what of it entered the usual."""

    x: float
    before: Baseline
    z: float
    entered: float


def baseline(values: Sequence[float], prior: Prior) -> Baseline:
    """The usual over values that have already been protected by `walk`. Without values it is the prior itself."""
    n = len(values)
    mean = sum(values) / n if n else 0.0
    return _baseline(n, mean, sum((x - mean) ** 2 for x in values), prior)


def _baseline(n: int, mean: float, squares: float, prior: Prior) -> Baseline:
    """From the number of values, their mean, and the sum of squares around it."""
    if n == 0:
        return Baseline(0, prior.mu0, prior.sigma0, prior.kappa0)
    m = (prior.kappa0 * prior.mu0 + n * mean) / (prior.kappa0 + n)
    s = sqrt((prior.nu0 * prior.sigma0**2 + squares) / (prior.nu0 + n - 1))
    return Baseline(n, m, s, prior.kappa0 + n)


def walk(values: Sequence[float], prior: Prior) -> tuple[Step, ...]:
    """Every value against the usual before it. The first enters as it is: there is no usual of theirs to protect."""
    steps: list[Step] = []
    mean = squares = 0.0
    for n, x in enumerate(values):
        before = _baseline(n, mean, squares, prior)
        entered = max(x, before.m - prior.winsor_k * before.s) if n else x
        steps.append(Step(x, before, before.z(x), entered))
        away = entered - mean  # Welford's update: one pass, and no loss of digits
        mean += away / (n + 1)
        squares += away * (entered - mean)
    return tuple(steps)


def after(steps: Sequence[Step], prior: Prior) -> Baseline:
    """The usual once all of `steps` have entered."""
    return baseline([step.entered for step in steps], prior)


def cusum(c: float, z: float, k: float, low: float, high: float) -> float:
    """One step of the sum of shortfalls, z clipped to [low, high]."""
    return max(0.0, c - min(max(z, low), high) - k)


def standard_deviation(values: Sequence[float]) -> float:
    """Around the mean of these very values (divided by n). In floats: the library's is exact, and ten times as slow."""
    mean = sum(values) / len(values)
    return sqrt(sum((x - mean) ** 2 for x in values) / len(values))


def median(values: Sequence[float]) -> float | None:
    """The middle value; None if there is none."""
    return _median(values) if values else None


def figure(x: float) -> float:
    """A number as evidence keeps it and everybody shows it: three decimals, never −0."""
    return round(x, 3) + 0.0
