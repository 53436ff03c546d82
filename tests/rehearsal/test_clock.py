"""The clock of a rehearsal: moved by hand, and every loop notices."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.rehearsal.clock import RehearsalClock
from tests.rehearsal.conftest import START

HOUR = timedelta(hours=1)


async def asleep(clock: RehearsalClock, event: asyncio.Event, until: timedelta) -> "asyncio.Task[None]":
    """A loop that waits."""
    task = asyncio.get_running_loop().create_task(clock.wait(event, until))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def test_it_stands_still_until_it_is_moved(clock: RehearsalClock) -> None:
    assert clock.now() == START
    assert clock.advance(HOUR) == clock.now() == START + HOUR


def test_it_tells_utc_wherever_the_story_plays() -> None:
    """As the port promises: what a client's clock shows is worked out from it."""
    there = RehearsalClock(START.astimezone(ZoneInfo("Asia/Kathmandu")))
    assert (there.now(), there.now().utcoffset()) == (START, timedelta(0))


async def test_it_never_goes_back(clock: RehearsalClock) -> None:
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-HOUR)
    clock.advance_to(START - HOUR)
    assert clock.now() == START


async def test_a_move_wakes_every_waiting_loop(clock: RehearsalClock) -> None:
    loops = [await asleep(clock, asyncio.Event(), until) for until in (timedelta(seconds=1), 48 * HOUR)]
    clock.advance(HOUR)
    async with asyncio.timeout(1):
        await asyncio.gather(*loops)


async def test_a_set_event_ends_the_waiting_and_is_cleared(clock: RehearsalClock) -> None:
    event = asyncio.Event()
    loop = await asleep(clock, event, HOUR)
    event.set()
    async with asyncio.timeout(1):
        await loop
    assert not event.is_set()


async def test_a_move_made_while_a_loop_was_busy_is_not_overlooked(clock: RehearsalClock) -> None:
    event = asyncio.Event()
    await clock.wait(event, timedelta())
    clock.advance(HOUR)
    async with asyncio.timeout(1):
        await clock.wait(event, HOUR)
    await (await asleep_then_cancel(clock, event))


async def asleep_then_cancel(clock: RehearsalClock, event: asyncio.Event) -> "asyncio.Future[object]":
    """The loop has looked once; from now on it really waits."""
    task = await asleep(clock, event, HOUR)
    task.cancel()
    return asyncio.gather(task, return_exceptions=True)


async def test_a_skipped_day_is_no_day_of_absence(clock: RehearsalClock) -> None:
    """The monotonic clock measures absence; moving the wall clock by hand adds a minute at most."""
    before = clock.monotonic()
    clock.advance(24 * HOUR)
    assert clock.monotonic() - before == 60.0
    clock.advance(timedelta(seconds=2))
    assert clock.monotonic() - before == 62.0


async def test_a_wall_clock_put_back_leaves_the_monotonic_clock_alone(clock: RehearsalClock) -> None:
    clock.set_back(HOUR)
    assert clock.now() == START - HOUR
    assert clock.monotonic() == 0.0


async def test_with_speed_it_runs_by_itself() -> None:
    clock = RehearsalClock(START, speed=3600.0)
    async with asyncio.timeout(1):
        await clock.wait(asyncio.Event(), timedelta(minutes=1))
    assert clock.now() >= START + timedelta(minutes=1)
