"""Receiving never dies quietly (R20): whatever `getUpdates` answers, once or for a minute, it goes on by itself.

Over a real loopback socket, with the clock moved by the pauses that the receiver asks for.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
import sqlalchemy as sa

from bot.actions.desk import Desk
from bot.actions.presence import RECEIVE, Presence
from bot.domain.plan import Plan
from bot.http import app
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Kind, Phone, Rule, StandIn, serve
from handlers import receiver, routes
from handlers.receiver import Receiver
from handlers.sender import make_bot
from storage import tables as t
from storage.unit_of_work import Memory
from tests.support.desks import desk_for

TOKEN = "123456:made-up-token-for-tests"
A_MINUTE = 60.0
ILL = {
    Kind.UNAUTHORIZED: "token_refused",
    Kind.NOT_FOUND: "token_refused",
    Kind.CONFLICT: "second_receiver",
    Kind.BAD_GATEWAY: "not_reached",
    Kind.PAGE: "not_reached",
    Kind.HANG: "not_reached",
    Kind.HALF_JSON: "not_reached",
    Kind.DROP_BEFORE: "not_reached",
    Kind.TOO_MANY: "flood_control",
}


@dataclass
class Line:
    """A receiver at work against the stand-in, one long poll at a time."""

    desk: Desk
    standin: StandIn
    receiver: Receiver
    sam: Phone
    tries: int = 0
    pauses: list[float] = field(default_factory=list)

    @property
    def clock(self) -> RehearsalClock:
        assert isinstance(self.desk.clock, RehearsalClock)
        return self.desk.clock

    async def poll(self) -> bool:
        """Once, and then the pause that it asks for. Whether it got through."""
        pause = await self.receiver._once(self.tries)
        self.tries = self.tries + 1 if pause else 0
        if pause is not None:
            self.pauses.append(pause.total_seconds())
            self.clock.advance(pause, steady=pause)
        return pause is None

    async def kept(self) -> list[int]:
        async with self.desk.glance() as m:
            return list(await m.con.scalars(sa.select(t.inbox.c.update_id).order_by(t.inbox.c.update_id)))

    async def healthz(self) -> tuple[int, float, str | None]:
        """Status, the age of the last success, what stands in the way."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app(self.desk)), base_url="http://x") as client:
            answer = await client.get("/healthz")
        return answer.status_code, answer.json()["ages"][RECEIVE], answer.json()["trouble"].get(RECEIVE)


@pytest.fixture
async def line(sqlite_empty: Memory, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    monkeypatch.setattr(receiver, "ANSWERS_WITHIN", 0.2)
    monkeypatch.setattr(receiver, "LONG_POLL_SECONDS", 0)
    desk = desk_for(sqlite_empty, plan)
    standin = StandIn(desk.clock, TOKEN)
    sam = standin.person(7001, "Sam")
    async with serve(standin) as address:
        tg = make_bot(TOKEN, address)
        desk.progress.begin(RECEIVE)
        yield Line(desk, standin, Receiver(desk, tg, Presence(desk, routes.came_back).heard), sam)
        for one in tg._request:
            await one.shutdown()


@pytest.mark.parametrize("kind", ILL)
async def test_whatever_goes_wrong_once_the_next_poll_gets_what_was_waiting(line: Line, kind: Kind) -> None:
    line.sam.start()
    line.standin.faults.add(Rule(kind, "getUpdates", seconds=A_MINUTE))
    assert not await line.poll()
    assert (await line.healthz())[2] == ILL[kind]
    assert await line.poll()
    assert len(await line.kept()) == 1
    assert await line.healthz() == (200, 0.0, None)


@pytest.mark.parametrize(
    "kind", [one if one is Kind.UNAUTHORIZED else pytest.param(one, marks=pytest.mark.slow) for one in ILL]
)
async def test_whatever_goes_wrong_for_a_minute_it_goes_on_by_itself_and_says_since_when(line: Line, kind: Kind) -> None:
    assert await line.poll()
    line.standin.faults.add(Rule(kind, "getUpdates", times=None, seconds=A_MINUTE))
    line.sam.start()
    began = line.clock.monotonic()
    while line.clock.monotonic() - began < A_MINUTE:
        assert not await line.poll()
    status, age, trouble = await line.healthz()
    assert (status, trouble) == (200, ILL[kind])
    assert A_MINUTE <= age < 2 * A_MINUTE
    assert max(line.pauses) <= 10, "taps live for 150 s"
    line.standin.faults.clear()
    assert await line.poll()
    assert len(await line.kept()) == 1
    assert await line.healthz() == (200, 0.0, None)


async def test_after_two_minutes_it_is_ill_and_well_again_as_soon_as_it_gets_through(line: Line) -> None:
    assert await line.poll()
    line.standin.faults.add(Rule(Kind.BAD_GATEWAY, "getUpdates", times=None))
    while line.clock.monotonic() <= 120:
        assert not await line.poll()
    assert (await line.healthz())[0] == 503
    line.standin.faults.clear()
    assert await line.poll()
    assert (await line.healthz())[0] == 200


async def test_an_update_that_is_none_keeps_nobody_else_waiting(line: Line) -> None:
    line.standin.push("message", {"text": 5}, ("message", 1))
    line.sam.start()
    assert await line.poll()
    assert len(await line.kept()) == 2
    assert await line.poll()
    assert line.standin.queue.ready(line.clock.now()) == [], "both are confirmed"


async def test_what_the_database_does_not_take_is_asked_for_again(line: Line) -> None:
    line.sam.start()
    async with line.desk.turn() as turn:
        await turn.m.con.exec_driver_sql("ALTER TABLE inbox RENAME TO away")
    try:
        assert not await line.poll()
        assert (await line.healthz())[2] == "not_kept"
        assert line.standin.queue.ready(line.clock.now()) != []
    finally:
        async with line.desk.turn() as turn:
            await turn.m.con.exec_driver_sql("ALTER TABLE away RENAME TO inbox")
    assert await line.poll()
    assert len(await line.kept()) == 1


async def test_a_long_poll_is_given_its_time_and_no_more(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure the answer has to come at once: half a minute on a dead line would be half a minute of taps."""
    monkeypatch.setattr(receiver, "LONG_POLL_SECONDS", 25)
    assert await line.poll()
    line.standin.faults.add(Rule(Kind.BAD_GATEWAY, "getUpdates"))
    line.sam.start()
    assert not await line.poll()
    assert await line.poll()
    asked = [int(call.params["timeout"]) for call in line.standin.calls if call.method == "getUpdates"]
    assert asked == [0, 25, 0]
