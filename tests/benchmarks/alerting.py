"""P7: from `not_before` to the worker's phone, with the chart, against one bare send_photo of the same bytes."""

from pathlib import Path
from statistics import median

from bot.rehearsal.telegram import StandIn
from tests.benchmarks.figures import Fact, Figure, Results, Size, quantile
from tests.benchmarks.house import FIRST_WORKER, WORKERS, House, telegram, told_by

EVERY = 0.3
"""Seconds between two alerts: each is alone on its way."""


async def measure(house: House, size: Size) -> Results:
    half = Figure(
        "P7 alert on the phone, median", "outbox, chart drawn, sent", "bare send_photo, same bytes", "ms", at_most=4
    )
    most = Figure("P7 alert on the phone, p99", "the same", "the same", "ms", at_most=8)
    stood: list[float] = []
    everything: list[float] = []
    for _ in range(size.rounds):
        ours, still, picture = await _ours(house, size)
        theirs = await _theirs(house, size, picture)
        half.add(1000 * median(ours), 1000 * median(theirs))
        most.add(1000 * quantile(ours, 0.99), 1000 * quantile(theirs, 0.99))
        everything += ours
        stood.append(still)
    everywhere = (
        f"{len(everything)} alerts with their chart, from `not_before` to the worker's phone: median "
        f"{quantile(everything, 0.5) * 1000:.0f} ms, p99 {quantile(everything, 0.99) * 1000:.0f} ms, slowest "
        f"{max(everything) * 1000:.0f} ms (on this machine, with what else ran on it)"
    )
    blocked = (
        "the longest that the event loop stood still while they were drawn and sent, median of the rounds: "
        f"{median(stood) * 1000:.0f} ms (target 50 ms)"
    )
    return Results([half, most], [Fact("P7", everywhere), Fact("P10", blocked)])


async def _ours(house: House, size: Size) -> tuple[list[float], float, Path]:
    folder = house.copy("alerting")
    async with telegram(house) as (standin, address):
        found = await told_by("ours", "alerts", folder, address, EVERY, *house.clients[: size.alerts])
        assert len(found["rows"]) == size.alerts, f"{len(found['rows'])} alerts of {size.alerts}"
        there = _arrivals(standin)
        picture = folder / "chart.png"
        chat, message, _ = found["rows"][0]
        picture.write_bytes(standin.chats[chat].messages[message].photo or b"")
    return [there[chat, message] - due for chat, message, due in found["rows"]], found["still"], picture


async def _theirs(house: House, size: Size, picture: Path) -> list[float]:
    async with telegram(house) as (standin, address):
        chats = [FIRST_WORKER + n % WORKERS for n in range(size.alerts)]
        began = (await told_by("peers", "photos", address, picture, EVERY, *chats))["began"]
        there = sorted(_arrivals(standin).values())
    return [end - start for start, end in zip(began, there, strict=True)]


def _arrivals(standin: StandIn) -> dict[tuple[int, int], float]:
    """When each message first stood on a phone, in seconds since 1970."""
    sent = [line for line in standin.transcript if line.kind == "sent"]
    return {(line.chat_id, line.message_id): line.at.timestamp() for line in reversed(sent)}
