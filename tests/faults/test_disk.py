"""R17: the disk is full, or somebody holds the database, for a while: nothing is lost or doubled, and it mends itself."""

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import StandIn, serve
from tests.faults.trial import config
from tests.support.ledger import Shown, account, settled
from tests.support.live import LiveBot
from tests.support.players import Player, takes_alerts
from tests.support.seats import seat

NOTHING, A_LITTLE = 4096, 64 * 1024
"""Bytes up to which a file may still be written: a log, or not even that; the database is longer."""
OFTEN = 4


@contextmanager
def full(bot: LiveBot, room: int) -> Iterator[None]:
    """As on a full disk, whatever this process writes beyond `room` in any file fails."""
    assert bot.process is not None
    before = resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, before)


async def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await SystemClock().wait(asyncio.Event(), timedelta(milliseconds=50))


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("room", [NOTHING, A_LITTLE])
async def test_a_full_disk_costs_no_answer_and_no_alert(tmp_path: Path, room: int) -> None:
    """People tap and type all the time. The log may lie on the same disk, so that not even that can be written."""
    standin = StandIn(SystemClock(), TOKEN)
    standin.listeners.append(shown := Shown(standin))
    async with serve(standin) as address:
        bot = LiveBot(tmp_path, address, config(rounds=20))
        async with bot.desk() as desk:
            seated = await seat(desk, standin, 4, typing=1)
            enough, done = asyncio.Event(), asyncio.Event()
            await bot.start()
            await standin.polled()
            async with asyncio.TaskGroup() as people:
                for phone in seated.staff:
                    people.create_task(takes_alerts(phone, done.is_set))
                for client, phone in seated.items():
                    people.create_task(Player(desk, client, phone, enough, phone.chat_id in seated.typing).play(20))
                await until(lambda: len(shown.check_ins) >= 8)
                with full(bot, room):
                    polls = standin.polls
                    await standin.polled(polls + OFTEN)
                questions = len(shown.check_ins)
                await until(lambda: len(shown.check_ins) >= questions + 4)
                enough.set()
                await settled(desk)
                done.set()
            found = await account(desk, standin, seated, shown)
            assert await bot.end() == 0
    assert found.faults == []
    assert ("updates_not_kept" in bot.log) == (room == A_LITTLE)
