"""Backups of a bot at work, as its own process, and what a restored one says to phones that know more than it does."""

import asyncio
import itertools
import os
import sys
from datetime import timedelta

import pytest

from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import Phone, StandIn, serve
from storage import backups
from storage.sealing import Seal
from tests.journeys.test_kills import Place, postgres, sqlite
from tests.support.full import everything
from tests.support.live import LiveBot
from tests.support.players import ask, play, seat, settled

__all__ = ["postgres", "sqlite"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
CLIENTS, BACKUPS = 12, 3
A_WHILE = timedelta(seconds=6)
"""Longer than the bot's loops wait before they look again."""


async def typed(bot: LiveBot, *words: str) -> tuple[int, str]:
    """The exit status of a command in a process of its own, and all that it printed."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("CHECKIN_")}
    config = ("--config", str(bot.folder / "config.toml"))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *words, *config),
        env={**environ, **bot.settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


def seal_of(place: Place) -> Seal:
    keys = place.environ.get("CHECKIN_DATABASE__ENCRYPTION_KEYS")
    return Seal([keys.strip('[]"')] if keys else (place.folder / "checkin.keys").read_text().split())


def words_in(phone: Phone) -> list[str]:
    return [message.text for message in phone.messages]


async def _backed_up_and_restored(place: Place) -> None:
    standin = StandIn(SystemClock(), TOKEN)
    async with serve(standin) as address:
        bot = place.bot(address)
        async with bot.desk() as desk:
            seated = await seat(desk, standin, CLIENTS)
            await bot.start()
            enough = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for client, phone in seated.items():
                    group.create_task(play(desk, client, phone, 60, enough))
                for number in range(BACKUPS):
                    status, said = await typed(bot, "backup", str(place.folder / f"{number}.backup"))
                    assert status == 0, said
                enough.set()
            await settled(desk, place.patience)
            status, said = await typed(
                bot, "restore", str(place.folder / "0.backup"), "--replace", "--nobody-erased-since"
            )
            assert (status, "End" in said) == (2, True)
        assert await bot.end() == 0
        answers = []
        for number in range(BACKUPS):  # whole, and each with all that the one before it had
            backups.verify(place.folder / f"{number}.backup", seal_of(place))
            rows = everything(f"sqlite:///{place.folder / f'{number}.backup'}")
            answers.append({row["id"] for row in rows["answer"]})
        assert answers[0] < answers[-1]
        assert all(one <= other for one, other in itertools.pairwise(answers))
        await _goes_on_quietly(place, bot, standin, list(seated.values()))


async def _goes_on_quietly(place: Place, bot: LiveBot, standin: StandIn, phones: list[Phone]) -> None:
    """With the last backup but one: everything after it is unknown, and was asked and answered already."""
    status, said = await typed(
        bot, "restore", str(place.folder / f"{BACKUPS - 2}.backup"), "--replace", "--nobody-erased-since"
    )
    assert status == 0, said
    before = {phone.chat_id: {message.id for message in phone.messages} for phone in phones}
    await bot.start()
    await standin.polled(standin.polls + 2)
    await SystemClock().wait(asyncio.Event(), A_WHILE)
    assert [words_in(phone) for phone in phones if {one.id for one in phone.messages} - before[phone.chat_id]] == []
    async with bot.desk() as desk:  # and what is due from now on is asked as ever
        async with desk.glance() as m:
            client = await m.people.client_by_ref("R-0")
        assert client is not None
        seen = phones[0].revision
        await ask(desk, client, "s59")
        await phones[0].expect(lambda message: bool(message.buttons), 30, after=seen)
    assert await bot.end() == 0


async def test_on_sqlite(sqlite: Place) -> None:
    await _backed_up_and_restored(sqlite)


async def test_on_a_server(postgres: Place) -> None:
    await _backed_up_and_restored(postgres)
