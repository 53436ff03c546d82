"""P5: a campaign at Telegram's pace, with alerts in between. The peer is the ideal: messages divided by the rate.

Bot and stand-in run in one process on a clock that is quicker than the wall's, with flood control on.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot import charts
from bot.ports import SystemClock
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.run import TOKEN, Stage, rehearsal
from bot.rehearsal.telegram import StandIn
from tests.benchmarks.figures import Fact, Figure, Results, Size, quantile
from tests.benchmarks.house import House, config, make_due, peopled
from tests.benchmarks.ours import answer_low, left_at

RATE = 25.0
COUNTED = ("send", "edit")


async def measure(house: House, size: Size) -> Results:
    whole = Figure(
        "P5 campaign",
        f"{size.campaign} questions and {size.alerts} alerts, paced",
        f"messages ÷ {RATE:g}",
        "s",
        at_most=1.02,
    )
    waits: list[float] = []
    floods = 0
    for _ in range(size.campaigns):
        seconds, messages, waited, flooded = await _one(house, size)
        whole.add(seconds, messages / RATE)
        waits += waited
        floods += flooded
    half, most = (1000 * quantile(waits, share) for share in (0.5, 0.99))
    says = (
        f"on a clock {size.speed:g} times as quick as the wall's: {floods} × 429; {len(waits)} alerts with chart in "
        f"between, from `not_before` to the worker's phone: median {half:.0f} ms, p99 {most:.0f} ms of that clock, "
        f"{half / size.speed:.0f} and {most / size.speed:.0f} ms of the wall's (target: p99 250 ms)"
    )
    return Results([whole], [Fact("P5", says)])


async def _one(house: House, size: Size) -> tuple[float, int, list[float], int]:
    clock = RehearsalClock(SystemClock().now(), size.speed)
    standin = peopled(StandIn(clock, TOKEN, flood=True), house)
    await asyncio.to_thread(charts.warm_up)
    async with rehearsal(house.copy("campaign"), clock, config(RATE, 1), standin=standin) as stage:
        troubled, others = house.clients[: size.alerts], house.clients[size.alerts : size.alerts + size.campaign]
        await _half_answered(stage, troubled)
        await _quiet(clock, 2)
        began, before = clock.now(), len(standin.calls)
        await make_due(stage.desk, others)
        stage.desk.bells.release.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(_raise_alerts(stage, troubled, size.campaign / RATE / (size.alerts + 1)))
        await _all_asked(stage, others)
        calls = [call for call in standin.calls[before:] if call.method.lower().startswith(COUNTED)]
        rows = await left_at(stage.desk)
    assert len(rows) == len(troubled), f"{len(rows)} alerts of {len(troubled)}"
    return (
        (max(call.at for call in calls) - began).total_seconds(),
        len(calls),
        _waits(standin, rows),
        len(standin.flood.given),
    )


async def _half_answered(stage: Stage, clients: Sequence[str]) -> None:
    """Two of three questions are answered; the last answer will raise the alert."""
    await make_due(stage.desk, clients)
    stage.desk.bells.release.set()
    await _all_asked(stage, clients)
    for client in clients:
        await answer_low(stage.desk, client, (1, 8))
    await stage.bot.courier.idle()


async def _raise_alerts(stage: Stage, clients: Sequence[str], every: float) -> None:
    for client in clients:
        await _quiet(stage.clock, every)
        await answer_low(stage.desk, client, (8,), first=2)


async def _all_asked(stage: Stage, clients: Sequence[str]) -> None:
    """Until every one of them has been sent a question, and nothing is left over."""
    while True:
        async with stage.desk.glance() as m:
            latest = await m.checkins.latest(list(clients), stage.clock.now())
        if all(one and one[0].sent_at for one in latest.values()):
            break
        await _quiet(stage.clock, 1)
    await stage.bot.courier.idle()


async def _quiet(clock: RehearsalClock, seconds: float) -> None:
    until, never = clock.now() + timedelta(seconds=seconds), asyncio.Event()
    while clock.now() < until:
        await clock.wait(never, until - clock.now())


def _waits(standin: StandIn, rows: list[tuple[int, int, float]]) -> list[float]:
    """Seconds from `not_before` until each alert stood on the worker's phone."""
    there: dict[tuple[int, int], datetime] = {}
    for line in standin.transcript:
        if line.kind == "sent":
            there.setdefault((line.chat_id, line.message_id), line.at)
    return [there[chat, message].timestamp() - due for chat, message, due in rows]
