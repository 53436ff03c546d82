"""A schedule that follows meetings: what was to come after one still comes, whatever is said or planned since."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot import app
from bot.actions import people, roster, sessions
from bot.actions.desk import Desk
from bot.actions.preview import everybody
from bot.domain.checkins import CheckIn
from bot.domain.preview import preview
from bot.domain.roster import COLUMNS
from bot.domain.schedules import Schedule
from tests.support.checkins import all_of, at, move, release
from tests.support.stories import World, a_world

AFTER = Schedule("after", after_session=timedelta(hours=20))
BEFORE = Schedule("before", before_session=timedelta(hours=20))


@pytest.fixture
async def world(desk: Desk) -> World:
    world = await a_world(desk)
    desk.plan = replace(desk.plan, schedules=(AFTER, BEFORE))
    await app.prepare(desk)
    return world


async def planned(world: World, **later: float) -> datetime:
    async with world.desk.turn() as turn:
        when = turn.now + timedelta(**later)
        await sessions.set_next(turn, world.worker, await people.client(turn, world.client.id), when)
    return when


async def told(world: World, how: str) -> None:
    async with world.desk.turn() as turn:
        client = await people.client(turn, world.client.id)
        await (sessions.met if how == "met" else sessions.missed)(turn, world.worker, client)


async def asked_after(world: World, meeting: datetime) -> list[CheckIn]:
    at(world.desk, meeting + timedelta(hours=20))
    await release(world.desk)
    return [one for one in await all_of(world.desk, world.client) if one.schedule == "after"]


async def test_what_follows_a_meeting_comes_when_it_was_held(world: World) -> None:
    meeting = await planned(world, hours=1)
    move(world.desk, hours=2)
    await told(world, "met")
    (one,) = await asked_after(world, meeting)
    assert one.planned_at == meeting + timedelta(hours=20)
    assert await asked_after(world, meeting + timedelta(days=1)) == [one]


async def test_a_meeting_that_nobody_had_planned_counts_as_well(world: World) -> None:
    await told(world, "met")
    assert len(await asked_after(world, world.desk.clock.now())) == 1


async def test_nothing_follows_a_meeting_that_was_missed(world: World) -> None:
    meeting = await planned(world, hours=1)
    move(world.desk, hours=2)
    await told(world, "missed")
    assert await asked_after(world, meeting) == []


@pytest.mark.parametrize("how", ["chat", "roster", "held too", "another plan"])
async def test_the_next_date_takes_nothing_from_the_last_meeting(world: World, how: str) -> None:
    meeting = await planned(world, hours=1)
    move(world.desk, hours=2)
    if how == "held too":
        await told(world, "met")
    if how == "roster":
        row = "client,R-118,,W-1,,,2026-05-19 14:00,"
        async with world.desk.turn() as turn:
            done = await roster.import_roster(turn, f"{','.join(COLUMNS)}\n{row}", dry_run=False)
        assert done.problems == ()
    else:
        await planned(world, days=7)
    if how == "another plan":
        world.desk.plan = replace(world.desk.plan, schedules=(*world.desk.plan.schedules, replace(AFTER, name="too")))
        await app.prepare(world.desk)
    (one,) = await asked_after(world, meeting)
    assert one.planned_at == meeting + timedelta(hours=20)
    async with world.desk.glance() as m:
        due = {slot.schedule: slot.due.at for slot in await m.timetable.of([world.client.id])}
    assert due["before"] > world.desk.clock.now() + timedelta(days=4)
    assert due["after"] > due["before"]


async def test_a_date_that_was_put_off_is_no_meeting(world: World) -> None:
    first = await planned(world, hours=5)
    await planned(world, days=2)
    assert await asked_after(world, first) == []


async def test_the_preview_shows_what_follows_a_meeting_that_was(world: World) -> None:
    await planned(world, hours=1)
    move(world.desk, hours=2)
    await told(world, "met")
    async with world.desk.turn() as turn:
        lines = preview(turn.plan, await everybody(turn), turn.now, 3)
    assert [one.schedule for one in lines] == ["after"]


@pytest.mark.parametrize("command", ["met", "missed"])
async def test_a_day_behind_met_or_missed_is_refused_and_not_noted_as_another(world: World, command: str) -> None:
    await world.sam.types(f"/{command} R-118 yesterday")
    assert world.sam.refused == "worker.meeting.no_day"
    async with world.desk.glance() as m:
        assert await m.sessions.of(world.client.id) == []
