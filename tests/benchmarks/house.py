"""The house in which everything is measured: one prepared database, copied for each bot; a stand-in in this process.

Bots, ours and peers', are processes of their own and reach the stand-in over loopback.
"""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.actions.desk import Desk, Turn
from bot.domain.people import Client
from bot.domain.schedules import Due
from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import StandIn, TranscriptLine, serve
from storage import tables as t
from storage.people import NAME
from storage.timetable import Slot
from tests.support.live import LiveBot
from tests.support.people import a_client, a_manager, a_worker
from tests.support.stories import earlier_answers

FIRST_CLIENT, FIRST_WORKER, WORKERS = 500_000, 400_000, 5
MANAGER = 300_000
SCHEDULE = "twice a week"
NOWHERE = "http://127.0.0.1:1"
PATIENCE = 120.0
"""Seconds after which something is broken."""

CONFIG = """
[telegram]
messages_per_second = {pace}
chat_messages_per_second = {chat_pace}
[service]
name = "The Hill"
timezone = "UTC"
quiet_hours = "00:00-00:00"
not_shared_with = ["the police"]
crisis_text.en = "Call 999."
[logs]
level = "warning"
[alerts]
detail = "full"
ask_client_first = {ask_first}
escalate_to = ["M-1"]
complaints_to = "M-1"
[safety]
duty = "M-1"
duty_hours = {{ days = ["mon"], hours = "09:00-17:00" }}
safeguarding_contact = "M-1"
checked_by = "M-1"
checked_on = {today}
[[schedules]]
name = "twice a week"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
time = "12:00"
questions = ["B1", "G1", "T1"]
expires_after = "24h"
"""


def config(pace: float = 0, chat_pace: float = 0, *, ask_first: bool = False) -> str:
    """The bot's configuration; 0 switches a limit off."""
    today = SystemClock().now().date().isoformat()
    return CONFIG.format(pace=pace, chat_pace=chat_pace, ask_first=str(ask_first).lower(), today=today)


@dataclass(frozen=True, slots=True)
class House:
    """A database with people in it; the first `told` clients have answered for three weeks."""

    folder: Path
    clients: Sequence[str]
    told: int

    def copy(self, name: str) -> Path:
        """A folder with a fresh copy of it."""
        there = self.folder.parent / name
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(self.folder, there)
        return there

    @property
    def chats(self) -> list[int]:
        """The clients' chats, in their order."""
        return [FIRST_CLIENT + n for n in range(len(self.clients))]


async def build(folder: Path, people: int, told: int) -> House:
    """A service of one manager, some workers and so many clients, all of whom have joined."""
    await asyncio.to_thread(folder.mkdir)
    async with LiveBot(folder, NOWHERE, config()).desk() as desk:
        await a_manager(desk, chat_id=MANAGER)
        workers = [await a_worker(desk, f"W-{n}", f"Worker {n}", FIRST_WORKER + n) for n in range(WORKERS)]
        first = await a_client(desk, workers[0], "R-0", "Client 0", FIRST_CLIENT, "UTC")
        async with desk.turn() as turn:
            others = await _more_like(turn, first, [worker.id for worker in workers], people)
        for client in (first, *others)[:told]:
            await earlier_answers(desk, client, [(8, 8, 8)] * 6)
    return House(folder, [first.id, *(one.id for one in others)], told)


async def _more_like(turn: Turn, first: Client, workers: Sequence[str], people: int) -> list[Client]:
    """All the other clients, in two statements: joining them one by one takes a minute."""
    con, ids = turn.m.con, [t.new_id() for _ in range(1, people)]
    person = (await con.execute(sa.select(t.person).where(t.person.c.id == first.id))).mappings().one()
    client = (await con.execute(sa.select(t.client).where(t.client.c.person_id == first.id))).mappings().one()
    own = [
        {
            "id": one,
            "ref": f"R-{n}",
            "chat_id": FIRST_CLIENT + n,
            "name_sealed": turn.m.seal.close(NAME, one, f"Client {n}"),
        }
        for n, one in enumerate(ids, 1)
    ]
    await con.execute(t.person.insert(), [{**person, **one} for one in own])
    held = [{"person_id": one, "worker_id": workers[n % WORKERS]} for n, one in enumerate(ids, 1)]
    await con.execute(t.client.insert(), [{**client, **one} for one in held])
    found = await turn.m.people.clients_by_id(ids)
    return [found[one] for one in ids]


async def make_due(desk: Desk, clients: Collection[str]) -> None:
    """These clients are to be asked now."""
    async with desk.turn() as turn:
        due = Due(turn.now.date(), "bench", turn.now)
        await turn.m.timetable.put([Slot(one, SCHEDULE, due, turn.now - timedelta(seconds=1)) for one in clients])


# ---------------------------------------------------------------- the stand-in


def peopled(standin: StandIn, house: House) -> StandIn:
    """Everybody opened the bot long ago."""
    for chat_id in (*house.chats, *(FIRST_WORKER + n for n in range(WORKERS)), MANAGER):
        standin.person(chat_id, f"Person {chat_id}").chat.open = True
    return standin


@asynccontextmanager
async def telegram(house: House) -> AsyncIterator[tuple[StandIn, str]]:
    """A stand-in with everybody's phone, and its address. No flood control."""
    standin = peopled(StandIn(SystemClock(), TOKEN), house)
    async with serve(standin) as address:
        yield standin, address


@dataclass(slots=True)
class Watch:
    """Waits until a line of this kind has come in each of these chats."""

    standin: StandIn
    kind: str
    chats: set[int]

    async def done(self) -> float:
        """When the last one came (`time.perf_counter`)."""
        left, full = set(self.chats), asyncio.Event()

        def hear(line: TranscriptLine) -> None:
            if line.kind == self.kind:
                left.discard(line.chat_id)
                if not left:
                    full.set()

        self.standin.listeners.append(hear)
        try:
            async with asyncio.timeout(PATIENCE):
                await full.wait()
        finally:
            self.standin.listeners.remove(hear)
        return time.perf_counter()


# ---------------------------------------------------------------- processes


async def told_by(module: str, *args: object) -> Any:
    """Run a script of this folder and return what it printed, which is JSON."""
    process = await asyncio.create_subprocess_exec(
        *_command(module, *args), env=_environ(), stdout=asyncio.subprocess.PIPE, stderr=None
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, f"{module} {args} ended with {process.returncode}"
    return json.loads(out)


@asynccontextmanager
async def running(module: str, *args: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """A script of this folder, for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *_command(module, *args), env=_environ(), stdout=asyncio.subprocess.DEVNULL, stderr=None
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _command(module: str, *args: object) -> list[str]:
    return [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, args)]


def _environ() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("CHECKIN_")}


def resident(pid: int) -> float:
    """MiB of memory that this process really occupies."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
