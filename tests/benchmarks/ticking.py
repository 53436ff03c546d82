"""P6: a tick with a hundred check-ins due, among few and among many; and a scheduler with a job for each client."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from bot.actions import checkins
from bot.actions.desk import Desk
from storage import tables as t
from tests.benchmarks.figures import Figure, Results, Size
from tests.benchmarks.house import NOWHERE, SCHEDULE, House, config, make_due, told_by
from tests.support.live import LiveBot

AT_ONCE = 5_000
"""Rows written by one statement while the timetable is filled."""


async def measure(house: House, size: Size) -> Results:
    few, *many = size.timetables
    growing = [
        Figure(f"P6 tick of {size.due} among {n:,}", "release_due", f"the same among {few:,}", "ms", at_most=1.3)
        for n in many
    ]
    jobs = Figure(
        f"P6 tick of {size.due} among {few:,}",
        "release_due, real check-ins",
        "APScheduler, a job for each, empty",
        "ms",
        at_most=1 / 15,
    )
    async with AsyncExitStack() as open_till_then:
        desks = [await open_till_then.enter_async_context(_filled(house, n)) for n in size.timetables]
        for desk in desks:
            await _tick(desk, house.clients[-size.due :])
        for turn in range(size.rounds):
            due = house.clients[turn * size.due :][: size.due]
            base, *others = [await _tick(desk, due) for desk in desks]
            for figure, took in zip(growing, others, strict=True):
                figure.add(took, base)
            jobs.add(base, await _scheduler(house, few, size.due))
    return Results([*growing, jobs])


@asynccontextmanager
async def _filled(house: House, rows: int) -> AsyncIterator[Desk]:
    async with LiveBot(house.copy(f"ticking-{rows}"), NOWHERE, config()).desk() as desk:
        await _fill(desk, rows)
        yield desk


async def _fill(desk: Desk, rows: int) -> None:
    """So many more clients, none of whom is due for a long time."""
    for start in range(0, rows, AT_ONCE):
        ids = [f"f{n:015d}" for n in range(start, min(rows, start + AT_ONCE))]
        async with desk.turn() as turn:
            later = turn.now + timedelta(days=30)
            same = {"role": "client", "language": "en", "timezone": "UTC", "status": "joined", "created_at": turn.now}
            await turn.m.con.execute(t.person.insert(), [{"id": one, "ref": one, **same} for one in ids])
            await turn.m.con.execute(t.client.insert(), [{"person_id": one} for one in ids])
            slot = {
                "schedule": SCHEDULE,
                "next_due_at": later,
                "due_at": later,
                "local_date": later.date(),
                "slot": "bench",
            }
            await turn.m.con.execute(t.timetable.insert(), [{"client_id": one, **slot} for one in ids])


async def _tick(desk: Desk, due: Sequence[str]) -> float:
    """Milliseconds for one transaction that releases them all."""
    await make_due(desk, due)
    began = time.perf_counter()
    async with desk.turn() as turn:
        found = await checkins.release_due(turn)
    assert found == len(due), f"{found} of {len(due)} were due"
    return (time.perf_counter() - began) * 1000


async def _scheduler(house: House, count: int, due: int) -> float:
    file = house.folder.parent / "jobs.db"
    file.unlink(missing_ok=True)
    return 1000 * float((await told_by("peers", "jobs", file, count, due))["seconds"])
