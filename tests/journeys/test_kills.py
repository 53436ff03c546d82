"""The bot dies at any instant, again and again, while people tap: nothing that it was given is lost or doubled."""

import asyncio
import json
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.delivery import LEASE
from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import StandIn, serve
from storage.sealing import new_key
from tests.journeys.conftest import a_database
from tests.support.config_file import ROUNDS, config_file
from tests.support.live import LiveBot
from tests.support.players import account, play, seat, settled

CLIENTS = 20
LONGEST_LIFE = 4.0
"""Seconds that the bot lives at most between two kills."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bot keeps what it knows, from one life to the next."""

    folder: Path
    url: str | None = None
    environ: dict[str, str] = field(default_factory=dict)

    def bot(self, address: str) -> LiveBot:
        return LiveBot(self.folder, address, config_file(), self.url, self.environ)

    @property
    def patience(self) -> float:
        """Seconds until whatever a dead process was sending has been taken up: another one may still be alive on a
        server, so its lease has to run out."""
        return 30 if self.url is None else 30 + 2 * LEASE.total_seconds()


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def postgres(tmp_path: Path, postgres_url: str) -> Iterator[Place]:
    with a_database(postgres_url, "kills") as url:
        yield Place(tmp_path, url, {"CHECKIN_DATABASE__ENCRYPTION_KEYS": json.dumps([new_key()])})


async def _killed(place: Place, kills: int, seed: int) -> None:
    dice, standin = random.Random(seed), StandIn(SystemClock(), TOKEN)
    async with serve(standin) as address:
        bot = place.bot(address)
        async with bot.desk() as desk:
            seated = await seat(desk, standin, CLIENTS)
            enough = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for client, phone in seated.items():
                    group.create_task(play(desk, client, phone, ROUNDS, enough, 30 + place.patience))
                for _ in range(kills):
                    polls = standin.polls
                    await bot.start()
                    await standin.polled(polls + 1)
                    await desk.clock.wait(asyncio.Event(), timedelta(seconds=LONGEST_LIFE * dice.random()))
                    assert await bot.end(signal.SIGKILL) == -signal.SIGKILL
                await bot.start()
                enough.set()
            await settled(desk, place.patience)
            found = await account(desk, standin, seated)
            assert await bot.end() == 0
    print(f"{kills} kills, {found.taps} taps, {len(found.lost)} lost, {len(found.doubled)} doubled")
    assert found.taps > kills
    assert not found.lost
    assert not found.doubled
    assert not found.alerts_missing
    assert not found.open_keyboards


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_five_kills_lose_nothing(sqlite: Place) -> None:
    """Every tap that was handed out is kept once, no alert is missing, no question can be answered in two places."""
    await _killed(sqlite, kills=5, seed=1)


@pytest.mark.slow
@pytest.mark.at_length
@pytest.mark.timeout(600)
async def test_fifty_kills_lose_nothing(sqlite: Place) -> None:
    await _killed(sqlite, kills=50, seed=2)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_ten_kills_on_a_server_lose_nothing(postgres: Place) -> None:
    await _killed(postgres, kills=10, seed=3)
