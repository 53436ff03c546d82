"""Planted words: in a client's name, a worker's name, a goal, free text; and the token. They are on the phones where
they belong, and nowhere in what the process writes: not in its log at the most talkative level, not in the raw files
of the database, not behind any button, not in the list of processes.
"""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app import prepare
from bot.config.keys import keys_in
from bot.ports import SystemClock
from bot.rehearsal.people import asks
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import Kind, Phone, Rule, StandIn, serve
from tests.support.live import LiveBot
from tests.support.people import a_client, a_manager, a_worker
from tests.support.players import ask, settled

CLIENT, WORKER, GOAL, WORDS, DANGER = "Zebedee", "Quillon", "xylophone", "marzipan", "periwinkle"
PLANTED = (CLIENT, WORKER, GOAL, WORDS, DANGER)
CONFIG = """
[logs]
level = "debug"
[telegram]
messages_per_second = 0
chat_messages_per_second = 0
[service]
name = "The Hill"
place = "the Hill"
timezone = "UTC"
quiet_hours = "00:00-00:00"
not_shared_with = ["the police"]
crisis_text.en = "Call 999."
[alerts]
detail = "full"
ask_client_first = false
escalate_to = ["M-1"]
complaints_to = "M-1"
[safety]
duty = "M-1"
duty_hours = { days = ["mon"], hours = "09:00-17:00" }
safeguarding_contact = "M-1"
checked_by = "M-1"
checked_on = 2026-05-01
[[schedules]]
name = "s0"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
time = "12:00"
questions = ["B1", "G1", "T1"]
expires_after = "24h"
"""


@pytest.mark.timeout(120)
async def test_what_is_said_stays_in_the_chats(tmp_path: Path) -> None:
    standin, door = StandIn(SystemClock(), TOKEN), f"127.0.0.1:{free_port()}"
    async with serve(standin) as address:
        config = CONFIG.replace("2026-05-01", SystemClock().now().date().isoformat())
        bot = LiveBot(tmp_path, address, config, environ={"CHECKIN_HTTP__LISTEN": door})
        async with bot.desk() as desk:
            sam, _ = await a_worker(desk, name=WORKER), await a_manager(desk)
            client = await a_client(desk, sam, name=CLIENT)
            await prepare(desk)  # before anybody is asked: the start works the timetable out
            phones = {at: standin.person(at, "P") for at in (1001, 2001, 3001)}
            for phone in phones.values():
                phone.chat.open = True
            await ask(desk, client, "s0")
            await bot.start()
            await standin.polled()
            await story(standin, phones)
            await settled(desk)
            pages = [await page(door, path) for path in ("/healthz", "/readyz", "/metrics")]
            processes = "\n".join(command_lines())
            files = raw(tmp_path)
            assert await bot.end() == 0
    seen = "\n".join(line.text for line in standin.transcript if line.kind in ("sent", "edited"))
    assert all(word in seen for word in (WORKER, GOAL, WORDS, DANGER))
    files += raw(tmp_path)
    [key] = keys_in(tmp_path / "checkin.keys")
    assert "receiving_failed" in bot.log
    assert "checkin_loop_age_seconds" in pages[2]
    for word in (*PLANTED, TOKEN, TOKEN.partition(":")[2], key):
        assert word not in bot.log
        assert not any(word in one for one in pages)
        assert word not in processes
        assert not any(word in data for data in behind_buttons(standin))
        assert not any(word.encode() in file for file in files)
        assert not any(word in json.dumps(call.params, default=str) for call in standin.calls if word == TOKEN)


async def story(standin: StandIn, phones: dict[int, Phone]) -> None:
    """A check-in with low answers and words, an alert, a goal, words of danger, and a few things that go wrong."""
    alex, worker, manager = phones[1001], phones[2001], phones[3001]
    card = await alex.expect(asks, 20)
    for value in ("2", "8", "8"):
        before = alex.revision
        alex.tap(value, card.id)
        await alex.expect(lambda one: one.id == card.id, 10, after=before)
    await worker.expect("R-118", 10)
    standin.faults.add(Rule(Kind.HALF_JSON, method="sendMessage"))
    standin.faults.add(Rule(Kind.HALF_JSON, method="getUpdates"))
    alex.text(f"it was {WORDS} again")
    await alex.expect("Shall", 10)
    alex.tap(next(one for one in alex.last.labels if one.startswith("Yes")))
    await worker.expect(WORDS, 10)
    alex.text("/goals")
    await alex.expect("What would you like to work towards?", 10)
    alex.text(f"play the {GOAL}")
    await worker.expect(GOAL, 10)
    alex.text(f"I want to kill myself with {DANGER}")
    await manager.expect("Urgent", 10)
    manager.tap("Show")
    await manager.expect(DANGER, 10)
    alex.tap_data(1, f"1:a:{WORDS}")
    alex.text(f"/{WORDS}")
    await alex.expect("I don't know that one.", 10)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def page(door: str, path: str) -> str:
    """What the small web door says there."""
    async with httpx.AsyncClient() as web:
        return (await web.get(f"http://{door}{path}")).text


def raw(folder: Path) -> list[bytes]:
    """The database as it lies on the disk, with what has not been written back yet."""
    return [path.read_bytes() for path in folder.glob("checkin.db*")]


def behind_buttons(standin: StandIn) -> Iterator[str]:
    for call in standin.calls:
        markup: Any = call.params.get("reply_markup")
        found = json.loads(markup) if isinstance(markup, str) else markup
        for row in (found or {}).get("inline_keyboard", ()):
            yield from (str(button.get("callback_data")) for button in row)


def command_lines() -> Iterator[str]:
    """What everybody on this computer can read of the running processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
