"""The bot's own parts in a process of their own, as `checkin-bot run` wires them; prints what it measured as JSON.

python -m tests.benchmarks.ours send FOLDER ADDRESS CONCURRENCY CLIENT…    check-ins due now, until all are settled
python -m tests.benchmarks.ours alerts FOLDER ADDRESS EVERY CLIENT…        an alert for each, one after the other
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from bot import app, charts, logs
from bot.actions import checkins
from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.domain.pacing import Pacing
from handlers import routes
from handlers.sender import TelegramMessenger
from storage import tables as t
from tests.benchmarks.house import config, make_due
from tests.support.live import LiveBot

LOOK_EVERY = timedelta(milliseconds=5)
ALERT = t.outbox.c.kind.in_(("worker.alert", "worker.alert_soft"))


@asynccontextmanager
async def _at_work(folder: Path, address: str, senders: int, text: str) -> AsyncIterator[tuple[Desk, Courier]]:
    logs.set_up("warning", json=False)
    found = LiveBot(folder, address, text).loaded()
    async with app.open_desk(found.settings, found.plan) as desk:
        bot = app.wire(found.settings, desk)
        await bot.ears.prepare()
        messenger = TelegramMessenger(bot.tg, routes.VIEWS, routes.Voices(desk))
        courier = Courier(desk, messenger, routes.HOOKS, Pacing.of(0, 0), senders)
        async with asyncio.TaskGroup() as house:
            house.create_task(courier.run())
            await courier.idle()
            yield desk, courier
            courier.stop()
        await bot.ears.close()


async def _release(desk: Desk) -> None:
    while True:
        async with desk.turn() as turn:
            if not await checkins.release_due(turn):
                return


async def send(folder: str, address: str, at_once: str, *clients: str) -> dict[str, float]:
    async with _at_work(Path(folder), address, int(at_once), config()) as (desk, courier):
        await make_due(desk, clients)
        began, busy = time.perf_counter(), time.process_time()
        await _release(desk)
        posted = time.perf_counter()
        await courier.idle()
        took, cost = time.perf_counter() - began, time.process_time() - busy
        return {"seconds": took, "posting": posted - began, "cpu": cost}


async def alerts(folder: str, address: str, every: str, *clients: str) -> dict[str, object]:
    """When each alert was allowed to leave, by chat and message; and for how long the loop stood still meanwhile.

    The last answer of each client raises an alert that may leave at once.
    """
    async with _at_work(Path(folder), address, 16, config()) as (desk, courier):
        await asyncio.to_thread(charts.warm_up)
        await make_due(desk, clients)
        await _release(desk)
        await courier.idle()
        for client in clients:
            await answer_low(desk, client, (1, 8))
        await courier.idle()
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            still = group.create_task(_longest_standstill(desk, over))
            for client in clients:
                await desk.clock.wait(asyncio.Event(), timedelta(seconds=float(every)))
                await answer_low(desk, client, (8,), first=2)
            await courier.idle()
            over.set()
        return {"rows": await left_at(desk), "still": still.result()}


async def answer_low(desk: Desk, client_id: str, values: tuple[float, ...], first: int = 0) -> None:
    """As if these buttons of the newest check-in had been tapped."""
    for item, value in enumerate(values, first):
        async with desk.turn() as turn:
            client = await turn.m.people.client(client_id)
            assert client is not None
            check_in = (await turn.m.checkins.of(client_id))[-1]
            await checkins.answer(turn, client, check_in.id, item, value, None)


async def left_at(desk: Desk) -> list[tuple[int, int, float]]:
    """Chat, message and `not_before` (seconds since 1970) of every alert that was sent."""
    query = (
        sa.select(t.person.c.chat_id, t.outbox.c.message_id, t.outbox.c.not_before)
        .join(t.person, t.person.c.id == t.outbox.c.person_id)
        .where(ALERT, t.outbox.c.state == "sent")
    )
    async with desk.glance() as m:
        return [(row[0], row[1], row[2].timestamp()) for row in await m.con.execute(query)]


async def _longest_standstill(desk: Desk, over: asyncio.Event) -> float:
    """How many seconds longer than asked for the loop let somebody wait, at worst."""
    worst, never = 0.0, asyncio.Event()
    while not over.is_set():
        began = time.perf_counter()
        await desk.clock.wait(never, LOOK_EVERY)
        worst = max(worst, time.perf_counter() - began - LOOK_EVERY.total_seconds())
    return worst


if __name__ == "__main__":
    way, *rest = sys.argv[1:]
    print(json.dumps(asyncio.run({"send": send, "alerts": alerts}[way](*rest))))
