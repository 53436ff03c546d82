"""The key is exchanged by the command while the bot runs and people tap; the command is killed again and again."""

import asyncio
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions import rotation
from bot.actions.desk import Desk
from bot.config.keys import keys_in
from bot.domain.words import Role
from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import StandIn, serve
from storage.sealing import new_key, number_of
from tests.journeys.conftest import a_database
from tests.support.config_file import ROUNDS, config_file
from tests.support.live import LiveBot
from tests.support.players import account, play, seat, settled

CLIENTS, MORE, KILLS = 6, 6000, 2


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "sqlite":
        yield None
    else:
        with a_database(request.getfixturevalue("postgres_url"), "rotation") as url:
            yield url


async def _rotate(bot: LiveBot, kill: Callable[[], Awaitable[None]] | None = None) -> int:
    """The command as an operator starts it, killed when `kill` returns; its exit status."""
    environ = {**bot.settings, "PATH": "/usr/bin:/bin"}
    command = (sys.executable, "-m", "bot", "keys", "rotate", "--config", str(bot.folder / "config.toml"))
    with (bot.folder / "rotate").open("ab") as out:
        process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=out, stderr=out)
    if kill is not None:
        await kill()
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
    return await process.wait()


def _after(seconds: float) -> Callable[[], Awaitable[None]]:
    return lambda: SystemClock().wait(asyncio.Event(), timedelta(seconds=seconds))


def _in_the_middle(desk: Desk) -> Callable[[], Awaitable[None]]:
    """When some values are sealed anew and others are not."""

    async def wait() -> None:
        while True:
            desk.memory.seal.look_again()
            if len(desk.memory.seal.numbers) > 1 and 0 < await rotation.left(desk) < MORE:
                return
            await desk.clock.wait(asyncio.Event(), timedelta(milliseconds=5))

    return wait


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_key_is_exchanged_under_a_running_bot(tmp_path: Path, url: str | None) -> None:
    """No tap is lost, nothing stands in the bot's log, and in the end one key opens everything."""
    dice, file = random.Random(7), tmp_path / "checkin.keys"
    file.write_text(new_key())
    file.chmod(0o600)
    standin, old = StandIn(SystemClock(), TOKEN), keys_in(file)
    async with serve(standin) as address:
        bot = LiveBot(tmp_path, address, config_file(), url, {"CHECKIN_DATABASE__ENCRYPTION_KEYS_FILE": str(file)})
        async with bot.desk() as desk:
            seated, enough = await seat(desk, standin, CLIENTS), asyncio.Event()
            async with desk.turn() as turn:
                for n in range(MORE):
                    await turn.m.people.add(Role.WORKER, f"N-{n}", f"Name {n}", "en", "Europe/London", turn.now)
            await bot.start()
            await standin.polled()
            async with asyncio.TaskGroup() as group:
                for client, phone in seated.items():
                    group.create_task(play(desk, client, phone, ROUNDS, enough, 60))
                for _ in range(KILLS):
                    await _rotate(bot, _after(1.5 + 5 * dice.random()))
                for _ in range(2):
                    assert await _rotate(bot, _in_the_middle(desk)) == -signal.SIGKILL
                    assert 0 < await rotation.left(desk) < MORE
                assert await _rotate(bot) == 0, (tmp_path / "rotate").read_text()
                enough.set()
            desk.memory.seal.look_again()
            await settled(desk)
            found = await account(desk, standin, seated)
            assert await bot.end() == 0
            assert await rotation.left(desk) == 0
            assert await rotation.verify(desk, lambda: None) == 0
            async with desk.glance() as m:
                assert await m.audit.check(lambda: None) == []
    new, kept = keys_in(file)
    assert [kept] == old
    assert desk.memory.seal.number == number_of(new)
    assert found.taps > CLIENTS
    assert not found.lost + found.doubled + found.alerts_missing + found.open_keyboards
    assert not [line for line in bot.log.splitlines() if "failed" in line or "WrongKey" in line]


@pytest.mark.slow
async def test_a_bot_whose_key_is_out_of_use_ends_and_says_so(tmp_path: Path, url: str | None) -> None:
    """It slept while the others exchanged it, and finds no other where its own came from."""
    standin, key = StandIn(SystemClock(), TOKEN), new_key()
    async with serve(standin) as address:
        bot = LiveBot(tmp_path, address, config_file(), url, {"CHECKIN_DATABASE__ENCRYPTION_KEYS": f'["{key}"]'})
        async with bot.desk() as desk:
            await seat(desk, standin, 1)
            await bot.start()
            await standin.polled()
            await rotation.forbid(desk, [number_of(key)])
            assert bot.process is not None
            assert await bot.process.wait() == 2, bot.log
            assert "key_out_of_use" in bot.log
        await bot.start()
        assert await bot.process.wait() == 2
    assert "is out of use; put the newest one first" in bot.log
