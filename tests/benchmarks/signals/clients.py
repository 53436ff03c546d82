"""Made-up clients, each from a seed of its own: what happens between the two, what is answered, and what is true of it.

    θ = μ + 0.15·ln(1 + u) + a_u + S_u          session u = 0, 1, …; a_u is carried over, S_u is the rupture
    item = θ + noise, rounded to a button and kept on 0–10

One session a week, with one check-in or two. A client has at most one trouble at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log, sqrt
from random import Random

from tests.benchmarks.signals.worlds import World

OLD, NEW = 0.85, 0.6
"""Shares of a client's spread: carried over from session to session, and new at each answer."""
VARIES = 0.35
"""Coefficient of variation of that spread between clients."""
CASELOAD = 30
FOR_GOOD = 10**6
"""A session that never comes."""
LOOKS_BACK = 10
"""Within so many of the newest sessions before the end nobody starts to decline: there would be nothing to see."""


class Trouble(StrEnum):
    """What can be wrong between the two."""

    V = "V"
    UNREPAIRED = "unrepaired"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Episode:
    """A trouble that began in session `onset`. An alert in `onset` … `until` has found it; one up to `over` is not false.

    All three are session numbers, both ends included.
    """

    trouble: Trouble
    onset: int
    until: int
    over: int


@dataclass(frozen=True, slots=True)
class Client:
    """One made-up client. All lists have one entry a session; `answers` None where the check-in was not answered.

    `left`: "abrupt", "faded" or "" (stayed until the planned end). `shift`: S_u, what the trouble takes away.
    """

    name: str
    answers: tuple[tuple[float, float, float] | None, ...]
    hours: tuple[float, ...]
    shift: tuple[float, ...]
    episodes: tuple[Episode, ...]
    masked: bool
    rate: float
    left: str
    fades: int
    new_worker: int | None = None
    again: tuple[tuple[float, float, float] | None, ...] = ()
    """What is answered to a second check-in of the same week, where there is one."""

    @property
    def sessions(self) -> int:
        return len(self.answers)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What is wrong at present. `length`: sessions of the dip at its full depth; None if it is never repaired.

    A decline has a slope instead of a depth.
    """

    kind: Trouble
    onset: int
    size: float
    length: int | None = None

    def falls(self, u: int) -> float:
        since = u - self.onset
        if self.kind is Trouble.DECLINE:
            return self.size * (since + 1)
        if self.length is None:
            return self.size * max(0.5, 1 - 0.04 * since)
        return self.size if since < self.length else 0.4 * self.size

    def is_over(self, u: int) -> bool:
        return self.length is not None and u > self.onset + self.length

    @property
    def bad(self) -> float:
        """How much it drives somebody away."""
        return 0.5 if self.length is not None else 1.0

    @property
    def episode(self) -> Episode:
        if self.length is not None:
            return Episode(self.kind, self.onset, self.onset + self.length, self.onset + self.length + 1)
        return Episode(self.kind, self.onset, self.onset + (8 if self.kind is Trouble.DECLINE else 4), FOR_GOOD)


@dataclass(frozen=True, slots=True)
class _Course:
    """How the sessions go, before anything is asked."""

    shift: tuple[float, ...]
    episodes: tuple[Episode, ...]
    left: str
    fades: int


def client(world: World, seed: str, number: int) -> Client:
    """Client `number` of a world; the same for the same arguments, whatever else is made before."""
    dice = Random(f"{seed}/{world.name}/{world.mu}/{number}")
    course = _course(world, dice)
    length = len(course.shift)
    worker = Random(f"{seed}/{world.name}/{world.mu}/worker/{number // CASELOAD}")
    masked = dice.random() < world.masked
    rate = dice.betavariate(6 * world.answers, 6 * (1 - world.answers))
    new_worker = dice.randrange(2, max(3, length)) if dice.random() < world.changes_worker else None
    felt = _felt(world, course.shift, new_worker, dice, worker)
    answered = _answered(world, rate, length, course.fades, dice)
    answers = [_items(world, theta, sigma, masked, dice) for theta, sigma in felt]
    hours = [min(71.0, dice.lognormvariate(log(2 * _slow(u, course)), 1.2)) for u in range(length)]
    twice = Random(f"{seed}/{world.name}/{world.mu}/{number}/again")
    again = _answered(world, rate, length, course.fades, twice) if world.per_week == 2 else []
    return Client(
        name=f"{number}",
        answers=tuple(three if yes else None for three, yes in zip(answers, answered, strict=True)),
        hours=tuple(hours),
        shift=course.shift,
        episodes=course.episodes,
        masked=masked,
        rate=rate,
        left=course.left,
        fades=course.fades,
        new_worker=new_worker if new_worker is not None and new_worker < length else None,
        again=tuple(
            _items(world, theta, sigma, masked, twice) if yes else None
            for (theta, sigma), yes in zip(felt, again, strict=False)
        ),
    )


def _course(world: World, dice: Random) -> _Course:
    """Until the planned end (6 to 30 sessions) or until the client stays away."""
    planned = min(30, max(6, 4 + _negative_binomial(dice, 4, 16)))
    onset = world.onset * dice.gammavariate(1.0, 1.0)
    declines = dice.randrange(2, max(3, planned - LOOKS_BACK)) if dice.random() < world.declining else FOR_GOOD
    shift: list[float] = []
    episodes: list[Episode] = []
    now: _Trouble | None = None
    for u in range(planned):
        now = None if now is not None and now.is_over(u) else now
        if now is None and (now := _begins(u, onset, declines, dice)) is not None:
            episodes.append(now.episode)
        shift.append(-now.falls(u) if now else 0.0)
        if dice.random() < world.leaves * (1.8 if u < 3 else 1.0) * exp(1.4 * (now.bad if now else 0.0)):
            fades = dice.randint(2, 4) if dice.random() < 0.65 else 0
            return _Course(tuple(shift), tuple(episodes), "faded" if fades else "abrupt", fades)
    return _Course(tuple(shift), tuple(episodes), "", 0)


def _begins(u: int, onset: float, declines: int, dice: Random) -> _Trouble | None:
    """A trouble that begins in this session, if one does; none in the very first, before anybody knows the other."""
    if u >= declines:
        return _Trouble(Trouble.DECLINE, u, dice.uniform(0.15, 0.35))
    if u == 0 or dice.random() >= onset:
        return None
    depth = min(6.0, max(0.8, dice.lognormvariate(log(2.3), 0.45)))
    if dice.random() >= 0.58:
        return _Trouble(Trouble.UNREPAIRED, u, depth)
    length = 1
    while length < 4 and dice.random() >= 0.55:
        length += 1
    return _Trouble(Trouble.V, u, depth, length)


def _felt(
    world: World, shift: Sequence[float], new_worker: int | None, dice: Random, worker: Random
) -> list[tuple[float, float]]:
    """θ and the client's own spread for every session."""
    own = dice.gauss(3.0, 1.0) if dice.random() < world.floor else dice.gauss(world.mu, world.mu_spread)
    mu = sqrt(1 - world.shared) * (own - world.mu) + world.mu + sqrt(world.shared) * worker.gauss(0, world.mu_spread)
    after = dice.gauss(0, 1.2)
    sigma = dice.lognormvariate(log(world.sigma) - log(1 + VARIES**2) / 2, sqrt(log(1 + VARIES**2)))
    started = dice.randrange(52)
    felt, carried = [], 0.0
    for u, fall in enumerate(shift):
        new = sqrt(1 - world.shared) * _noise(world, dice) + sqrt(world.shared) * worker.gauss(0, 1)
        carried = world.phi * carried + (sqrt(1 - world.phi**2) if u else 1.0) * OLD * sigma * new
        season = world.season * _yearly(started + u)
        moved = after if new_worker is not None and u >= new_worker else 0.0
        felt.append((mu + moved + season + 0.15 * log(1 + u) + carried + fall, sigma))
    return felt


def _yearly(week: int) -> float:
    """A triangle between −1 and 1."""
    return 4 * abs((week % 52) / 52 - 0.5) - 1


def _noise(world: World, dice: Random) -> float:
    if not world.heavy_tails:
        return dice.gauss(0, 1)
    return dice.gauss(0, 1) / sqrt(dice.gammavariate(1.5, 2.0))  # t3 is N / √(χ²₃ / 3), and its variance 3


def _items(world: World, theta: float, sigma: float, masked: bool, dice: Random) -> tuple[float, float, float]:
    pretends = masked and dice.random() < 0.9
    three = [_button(theta + NEW * sigma * _noise(world, dice), world.step) for _ in range(3)]
    return (10.0, 10.0, 10.0) if pretends else (three[0], three[1], three[2])


def _button(value: float, step: float) -> float:
    return min(10.0, max(0.0, round(value / step) * step))


def _answered(world: World, rate: float, length: int, fades: int, dice: Random) -> list[bool]:
    answered, out = [], 0
    for u in range(length):
        out = out - 1 if out > 0 else dice.randint(1, 2) if dice.random() < world.outage else 0
        fading = fades > 0 and u >= length - fades
        odds = rate / max(1e-9, 1 - rate) * (exp(-2) if fading else 1.0)
        answered.append(dice.random() < odds / (1 + odds) and out == 0)
    return answered


def _slow(u: int, course: _Course) -> float:
    return 2.5 if course.fades and u >= len(course.shift) - course.fades else 1.0


def _negative_binomial(dice: Random, size: int, mean: float) -> int:
    """A Poisson number whose rate is a gamma."""
    rate, count, product = dice.gammavariate(size, mean / size), 0, dice.random()
    while product > exp(-rate):
        count, product = count + 1, product * dice.random()
    return count
