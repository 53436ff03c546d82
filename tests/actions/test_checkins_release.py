"""Releasing: at the right wall time in every zone, each occasion once, and what does not fit is on record."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot import app
from bot.actions import checkins, people
from bot.actions.desk import Desk
from bot.domain.checkins import CheckIn, State
from bot.domain.people import Asking, Client, Person, Status
from bot.domain.plan import Plan
from bot.domain.schedules import Schedule
from bot.domain.words import Role, Weekday
from storage import tables as t
from storage.tables import new_id
from storage.timetable import Overtaken
from tests.support.checkins import all_of, asked, at, kinds, latest, move, plan_for, posts, release, tap
from tests.support.people import a_client, a_worker, contacts
from tests.support.plans import a_plan

EVERY_DAY = Schedule("every day", frozenset(Weekday), time(9, 30), expires_after=timedelta(hours=20))


@pytest.fixture
async def worker(desk: Desk) -> Person:
    return await a_worker(desk)


@pytest.fixture
async def client(desk: Desk, worker: Person) -> Client:
    return await a_client(desk, worker)


def every_day() -> Plan:
    return a_plan(schedules=(EVERY_DAY,))


def checked(plan: Plan, day: date) -> Plan:
    """The same plan, its numbers rung on another day, so that the bot is live then."""
    return replace(plan, safety=replace(plan.safety, checked_on=day))


async def sent_times(desk: Desk, client: Client) -> list[datetime]:
    return [one.planned_at for one in await all_of(desk, client) if one.state is not State.CANCELLED]


async def answered_if_asked(desk: Desk, client: Client) -> None:
    """Close what is open, as a tap on Skip would: the run of misses is not what is tried here."""
    async with desk.turn() as turn:
        done = t.check_in.update().where(t.check_in.c.client_id == client.id, t.check_in.c.state == "planned")
        await turn.m.con.execute(done.values(state="completed", last_touched_at=turn.now))


@pytest.mark.parametrize("start", [datetime(2026, 10, 22, tzinfo=UTC), datetime(2027, 3, 12, tzinfo=UTC)])
async def test_three_zones_keep_their_wall_time_over_both_clock_changes(
    desk: Desk, worker: Person, start: datetime
) -> None:
    """London and New York change their clocks on different Sundays, Kathmandu never; half past nine stays half past
    nine, every day once."""
    desk.plan = checked(every_day(), start.date())
    zones = ("Europe/London", "America/New_York", "Asia/Kathmandu")
    at(desk, start)
    those = [await a_client(desk, worker, f"R-{n}", "A", 7000 + n, zone) for n, zone in enumerate(zones)]
    for one in those:
        await plan_for(desk, one)
    while desk.clock.now() < start + timedelta(days=18):
        async with desk.glance() as m:
            at(desk, min(slot.next_due_at for slot in await m.timetable.everything()))
        await release(desk)
        for one in those:
            await answered_if_asked(desk, one)
    for one in those:
        zone = ZoneInfo(one.person.timezone)
        walls = [moment.astimezone(zone) for moment in await sent_times(desk, one)]
        assert {wall.time() for wall in walls} == {time(9, 30)}
        days = [wall.date() for wall in walls]
        assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
        assert len(days) >= 17


async def test_a_move_to_another_zone_neither_doubles_nor_drops_a_day(desk: Desk, client: Client) -> None:
    """Asked today in London; then the clock is New York's: the next is tomorrow there, not today again."""
    desk.plan = every_day()
    at(desk, datetime(2026, 5, 13, 6, 0, tzinfo=UTC))
    await asked(desk, client)
    await answered_if_asked(desk, client)
    async with desk.turn() as turn:
        await turn.m.people.change(client.id, timezone="America/New_York")
        due = await checkins.plan_for(turn, client.id)
    assert due is not None
    assert due.astimezone(ZoneInfo("America/New_York")).date() == date(2026, 5, 14)


async def test_a_move_east_past_the_hour_still_asks_today(desk: Desk, client: Client) -> None:
    """Eight in London, not yet asked; in Kathmandu it is a quarter to one: today's is due at once, late."""
    desk.plan = every_day()
    at(desk, datetime(2026, 5, 13, 7, 0, tzinfo=UTC))
    await plan_for(desk, client)
    async with desk.turn() as turn:
        await turn.m.people.change(client.id, timezone="Asia/Kathmandu")
        await checkins.plan_for(turn, client.id)
    await release(desk)
    assert [one.local_date for one in await all_of(desk, client)] == [date(2026, 5, 13)]
    assert await kinds(desk) == ["client.question"]


async def test_after_three_days_away_the_rest_is_missed_by_us(desk: Desk, client: Client) -> None:
    """Four occasions came due; only the last still fits its window."""
    desk.plan = every_day()
    at(desk, datetime(2026, 5, 12, 12, 0, tzinfo=UTC))
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due + timedelta(days=3, hours=1))
    while await release(desk):
        pass
    states = [one.state for one in await all_of(desk, client)]
    assert states == [State.MISSED_BY_US] * 3 + [State.PLANNED]
    assert await kinds(desk) == ["client.question"]


async def test_a_question_may_leave_late_only_while_there_is_time_to_answer(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    row = (await posts(desk, client.id))[0]
    assert row.expires_at == due + timedelta(hours=22)
    assert (row.guard, row.urgency, row.check_in_id) == ("asked", 3, (await latest(desk, client)).id)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"asking": Asking.BREAK}, "break"),
        ({"asking": Asking.CRISIS}, "crisis"),
        ({"asking": Asking.HELD}, "held"),
        ({"consent_version": "older"}, "no_consent"),
        ({"worker_id": None}, "no_worker"),
    ],
)
async def test_whoever_is_not_asked_has_that_on_record(
    desk: Desk, client: Client, changes: dict[str, Any], reason: str
) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    async with desk.turn() as turn:
        await turn.m.people.change_client(client.id, **changes)
    at(desk, due)
    await release(desk)
    skipped = await latest(desk, client)
    assert (skipped.state, skipped.reason) == (State.CANCELLED, reason)
    assert await kinds(desk) == []


async def test_whoever_has_left_is_off_the_timetable(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    async with desk.turn() as turn:
        await turn.m.people.change(client.id, status=Status.LEFT)
    at(desk, due)
    await release(desk)
    async with desk.glance() as m:
        assert await m.timetable.of([client.id]) == []
    assert await all_of(desk, client) == []


async def test_while_one_is_open_no_second_keyboard_is_sent(desk: Desk, client: Client) -> None:
    """Two schedules at the same minute: one question, the other is on record as skipped."""
    desk.plan = a_plan(schedules=(EVERY_DAY, replace(EVERY_DAY, name="also")))
    at(desk, datetime(2026, 5, 12, 12, 0, tzinfo=UTC))
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)
    found = {(one.state, one.reason) for one in await all_of(desk, client)}
    assert found == {(State.PLANNED, None), (State.CANCELLED, "open")}
    assert await kinds(desk) == ["client.question"]


async def test_a_row_that_somebody_else_moved_undoes_the_whole_unit(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    async with desk.glance() as m:
        slots = await m.timetable.due(due, 10)
    await release(desk)
    with pytest.raises(Overtaken):
        async with desk.turn() as turn:
            await turn.m.timetable.move([(slots[0], slots[0])])
    assert len(await all_of(desk, client)) == 1


async def test_one_row_that_cannot_be_decided_is_pushed_away_and_the_others_go_on(
    desk: Desk, client: Client, worker: Person
) -> None:
    broken = await a_client(desk, worker, ref="R-400", chat_id=1400)
    for one in (client, broken):
        await plan_for(desk, one)
    async with desk.turn() as turn:
        await turn.m.people.change(broken.id, timezone="Mars/Olympus")
    move(desk, hours=1)
    assert await release(desk) == 2
    assert await kinds(desk) == ["client.question"]
    assert await release(desk) == 0


async def test_one_check_in_that_cannot_be_kept_is_pushed_away_and_the_others_go_on(
    desk: Desk, client: Client, worker: Person
) -> None:
    """Its occasion is on record already, but too far back to be noticed before it is written."""
    twice = await a_client(desk, worker, ref="R-400", chat_id=1400)
    await plan_for(desk, client)
    due = await plan_for(desk, twice)
    assert due is not None
    at(desk, due)
    async with desk.turn() as turn:
        (slot,) = await turn.m.timetable.of([twice.id])
        there = CheckIn(
            id=new_id(),
            client_id=twice.id,
            worker_id=worker.id,
            schedule=slot.schedule,
            local_date=slot.due.local_date,
            slot=slot.due.slot,
            state=State.CANCELLED,
            items=(),
            planned_at=turn.now - timedelta(days=4_000),
        )
        await turn.m.checkins.add([there])
    assert await release(desk) == 2
    assert [row.client_id for row in await posts(desk)] == [client.id]
    assert await release(desk) == 0


async def test_a_new_plan_moves_everybody_and_forgets_schedules_that_are_gone(desk: Desk, client: Client) -> None:
    await plan_for(desk, client)
    desk.plan = every_day()
    async with desk.turn() as turn:
        assert await checkins.replan_all(turn) == 1
    async with desk.glance() as m:
        slots = await m.timetable.of([client.id])
    assert [(one.schedule, one.due.at) for one in slots] == [("every day", datetime(2026, 5, 13, 8, 30, tzinfo=UTC))]


async def test_whoever_starts_with_another_plan_moves_everybody(desk: Desk, client: Client) -> None:
    """A schedule that was renamed in the file would leave its clients for ever, and nobody would hear of it."""
    await app.prepare(desk)
    await plan_for(desk, client)
    desk.plan = replace(every_day(), safety=desk.plan.safety)
    await app.prepare(desk)
    async with desk.glance() as m:
        slots = await m.timetable.of([client.id])
    assert [one.schedule for one in slots] == ["every day"]
    at(desk, slots[0].due.at)
    assert await release(desk) == 1
    assert [one.schedule for one in await all_of(desk, client)] == ["every day"]


async def test_processes_that_start_at_once_with_another_plan_all_come_up(desk: Desk, worker: Person) -> None:
    clients = [await a_client(desk, worker, ref=f"R-{n}", name=f"Client {n}", chat_id=5000 + n) for n in range(20)]
    await app.prepare(desk)
    for one in clients:
        await plan_for(desk, one)
    desk.plan = replace(every_day(), safety=desk.plan.safety)
    await asyncio.gather(*(app.prepare(desk) for _ in range(3)), *(plan_for(desk, one) for one in clients))
    async with desk.glance() as m:
        assert [one.schedule for one in await m.timetable.everything()] == ["every day"] * 20
        assert [one.version for one in await m.plans.all()][1:] == [desk.plan.version]


async def test_who_goes_by_an_older_plan_leaves_what_they_do_not_know(desk: Desk, client: Client) -> None:
    older, desk.plan = desk.plan, every_day()
    due = await plan_for(desk, client)
    assert due is not None
    newer, desk.plan = desk.plan, older
    at(desk, due)
    await release(desk)
    assert await all_of(desk, client) == []
    desk.plan = newer
    move(desk, hours=1)
    await release(desk)
    assert [one.schedule for one in await all_of(desk, client)] == ["every day"]


async def test_own_days_and_hour_come_before_the_schedules(desk: Desk, client: Client) -> None:
    async with desk.turn() as turn:
        await turn.m.people.change_client(client.id, own_times={"time": "11:00", "days": [4]})
    due = await plan_for(desk, client)
    assert due == datetime(2026, 5, 15, 10, 0, tzinfo=UTC)


async def test_taps_and_ticks_replayed_in_any_order_have_one_effect(desk: Desk, client: Client) -> None:
    """Each of these happens three times, shuffled: one check-in, one version of each answer, one post each."""
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [8, 7, 9])
    before = [row.key for row in await posts(desk)]

    async def again(what: int) -> None:
        async with desk.turn() as turn:
            if what < 3:
                await checkins.answer(turn, client, check_in.id, what, (8, 7, 9)[what], 500)
            elif what == 3:
                await checkins.release_due(turn)
            elif what == 4:
                await checkins.sent(turn, check_in.id)
            else:
                await checkins.back(turn, client, check_in.id, 2, 500)

    order = [n for n in range(6) for _ in range(3)]
    random.Random(7).shuffle(order)  # the same order in every run
    for what in order:
        await again(what)
    async with desk.glance() as m:
        answers = await m.answers.of_check_in(check_in.id)
    assert [(one.item, one.value, one.version) for one in answers] == [(0, 8, 1), (1, 7, 1), (2, 9, 1)]
    assert [row.key for row in await posts(desk)] == before
    assert len(await all_of(desk, client)) == 1


async def many(desk: Desk, worker: Person, count: int) -> None:
    """So many clients, all due at the same minute, written straight into the tables."""
    due, version = datetime(2026, 5, 12, 13, 0, tzinfo=UTC), people.consent_version(desk.plan, "en")
    async with desk.turn() as turn:
        ids = [f"{n:016x}" for n in range(count)]
        common = {"role": Role.CLIENT, "language": "en", "timezone": "Europe/London", "status": Status.JOINED}
        await turn.m.con.execute(
            t.person.insert(),
            [
                {"id": one, "ref": f"R-{one}", "chat_id": 10_000 + n, "created_at": turn.now, **common}
                for n, one in enumerate(ids)
            ],
        )
        await turn.m.con.execute(
            t.client.insert(),
            [
                {
                    "person_id": one,
                    "worker_id": worker.id,
                    "asking": "on",
                    "consent_version": version,
                    "consent_at": turn.now,
                }
                for one in ids
            ],
        )
        await turn.m.con.execute(
            t.timetable.insert(),
            [
                {
                    "client_id": one,
                    "schedule": "twice a week",
                    "next_due_at": due,
                    "due_at": due,
                    "local_date": due.date(),
                    "slot": "day",
                }
                for one in ids
            ],
        )


async def test_a_thousand_clients_at_the_same_minute_are_all_asked(desk: Desk, worker: Person) -> None:
    await contacts(desk)
    await many(desk, worker, 1_000)
    move(desk, hours=1)
    units, began = 0, perf_counter()
    while await release(desk):
        units += 1
    print(f"1,000 released in {perf_counter() - began:.2f} s")  # shown by pytest -s; no time is asserted
    assert units == 10
    async with desk.glance() as m:
        asked_now = await m.con.scalar(sa.select(sa.func.count()).select_from(t.outbox))
        planned = await m.con.scalar(sa.select(sa.func.count()).select_from(t.check_in))
    assert (asked_now, planned) == (1_000, 1_000)


async def test_what_is_due_is_found_by_the_index(desk: Desk) -> None:
    """However many rows there are, only the due ones are looked at."""
    if not desk.memory.is_sqlite:
        pytest.skip("PostgreSQL's planner reads an empty table from end to end, whatever indexes there are")
    async with desk.glance() as m:
        query = "EXPLAIN QUERY PLAN SELECT * FROM timetable WHERE next_due_at <= '2026' ORDER BY next_due_at LIMIT 100"
        how = [row[3] for row in await m.con.exec_driver_sql(query)]
    assert len(how) == 1
    assert "USING INDEX ix_timetable_next_due_at" in how[0]


async def test_rows_of_somebody_elses_plan_are_never_mixed_up(desk: Desk, client: Client, worker: Person) -> None:
    other = await a_client(desk, worker, ref="R-119", chat_id=1002)
    for one in (client, other):
        await plan_for(desk, one)
    move(desk, hours=1)
    await release(desk)
    found: list[CheckIn] = [await latest(desk, one) for one in (client, other)]
    assert [one.client_id for one in found] == [client.id, other.id]
    assert {row.person_id: row.check_in_id for row in await posts(desk)} == {one.client_id: one.id for one in found}
