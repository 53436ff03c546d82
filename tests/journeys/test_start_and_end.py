"""`run` as its own process: how soon it says that it is there, what it says where it can't be, and how it ends."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import StandIn, serve
from tests.support.live import LiveBot
from tests.support.people import a_manager

pytestmark = pytest.mark.slow

CONFIG = """
[service]
name = "The Hill"
place = "the Hill"
timezone = "UTC"
not_shared_with = ["the police"]
crisis_text.en = "Call 999."
[alerts]
escalate_to = "M-1"
complaints_to = "M-1"
[safety]
duty = "M-1"
safeguarding_contact = "M-1"
checked_by = "M-1"
checked_on = {today}
[[schedules]]
name = "s0"
days = ["mon"]
time = "12:00"
"""
SHORTER_THAN_A_LONG_POLL = 20.0
A_WHILE = 30.0
UNKNOWN = b'{"ok":false,"error_code":401,"description":"Unauthorized"}'


async def a_bot(folder: Path, address: str, **environ: str) -> LiveBot:
    """One that may start: its contact is on the roster."""
    bot = LiveBot(folder, address, CONFIG.format(today=SystemClock().now().date()), environ=environ)
    async with bot.desk() as desk:
        await a_manager(desk)
    return bot


@asynccontextmanager
async def knows_nobody() -> AsyncIterator[tuple[str, asyncio.Queue[str]]]:
    """A Bot API that knows no token: where it is, and what it has been asked."""
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.put_nowait((await reader.readuntil(b"\r\n\r\n")).decode())
        head = f"HTTP/1.1 401 Unauthorized\r\nContent-Length: {len(UNKNOWN)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + UNKNOWN)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


async def test_it_is_ready_as_soon_as_telegram_has_answered_though_nobody_writes(tmp_path: Path) -> None:
    standin, at = StandIn(SystemClock(), TOKEN), f"127.0.0.1:{free_port()}"
    async with serve(standin) as address, httpx.AsyncClient() as line:
        bot = await a_bot(tmp_path, address, CHECKIN_HTTP__LISTEN=at)
        await bot.start()
        async with asyncio.timeout(SHORTER_THAN_A_LONG_POLL):
            await standin.polled(2)
        assert (await line.get(f"http://{at}/readyz")).json() == {"database": True, "telegram": True}
        assert await bot.end() == 0


async def test_a_token_that_telegram_does_not_know_is_said_in_plain_words(tmp_path: Path) -> None:
    at = f"127.0.0.1:{free_port()}"
    async with knows_nobody() as (address, asked), httpx.AsyncClient() as line:
        bot = await a_bot(tmp_path, address, CHECKIN_HTTP__LISTEN=at)
        await bot.start()
        for _ in range(2):  # by the second try the first has been told
            await asyncio.wait_for(asked.get(), A_WHILE)
        health, ready = await line.get(f"http://{at}/healthz"), await line.get(f"http://{at}/readyz")
        assert await bot.end() == 0
    assert health.json()["trouble"] == {"hello": "token_refused"}
    assert ready.json() == {"database": True, "telegram": False}
    assert "Is the token right" in bot.log
    assert "Unclosed" not in bot.log
    assert TOKEN not in bot.log


async def test_being_told_to_end_while_it_is_still_starting_is_a_good_end(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    os.mkfifo(config)
    starting = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--config", str(config)), stderr=asyncio.subprocess.PIPE
    )
    writing = await asyncio.to_thread(os.open, config, os.O_WRONLY)  # returns when it has begun to read
    starting.send_signal(signal.SIGTERM)
    said = (await starting.communicate())[1]
    os.close(writing)
    assert (starting.returncode, said) == (0, b"")


@pytest.mark.parametrize("begins", ["python -m bot", "checkin-bot"])
async def test_being_told_to_end_while_python_is_still_loading_is_a_good_end_too(tmp_path: Path, begins: str) -> None:
    """An import that does not return is as long as loading can take: it waits for somebody to write into a pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "click.py").write_text(f"open({str(pipe)!r}).read()\n")
    start = ["-m", "bot"] if begins == "python -m bot" else ["-c", "from bot.__main__ import start; start()"]
    starting = await asyncio.create_subprocess_exec(
        *(sys.executable, *start, "run"),
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"},
        stderr=asyncio.subprocess.PIPE,
    )
    writing = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)  # returns when the import has begun
    starting.send_signal(signal.SIGTERM)
    said = (await starting.communicate())[1]
    os.close(writing)
    assert (starting.returncode, said) == (0, b"")


async def test_other_commands_are_not_taught_to_call_being_killed_a_good_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "click.py").write_text(f"open({str(pipe)!r}).read()\n")
    starting = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "export"), env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    writing = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)
    starting.send_signal(signal.SIGTERM)
    assert await starting.wait() == -signal.SIGTERM
    os.close(writing)
