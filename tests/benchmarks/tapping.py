"""P2, P3, P4: receiving a tap. Ours keeps it, handles it in a transaction, edits the message and answers; peers do less.

Everybody taps at once, each on their own card; a burst is over when every card shows the next question and every tap
is answered. The third tap completes the check-in: ours then works out the usual, the signals and the alert.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import prepare
from bot.rehearsal.telegram import Kind, Rule, StandIn
from tests.benchmarks.figures import Figure, Results, Size
from tests.benchmarks.house import PATIENCE, House, Watch, config, make_due, running, telegram
from tests.support.live import LiveBot

FAR = 0.05
"""Seconds to a Telegram that is further away."""
PLAIN = (
    ("nothing", "P2", "stock PTB, keeps nothing", 1.2),
    ("default", "P3", "PTB + naive SQLAlchemy", 2.5),
    ("wal", "P3", "PTB + naive SQLAlchemy, WAL", 1.8),
)
FROM_AFAR = (("nothing", "one at a time", 20.0), ("nothing-64", "64 at once", 3.0))
OURS = "inbox, transaction, edit, answer"


async def measure(house: House, size: Size) -> Results:
    near = {way: Figure(f"{path} a tap", OURS, peer, "taps/s", at_least=goal) for way, path, peer, goal in PLAIN}
    last = Figure("P2 the completing tap", f"{OURS}, signals", PLAIN[0][2], "taps/s")
    for _ in range(size.rounds):
        ours = await _burst_rates(house, size.taps, "ours")
        for way, figure in near.items():
            theirs = await _burst_rates(house, size.taps, way)
            figure.add(ours[0], theirs[0])
            if way == "nothing":
                last.add(ours[1], theirs[1])
    return Results([*near.values(), last])


async def measure_far(house: House, size: Size) -> Results:
    figures = {
        way: Figure(f"P4 a tap, {FAR * 1000:.0f} ms away", OURS, f"stock PTB, {how}", "taps/s", at_least=goal)
        for way, how, goal in FROM_AFAR
    }
    for _ in range(size.rounds):
        ours = await _burst_rates(house, size.taps, "ours", FAR)
        for way, figure in figures.items():
            theirs = await _burst_rates(house, size.far_taps if way == "nothing" else size.taps, way, FAR)
            figure.add(ours[0], theirs[0])
    return Results([*figures.values()])


async def _burst_rates(house: House, people: int, way: str, far: float = 0.0) -> tuple[float, float]:
    """Taps a second: of the second tap on each card, and of the third. The first warms up whatever there is to warm."""
    chats = house.chats[:people]
    async with telegram(house) as (standin, address):
        asked = Watch(standin, "sent", set(chats))
        async with _bot(house, address, way, people):
            await asked.done()
            if far:
                standin.faults.add(Rule(Kind.DELAY, times=None, seconds=far))
            seconds = [await _burst(standin, chats) for _ in range(3)]
            standin.faults.clear()
    return people / seconds[1], people / seconds[2]


@asynccontextmanager
async def _bot(house: House, address: str, way: str, people: int) -> AsyncIterator[None]:
    if way != "ours":
        async with running("peers", "taps", address, way, *house.chats[:people]):
            yield
        return
    bot = LiveBot(house.copy("tapping"), address, config())
    async with bot.desk() as desk:
        await prepare(desk)  # else the start works the timetable out anew, and nobody is due
        await make_due(desk, house.clients[:people])
    await bot.start()
    try:
        yield
    finally:
        await bot.end()


async def _burst(standin: StandIn, chats: list[int]) -> float:
    """Everybody taps 8; how long until everybody sees it."""
    edited = Watch(standin, "edited", set(chats))
    began = time.perf_counter()
    taps = [standin.phones[chat].tap("8") for chat in chats]
    await edited.done()
    for tap in taps:
        await tap.answered(PATIENCE)
    return time.perf_counter() - began
