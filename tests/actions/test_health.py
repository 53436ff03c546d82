"""It says when it is ill (R15): stalled loops, a database that is gone, a token that was revoked; the sign of life."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot import ticks
from bot.actions import erasures, inbox, privacy
from bot.actions.desk import Desk, Turn
from bot.actions.heartbeat import Heart
from bot.actions.inbox import Reader
from bot.actions.presence import RECEIVE, Presence
from bot.actions.pulse import COUNTERS, Tally
from bot.domain.plan import Plan
from bot.http import app
from bot.ports import Refused, TryLater, Unsure
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import StandIn
from handlers import receiver, routes
from handlers.receiver import Receiver
from handlers.sender import make_bot
from storage.sealing import Seal, new_key
from storage.unit_of_work import Memory
from tests.support.checkins import asked, tap
from tests.support.desks import desk_for, sqlite_memory
from tests.support.people import a_client, a_manager, a_worker
from tests.support.post_office import deliver, settled_down

EVERY = timedelta(minutes=1)
REVOKED = "123456:revoked-revoked-revoked-token"
on_sqlite = pytest.mark.parametrize("memory", ["sqlite"], indirect=True)
"""For what the database has no part in."""


def on(desk: Desk) -> RehearsalClock:
    assert isinstance(desk.clock, RehearsalClock)
    return desk.clock


def pass_seconds(desk: Desk, seconds: float) -> None:
    on(desk).advance(timedelta(seconds=seconds), steady=timedelta(seconds=seconds))


async def seen(desk: Desk, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(desk)), base_url="http://x") as client:
        return await client.get(path)


@dataclass
class Switch:
    """A dead-man's switch on a loopback port: how often it was called, and what it answers."""

    url: str = ""
    calls: list[str] = field(default_factory=list)
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"

    @asynccontextmanager
    async def up(self) -> AsyncIterator["Switch"]:
        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.calls.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(self.answer)
            writer.close()

        server = await asyncio.start_server(hear, "127.0.0.1", 0)
        async with server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/planted-secret"
            yield self


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    async with Switch().up() as one:
        yield one


@pytest.fixture
async def beat(desk: Desk, switch: Switch) -> AsyncIterator[Callable[[], Awaitable[timedelta]]]:
    heart = Heart(desk, SecretStr(switch.url), EVERY)
    async with httpx.AsyncClient(trust_env=False, timeout=5) as line:

        async def once() -> timedelta:
            return await heart.beat(line)

        yield once


Beat = Callable[[], Awaitable[timedelta]]


# ---------------------------------------------------------------- loops


async def nothing(turn: Turn) -> int:
    return 0


async def test_a_loop_that_stalls_makes_it_ill_and_the_heartbeat_stays_away(
    desk: Desk, beat: Beat, switch: Switch
) -> None:
    hangs, go_on = asyncio.Event(), asyncio.Event()

    async def may_hang(turn: Turn) -> int:
        if hangs.is_set():
            await go_on.wait()
        return 0

    loops = (ticks.Loop("release", asyncio.Event(), (nothing,)), ticks.Loop("escalate", asyncio.Event(), (may_hang,)))
    async with asyncio.TaskGroup() as house:
        tasks = [house.create_task(ticks.run(desk, one)) for one in loops]
        await until(lambda: {"release", "escalate"} <= desk.progress.at.keys())
        assert await beat() == EVERY
        assert (await seen(desk, "/healthz")).status_code == 200
        hangs.set()
        pass_seconds(desk, 121)
        if not desk.memory.is_sqlite:  # there, whoever holds the one writer stops the others too
            await until(lambda: desk.progress.stalled() == ("escalate",))
        answer = await seen(desk, "/healthz")
        assert answer.status_code == 503
        assert "escalate" in answer.json()["stalled"]
        with capture_logs() as said:
            await beat()
            await beat()
        assert len(switch.calls) == 1
        assert [line["event"] for line in said] == ["heartbeat_withheld"], "once, until all is well again"
        go_on.set()
        hangs.clear()
        for one in loops:
            one.bell.set()
        await until(lambda: desk.progress.stalled() == ())
        assert await beat() == EVERY
        for task in tasks:
            task.cancel()
    assert len(switch.calls) == 2


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not so():
            await settled_down(5)


@on_sqlite
async def test_a_piece_of_work_that_fails_every_time_is_an_illness_and_not_only_a_line_in_the_log(desk: Desk) -> None:
    async def broken(turn: Turn) -> int:
        raise ValueError

    loop = ticks.Loop("escalate", asyncio.Event(), (broken, nothing))
    async with asyncio.TaskGroup() as house:
        task = house.create_task(ticks.run(desk, loop))
        await until(lambda: "escalate" in desk.progress.begun)
        pass_seconds(desk, 121)
        await settled_down()
        assert (await seen(desk, "/healthz")).status_code == 503
        task.cancel()


async def test_a_list_of_the_erased_that_can_t_be_written_makes_it_ill_and_nobody_is_erased(
    desk: Desk, tmp_path: Path
) -> None:
    """A restored backup would bring them back. It goes on by itself once the list can be written."""
    worker = await a_worker(desk)
    client = await a_client(desk, worker)
    async with desk.turn() as turn:
        await turn.m.people.change_client(client.id, erase_at=turn.now)
        await turn.m.tombstones.raise_for("somebody", turn.now)
    desk.erased_file = tmp_path / "folder" / "list"
    tidy = ticks.Loop("tidy", asyncio.Event(), (privacy.erase_due,), (erasures.keep_outside,))
    await ticks.once(desk, tidy)
    desk.progress.mark("tidy")
    pass_seconds(desk, 121)
    desk.progress.mark("tidy")
    answer = await seen(desk, "/healthz")
    assert (answer.status_code, answer.json()["stalled"]) == (503, ["erased_list"])
    assert answer.json()["trouble"] == {"erased_list": "not_written"}
    async with desk.glance() as m:
        assert await m.tombstones.count() == 1
    desk.erased_file.parent.mkdir()
    for _ in range(2):
        await ticks.once(desk, tidy)
    assert (await seen(desk, "/healthz")).status_code == 200
    assert len(erasures.read(desk.erased_file)) == 2


@on_sqlite
async def test_before_anything_has_begun_nobody_says_that_it_is_well(desk: Desk) -> None:
    assert (await seen(desk, "/healthz")).status_code == 503


@on_sqlite
async def test_a_loop_that_never_gets_through_is_seen_as_well(desk: Desk) -> None:
    desk.progress.begin(RECEIVE)
    assert (await seen(desk, "/healthz")).status_code == 200
    pass_seconds(desk, 121)
    assert (await seen(desk, "/healthz")).json()["stalled"] == [RECEIVE]
    desk.progress.end(RECEIVE)
    assert (await seen(desk, "/healthz")).json()["stalled"] == []


# ---------------------------------------------------------------- the database


@pytest.fixture(params=["sqlite", "postgres"])
async def losable(
    request: pytest.FixtureRequest, plan: Plan, tmp_path: Path, sqlite_template: Path
) -> AsyncIterator[tuple[Desk, Callable[[], Awaitable[None]]]]:
    """A desk, and what takes its database away for good."""
    if request.param == "sqlite":
        async with sqlite_memory(sqlite_template, tmp_path) as memory:

            async def lose_file() -> None:
                await memory.close()
                overwrite(tmp_path / "checkin.db")

            yield desk_for(memory, plan), lose_file
        return
    server = sa.make_url(request.getfixturevalue("postgres_url"))
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    drop = sa.text("DROP DATABASE IF EXISTS losable WITH (FORCE)")
    with engine.connect() as con:
        con.execute(drop)
        con.execute(sa.text("CREATE DATABASE losable"))
    memory = Memory(server.set(database="losable").render_as_string(hide_password=False), Seal([new_key()]))
    async with memory.unit() as m:
        from storage.tables import meta

        await m.con.run_sync(meta.create_all)

    async def lose_database() -> None:
        with engine.connect() as con:
            con.execute(drop)

    yield desk_for(memory, plan), lose_database
    await memory.close()
    await lose_database()
    engine.dispose()


def overwrite(database: Path) -> None:
    for file in database.parent.glob(f"{database.name}-*"):
        file.unlink()
    database.write_text("Dear Sam, this is no database at all. " * 50)


async def test_a_closed_database_is_not_ready_and_then_ill(
    losable: tuple[Desk, Callable[[], Awaitable[None]]], switch: Switch
) -> None:
    desk, lose = losable
    heart = Heart(desk, SecretStr(switch.url), EVERY)
    async with asyncio.TaskGroup() as house, httpx.AsyncClient(trust_env=False) as line:
        loop = ticks.Loop("release", asyncio.Event(), (nothing,))
        tasks = [
            house.create_task(ticks.run(desk, loop)),
            house.create_task(Reader(desk, ears=None).run()),
        ]  # nothing comes in
        await until(lambda: {"release", "inbox"} <= desk.progress.at.keys())
        assert (await seen(desk, "/readyz")).json()["database"] is True
        await heart.beat(line)
        await lose()
        ready = await seen(desk, "/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, False)
        figures = await seen(desk, "/metrics")
        assert (figures.status_code, "checkin_database_up 0.0" in figures.text) == (200, True)
        for _ in range(5):  # what was under way when it went may still come to a good end
            if desk.progress.stalled() != ("inbox", "release"):
                pass_seconds(desk, 121)
                await settled_down()
        health = await seen(desk, "/healthz")
        assert (health.status_code, health.json()["stalled"]) == (503, ["inbox", "release"])
        await heart.beat(line)
        assert len(switch.calls) == 1
        for task in tasks:
            task.cancel()


# ---------------------------------------------------------------- the token


@on_sqlite
async def test_a_revoked_token_is_said_and_never_shown(
    desk: Desk, beat: Beat, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "LONG_POLL_SECONDS", 0)
    standin = StandIn(desk.clock, REVOKED)
    line = Receiver(
        desk,
        make_bot(REVOKED, "http://telegram", transport=httpx.ASGITransport(standin.app)),
        Presence(desk, routes.came_back).heard,
    )
    desk.progress.begin(RECEIVE)
    assert await line._once(0) is None
    await beat()
    assert (await seen(desk, "/readyz")).status_code == 200
    standin.token = "123456:another-token-since"
    with capture_logs() as said:
        for tries in range(13):
            pause = await line._once(tries)
            assert pause is not None
            pass_seconds(desk, 10)
        await beat()
    pages = {path: await seen(desk, path) for path in ("/healthz", "/readyz", "/metrics")}
    assert [pages[path].status_code for path in pages] == [503, 503, 200]
    assert pages["/healthz"].json()["trouble"] == {RECEIVE: "token_refused"}
    assert pages["/readyz"].json() == {"database": True, "telegram": False}
    assert len(switch.calls) == 1
    assert {line["event"] for line in said} == {"token_refused", "heartbeat_withheld"}
    told = f"{said}{[page.text for page in pages.values()]}{switch.calls}"
    assert REVOKED.partition(":")[2] not in told


# ---------------------------------------------------------------- the sign of life


@on_sqlite
async def test_it_says_nothing_but_that_it_lives(desk: Desk, beat: Beat, switch: Switch) -> None:
    desk.progress.begin(RECEIVE)
    desk.progress.mark(RECEIVE)
    assert await beat() == EVERY
    (call,) = switch.calls
    assert call.startswith("GET /ping/planted-secret HTTP/1.1\r\n")
    named = {line.partition(":")[0].lower() for line in call.splitlines()[1:] if line}
    assert named <= {"host", "user-agent", "accept", "accept-encoding", "connection"}


@on_sqlite
async def test_before_every_loop_has_got_through_once_there_is_no_beat(desk: Desk, beat: Beat, switch: Switch) -> None:
    """Else a bot that is started again and again, and never gets anywhere, would look alive."""
    desk.progress.begin(RECEIVE)
    assert await beat() < EVERY
    assert switch.calls == []


@on_sqlite
@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 302 Go\r\nLocation: /x\r\n\r\n", b"nonsense", b""],
)
async def test_a_beat_that_fails_is_a_line_in_the_log_and_comes_again_soon(
    desk: Desk, beat: Beat, switch: Switch, answer: bytes
) -> None:
    desk.progress.begin(RECEIVE)
    desk.progress.mark(RECEIVE)
    switch.answer = answer
    with capture_logs() as said:
        assert await beat() == timedelta(seconds=10)
    assert [line["event"] for line in said] == ["heartbeat_failed"]
    assert "planted-secret" not in str(said)
    assert 'checkin_heartbeats_total{outcome="failed"} 1.0' in (await seen(desk, "/metrics")).text


@on_sqlite
async def test_it_beats_as_often_as_told_and_where_nobody_listens_it_goes_on(desk: Desk, switch: Switch) -> None:
    desk.progress.begin(RECEIVE)
    heart = Heart(desk, SecretStr(switch.url), EVERY)
    async with asyncio.TaskGroup() as house:
        desk.progress.mark(RECEIVE)
        task = house.create_task(heart.run())
        for minute in range(1, 4):
            await until(lambda minute=minute: len(switch.calls) == minute)
            desk.progress.mark(RECEIVE)
            pass_seconds(desk, 61)
        task.cancel()


# ---------------------------------------------------------------- figures


async def test_what_is_counted_is_there_and_names_nobody(desk: Desk) -> None:
    client = await a_client(desk, await a_worker(desk))
    await a_manager(desk)
    check_in = await asked(desk, client)
    await tap(desk, client, check_in, [2, 8, 8])
    await inbox.keep(desk, [{"update_id": 7, "message": {"chat": {"id": 1001}}}])
    for verdict in (Refused("x"), Unsure("x"), TryLater(timedelta(seconds=1))):
        await deliver(desk, verdict, hooks=routes.HOOKS)
    pass_seconds(desk, 90)
    text = (await seen(desk, "/metrics")).text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values["checkin_updates_kept_total"]) == 1
    assert float(values["checkin_answers_total"]) == 3
    assert float(values["checkin_alerts_raised_total"]) == float(values["checkin_alerts_open_raised"]) == 1
    assert float(values["checkin_inbox_oldest_seconds"]) == 90
    assert float(values['checkin_sends_total{verdict="sent"}']) >= 1
    assert float(values["checkin_database_up"]) == 1
    for word in (client.ref, "Alex", "Sam", "1001", client.id, check_in.id):
        assert word not in text


async def test_what_was_rolled_back_is_not_counted(desk: Desk) -> None:
    async def undone() -> None:
        async with desk.turn() as turn:
            turn.count("answers")
            raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        await undone()
    assert list(desk.tally.of("answers")) == [(None, 0)]


def test_every_counter_is_there_from_the_start() -> None:
    tally = Tally()
    assert {name: sum(n for _, n in tally.of(name)) for name in COUNTERS} == dict.fromkeys(COUNTERS, 0)
