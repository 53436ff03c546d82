"""What is loaded of a client for one look: as much as decides, however long they have been here."""

from datetime import date, timedelta

import pytest

from bot.actions.desk import Desk, Turn
from bot.domain.alerts import AlertState, Kind, Wish
from bot.domain.checkins import Answer, CheckIn, Item, State
from bot.domain.people import Client
from bot.domain.signals.history import WINDOW, History
from bot.domain.words import Severity
from storage import tables as t
from storage.histories import LOADED
from storage.remarks import WORKER
from storage.sessions import HELD, MISSED
from tests.support.people import a_client, a_worker

A_WEEK = timedelta(days=7)
YEARS = 5 * 52


@pytest.fixture
async def client(desk: Desk) -> Client:
    return await a_client(desk, await a_worker(desk))


async def live_through(turn: Turn, client: Client, weeks: int) -> None:
    """So many weeks up to now, each with a check-in, a meeting, a remark; at times a break, an outage, a repair."""
    for n in range(weeks):
        at = turn.now - (weeks - n) * A_WEEK
        check_in = CheckIn(
            id=f"{n:016x}",
            client_id=client.id,
            worker_id=client.worker_id,
            schedule="once a week",
            local_date=date(2020, 1, 1) + n * A_WEEK,
            slot="day",
            state=State.COMPLETED,
            items=(Item("B1"), Item("G1")),
            planned_at=at,
            sent_at=at,
            finished_at=at + timedelta(hours=1),
            last_touched_at=at + timedelta(hours=1),
            expires_at=at + timedelta(days=1),
        )
        await turn.m.checkins.add([check_in])
        for item, question, construct in ((0, "B1", "bond"), (1, "G1", "goals")):
            value = 7 + (n + item) % 3
            answered = Answer(item, question, construct, at + timedelta(hours=1), value=value, value_0_10=value)
            await turn.m.answers.add(check_in, answered)
        await turn.m.sessions.put(client.id, at - timedelta(days=1), MISSED if n % 9 == 0 else HELD, "W-1", at)
        remark = await turn.m.remarks.add(client.id, check_in.id, n, "a few words of mine", at)
        await turn.m.remarks.change(remark.id, shown_to=WORKER)
        if n % 20 == 0:
            await a_bad_week(turn, client, n)


async def a_bad_week(turn: Turn, client: Client, n: int) -> None:
    at = turn.now - n * A_WEEK - timedelta(days=3)
    span = {"starts_at": at, "ends_at": at + timedelta(days=2)}
    await turn.m.con.execute(t.pause.insert().values(client_id=client.id, why="client", **span))
    await turn.m.con.execute(t.absence.insert().values(**span))
    alert = await turn.m.alerts.add(
        client_id=client.id,
        worker_id=client.worker_id,
        kind=Kind.ALLIANCE,
        state=AlertState.REPAIRED,
        severity=Severity.MEDIUM,
        wish=Wish.TELL,
        waits=False,
        check_in_id=None,
        raised_at=at,
        goes_at=at,
        ladder=(),
        step=0,
    )
    await turn.m.alerts.change(alert, closed_at=at + timedelta(days=2))
    await turn.m.alerts.note(alert, at + timedelta(days=1), AlertState.TALKED, "W-1")
    await turn.m.alerts.note(alert, at + timedelta(days=2), AlertState.REPAIRED, "client")


async def loaded(desk: Desk, client: Client, *, whole: bool) -> History:
    async with desk.turn() as turn:
        now = None if whole else turn.now
        return await turn.m.histories.of(client.id, "Europe/London", turn.plan.bank, now)


async def test_what_is_loaded_for_a_look_decides_as_all_there_is(desk: Desk, client: Client) -> None:
    async with desk.turn() as turn:
        await live_through(turn, client, YEARS)
    part, whole = await loaded(desk, client, whole=False), await loaded(desk, client, whole=True)
    now = desk.clock.now()
    assert len(whole.occasions) == YEARS
    assert part.until(now) == whole.until(now)
    assert len(part.until(now).occasions) == WINDOW


async def test_however_long_somebody_has_been_here_no_more_is_loaded(desk: Desk, client: Client) -> None:
    async with desk.turn() as turn:
        await live_through(turn, client, YEARS)
    part = await loaded(desk, client, whole=False)
    a_window = {"occasions": LOADED, "sessions": LOADED, "entered": LOADED + 1, "remarks": LOADED + 1}
    assert {name: len(getattr(part, name)) for name in a_window if len(getattr(part, name)) > a_window[name]} == {}
    assert all(getattr(part, name) for name in a_window)
    for name in ("pauses", "absences", "resets", "repairs"):
        assert 0 < len(getattr(part, name)) <= LOADED // 20 + 1


async def test_the_same_said_again_of_a_meeting_is_no_news(desk: Desk, client: Client) -> None:
    async with desk.turn() as turn:
        met, first = turn.now - 5 * A_WEEK, turn.now - 4 * A_WEEK
        await turn.m.sessions.put(client.id, met, MISSED, "W-1", first)
        await turn.m.sessions.put(client.id, met, MISSED, "M-1", turn.now)
        assert [(one.said_by, one.said_at) for one in await turn.m.sessions.of(client.id)] == [("M-1", first)]
        await turn.m.sessions.put(client.id, met, HELD, "W-1", turn.now)
        assert [(one.state, one.said_at) for one in await turn.m.sessions.of(client.id)] == [(HELD, turn.now)]
