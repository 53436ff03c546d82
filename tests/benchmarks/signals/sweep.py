"""From rules that fire to alerts, as `bot.domain.replay` decides it, for many clients and many thresholds at once.

An alert that is open takes in what follows; a rule that has told somebody rests for three intervals (here: weeks), unless
its z falls by a further 1.0. `test_sweep.py` compares every alert with the replay's.
"""

from dataclasses import dataclass, field

import numpy as np

from bot.domain.replay import STAYS_OPEN
from bot.domain.signals.evaluate import BREAKS_REST, REST_INTERVALS
from tests.benchmarks.signals.detectors import Detector
from tests.benchmarks.signals.tables import MOST, Flags, Numbers, Table

HAVE_Z = frozenset({"drop", "slide", "ewma", "cusum"})
"""Whose findings carry a z, so that a deeper fall breaks their rest."""
OPEN_FOR = STAYS_OPEN.total_seconds() * 1e6
NEVER = -1000


@dataclass
class _Rest:
    """When each rule last told somebody, and at which z."""

    shape: tuple[int, int]
    last: dict[str, tuple[Numbers, Numbers]] = field(default_factory=dict)

    def resting(self, rule: str, session: int, z: Numbers) -> Flags:
        told, then = self.last.setdefault(rule, (np.full(self.shape, NEVER), np.full(self.shape, np.nan)))
        breaks = z <= then - BREAKS_REST if rule in HAVE_Z else np.zeros(self.shape, bool)
        return (session - told <= REST_INTERVALS) & ~breaks

    def tell(self, rule: str, where: Flags, session: int, z: Numbers) -> None:
        told, then = self.last[rule]
        self.last[rule] = np.where(where, session, told), np.where(where, z, then)


def alerts(table: Table, detector: Detector) -> Flags:
    """Where a new alert was raised: clients × sessions × thresholds."""
    shape = len(table.x), detector.thresholds
    raised = np.zeros((shape[0], MOST, shape[1]), bool)
    rest, open_until = _Rest(shape), np.zeros(shape)
    detector.start(table)
    for session in range(MOST):
        now, z = table.when[:, session, None], table.z[:, session, None]
        fired = detector.look(session)
        some = np.any(list(fired.values()), axis=0)
        awake = np.any([found & ~rest.resting(rule, session, z) for rule, found in fired.items()], axis=0)
        is_open = open_until > now
        raised[:, session] = awake & ~is_open
        told = some & (awake | is_open)
        for rule, found in fired.items():
            rest.tell(rule, found & told, session, z)
        open_until = np.where(raised[:, session], now + OPEN_FOR, open_until)
        detector.told(told)
    return raised
