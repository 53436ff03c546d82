"""P9: from the start of the process to the first getUpdates, and the memory that it then occupies."""

import asyncio
import time
from datetime import timedelta

from bot.ports import SystemClock
from tests.benchmarks.figures import Figure, Results, Size
from tests.benchmarks.house import PATIENCE, House, config, resident, running, telegram
from tests.support.live import LiveBot

PEER = "PTB + SQLAlchemy, one table"


async def measure(house: House, size: Size) -> Results:
    seconds = Figure("P9 start to first getUpdates", "checkin-bot run, database there", PEER, "s", at_most=1.8)
    then = Figure("P9 memory then", "the same", PEER, "MiB")
    idle = Figure(f"P9 memory after {size.idle_seconds:g} idle seconds", "the same", PEER, "MiB", at_most=1.4)
    for _ in range(size.rounds):
        for figure, ours, theirs in zip(
            (seconds, then, idle), await _ours(house, size), await _theirs(house, size), strict=True
        ):
            figure.add(ours, theirs)
    return Results([seconds, then, idle])


async def _ours(house: House, size: Size) -> tuple[float, float, float]:
    async with telegram(house) as (standin, address):
        bot = LiveBot(house.copy("starting"), address, config())
        began = time.perf_counter()
        await bot.start()
        assert bot.process is not None
        try:
            async with asyncio.timeout(PATIENCE):
                await standin.polled()
            took = time.perf_counter() - began
            return took, resident(bot.process.pid), await _idle(bot.process.pid, size)
        finally:
            await bot.end()


async def _theirs(house: House, size: Size) -> tuple[float, float, float]:
    async with telegram(house) as (standin, address):
        file = house.folder.parent / "plain.db"
        file.unlink(missing_ok=True)
        began = time.perf_counter()
        async with running("peers", "start", address, file) as process:
            async with asyncio.timeout(PATIENCE):
                await standin.polled()
            took = time.perf_counter() - began
            return took, resident(process.pid), await _idle(process.pid, size)


async def _idle(pid: int, size: Size) -> float:
    await SystemClock().wait(asyncio.Event(), timedelta(seconds=size.idle_seconds))
    return resident(pid)
