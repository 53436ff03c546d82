"""Webhook mode as an operator starts it: its own process, killed, ended and changed over, while people tap."""

import asyncio
import json
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.actions.desk import Desk
from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import Kind, Rule, StandIn, serve
from storage import tables as t
from storage.sealing import new_key
from tests.actions.test_health import Switch
from tests.journeys.conftest import a_database
from tests.journeys.test_kills import LONGEST_LIFE, Place
from tests.journeys.test_start_and_end import free_port
from tests.support.config_file import ROUNDS
from tests.support.live import LiveBot
from tests.support.players import account, play, seat, settled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECRET = "planted-webhook-secret-0123456789"
CLIENTS = 10
A_WHILE = 30.0
WITHIN = 10.0
"""Seconds in which a bot that is told to end has ended."""


def in_webhook_mode(place: Place, port: int) -> Place:
    door = f"127.0.0.1:{port}"
    more = {
        "CHECKIN_TELEGRAM__MODE": "webhook",
        "CHECKIN_TELEGRAM__WEBHOOK_URL": f"http://{door}/telegram",
        "CHECKIN_TELEGRAM__WEBHOOK_SECRET": SECRET,
        "CHECKIN_HTTP__LISTEN": door,
    }
    return replace(place, environ={**place.environ, **more})


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(tmp_path)
        return
    with a_database(request.getfixturevalue("postgres_url"), "webhook") as url:
        yield Place(tmp_path, url, {"CHECKIN_DATABASE__ENCRYPTION_KEYS": json.dumps([new_key()])})


async def asked_about(standin: StandIn, method: str, before: int) -> None:
    """Return when the bot has called this method more often than `before`."""
    async with asyncio.timeout(A_WHILE):
        with standin.watch() as change:
            while calls(standin, method) <= before:
                await change.wait()
                change.clear()


def calls(standin: StandIn, method: str) -> int:
    return sum(one.method == method for one in standin.calls)


async def up(bot: LiveBot, standin: StandIn) -> None:
    """Start it, and return when it can hear."""
    way = "getWebhookInfo" if "CHECKIN_TELEGRAM__MODE" in bot.environ else "getUpdates"
    before = standin.polls if way == "getUpdates" else calls(standin, way)
    await bot.start()
    if way == "getUpdates":
        await standin.polled(before + 1)
    else:
        await asked_about(standin, way, before)


async def test_kills_lose_and_double_nothing_in_webhook_mode_either(place: Place) -> None:
    dice, standin, hooked = random.Random(4), StandIn(SystemClock(), TOKEN), in_webhook_mode(place, free_port())
    async with serve(standin) as address:
        bot = hooked.bot(address)
        async with bot.desk() as desk:
            seated, enough = await seat(desk, standin, CLIENTS), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for client, phone in seated.items():
                    group.create_task(play(desk, client, phone, ROUNDS, enough, 30 + hooked.patience))
                for _ in range(5):
                    await up(bot, standin)
                    await desk.clock.wait(asyncio.Event(), timedelta(seconds=LONGEST_LIFE * dice.random()))
                    assert await bot.end(signal.SIGKILL) == -signal.SIGKILL
                await bot.start()
                enough.set()
            await settled(desk, hooked.patience)
            found = await account(desk, standin, seated)
            assert await bot.end() == 0
    print(f"webhook: 5 kills, {found.taps} taps, {len(found.lost)} lost, {len(found.doubled)} doubled")
    assert found.taps > CLIENTS
    assert (found.lost, found.doubled, found.alerts_missing, found.open_keyboards) == ([], [], [], [])


async def test_polling_webhook_and_polling_again_lose_nothing_and_end_in_time(place: Place) -> None:
    """Each of them ended by SIGTERM while people tap: within ten seconds, status 0."""
    standin, hooked = StandIn(SystemClock(), TOKEN), in_webhook_mode(place, free_port())
    took: list[float] = []
    left_claimed = 0
    async with serve(standin) as address:
        bots = [place.bot(address), hooked.bot(address), place.bot(address)]
        async with bots[0].desk() as desk:
            seated, enough = await seat(desk, standin, CLIENTS), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for client, phone in seated.items():
                    group.create_task(play(desk, client, phone, ROUNDS, enough, 30 + place.patience))
                for bot in bots:
                    await up(bot, standin)
                    await desk.clock.wait(asyncio.Event(), timedelta(seconds=2))
                    began = time.monotonic()
                    assert await bot.end() == 0
                    took.append(time.monotonic() - began)
                    left_claimed += await claimed(desk)
                await bots[0].start()
                enough.set()
            await settled(desk, place.patience)
            found = await account(desk, standin, seated)
            assert await bots[0].end() == 0
    print(f"changed over: {found.taps} taps, ended after {', '.join(f'{one:.1f}' for one in took)} s")
    assert max(took) < WITHIN
    assert left_claimed == 0, "whoever ends gives back what it has not sent"
    assert found.taps > CLIENTS
    assert (found.lost, found.doubled, found.alerts_missing, found.open_keyboards) == ([], [], [], [])
    assert TOKEN not in bots[0].log
    assert SECRET not in bots[0].log


async def claimed(desk: Desk) -> int:
    """How many messages are in the hands of a process."""
    async with desk.glance() as m:
        in_hand = sa.select(sa.func.count()).where(t.outbox.c.state == "sending")
        return int((await m.con.execute(in_hand)).scalar_one())


async def test_while_telegram_takes_messages_and_says_nothing_it_ends_in_time_all_the_same(place: Place) -> None:
    standin, hooked = StandIn(SystemClock(), TOKEN), in_webhook_mode(place, free_port())
    async with serve(standin) as address:
        bot = hooked.bot(address)
        async with bot.desk() as desk:
            seated = await seat(desk, standin, CLIENTS)
            await up(bot, standin)
            await standin.idle()
            standin.faults.add(Rule(Kind.HANG, "sendMessage", times=None, seconds=A_WHILE))
            for phone in seated.values():
                before = phone.revision
                phone.text("/menu")
            await phone.expect(lambda shown: shown.from_bot, A_WHILE, after=before)  # it is there, and nobody says so
            began = time.monotonic()
            assert await bot.end() == 0
            took = time.monotonic() - began
            async with desk.glance() as m:
                kept = set(await m.con.scalars(sa.select(t.inbox.c.update_id)))
    print(f"ended after {took:.1f} s, with Telegram hanging")
    assert took < WITHIN
    assert standin.handed_out.keys() <= kept


async def test_what_it_shows_holds_neither_token_nor_secret(place: Place) -> None:
    port = free_port()
    standin, hooked = StandIn(SystemClock(), TOKEN), in_webhook_mode(place, port)
    async with (
        serve(standin) as address,
        httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{port}") as line,
        Switch().up() as switch,
    ):
        hooked.environ["CHECKIN_HEARTBEAT__URL"] = switch.url
        bot = hooked.bot(address)
        async with bot.desk() as desk:
            await seat(desk, standin, 1)
        await up(bot, standin)
        await standin.idle()
        async with asyncio.timeout(A_WHILE):
            while not switch.calls:
                await SystemClock().wait(asyncio.Event(), timedelta(milliseconds=50))
        wrong = await line.post("/telegram", json={}, headers={"X-Telegram-Bot-Api-Secret-Token": "guess"})
        pages = [await line.get(path) for path in ("/healthz", "/readyz", "/metrics")]
        assert [page.status_code for page in (wrong, *pages)] == [403, 200, 200, 200]
        assert await bot.end() == 0
    told = bot.log + "".join(page.text + str(page.headers) for page in (wrong, *pages))
    assert "webhook_knocked" in told
    for word in (TOKEN, TOKEN.partition(":")[2], SECRET, "guess", "planted"):
        assert word not in told


async def test_a_taken_port_is_no_start_where_updates_come_in_by_it(tmp_path: Path) -> None:
    """In polling mode the usual port may be taken; in webhook mode nobody would hear anything."""
    async with serve(StandIn(SystemClock(), TOKEN)) as address:
        port = int(address.rpartition(":")[2])
        bot = in_webhook_mode(Place(tmp_path), port).bot(address)
        async with bot.desk() as desk:
            await seat(desk, StandIn(SystemClock(), TOKEN), 1)
        await bot.start()
        assert bot.process is not None
        assert await asyncio.wait_for(bot.process.wait(), A_WHILE) == 2
    assert "http.listen" in bot.log
