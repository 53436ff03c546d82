"""APScheduler rings, loops do the work.

A beat only sets an event. The loops await it, or look again by themselves after five seconds; what is due is a column
in the database, never a job in the scheduler. Every loop outlives whatever one round of it does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.actions.desk import Desk, Turn

BEAT_SECONDS = 15
MOST_ROUNDS = 200
"""A loop comes up for air after so many full rounds, so that its age in the health report stays true."""

Work: TypeAlias = Callable[[Turn], Awaitable[int]]
"""One transaction's worth of what is due; how many it found. Called again while that is not nought."""

log = structlog.get_logger()


Apart: TypeAlias = Callable[[Desk], Awaitable[None]]
"""Work that takes longer than a transaction may: it opens short ones of its own."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What is done when its bell rings."""

    name: str
    bell: asyncio.Event
    work: tuple[Work, ...]
    apart: tuple[Apart, ...] = ()


async def run(desk: Desk, loop: Loop) -> None:
    """Do what is due, for ever; a piece of work that fails does not keep the others from being done."""
    desk.progress.begin(loop.name)
    while True:
        if desk.stands_by or await _look(desk, loop):
            desk.progress.mark(loop.name)
        await desk.clock.wait(loop.bell)


async def _look(desk: Desk, loop: Loop) -> bool:
    """Whether all of `work` got through: what fails again and again is an illness, and not only a line in the log. What
    is done apart and fails is such a line, and tried again at the next look."""
    got_through = [await _work_off(desk, loop, work) for work in loop.work]
    for work_apart in loop.apart:
        await _look_apart(desk, loop, work_apart)
    return all(got_through)


async def once(desk: Desk, loop: Loop) -> None:
    """Everything that is due now, once: for rehearsals and tests. Raises what the work raises."""
    for work in loop.work:
        await _until_done(desk, work)
    for work_apart in loop.apart:
        await work_apart(desk)


async def _look_apart(desk: Desk, loop: Loop, work: Apart) -> None:
    try:
        await work(desk)
    except Exception as broken:
        log.error("round_failed", loop=loop.name, kind=getattr(work, "__name__", "?"), error=type(broken).__name__)


async def _work_off(desk: Desk, loop: Loop, work: Work) -> bool:
    try:
        await _until_done(desk, work)
    except Exception as broken:
        log.error("round_failed", loop=loop.name, kind=getattr(work, "__name__", "?"), error=type(broken).__name__)
        return False
    return True


async def _until_done(desk: Desk, work: Work) -> None:
    for _ in range(MOST_ROUNDS):
        async with desk.turn() as turn:
            found = await work(turn)
        if not found:
            return


@contextmanager
def beating(*bells: asyncio.Event) -> Iterator[None]:
    """Ring all bells every few seconds for as long as the block lasts."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        _ring,
        IntervalTrigger(seconds=BEAT_SECONDS),
        args=[bells],
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


async def _ring(bells: tuple[asyncio.Event, ...]) -> None:
    for bell in bells:
        bell.set()
