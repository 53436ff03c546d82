"""A thousand people at the same minute, at Telegram's pace, while alerts have to get through."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.actions import checkins
from bot.actions.desk import Desk
from bot.app import open_desk
from bot.domain.matters import Alert
from bot.domain.people import Person
from bot.domain.schedules import Due
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import Call, StandIn
from storage.timetable import Slot
from tests.support.people import a_client, a_manager, a_worker
from tests.support.stories import earlier_answers
from tests.support.town import CONFIG, Town, loaded, open_town, settled

CLIENTS, WORRIED = 1000, 10
BEFORE = datetime(2026, 5, 12, 12, 58, tzinfo=UTC)
TWO = datetime(2026, 5, 12, 13, 0, tzinfo=UTC)
"""At two in the afternoon in London."""
APART = timedelta(seconds=3)
SPEED = 1.0
PACED = CONFIG.replace("messages_per_second = 0\nchat_messages_per_second = 0", "") + (
    '\n[[schedules]]\nname = "early"\ndays = ["sun"]\ntime = "10:00"\nquestions = ["B1"]\nexpires_after = "24h"\n'
)


async def crowd(desk: Desk) -> None:
    """A thousand clients, asked at two; ten of them, with a worker each, have been asked something already."""
    await a_manager(desk)
    await a_manager(desk, "M-2", "Ada", 3002)
    worker = await a_worker(desk)
    for n in range(WORRIED):
        own = await a_worker(desk, f"W-{n + 10}", f"Worker {n}", 20_000 + n)
        client = await a_client(desk, own, f"R-{n}", f"C{n}", 10_000 + n)
        await earlier_answers(desk, client, [(8, 8, 8)] * 6)
        async with desk.turn() as turn:
            due = Due(turn.now.date(), "", turn.now)
            await turn.m.timetable.put([Slot(client.id, "early", due, turn.now)])
    await many(desk, worker)


async def many(desk: Desk, worker: Person) -> None:
    for n in range(WORRIED, CLIENTS + WORRIED):
        client = await a_client(desk, worker, f"R-{n}", f"C{n}", 10_000 + n)
        async with desk.turn() as turn:
            await checkins.plan_for(turn, client.id)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_thousand_are_asked_at_once_and_alerts_pass_by(tmp_path: Path) -> None:
    """All asked once at 25 a second, never a 429; alerts that fall due meanwhile are on the phone within 2 seconds."""
    clock = RehearsalClock(BEFORE)
    found = loaded(tmp_path, PACED)
    async with open_desk(found.settings, found.plan, clock, tell=lambda _: None) as desk:
        await crowd(desk)
    clock = RehearsalClock(clock.now(), speed=SPEED)
    standin = StandIn(clock, TOKEN, flood=True)
    for chat_id in (*range(10_000, 10_000 + CLIENTS + WORRIED), *range(20_000, 20_000 + WORRIED)):
        standin.person(chat_id, f"P{chat_id}").chat.open = True
    async with open_town(tmp_path, tmp_path, clock=clock, standin=standin, config=PACED) as town:
        await worried(town)
        clock.advance_to(TWO)
        await standin.phones[10_000 + CLIENTS].until(lambda: len(questions(standin)) >= CLIENTS, 120)
        await settled(town.stage)
        alerts = await raised(town)
    sent = questions(standin)
    assert len({call.chat_id for call in sent}) == len(sent) == CLIENTS
    assert standin.flood.given == []
    assert all(call.status == 200 for call in standin.calls if call.method.startswith(("send", "edit")))
    took = sent[-1].steady - sent[0].steady
    late = [reached(standin, n) - alert.goes_at for n, alert in enumerate(alerts)]
    print(f"{CLIENTS} asked in {took:.1f} s; alerts after {[round(one.total_seconds(), 2) for one in late]} s")
    assert CLIENTS / took <= 26
    assert took < 60
    assert max(late) <= timedelta(seconds=2)
    assert all(timedelta() < alert.goes_at - TWO < timedelta(seconds=took) for alert in alerts)


async def worried(town: Town) -> None:
    """Ten answer low and let their worker know, one after the other, so that all fall due in the middle of it."""
    for n in range(WORRIED):
        phone = town.stage.standin.phones[10_000 + n]
        card = await phone.expect(lambda one: "10" in one.labels, 20)
        phone.tap("2", card.id)
    for n in range(WORRIED):
        phone = town.stage.standin.phones[10_000 + n]
        choice = await phone.expect("How shall Worker", 20)
        town.stage.clock.advance_to(TWO - timedelta(seconds=57) + n * APART)
        phone.tap(choice.labels[0], choice.id)
        await phone.expect("gets your answers", 20)


def questions(standin: StandIn) -> list[Call]:
    """What was sent to the thousand."""
    first = 10_000 + WORRIED
    return [one for one in standin.calls if one.method == "sendMessage" and first <= (one.chat_id or 0) < 20_000]


async def raised(town: Town) -> list[Alert]:
    async with town.stage.desk.glance() as m:
        found = [await m.people.client_by_ref(f"R-{n}") for n in range(WORRIED)]
        return [(await m.alerts.of_client(client.id))[0] for client in found if client is not None]


def reached(standin: StandIn, number: int) -> datetime:
    """When the alert stood on the worker's phone."""
    return min(one.at for one in standin.calls if one.chat_id == 20_000 + number and one.method == "sendPhoto")
