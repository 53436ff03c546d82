"""The preview tells what will happen: the same people, questions and times as when the time has come."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import bank
from bot.actions import preview as looking
from bot.actions.desk import Desk
from bot.actions.release import release_due
from bot.actions.timetable import plan_for
from bot.domain.people import Asking
from bot.domain.plan import Plan
from bot.domain.preview import Foreseen, preview
from tests.support.people import a_client, a_worker
from tests.support.plans import a_plan

DAYS = 9


@pytest.fixture
def plan() -> Plan:
    return replace(a_plan(), bank=bank.shipped())


async def previewed(desk: Desk) -> list[Foreseen]:
    async with desk.turn() as turn:
        return preview(turn.plan, await looking.everybody(turn), turn.now, DAYS)


async def test_what_is_previewed_is_what_happens(desk: Desk) -> None:
    """Three zones, one of them on a break: each occasion with its questions, or the reason why not."""
    worker = await a_worker(desk)
    clients = [
        await a_client(desk, worker, "R-1", chat_id=1),
        await a_client(desk, worker, "R-2", chat_id=2, timezone="Asia/Kathmandu"),
        await a_client(desk, worker, "R-3", chat_id=3, timezone="America/New_York", asking=Asking.BREAK),
    ]
    refs = {client.id: client.ref for client in clients}
    async with desk.turn() as turn:
        for client in clients:
            await plan_for(turn, client.id)
    told = await previewed(desk)
    begin = desk.clock.now()
    for at in sorted({line.at for line in told}):
        desk.clock.advance_to(at)  # the clock of a rehearsal is moved by hand
        async with desk.turn() as turn:
            await release_due(turn)
    async with desk.turn() as turn:
        happened = [
            (refs[client.id], one.planned_at, tuple(item.question for item in one.items), one.reason)
            for client in clients
            for one in await turn.m.checkins.of(client.id)
        ]
    expected = [(one.ref, one.at, one.questions, None if one.outcome == "ask" else one.outcome) for one in told]
    assert sorted(happened) == sorted(expected)
    assert len(told) >= 7
    assert all(begin < line.at <= begin + timedelta(days=DAYS) for line in told)


async def test_a_check_in_that_is_open_now_and_days_already_done_are_known(desk: Desk) -> None:
    client = await a_client(desk, await a_worker(desk))
    async with desk.turn() as turn:
        await plan_for(turn, client.id)
    desk.clock.advance(timedelta(hours=1))
    async with desk.turn() as turn:
        assert await release_due(turn) == 1
        [looked] = await looking.everybody(turn)
    assert [one.items[0].question for one in looked.standing.rounds] == ["B1"]
    assert looked.open_until == desk.clock.now() + timedelta(hours=24)
    assert looked.last["twice a week"].local_date == desk.clock.now().date()
