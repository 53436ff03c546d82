"""The only wiring: settings → storage → actions → handlers → loops; what starts in which order, and how it ends.

receive      Telegram's updates into the inbox
inbox        from the inbox to handlers, one transaction each
deliver      from the outbox to Telegram, paced
release      check-ins: due, reminders, half-done, over; breaks that end
escalate     alerts that nobody took; clients to be asked whether it helped
tidy         what may be forgotten, what clients asked to have deleted; whether the bot is still live; what workers are
             asked themselves, and their weekly digest; whether the wall clock was set
"""

import asyncio
import fcntl
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot import charts, ticks
from bot.actions import checkins, digest, followup, housekeeping, joining, ladder, privacy, proposals, ratings, wall
from bot.actions import settings as wishes
from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.actions.inbox import Reader
from bot.actions.presence import Presence
from bot.config.keys import keys_for
from bot.config.settings import Settings
from bot.domain.errors import NotUsable
from bot.domain.pacing import Pacing
from bot.domain.plan import Plan
from bot.ports import Clock, SystemClock
from handlers import routes
from handlers.receiver import Receiver, token_refused
from handlers.sender import TelegramMessenger, make_bot
from handlers.setup import TelegramEars
from storage import migrate
from storage.sealing import Seal, new_key
from storage.tables import new_id
from storage.unit_of_work import Memory

UP_BY_THEN = timedelta(seconds=3)
PATIENCE_AT_THE_END = 8.0
"""Seconds for what is in flight when the bot is asked to end; whoever asks waits ten."""

log = structlog.get_logger()


class AlreadyRunning(Exception):
    """Another `run` works on this database file."""


# ---------------------------------------------------------------- memory and desk


@asynccontextmanager
async def open_memory(settings: Settings, tell: Callable[[str], None]) -> AsyncIterator[Memory]:
    """The database, brought up to date, with the keys that open it. `tell` hears of a key file that was made.

    Raises NotUsable: no or wrong keys, a database that can't be reached or belongs to a newer version.
    """
    url = settings.database.url.get_secret_value()
    try:
        seal = Seal(keys_for(settings, new_key, tell))
        if await asyncio.to_thread(migrate.upgrade, url):
            log.info("database_upgraded", version=migrate.HEAD)
    except (ValueError, migrate.NotReached, migrate.NewerDatabase) as why:
        raise NotUsable(f"database: {why}; `checkin-bot doctor` says what to do") from None
    memory = Memory(url, seal)
    try:
        await _fits(memory)
        yield memory
    finally:
        await memory.close()


async def _fits(memory: Memory) -> None:
    """A wrong key is found before anything is done: else new rows would be sealed with it beside the old ones."""
    async with memory.glance() as m:
        sealed, foreign = await m.operations.sealed()
    if foreign:
        raise NotUsable(f"database.encryption_keys: {foreign} of {sealed} sealed values need a key that is not here")


@asynccontextmanager
async def open_desk(
    settings: Settings, plan: Plan, clock: Clock | None = None, tell: Callable[[str], None] | None = None
) -> AsyncIterator[Desk]:
    """A desk for commands that act and end; nothing is received or sent here."""
    async with open_memory(settings, tell or _tell) as memory:
        yield Desk(memory=memory, clock=clock or SystemClock(), plan=plan)


@contextmanager
def only_one(url: str) -> Iterator[None]:
    """Hold the lock file of an SQLite database; PostgreSQL takes any number of processes."""
    path = url.partition("///")[2].partition("?")[0]
    if not url.startswith("sqlite") or not path or path == ":memory:":
        yield
        return
    try:
        held = Path(f"{path}.lock").open("w")  # noqa: SIM115  # held for as long as the bot runs; closed below
    except OSError as why:
        raise NotUsable(f"database: {path} can't be kept there ({why.strerror})") from None
    with held as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(path) from None
        yield


# ---------------------------------------------------------------- before the start


async def prepare(desk: Desk) -> None:
    """Look at what the plan needs before anything runs. Raises NotUsable where starting would help nobody.

    With clients who have agreed, the bot starts whatever is missing: their alerts and crisis texts have to go on.
    """
    async with desk.turn() as turn:
        lacking = await housekeeping.not_live_because(turn)
        if lacking and not await turn.m.people.has_consenting_client():
            raise NotUsable("\n".join(("The bot is not ready for clients:", *(f"  {line}" for line in lacking))))
        await turn.m.plans.note(turn.plan.version, turn.plan.rules, turn.now)
    for line in lacking:
        log.error("not_live", hint=line)


@asynccontextmanager
async def serving(settings: Settings, desk: Desk) -> AsyncIterator[None]:
    """The small web door, for as long as the block lasts. A taken port stops the start only if somebody chose it."""
    host, _, port = settings.http.listen.rpartition(":")
    if not port:
        yield
        return
    # Imported here: a bot without a door needs no web server.
    import uvicorn

    from bot.http import door

    try:
        bound = socket.create_server((host.strip("[]"), int(port)), family=_family(host))
    except OSError as taken:
        if settings.http.is_configured:
            why = str(taken.strerror).partition(" (")[0]  # behind it Python adds the address once more
            raise NotUsable(f"http.listen: {settings.http.listen} can't be had ({why}); choose another") from None
        log.warning("door_closed", address=settings.http.listen, hint="The port is taken; set http.listen to choose one.")
        yield
        return
    server = uvicorn.Server(
        uvicorn.Config(door(desk, partial(housekeeping.counts, desk)), log_config=None, lifespan="off")
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server._serve([bound]))  # `serve` would take the signals that `run` listens for
        try:
            yield
        finally:
            server.should_exit = True
            await asyncio.wait([task], timeout=2)
            task.cancel()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


# ---------------------------------------------------------------- the bot


@dataclass(frozen=True, slots=True)
class Bot:
    """Everything wired and nothing started."""

    desk: Desk
    tg: ExtBot[Any]
    ears: TelegramEars
    courier: Courier
    receiver: Receiver
    reader: Reader
    loops: Sequence[ticks.Loop]


def wire(settings: Settings, desk: Desk, transport: Any = None) -> Bot:
    """Put the parts together. `transport` is an httpx transport that takes the place of the network."""
    token = settings.telegram.token
    tg = make_bot(token.get_secret_value() if token else "", settings.telegram.api_base_url, transport=transport)
    desk.process, desk.listens = new_id(), True
    voices = routes.Voices(desk)
    messenger = TelegramMessenger(tg, routes.VIEWS, voices)
    pace = Pacing.of(settings.telegram.messages_per_second, settings.telegram.chat_messages_per_second)
    courier = Courier(desk, messenger, routes.HOOKS, pace)
    ears = TelegramEars(tg, messenger, lambda: desk.plan.service.languages[0])
    presence = Presence(desk, routes.came_back)
    return Bot(
        desk=desk,
        tg=tg,
        ears=ears,
        courier=courier,
        receiver=Receiver(desk, tg, presence.heard),
        reader=Reader(desk, ears),
        loops=loops(desk),
    )


def loops(desk: Desk) -> tuple[ticks.Loop, ...]:
    """What is looked at again and again, each piece a transaction of its own."""
    return (
        ticks.Loop(
            "release",
            desk.bells.release,
            (
                checkins.release_due,
                checkins.remind_due,
                checkins.evaluate_due,
                checkins.expire_due,
                wishes.end_due_breaks,
                joining.ask_all_again,
            ),
        ),
        ticks.Loop("escalate", desk.bells.escalate, (ladder.escalate_due, followup.ask_clients_due)),
        ticks.Loop(
            "tidy",
            asyncio.Event(),
            (
                housekeeping.tell_not_live,
                housekeeping.forget,
                privacy.erase_due,
                privacy.let_go,
                ratings.ask_due,
                digest.send_due,
            ),
            apart=(wall.Watch().look, proposals.review),
        ),
    )


async def run(bot: Bot, stop: asyncio.Event, *, beats: bool = True) -> None:
    """Run until `stop` is set; then let what is in flight come to its end, and return."""
    async with AsyncExitStack() as stack:
        if beats:
            stack.enter_context(ticks.beating(*bot.desk.bells.all()))
        async with asyncio.TaskGroup() as house:
            hearing = house.create_task(_hear(bot), name="hear")
            loops = [house.create_task(ticks.run(bot.desk, loop), name=loop.name) for loop in bot.loops]
            delivering = house.create_task(bot.courier.run(), name="deliver")
            warming = house.create_task(_warm_up(bot), name="warm up")
            await stop.wait()
            log.info("ending")
            bot.courier.stop()
            for task in (hearing, warming, *loops):
                task.cancel()
            await asyncio.wait([delivering], timeout=PATIENCE_AT_THE_END)
            delivering.cancel()
    await bot.ears.close()


async def _hear(bot: Bot) -> None:
    """Say hello to Telegram, however long that takes, then receive and read."""
    await _say_hello(bot)
    async with asyncio.TaskGroup() as ears:
        ears.create_task(bot.receiver.run(), name="receive")
        ears.create_task(bot.reader.run(), name="inbox")


async def _warm_up(bot: Bot) -> None:
    """What the first chart needs, once the bot is up: importing it takes the processor from the start."""
    await bot.desk.clock.wait(asyncio.Event(), UP_BY_THEN)
    await asyncio.to_thread(charts.warm_up)


async def _say_hello(bot: Bot) -> None:
    never, tries = asyncio.Event(), 0
    while True:
        try:
            await bot.ears.prepare()
            break
        except InvalidToken:
            token_refused(tries + 1)
        except TelegramError as broken:
            log.error("telegram_not_reached", error=type(broken).__name__, attempt=tries + 1)
        await bot.desk.clock.wait(never, timedelta(seconds=min(10, 2**tries)))
        tries += 1
    async with bot.desk.turn() as turn:
        await turn.m.marks.set("bot_username", turn.now, bot.tg.username)
    log.info("started", mode="polling")
    await bot.ears.introduce(bot.desk.plan)


def _tell(words: str) -> None:
    sys.stderr.write(f"{words}\n")
