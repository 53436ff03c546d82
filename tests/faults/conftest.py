"""The town on a loopback port: the real bot in this process, Telegram behind a socket that can really break."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import StandIn, serve
from tests.journeys.conftest import prepared as prepared
from tests.support.desks import START
from tests.support.post_office import settled_down
from tests.support.town import Town, open_town


@dataclass
class Line:
    """One Telegram and one clock, that outlive the bot: open it again and it has been restarted."""

    prepared: Path
    folder: Path
    clock: RehearsalClock = field(default_factory=lambda: RehearsalClock(START))
    standin: StandIn = field(init=False)

    def __post_init__(self) -> None:
        self.standin = StandIn(self.clock, TOKEN)

    @asynccontextmanager
    async def open(self, **more: Any) -> AsyncIterator[Town]:
        more = {"clock": self.clock, "standin": self.standin, **more}
        async with serve(self.standin) as address, open_town(self.prepared, self.folder, address=address, **more) as town:
            yield town


@pytest.fixture
def line(prepared: Path, tmp_path: Path) -> Line:
    return Line(prepared, tmp_path)


async def hours(town: Town, many: float, step: float = 0.25) -> None:
    """Let time pass while nothing may get through, so that nobody waits for the bot to come to rest."""
    left = many
    while left > 0:
        town.stage.clock.advance(timedelta(hours=min(step, left)))
        await settled_down(8)
        left -= step
