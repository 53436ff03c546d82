"""Webhook mode: the door says 200 only for what is on disk, and the webhook is kept where it belongs."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot import webhook
from bot.actions.desk import Desk
from bot.actions.presence import HEARD, RECEIVE, Presence, heard_until
from bot.http import app
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Kind, Phone, Rule, StandIn
from bot.rehearsal.telegram.webhook import Pusher
from bot.webhook import LARGEST_BODY, SECRET, Door
from handlers import receiver
from handlers.hook import ALLOWED, LOOK_EVERY, HookKeeper
from handlers.receiver import Receiver
from handlers.sender import make_bot
from storage import tables as t

TOKEN = "123456:made-up-token-for-tests"
OURS, URL = "a-long-random-word-of-ours", "https://bot.example.org/telegram"
THEIRS = "https://somebody.example.org/else"
GOOD = {"update_id": 7, "message": {"message_id": 1, "chat": {"id": 1001, "type": "private"}, "text": "hello"}}


async def hears(desk: Desk) -> bool:
    async with desk.turn() as turn:
        return await heard_until(turn) == turn.now


on_sqlite = pytest.mark.parametrize("memory", ["sqlite"], indirect=True)
"""For what is decided before or beside the database."""


@dataclass
class House:
    """A bot in webhook mode in this process: Telegram, the web server in front (which may be away), the door."""

    desk: Desk
    standin: StandIn
    keeper: HookKeeper
    receiver: Receiver
    outside: httpx.AsyncClient
    """Who calls the door, as a web server in front would."""
    pusher: Pusher
    sam: Phone
    absences: list[float] = field(default_factory=list)
    is_up: bool = True

    @property
    def clock(self) -> RehearsalClock:
        assert isinstance(self.desk.clock, RehearsalClock)
        return self.desk.clock

    async def knock(self, body: object = GOOD, secret: str | None = OURS) -> int:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {} if secret is None else {SECRET: secret}
        return (await self.outside.post("/telegram", content=content, headers=headers)).status_code

    async def kept(self) -> list[int]:
        async with self.desk.glance() as m:
            return list(await m.con.scalars(sa.select(t.inbox.c.update_id).order_by(t.inbox.c.update_id)))

    async def look(self) -> None:
        """It is time to ask Telegram again, and it is asked."""
        self.clock.advance(LOOK_EVERY, steady=LOOK_EVERY)
        await self.keeper.step()

    async def pass_looking(self, seconds: float) -> None:
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            await self.look()

    async def readyz(self) -> dict[str, bool]:
        found: dict[str, bool] = (await self.outside.get("/readyz")).json()
        return found


@pytest.fixture
async def house(desk: Desk) -> AsyncIterator[House]:
    standin = StandIn(desk.clock, TOKEN)
    tg = make_bot(TOKEN, "http://telegram", transport=httpx.ASGITransport(standin.app))
    absences: list[float] = []

    async def came_back(turn: Any, since: Any) -> None:
        absences.append((turn.now - since).total_seconds())

    presence = Presence(desk, came_back)
    keeper = HookKeeper(desk, tg, URL, SecretStr(OURS), presence.heard)
    door = app(desk, Door(desk, "/telegram", SecretStr(OURS), keeper.brought))

    async def through_the_proxy(request: httpx.Request) -> httpx.Response:
        if not found.is_up:
            return httpx.Response(502)
        return await httpx.ASGITransport(door).handle_async_request(request)

    desk.listens = True
    desk.progress.begin(RECEIVE)
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://door") as outside,
        httpx.AsyncClient(transport=httpx.MockTransport(through_the_proxy)) as telegram,
    ):
        pusher = Pusher(standin, telegram)
        polling = Receiver(desk, tg, presence.heard)
        found = House(desk, standin, keeper, polling, outside, pusher, standin.person(7001, "Sam"), absences)
        yield found


# ---------------------------------------------------------------- the door


async def test_what_is_brought_with_the_secret_is_kept_and_only_once(house: House) -> None:
    assert [await house.knock(), await house.knock()] == [200, 200]
    assert await house.kept() == [7]
    assert house.desk.bells.inbox.is_set()


@on_sqlite
@pytest.mark.parametrize("secret", [None, "", "wrong", OURS[:-1], f"{OURS} ", "é" * 26])
async def test_without_the_secret_nobody_gets_in(house: House, secret: str | None) -> None:
    assert await house.knock(secret=secret.encode() if secret else secret) == 403
    assert await house.kept() == []


@on_sqlite
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe", 400),
        (b'{"update_id": 7, "mess', 400),
        (b"[" * 100_000, 400),
        (b'{"update_id": ' + b"9" * 5000 + b"}", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'{"message": {}}', 400),
        (b'{"update_id": "7"}', 400),
        (b'{"update_id": true}', 400),
        (b'{"update_id": 9223372036854775808}', 400),
        (b" " * (LARGEST_BODY + 1), 413),
    ],
    ids=lambda given: f"{given[:20]!r}" if isinstance(given, bytes) else str(given),
)
async def test_what_can_never_be_kept_may_come_twice_more_and_then_blocks_its_chat_no_longer(
    house: House, body: bytes, status: int
) -> None:
    assert [await house.knock(body) for _ in range(3)] == [status, status, 200]
    assert await house.knock() == 200
    assert await house.kept() == [7]


@on_sqlite
async def test_the_largest_update_that_there_may_be_is_kept(house: House) -> None:
    room = LARGEST_BODY - len(json.dumps({**GOOD, "more": ""}))
    assert await house.knock({**GOOD, "more": "x" * room}) == 200
    assert await house.kept() == [7]


async def test_while_the_database_is_away_telegram_is_asked_to_come_again_and_nothing_is_lost(house: House) -> None:
    async with house.desk.turn() as turn:
        await turn.m.con.exec_driver_sql("ALTER TABLE inbox RENAME TO away")
    try:
        with capture_logs() as said:
            answer = await house.outside.post("/telegram", json=GOOD, headers={SECRET: OURS})
    finally:
        async with house.desk.turn() as turn:
            await turn.m.con.exec_driver_sql("ALTER TABLE away RENAME TO inbox")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert [line["event"] for line in said] == ["updates_not_kept"]
    assert await house.knock() == 200
    assert await house.kept() == [7]


async def test_a_database_that_hangs_is_not_waited_for_longer_than_telegram_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as impatient:
        impatient.setattr(webhook, "PATIENCE_SECONDS", 0.05)
        async with house.desk.turn() as turn:
            if not house.desk.memory.is_sqlite:  # whose one writer is busy as it is
                await turn.m.con.exec_driver_sql("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
            assert await house.knock() == 503
    assert await house.knock() == 200
    assert await house.kept() == [7]


@on_sqlite
async def test_it_is_a_door_for_bringing_and_for_nothing_else(house: House) -> None:
    assert (await house.outside.get("/telegram")).status_code == 405
    assert (await house.outside.post("/", json=GOOD, headers={SECRET: OURS})).status_code == 404


@on_sqlite
async def test_whoever_knocks_in_vain_is_counted_and_fills_no_log(house: House) -> None:
    with capture_logs() as said:
        for _ in range(50):
            await house.knock(secret="guess")
    assert [line["event"] for line in said] == ["webhook_knocked"]
    figures = (await house.outside.get("/metrics")).text
    assert 'checkin_updates_turned_away_total{why="secret"} 50.0' in figures
    assert "guess" not in f"{said}{figures}"


# ---------------------------------------------------------------- the webhook, kept in its place


@on_sqlite
async def test_at_the_start_it_is_set_with_the_secret_and_what_waits_stays(house: House) -> None:
    house.sam.start()
    await house.keeper.step()
    (call,) = [one for one in house.standin.calls if one.method == "setWebhook"]
    assert (house.standin.webhook.url, house.standin.webhook.secret) == (URL, OURS)
    assert house.standin.queue.allowed == frozenset(ALLOWED)
    assert "true" not in str(call.params.get("drop_pending_updates", "")).lower()
    assert await house.pusher.push_once() == 1
    assert len(await house.kept()) == 1


@on_sqlite
async def test_it_is_not_set_again_while_it_stands(house: House) -> None:
    await house.keeper.step()
    await house.pass_looking(200)
    assert [one.method for one in house.standin.calls].count("setWebhook") == 1


@on_sqlite
@pytest.mark.parametrize("url", [THEIRS, ""])
async def test_an_address_that_somebody_moved_is_put_back_and_said(house: House, url: str) -> None:
    await house.keeper.step()
    house.standin.set_webhook(url, "", False)
    with capture_logs() as said:
        await house.look()
    assert house.standin.webhook.url == URL
    assert [line["event"] for line in said] == ["webhook_elsewhere", "webhook_set"]
    assert THEIRS not in str(said)
    assert await house.readyz() == {"database": True, "telegram": True}


@on_sqlite
async def test_as_long_as_it_cannot_be_put_back_the_bot_is_not_ready(house: House) -> None:
    await house.keeper.step()
    house.standin.set_webhook(THEIRS, "", False)
    house.standin.faults.add(Rule(Kind.BAD_REQUEST, "setWebhook", times=2))
    await house.look()
    assert await house.readyz() == {"database": True, "telegram": False}
    for _ in range(3):
        house.clock.advance(timedelta(seconds=10), steady=timedelta(seconds=10))
        await house.keeper.step()
    assert house.standin.webhook.url == URL
    assert await house.readyz() == {"database": True, "telegram": True}


@on_sqlite
@pytest.mark.parametrize(
    "kind", [Kind.UNAUTHORIZED, Kind.NOT_FOUND, Kind.BAD_GATEWAY, Kind.PAGE, Kind.HALF_JSON, Kind.HANG, Kind.TOO_MANY]
)
async def test_whatever_telegram_answers_it_is_tried_again_soon(house: House, kind: Kind) -> None:
    house.standin.faults.add(Rule(kind, "setWebhook"), Rule(kind, "getWebhookInfo"))
    for _ in range(6):
        await house.keeper.step()
        house.clock.advance(timedelta(seconds=5), steady=timedelta(seconds=5))
    assert house.standin.webhook.url == URL
    assert await hears(house.desk)
    assert house.desk.progress.trouble == {}


# ---------------------------------------------------------------- whether we can hear


async def test_telegram_saying_that_it_brings_updates_here_is_as_good_as_a_poll(house: House) -> None:
    assert not await hears(house.desk)
    await house.keeper.step()
    assert await hears(house.desk)
    await house.pass_looking(300)
    assert await hears(house.desk)
    assert house.absences == []
    async with house.desk.glance() as m:
        mark = await m.marks.get(HEARD)
    assert mark is not None
    assert (house.clock.now() - mark.at).total_seconds() <= 2 * LOOK_EVERY.total_seconds()


async def test_while_telegram_cannot_get_through_we_hear_nothing_and_then_it_was_an_absence(house: House) -> None:
    """A tap that waits longer than Telegram keeps it is gone, so what was open is asked once more."""
    await house.keeper.step()
    house.is_up = False
    house.sam.text("is anybody there?")
    for _ in range(10):
        await house.pusher.push_once()
        await house.look()
    assert not await hears(house.desk)
    assert house.desk.progress.trouble == {RECEIVE: "webhook_failing"}
    assert (await house.outside.get("/healthz")).status_code == 503
    assert (await house.readyz())["telegram"], "out of traffic it would never hear again"
    house.is_up = True
    house.clock.advance(timedelta(minutes=2))
    assert await house.pusher.push_once() == 1
    await house.keeper.step()
    assert await hears(house.desk)
    assert len(house.absences) == 1
    assert house.absences[0] > 120


@on_sqlite
async def test_what_comes_through_shows_that_the_way_is_open_again(house: House) -> None:
    await house.keeper.step()
    house.is_up = False
    house.sam.text("one")
    await house.pusher.push_once()
    await house.look()
    assert house.desk.progress.trouble == {RECEIVE: "webhook_failing"}
    house.is_up = True
    house.clock.advance(timedelta(seconds=5), steady=timedelta(seconds=5))
    await house.pusher.push_once()
    await house.keeper.step()
    assert house.desk.progress.trouble == {}
    await house.pass_looking(200)
    assert await hears(house.desk)
    assert house.absences == []


@on_sqlite
async def test_a_stumble_that_is_over_before_anybody_looked_is_none(house: House) -> None:
    await house.keeper.step()
    house.is_up = False
    house.sam.text("one")
    await house.pusher.push_once()
    house.is_up = True
    house.clock.advance(timedelta(seconds=5), steady=timedelta(seconds=5))
    await house.pusher.push_once()
    await house.look()
    assert house.desk.progress.trouble == {}


async def test_what_went_wrong_while_the_bot_was_away_is_its_own_absence_and_no_more(house: House) -> None:
    """Telegram names its last error for ever; after a quick restart nobody is asked again because of it."""
    house.standin.set_webhook(URL, OURS, False)
    house.standin.webhook.last_error = (int(house.clock.now().timestamp()), "Wrong response from the webhook: 502")
    async with house.desk.turn() as turn:
        await turn.m.marks.set(HEARD, turn.now - timedelta(seconds=10))
    await house.keeper.step()
    assert await hears(house.desk)
    assert house.absences == []


async def test_an_hour_away_is_an_absence_in_this_mode_too(house: House) -> None:
    async with house.desk.turn() as turn:
        await turn.m.marks.set(HEARD, turn.now - timedelta(hours=1))
    await house.keeper.step()
    assert house.absences == [3600.0]


# ---------------------------------------------------------------- from one mode to the other and back


async def test_changing_the_mode_and_back_loses_and_doubles_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "LONG_POLL_SECONDS", 0)
    house.sam.start()
    handed = await house.receiver._fetch()  # handed out, and the process dies before it has kept them
    assert len(handed) == 1
    house.sam.text("two")
    await house.keeper.step()  # started anew, in webhook mode
    assert [await house.pusher.push_once() for _ in range(2)] == [1, 1]
    house.sam.text("three")
    house.is_up = False
    await house.pusher.push_once()
    await house.receiver._leave_webhook()  # and once more, in polling mode
    assert await house.receiver._once(0) is None
    house.sam.text("four")
    assert await house.receiver._once(0) is None
    assert await house.receiver._once(0) is None
    assert len(await house.kept()) == 4
    assert house.standin.queue.ready(house.clock.now()) == []
