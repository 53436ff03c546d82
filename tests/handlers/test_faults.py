"""Courier, messenger and stand-in together over a real socket, while a third of all calls goes wrong and couriers die."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions import delivery
from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.domain.delivery import LEASE, Post, PostState, Urgency
from bot.domain.pacing import Pacing
from bot.domain.words import Facts
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Kind, Rule, StandIn, serve
from bot.texts import Texts
from handlers.sender import TelegramMessenger, make_bot
from handlers.views.screen import Button, Screen, Voice
from storage.unit_of_work import Memory
from tests.support.desks import sqlite_memory
from tests.support.people import a_client
from tests.support.post_office import rows, settled_down

TOKEN = "123456:made-up-token-for-tests"
QUESTIONS, ALERTS, KILLS = 2, 3, 5
STEP = timedelta(milliseconds=160)
FAULTS = (Kind.TOO_MANY, Kind.BAD_GATEWAY, Kind.DROP_BEFORE, Kind.DROP_AFTER, Kind.HALF_JSON, Kind.UNAUTHORIZED)


@pytest.fixture
async def memory(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Memory]:
    async with sqlite_memory(sqlite_template, tmp_path) as memory:
        yield memory


def view(facts: Facts, voice: Voice) -> Screen:
    return Screen(str(facts["name"]), ((Button("Yes", data="1:x"),),))


@pytest.fixture
def standin(desk: Desk) -> StandIn:
    return StandIn(desk.clock, TOKEN, flood=True, seed=7)


@pytest.fixture
async def messenger(desk: Desk, standin: StandIn) -> AsyncIterator[TelegramMessenger]:
    texts = Texts.shipped()
    async with serve(standin) as address:
        tg = make_bot(TOKEN, address)
        yield TelegramMessenger(
            tg, {"q": view, "alert": view}, lambda language: Voice(texts.for_language(language), desk.plan)
        )
        for line in tg._request:
            await line.shutdown()


async def everything_posted(desk: Desk, standin: StandIn, people: int) -> None:
    for n in range(people):
        client = await a_client(desk, ref=f"R-{n}", chat_id=7000 + n)
        standin.person(7000 + n, "Alex").start()
        kinds = [("q", Urgency.QUESTION)] * QUESTIONS + [("alert", Urgency.ALERT)] * ALERTS
        async with desk.turn() as turn:
            for place, (kind, urgency) in enumerate(kinds):
                name = f"{kind}-{n}-{place}"
                await delivery.post(turn, Post(client.id, kind, name, {"name": name}, urgency=urgency))


async def open_rows(desk: Desk) -> int:
    return sum(row.state in (PostState.WAITING, PostState.SENDING) for row in await rows(desk))


async def until_nothing_is_open(desk: Desk, messenger: TelegramMessenger, dice: random.Random) -> None:
    """One courier after another; the first ones are killed in the middle of whatever they do."""
    clock = desk.clock
    assert isinstance(clock, RehearsalClock)
    kills = KILLS
    while await open_rows(desk):
        courier = asyncio.get_running_loop().create_task(Courier(desk, messenger, None, Pacing.of()).run())
        steps = dice.randrange(5, 40) if kills else 100_000
        for _ in range(steps):
            clock.advance(STEP)
            await settled_down(8)
            if not kills and not await open_rows(desk):
                break
        courier.cancel()
        await asyncio.gather(courier, return_exceptions=True)
        kills -= kills > 0
        clock.advance(LEASE)


@pytest.mark.parametrize(
    "people", [10, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.at_length, pytest.mark.timeout(600)])]
)
async def test_no_alert_is_lost_no_question_shown_a_third_time_and_every_429_is_respected(
    desk: Desk, standin: StandIn, messenger: TelegramMessenger, people: int
) -> None:
    await everything_posted(desk, standin, people)
    standin.faults.add(*(Rule(kind, times=None, retry_after=3, probability=0.05) for kind in FAULTS))
    async with asyncio.timeout(5 * people):
        await until_nothing_is_open(desk, messenger, random.Random(3))
    shown = Counter(
        message.text.split("\n\n")[-1]
        for phone in standin.phones.values()
        for message in phone.messages
        if message.from_bot
    )
    settled = {row.key: row for row in await rows(desk)}
    alerts = [name for name in settled if name.startswith("alert")]
    questions = [name for name in settled if name.startswith("q")]
    assert (len(alerts), len(questions)) == (people * ALERTS, people * QUESTIONS)
    assert [name for name in alerts if shown[name] == 0 or settled[name].state != PostState.SENT] == []
    assert [name for name in questions if shown[name] > 2] == []
    # A question may be missing only if nobody could know twice.
    assert [name for name in questions if not shown[name] and settled[name].why != "unsure_twice"] == []
    assert [given for given in standin.flood.given if given.early] == []
