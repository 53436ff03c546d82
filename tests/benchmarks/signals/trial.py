"""One run: many clients, made and judged in small lots by two processes."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from bot.domain.replay import Replay
from bot.domain.signals.catalogue import RULES, settings
from bot.domain.signals.history import History
from bot.domain.signals.settings import Settings
from bot.domain.words import Tier
from tests.benchmarks.signals import detectors
from tests.benchmarks.signals.asked import HONESTY, said
from tests.benchmarks.signals.clients import CASELOAD, Client, client
from tests.benchmarks.signals.detectors import Detector, Ours
from tests.benchmarks.signals.histories import history, session_of
from tests.benchmarks.signals.scoring import Counts, Late, count, late
from tests.benchmarks.signals.sweep import alerts
from tests.benchmarks.signals.tables import MOST, Flags, table
from tests.benchmarks.signals.worlds import MAIN, OTHERS, TWICE, world

ROOT = Path(__file__).parent.parent.parent.parent
TUNING, REPORTING = "tuning", "reporting"
"""Seeds. Numbers of the rules may be chosen on clients of the first; what is published comes from the second."""

SCORES = ("item_low", "drop", "slide")
"""The rules that make alerts of numbers."""

TURNED = (1.0, 1.1, 1.2, 1.3)
"""How far all limits are turned where clients are asked twice a week; 1 is as shipped."""
EXAMPLE = 0.0
"""In their place: the numbers that stand in the example configuration, which asks twice a week."""

STRICTER = tuple(round(0.2 + 0.05 * step, 2) for step in range(57))
SHIPPED = STRICTER.index(1.0)
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Size:
    """How many clients: in each main world, in each of the others, and at each degree of honesty."""

    main: int = 4800
    others: int = 1920
    asked: int = 720
    lot: int = 8 * CASELOAD
    draws: int = 1000
    seed: str = REPORTING
    changes: "Changes" = ()


Changes: TypeAlias = tuple[tuple[str, str, float], ...]
"""Numbers to try instead of the shipped ones: rule, name, value."""

SMOKE = Size(60, 60, 60, 60, draws=50)


@dataclass(frozen=True, slots=True)
class Job:
    """One lot of one world. `honesty` None: scores alone."""

    seed: str
    profile: str
    world: str
    clients: range
    honesty: float | None = None
    changes: Changes = ()
    times: float | None = None
    """Asked twice a week, with all limits turned by this; `EXAMPLE`: by the example configuration."""

    @property
    def numbers(self) -> Settings:
        """As shipped, but for the changes."""
        if self.times == EXAMPLE:
            return stricter(self.profile, 1, (*example(), *self.changes))
        if self.times is not None:
            return stricter(self.profile, self.times, self.changes)
        return settings(self.profile, wanted(self.changes))

    @property
    def key(self) -> tuple[str, str, float | None]:
        return self.profile, self.world, self.honesty if self.times is None else self.times


@dataclass(slots=True)
class Live:
    """What the bot as it is shipped makes of them. Each array: clients × sessions. `by_rule`: the alerts that a rule took
    part in raising; `digest`: lines for the weekly digest."""

    clients: list[Client]
    raised: Flags
    by_rule: dict[str, Flags]
    digest: dict[str, Flags]


@dataclass(slots=True)
class Found:
    """Of one lot, or of many put together. `live` only in main worlds and where questions are asked."""

    counts: dict[str, Counts] = field(default_factory=dict)
    late: dict[str, Late] = field(default_factory=dict)
    live: Live | None = None


def wanted(changes: Changes) -> dict[str, dict[str, float | bool]]:
    """As `catalogue.settings` takes it."""
    numbers: dict[str, dict[str, float | bool]] = {}
    for rule, name, value in changes:
        numbers.setdefault(rule, {})[name] = value
    return numbers


@cache
def example() -> Changes:
    """What config.example.toml says of the score rules."""
    rules = tomllib.loads((ROOT / "config.example.toml").read_text("utf-8"))["signals"]
    numbers = ((rule, name, value) for rule in SCORES for name, value in rules.get(rule, {}).items())
    return tuple((rule, name, float(value)) for rule, name, value in numbers if name != "enabled")


def stricter(profile: str, times: float, changes: Changes = ()) -> Settings:
    """The three score rules alone, all limits moved at once: 1 is as shipped, 2 twice as far from the usual."""
    shipped = settings(profile, wanted(changes))
    moved: dict[str, dict[str, float | bool]] = {name: {"enabled": False} for name in RULES if name not in SCORES}
    moved |= {rule: dict(shipped[rule].numbers) for rule in SCORES}
    for rule, names in (("drop", ("z", "z_early", "min_drop")), ("slide", ("h",)), ("item_low", ("fall",))):
        moved[rule] |= {name: shipped[rule][name] * times for name in names}
    moved["item_low"] |= {name: shipped["item_low"][name] / times for name in ("level", "level_early")}
    return settings(profile, moved)


def compared(profile: str, seed: int, changes: Changes = ()) -> Mapping[str, Detector]:
    """Everybody, each at many thresholds."""
    return {
        OURS: Ours([stricter(profile, times, changes) for times in STRICTER]),
        "random": detectors.Chance(np.linspace(0, 0.6, 61), seed),
        "level": detectors.Level(np.arange(31) / 3 + 1e-9),
        "drop from last": detectors.Fall(np.arange(30, 0, -1) / 3 - 1e-9),
        "control chart": detectors.Chart(np.arange(0, 8, 0.14)),
        "EWMA": detectors.Ewma(np.arange(0.3, 4, 0.075)),
        "CUSUM alone": detectors.Cusum(np.arange(0.3, 7, 0.1)),
    }


USUAL: Mapping[str, tuple[str, int]] = {
    OURS: ("as shipped", SHIPPED),
    "level": ("≤ 6", 18),
    "drop from last": ("≥ 2", 24),
    "control chart": ("2.66", 19),
    "EWMA": ("L = 1.8", 20),
    "CUSUM alone": ("h = 2.2", 19),
}
"""Which of its thresholds each detector is published with."""


def lot(job: Job) -> Found:
    """Make these clients and judge them."""
    made = world(job.profile, job.world)
    clients = [client(made, job.seed, number) for number in job.clients]
    if job.times is not None:
        return Found(live=live_by(clients, map(history, clients), job.numbers))
    if job.honesty is not None:
        honesty = job.honesty
        histories = [history(one, said(one, honesty, contrary=made.contrary)) for one in clients]
        return Found(live=live_by(clients, histories, job.numbers))
    found = Found(live=live_by(clients, map(history, clients), job.numbers) if job.world == "main" else None)
    read = table(clients, job.numbers)
    for name, detector in compared(job.profile, job.clients.start, job.changes).items():
        raised = alerts(read, detector)
        found.counts[name], found.late[name] = count(clients, raised), late(clients, raised)
    return found


def live_by(clients: list[Client], histories: Iterable[History], numbers: Settings) -> Live:
    """What these numbers, live, make of these histories."""
    shape = len(clients), MOST
    live = Live(clients, np.zeros(shape, bool), {}, {})
    for row, one in enumerate(histories):
        replayed = Replay(one, numbers).run()
        for alert in replayed.alerts:
            session = session_of(alert.raised_at)
            live.raised[row, session] = True
            for rule in {signal.rule for signal in alert.signals if session_of(signal.raised_at) == session}:
                live.by_rule.setdefault(rule, np.zeros(shape, bool))[row, session] = True
        for held in replayed.held:
            if held.reason == "digest" and held.signal.tier is Tier.DIGEST:
                at = row, min(session_of(held.signal.raised_at), MOST - 1)
                live.digest.setdefault(held.signal.rule, np.zeros(shape, bool))[at] = True
    return live


def jobs(size: Size) -> Iterator[Job]:
    """The whole of it, the long ones first."""
    for profile in MAIN:
        yield from (
            Job(size.seed, profile, name, range(first, min(first + size.lot, clients)), honesty, size.changes)
            for name, honesty, clients in _worlds(size)
            for first in range(0, clients, size.lot)
        )
        yield from (
            Job(size.seed, profile, TWICE, range(first, min(first + size.lot, size.others)), None, size.changes, times)
            for times in (EXAMPLE, *TURNED)
            for first in range(0, size.others, size.lot)
        )


def _worlds(size: Size) -> Iterator[tuple[str, float | None, int]]:
    yield from (("main", honesty, size.asked) for honesty in HONESTY)
    yield "contrary", 1.0, size.asked
    yield "main", None, size.main
    yield from ((name, None, size.others) for name in OTHERS if name != "contrary")


def run(size: Size, step: Callable[[], None], processes: int = 2) -> dict[tuple[str, str, float | None], Found]:
    """All jobs. The order in which they end changes nothing."""
    todo = list(jobs(size))
    with get_context("spawn").Pool(processes) as pool:
        done: dict[tuple[str, str, float | None], list[Found]] = {}
        for job, found in zip(todo, pool.imap(lot, todo), strict=True):
            done.setdefault(job.key, []).append(found)
            step()
    return {key: _together(parts) for key, parts in done.items()}


def _together(parts: Sequence[Found]) -> Found:
    names = parts[0].counts
    return Found(
        {name: _joined(Counts, [one.counts[name] for one in parts]) for name in names},
        {name: _summed([one.late[name] for one in parts]) for name in names},
        _joined_live([one.live for one in parts if one.live is not None]),
    )


def _joined(kind: type[Counts], parts: Sequence[Counts]) -> Counts:
    return kind(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(kind)))


def _summed(parts: Sequence[Late]) -> Late:
    return Late(sum_of([one.sent for one in parts]), sum_of([one.answered for one in parts]))


def sum_of(arrays: Sequence[Any]) -> Any:
    return np.sum(arrays, axis=0)


def _joined_live(parts: Sequence[Live]) -> Live | None:
    if not parts:
        return None
    return Live(
        [one for part in parts for one in part.clients],
        np.concatenate([part.raised for part in parts]),
        *({name: _stacked(parts, which, name) for name in _names(parts, which)} for which in ("by_rule", "digest")),
    )


def _names(parts: Sequence[Live], which: str) -> list[str]:
    return [rule for rule in RULES if any(rule in getattr(part, which) for part in parts)]


def _stacked(parts: Sequence[Live], which: str, name: str) -> Flags:
    return np.concatenate([getattr(part, which).get(name, np.zeros(part.raised.shape, bool)) for part in parts])
