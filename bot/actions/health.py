"""Is the bot well, is it ready, and what does it count: for `/healthz`, `/readyz`, `/metrics` and the heartbeat."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.actions.desk import Desk
from bot.actions.presence import HEARD, RECEIVE
from bot.actions.pulse import STALLED

PATIENCE_SECONDS = 3.0
"""A database that answers later than that does not answer: whoever asks for health gives up after five."""


@dataclass(frozen=True, slots=True)
class Health:
    """Seconds since each loop got through, those that have stalled, and what stands in whose way."""

    ages: Mapping[str, float]
    stalled: tuple[str, ...]
    trouble: Mapping[str, str]
    unproven: tuple[str, ...] = ()
    """Loops that have begun and not got through yet."""

    @property
    def is_well(self) -> bool:
        """Every loop gets through. Before any has begun nobody can say so."""
        return bool(self.ages) and not self.stalled


def look(desk: Desk) -> Health:
    """The one judgement: what `/healthz` says, and what the heartbeat goes by."""
    progress = desk.progress
    return Health(progress.ages(), progress.stalled(), dict(progress.trouble), progress.unproven())


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether the database answers, and whether Telegram did lately."""

    database: bool
    telegram: bool


async def reach(desk: Desk) -> Ready:
    """Ask the database. Where this process does not receive itself, another one on this database may."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), desk.glance() as m:
            heard = await m.marks.get(HEARD)
    except Exception:  # whatever it is: the database can't be reached, and that is the whole answer
        return Ready(False, _lately(desk.progress.since_contact()))
    if RECEIVE in desk.progress.begun:
        return Ready(True, _lately(desk.progress.since_contact()))
    return Ready(True, _lately(abs(desk.clock.now() - heard.at).total_seconds() if heard else None))


def _lately(age: float | None) -> bool:
    return age is not None and age < STALLED.total_seconds()


async def figures(desk: Desk) -> dict[str, float]:
    """What waits at the moment, without any label that could name a person. Raises if the database can't be reached."""
    now, none = desk.clock.now(), timedelta()
    async with asyncio.timeout(PATIENCE_SECONDS), desk.glance() as m:
        received = await m.inbox.oldest_waiting()
        due, raised = await m.outbox.oldest_due(now), await m.alerts.oldest_waiting(now)
        waiting = {f"outbox_{state}": float(n) for state, n in (await m.outbox.counted()).items()}
        alerts = {f"alerts_open_{state}": float(n) for state, n in (await m.alerts.counted_open()).items()}
    ages = {"inbox_oldest": received, "outbox_oldest": due, "alert_oldest": raised}
    since = {f"{name}_seconds": max(none, now - at if at else none).total_seconds() for name, at in ages.items()}
    return {**since, **waiting, **alerts}
