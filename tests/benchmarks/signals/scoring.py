"""What the alerts were worth: found or missed, how late, and how many were false. One row a client, to be resampled."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from tests.benchmarks.signals.clients import Client, Trouble
from tests.benchmarks.signals.tables import MOST, Flags, Numbers

WEEKS_A_MONTH = 365.25 / 12 / 7
WEEKS_A_YEAR = 365.25 / 7
TROUBLES = tuple(Trouble)
LATEST = 10
"""No match window is longer."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Per client: `weeks` in care, `quiet` weeks outside episodes, `episodes` of each trouble; and at each threshold
    (last axis) how many were `found`, `alerts` in all, and `false` ones (in quiet weeks)."""

    weeks: Numbers
    quiet: Numbers
    episodes: Numbers
    found: Numbers
    alerts: Numbers
    false: Numbers

    def __getitem__(self, rows: object) -> "Counts":
        return Counts(*(getattr(self, one.name)[rows] for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Late:
    """How many episodes were found so many check-ins after they began: trouble × check-ins × threshold. `answered` counts
    only those that the client answered. An alert at the first check-in of an episode is 0 late."""

    sent: Numbers
    answered: Numbers


def quiet_sessions(clients: Sequence[Client]) -> Flags:
    """Sessions in which an alert would be false."""
    quiet = np.zeros((len(clients), MOST), bool)
    for row, client in enumerate(clients):
        quiet[row, : client.sessions] = True
        for one in client.episodes:
            quiet[row, one.onset : one.over + 1] = False
    return quiet


def sessions(clients: Sequence[Client]) -> Flags:
    """Sessions that took place."""
    return np.arange(MOST) < np.array([one.sessions for one in clients])[:, None]


def count(clients: Sequence[Client], raised: Flags, where: Flags | None = None) -> Counts:
    """`raised`: clients × sessions × thresholds. `where`: count only these sessions, and episodes that began in one."""
    counted = sessions(clients) if where is None else where & sessions(clients)
    quiet = quiet_sessions(clients) & counted
    episodes = np.zeros((len(clients), len(TROUBLES)))
    found = np.zeros((len(clients), len(TROUBLES), raised.shape[2]))
    for row, client in enumerate(clients):
        for one in client.episodes:
            if counted[row, one.onset]:
                kind = TROUBLES.index(one.trouble)
                episodes[row, kind] += 1
                found[row, kind] += raised[row, one.onset : one.until + 1].any(axis=0)
    numbers = (
        counted.sum(axis=1),
        quiet.sum(axis=1),
        episodes,
        found,
        (raised & counted[:, :, None]).sum(axis=1),
        (raised & quiet[:, :, None]).sum(axis=1),
    )
    return Counts(*(one.astype(np.uint8) for one in numbers))  # none is above `MOST`, and many are kept


def late(clients: Sequence[Client], raised: Flags) -> Late:
    """Of every episode that was found. Misses are no delays."""
    thresholds = raised.shape[2]
    sent = np.zeros((len(TROUBLES), LATEST, thresholds))
    answered = np.zeros_like(sent)
    every = np.arange(thresholds)
    for row, client in enumerate(clients):
        for one in client.episodes:
            inside = raised[row, one.onset : one.until + 1]
            first, found, kind = inside.argmax(axis=0), inside.any(axis=0), TROUBLES.index(one.trouble)
            replied = np.cumsum([0, *(three is not None for three in client.answers[one.onset : one.until + 1])])
            np.add.at(sent[kind], (first, every), found)
            np.add.at(answered[kind], (replied[np.minimum(first, len(replied) - 1)], every), found)
    return Late(sent, answered)
