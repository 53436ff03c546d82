"""What the rules read of many clients, as arrays: one row a client, one column a session, NaN where nothing was answered.

The numbers come from the product's own functions (`observations`, `walk`, `Occasion.ratings`), once for each client. Only
thresholds are swept over them; `test_sweep.py` proves that this gives the alerts that a replay gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from statistics import fmean
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.domain.signals.history import History
from bot.domain.signals.observations import Observation, observations, weekly
from bot.domain.signals.settings import Settings
from bot.domain.usual import Prior, median, walk
from tests.benchmarks.signals.clients import Client
from tests.benchmarks.signals.histories import FIRST, history, sent_at

MOST = 30
"""Sessions that a client has at most."""
Numbers: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Table:
    """`when`: microseconds since the first check-in of all. `n`: earlier values of the present usual, `m` its mean, `z`
    of `x` against it; `before`: the value before this one. `centre`, `moves`: plain mean of the earlier values and of the
    moves between them. `items`, `medians`, `answered`: each of the three answers, median and number of earlier ones (a
    third axis)."""

    when: Numbers
    x: Numbers
    n: Numbers
    m: Numbers
    z: Numbers
    before: Numbers
    centre: Numbers
    moves: Numbers
    items: Numbers
    medians: Numbers
    answered: Numbers


def table(clients: Sequence[Client], settings: Settings) -> Table:
    """Of all clients, with the prior of `settings`."""
    shape = (len(clients), MOST)
    flat = [np.full(shape, np.nan) for _ in range(8)]
    deep = [np.full((*shape, 3), np.nan) for _ in range(3)]
    found = Table(*flat, *deep)
    numbers = settings["drop"]
    prior = Prior(numbers["mu0"], numbers["sigma0"], numbers["kappa0"], numbers["nu0"], numbers["winsor_k"])
    for row, client in enumerate(clients):
        _fill(found, row, history(client), prior, sent_at(client.sessions))
    return found


def _fill(into: Table, row: int, of: History, prior: Prior, end: datetime) -> None:
    known = of.until(end)
    replies = {one.check_in_id: [each.value for each in one.scored] for one in known.occasions}
    for _, group in groupby(observations(known, end), key=lambda one: one.era):
        era = list(group)
        _fill_era(into, row, era, prior, [replies[one.check_in_id] for one in era])


def _fill_era(
    into: Table, row: int, era: Sequence[Observation], prior: Prior, replies: Sequence[Sequence[float]]
) -> None:
    values = weekly(era)  # one check-in an interval: as many as observations
    for n, (one, step) in enumerate(zip(era, walk(values, prior), strict=True)):
        at = row, int(one.check_in_id)
        into.when[at] = (one.last_at - FIRST) / timedelta(microseconds=1)
        into.x[at], into.n[at], into.m[at], into.z[at] = one.value, n, step.before.m, step.before.z(one.value)
        into.items[at], into.answered[at] = replies[n], n
        if n:
            into.before[at], into.centre[at] = values[n - 1], fmean(values[:n])
            into.medians[at] = [median([earlier[part] for earlier in replies[:n]]) for part in range(3)]
        if n > 1:
            into.moves[at] = sum(abs(a - b) for a, b in pairwise(values[:n])) / (n - 1)
