"""The only wiring: settings → storage → actions → handlers → loops; what starts in which order, and how it ends.

lead         whether this process, of all on one database, is the one that receives, and the one that delivers
receive      Telegram's updates into the inbox
inbox        from the inbox to handlers, one transaction each
deliver      from the outbox to Telegram, paced
release      check-ins: due, reminders, half-done, over; breaks that end; whoever has to agree anew
escalate     alerts that nobody took; clients to be asked whether it helped
tidy         what may be forgotten, what clients asked to have deleted; whether the bot is still live; what workers are
             asked themselves, and their weekly digest; whether the wall clock was set
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot import charts, ticks
from bot.actions import (
    access_log,
    aftermath,
    checkins,
    coming,
    digest,
    erasures,
    followup,
    housekeeping,
    joining,
    ladder,
    privacy,
    proposals,
    ratings,
    retention,
    rotation,
    unnoticed,
    wall,
)
from bot.actions import settings as wishes
from bot.actions.courier import Courier
from bot.actions.couriers import Couriers
from bot.actions.desk import Desk
from bot.actions.heartbeat import Heart
from bot.actions.inbox import Reader
from bot.actions.leading import Leading
from bot.actions.opening import AlreadyRunning, is_there, on_trial, only_one, open_desk, open_memory
from bot.actions.presence import Presence
from bot.config.settings import Mode, Settings
from bot.domain.errors import NotUsable
from bot.domain.pacing import Pacing
from bot.webhook import Door
from handlers import routes
from handlers.hook import HookKeeper
from handlers.reaching import token_refused
from handlers.receiver import Receiver
from handlers.sender import TelegramMessenger, make_bot
from handlers.setup import TelegramEars

HELLO = "hello"
"""What stands for receiving until Telegram has said who we are."""
UP_BY_THEN = timedelta(seconds=3)
PATIENCE_WITH_WRITERS = 1.0
"""Seconds for what is just being written when the bot is asked to end; then the courier has `PATIENCE_AT_THE_END`."""

__all__ = [
    "AlreadyRunning",
    "is_there",
    "on_trial",
    "only_one",
    "open_desk",
    "open_memory",
]  # what commands ask of this module, beside its own

log = structlog.get_logger()


# ---------------------------------------------------------------- before the start


async def _nobody_is_back(desk: Desk) -> None:
    """An older copy of the database may have been put in its place without `restore`: as a file, or with its machine."""
    file = desk.erased_file
    if file is None or not file.exists():
        return
    try:
        stones = await asyncio.to_thread(erasures.read, file)
    except erasures.Unreadable as why:
        log.error("erased_list_unreadable", hint=str(why))  # alerts have to go on
        return
    async with desk.turn() as turn:
        erased = await aftermath.erase_again(turn, stones)
    if erased:
        log.warning("erased_again", count=len(erased), hint="The database is older than the list of who was erased.")


async def prepare(desk: Desk) -> None:
    """Look at what the plan needs before anything runs. Raises NotUsable where starting would help nobody.

    With clients who have agreed, the bot starts whatever is missing: their alerts and crisis texts have to go on.
    """
    await _nobody_is_back(desk)
    async with desk.turn() as turn:
        lacking = await housekeeping.not_live_because(turn)
        if lacking and not await turn.m.people.has_consenting_client():
            raise NotUsable("\n".join(("The bot is not ready for clients:", *(f"  {line}" for line in lacking))))
        await coming.into_force(turn)
    for line in lacking:
        log.error("not_live", hint=line)


# ---------------------------------------------------------------- the bot


@dataclass(frozen=True, slots=True)
class Bot:
    """Everything wired and nothing started."""

    desk: Desk
    tg: ExtBot[Any]
    ears: TelegramEars
    leading: Leading
    courier: Couriers
    receiver: Receiver | HookKeeper
    door: Door | None
    """Where Telegram brings updates, in webhook mode."""
    reader: Reader
    heart: Heart | None
    loops: Sequence[ticks.Loop]


def wire(settings: Settings, desk: Desk, transport: Any = None) -> Bot:
    """Put the parts together. `transport` is an httpx transport that takes the place of the network."""
    token = settings.telegram.token
    tg = make_bot(token.get_secret_value() if token else "", settings.telegram.api_base_url, transport=transport)
    desk.listens = True
    voices = routes.Voices(desk)
    messenger = TelegramMessenger(tg, routes.VIEWS, voices)
    pace = Pacing.of(settings.telegram.messages_per_second, settings.telegram.chat_messages_per_second)
    leading = Leading(desk)
    courier = Couriers(desk, leading, lambda term: Courier(desk, messenger, routes.HOOKS, pace, term=term))
    ears = TelegramEars(tg, messenger, lambda: desk.plan.service.languages[0])
    receiver, door = _way_in(settings, desk, tg)
    return Bot(
        desk=desk,
        tg=tg,
        ears=ears,
        leading=leading,
        courier=courier,
        receiver=receiver,
        door=door,
        reader=Reader(desk, ears),
        heart=_heart(settings, desk) if transport is None else None,  # a rehearsal is no sign of life
        loops=loops(desk),
    )


def _way_in(settings: Settings, desk: Desk, tg: ExtBot[Any]) -> tuple[Receiver | HookKeeper, Door | None]:
    """How updates come in: we fetch them, or Telegram brings them to a door of ours."""
    heard, telegram = Presence(desk, routes.came_back).heard, settings.telegram
    if telegram.mode is Mode.POLLING:
        return Receiver(desk, tg, heard), None
    assert telegram.webhook_url is not None, "the configuration was checked"
    assert telegram.webhook_secret is not None, "the configuration was checked"
    keeper = HookKeeper(desk, tg, telegram.webhook_url, telegram.webhook_secret, heard)
    return keeper, Door(desk, telegram.webhook_path, telegram.webhook_secret, keeper.brought)


def _heart(settings: Settings, desk: Desk) -> Heart | None:
    url = settings.heartbeat.url
    return Heart(desk, url, settings.heartbeat.every) if url is not None else None


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
                unnoticed.tell,
                housekeeping.forget,
                access_log.note_down,
                rotation.tell_keys,
                privacy.erase_due,
                *retention.WORK,
                privacy.let_go,
                ratings.ask_due,
                digest.send_due,
            ),
            apart=(wall.Watch().look, *retention.APART, proposals.review),
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
            house.create_task(bot.courier.run(), name="deliver")
            others = [house.create_task(_warm_up(bot), name="warm up")]
            others.append(house.create_task(_end_without_key(bot.desk, stop), name="key"))
            if bot.heart is not None:
                others.append(house.create_task(bot.heart.run(), name="heartbeat"))
            await stop.wait()
            log.info("ending")
            acting = (hearing, *others, *loops)
            for task in acting:
                task.cancel()
            # A reply is born in the courier's hands: whoever writes one ends first, or nobody would give it back.
            await asyncio.wait(acting, timeout=PATIENCE_WITH_WRITERS)
            bot.courier.stop()
    await bot.ears.close()


async def _end_without_key(desk: Desk, stop: asyncio.Event) -> None:
    """Who slept while keys were exchanged, and is given no other, can keep nothing: started again they may have it."""
    await desk.memory.keyless.wait()
    log.error("key_out_of_use", key=desk.memory.seal.number, hint="Put the newest key first, then start again.")
    stop.set()


async def _hear(bot: Bot) -> None:
    """Say hello to Telegram, however long that takes, then receive and read."""
    await _say_hello(bot)
    async with asyncio.TaskGroup() as ears:
        # One alone may poll; by webhook everybody receives what is brought to them.
        polls = bot.leading.receiving(bot.receiver.run) if bot.door is None else bot.receiver.run()
        ears.create_task(polls, name="receive")
        ears.create_task(bot.reader.run(), name="inbox")
        ears.create_task(bot.ears.introduce(bot.desk.plan), name="introduce")


async def _warm_up(bot: Bot) -> None:
    """What the first chart needs, once the bot is up: importing it takes the processor from the start."""
    await bot.desk.clock.wait(asyncio.Event(), UP_BY_THEN)
    await asyncio.to_thread(charts.warm_up)


async def _say_hello(bot: Bot) -> None:
    never, tries = asyncio.Event(), 0
    bot.desk.progress.begin(HELLO)
    while True:
        try:
            await bot.ears.prepare()
            async with bot.desk.turn() as turn:
                await turn.m.marks.set("bot_username", turn.now, bot.tg.username)
            break
        except InvalidToken:
            bot.desk.progress.trouble[HELLO] = "token_refused"
            token_refused(tries + 1)
        except TelegramError as broken:
            bot.desk.progress.trouble[HELLO] = "not_reached"
            log.error("telegram_not_reached", error=type(broken).__name__, attempt=tries + 1)
        except Exception as broken:
            log.error("name_not_kept", error=type(broken).__name__, attempt=tries + 1)
        await bot.desk.clock.wait(never, timedelta(seconds=min(10, 2 ** min(tries, 4))))
        tries += 1
    bot.desk.progress.end(HELLO)
    log.info("started", mode="polling" if bot.door is None else "webhook")
