"""What the alerts were worth: found or missed, how late, and how many were false. One row a client, to be resampled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.signals.clients import Client, Episode, Trouble
from tests.benchmarks.signals.tables import MOST, Flags, Numbers

WEEKS_A_MONTH = 365.25 / 12 / 7
WEEKS_A_YEAR = 365.25 / 7
TROUBLES = tuple(Trouble)


@dataclass(frozen=True, slots=True)
class Delay:
    """One episode that was found, with check-ins before the alert since it began: sent, and of those answered."""

    trouble: Trouble
    sent: int
    answered: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Per client: `weeks` in care, `quiet` weeks outside episodes, `episodes` of each trouble; and at each threshold (last
    axis) how many were `found`, `alerts` in all, and `false` ones (in quiet weeks)."""

    weeks: Numbers
    quiet: Numbers
    episodes: Numbers
    found: Numbers
    alerts: Numbers
    false: Numbers


def quiet_sessions(clients: Sequence[Client]) -> Flags:
    """Sessions in which an alert would be false."""
    quiet = np.zeros((len(clients), MOST), bool)
    for row, client in enumerate(clients):
        quiet[row, : client.sessions] = True
        for one in client.episodes:
            quiet[row, one.onset : one.over + 1] = False
    return quiet


def count(clients: Sequence[Client], raised: Flags) -> Counts:
    """`raised`: clients × sessions × thresholds."""
    quiet = quiet_sessions(clients)
    episodes = np.zeros((len(clients), len(TROUBLES)))
    found = np.zeros((len(clients), len(TROUBLES), raised.shape[2]))
    for row, client in enumerate(clients):
        for one in client.episodes:
            kind = TROUBLES.index(one.trouble)
            episodes[row, kind] += 1
            found[row, kind] += raised[row, one.onset : one.until + 1].any(axis=0)
    return Counts(
        weeks=np.array([float(one.sessions) for one in clients]),
        quiet=quiet.sum(axis=1).astype(float),
        episodes=episodes,
        found=found,
        alerts=raised.sum(axis=1).astype(float),
        false=(raised & quiet[:, :, None]).sum(axis=1).astype(float),
    )


def delays(clients: Sequence[Client], raised: Flags) -> list[Delay]:
    """Of every episode that was found, at one threshold (`raised`: clients × sessions). Misses are no delays."""
    return [
        Delay(one.trouble, first - one.onset, sum(three is not None for three in client.answers[one.onset : first]))
        for client, row in zip(clients, raised, strict=True)
        for one in client.episodes
        if (first := _first(row, one)) is not None
    ]


def _first(row: Flags, one: Episode) -> int | None:
    inside = np.flatnonzero(row[one.onset : one.until + 1])
    return one.onset + int(inside[0]) if len(inside) else None
