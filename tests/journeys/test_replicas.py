"""Two processes on one PostgreSQL while people tap: whoever receives and sends is killed, cut off, and told to end."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.people import Client
from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import Phone, StandIn, serve
from storage.sealing import new_key
from tests.journeys.conftest import a_database
from tests.support.config_file import ROUNDS, config_file
from tests.support.players import account, play, seat, settled
from tests.support.replicas import TAKEN_OVER_WITHIN, Replicas, replicas

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

CLIENTS = 12
AT_ONCE = 10.0
"""Seconds until another one has taken over from a process that lets go, or whose computer says that it is gone."""
ENDS_WITHIN = 10.0
"""Seconds, whatever is the matter."""
PATIENCE = 90.0
"""Seconds: longer than it takes until what was in doubt is repeated."""


@dataclass
class Scene:
    standin: StandIn
    house: Replicas
    seated: dict[Client, Phone]

    async def lives(self, seconds: float) -> None:
        """Let people tap for a while."""
        await self.house.desk.clock.wait(asyncio.Event(), timedelta(seconds=seconds))


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with a_database(postgres_url, "replicas") as one:
        yield one


@asynccontextmanager
async def scene(folder: Path, url: str) -> AsyncIterator[Scene]:
    """Two processes, the first of which leads; people who tap until the block ends, and then the account."""
    standin = StandIn(SystemClock(), TOKEN)
    environ = {"CHECKIN_DATABASE__ENCRYPTION_KEYS": json.dumps([new_key()])}
    async with serve(standin) as address, replicas(folder, url, address, config_file(), environ) as house:
        seated = await seat(house.desk, standin, CLIENTS)
        one, other = house.all
        await house.start(one)
        await house.leads(one)
        await house.start(other)
        enough = asyncio.Event()
        async with asyncio.TaskGroup() as people:
            for client, phone in seated.items():
                people.create_task(play(house.desk, client, phone, ROUNDS, enough, PATIENCE))
            yield Scene(standin, house, seated)
            enough.set()
        await settled(house.desk, PATIENCE)
        found = await account(house.desk, standin, seated)
        print(f"{found.taps} taps, {len(found.lost)} lost, {len(found.doubled)} doubled")
        for place in house.all:
            if place.runs:
                assert await place.bot.end() == 0
        assert found.taps > CLIENTS
        assert found.lost == found.doubled == found.alerts_missing == found.open_keyboards == []


async def test_when_the_one_that_leads_is_killed_and_the_next_cut_off_people_go_on(tmp_path: Path, url: str) -> None:
    async with scene(tmp_path, url) as now:
        house = now.house
        one, other = house.all
        await now.lives(1)
        assert await one.bot.end(signal.SIGKILL) == -signal.SIGKILL
        killed = await house.leads(other)
        await house.start(one)
        await now.lives(1)
        led = other.bot.log.count("leads_no_more")
        other.cable.pull()
        cut_off = await house.leads(one)
        assert other.bot.log.count("leads_no_more") == led + 2, "it stops before somebody else may begin"
        await now.lives(1)
        other.cable.put_back()
        await now.lives(2)
        assert await one.bot.end() == 0
        let_go = await house.leads(other)
        await house.start(one)
    print(f"taken over after a kill in {killed:.1f} s, a cut cable {cut_off:.1f} s, the end {let_go:.1f} s")
    assert killed < AT_ONCE
    assert cut_off < TAKEN_OVER_WITHIN / 2
    assert let_go < AT_ONCE


async def test_told_to_end_while_it_is_cut_off_it_ends_in_time(tmp_path: Path, url: str) -> None:
    async with scene(tmp_path, url) as now:
        one, other = now.house.all
        await now.lives(1)
        one.cable.pull()
        began = SystemClock().monotonic()
        assert await one.bot.end() == 0
        took = SystemClock().monotonic() - began
        await now.house.leads(other)
        one.cable.put_back()
    print(f"ended in {took:.1f} s")
    assert took < ENDS_WITHIN
