"""`run`: the bot itself."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import click

from bot import logs
from bot.cli.config import config_option, load_or_exit
from bot.config.load import Loaded
from bot.ports import SystemClock

if TYPE_CHECKING:
    from bot.app import Bot

ENDING = (signal.SIGTERM, signal.SIGINT)


@click.command()
@config_option
def run(config_path: str | None) -> None:
    """Run the bot until it is told to end (Ctrl-C, or SIGTERM)."""
    with _ending_well(), logs.in_our_words():
        sys.exit(_started(config_path))


@contextmanager
def _ending_well() -> Iterator[None]:
    """Being told to end is status 0 from the first moment: loading takes seconds, and nothing is in flight then.

    Without an exception, which could turn up in the middle of an import (bot/__main__.py). Once the loop runs, it hears
    of it; once it has ended, there is nothing more to end.
    """
    before = {one: signal.signal(one, lambda *_: os._exit(0)) for one in ENDING}
    try:
        yield
    finally:
        for one, was in before.items():
            signal.signal(one, was)


def _started(config_path: str | None) -> int:
    """The exit status, once it has ended."""
    found = load_or_exit(config_path, SystemClock().now())
    for warning in found.warnings:
        click.echo(str(warning), err=True)
    if found.settings.telegram.token is None:
        click.echo(
            "telegram.token: missing; get one from @BotFather in Telegram and give it as CHECKIN_TELEGRAM__TOKEN.",
            err=True,
        )
        return 2
    logs.set_up(found.settings.logs.level, json=found.settings.logs.format == "json")
    status = asyncio.run(_run(found))
    for one in ENDING:
        signal.signal(one, signal.SIG_IGN)
    return status


async def _run(found: Loaded) -> int:
    stop = asyncio.Event()
    for one in ENDING:
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    # Imported here: everything else of the command line works without PTB being loaded.
    from bot import app
    from bot.domain.errors import NotUsable

    try:
        with app.only_one(found.settings.database.url.get_secret_value()):
            async with app.open_desk(found.settings, found.plan) as desk:
                await app.prepare(desk)
                bot = app.wire(found.settings, desk)
                async with _web(found, bot):
                    await app.run(bot, stop)
                return 2 if desk.memory.keyless.is_set() else 0
    except app.AlreadyRunning as running:
        click.echo(f"Another run works on {running} already. End that one first.", err=True)
        return 2
    except NotUsable as why:
        click.echo(str(why), err=True)
        return 2
    return 0


@asynccontextmanager
async def _web(found: Loaded, bot: "Bot") -> AsyncIterator[None]:
    """Health, figures and the webhook's door, where they are wanted: a bot without them needs no web server."""
    if not found.settings.http.listen:
        yield
        return
    from bot.http import serving

    async with serving(found.settings, bot.desk, bot.door):
        yield
