"""The curves are drawn from what a replay decides: every alert, client by client, at several thresholds."""

import numpy as np
import pytest

from bot.domain.replay import Replay
from bot.domain.signals.catalogue import settings
from bot.domain.signals.settings import Settings
from tests.benchmarks.signals.clients import Client, client
from tests.benchmarks.signals.detectors import Ours
from tests.benchmarks.signals.histories import history, session_of
from tests.benchmarks.signals.sweep import alerts
from tests.benchmarks.signals.tables import table
from tests.benchmarks.signals.trial import stricter
from tests.benchmarks.signals.worlds import MAIN, world

THRESHOLDS = (0.4, 1.0, 1.3, 2.2)


def replayed(one: Client, numbers: Settings) -> list[int]:
    return [session_of(alert.raised_at) for alert in Replay(history(one), numbers).run().alerts]


@pytest.mark.parametrize("profile", MAIN)
@pytest.mark.parametrize("name", ["main", "five steps", "new worker", "floor raters"])
def test_the_sweep_raises_exactly_the_alerts_of_the_replay(profile: str, name: str) -> None:
    clients = [client(world(profile, name), "test", number) for number in range(20)]
    every = [stricter(profile, times) for times in THRESHOLDS]
    raised = alerts(table(clients, settings(profile)), Ours(every))
    for row, one in enumerate(clients):
        for column, numbers in enumerate(every):
            assert np.flatnonzero(raised[row, :, column]).tolist() == replayed(one, numbers), (one.name, column)
    assert raised[:, :, -1].sum() < raised[:, :, 1].sum() < raised[:, :, 0].sum()
