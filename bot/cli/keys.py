"""`keys rotate`: another encryption key, without stopping the bot."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli.bars import Bar
from bot.cli.config import config_option, load_or_exit
from bot.config import keys as files
from bot.config.load import Loaded
from bot.config.settings import Settings
from bot.ports import SystemClock

Result = TypeVar("Result")
BY_HAND = (
    "The keys are given by environment, secret or configuration, so they are changed there, in this order:\n"
    "  1. Put a fresh key (openssl rand -base64 32) behind the one in use, for every process; restart them.\n"
    "  2. Move it to the front; restart them.\n"
    "  3. Run `checkin-bot keys rotate` with the same keys: it seals everything anew.\n"
    "  4. Take the old key out; restart. Keep it elsewhere for as long as you keep backups from before.\n"
    "With one process the first step can be left out."
)
NOT_LEARNT = (
    "A running bot does not have the new key. Nothing was sealed with it. Does that bot use another key file? Put the "
    "same lines into it, wait a minute, and run this again: it goes on from here."
)
OLD_STAYS = (
    "Copy the key file again to where you keep your copy: what is said from now on opens only with the new key.\n"
    "Older keys still stand behind the new one. Backups from before need them: keep a copy for as long as you keep "
    "those. Two minutes from now `checkin-bot keys rotate --drop-old` takes them out of the file."
)


class _Stopped(Exception):
    """It can't go on. Says why, and what to do."""


@click.group()
def keys() -> None:
    """The encryption keys."""


@keys.command()
@click.option("--drop-old", is_flag=True, help="Make no new key; take older ones out of the key file.")
@config_option
def rotate(drop_old: bool, config_path: str | None) -> None:
    """Take a new key into use and seal everything anew with it. Cut off at any moment, it goes on at the next try."""
    found = load_or_exit(config_path, SystemClock().now())
    try:
        said = asyncio.run(_at_desk(found, _drop if drop_old else _rotate))
    except _Stopped as why:
        click.echo(str(why), err=True)
        raise SystemExit(2) from None
    click.echo(said)


async def _at_desk(found: Loaded, work: Callable[[Any, Settings], Coroutine[Any, Any, str]]) -> str:
    from bot import app, logs
    from bot.domain.errors import NotUsable

    logs.set_up("WARNING", json=False)
    if not await app.is_there(found.settings):
        raise _Stopped("There is no database yet, so there is nothing to seal anew.")
    try:
        async with app.open_desk(found.settings, found.plan) as desk:
            return await work(desk, found.settings)
    except NotUsable as why:
        raise _Stopped(str(why)) from None


# ---------------------------------------------------------------- a new key


async def _rotate(desk: Any, settings: Settings) -> str:
    from bot.actions import rotation

    file = files.key_file(settings)
    if file is None and not await rotation.left(desk):
        raise _Stopped(f"Everything is sealed with the first key already.\n{BY_HAND}")
    click.echo("Waiting until every running bot has the new key …", err=True)
    if file is None:
        if not await rotation.learnt(desk, desk.memory.seal.number, closing=True):
            raise _Stopped(f"A running bot does not close with the first key yet.\n{BY_HAND}")
    elif not await _written(rotation.take_into_use(desk, file), file):
        raise _Stopped(NOT_LEARNT)
    await _seal_anew(desk)
    await rotation.end(desk)
    return f"Done: everything is sealed with key {desk.memory.seal.number}.\n{OLD_STAYS if file else BY_HAND}"


async def _written(work: Coroutine[Any, Any, Result], file: Path) -> Result:
    try:
        return await work
    except OSError as why:
        raise _Stopped(f"{file}: can't be replaced ({why.strerror}). Run this as whoever owns it.\n{BY_HAND}") from None


async def _seal_anew(desk: Any) -> None:
    from bot.actions import rotation

    with Bar("Sealing anew", await rotation.left(desk)) as step:
        remaining = await rotation.reseal(desk, step)
    if not remaining:
        with Bar("Verifying", await rotation.every(desk)) as step:
            remaining = await rotation.verify(desk, step)
    if remaining:
        raise _Stopped(
            f"{remaining} sealed values could not be sealed anew: no key here opens them, or they were in use all the "
            "time. They are as they were. Keep every key, and run this again; `checkin-bot doctor` says more."
        )


# ---------------------------------------------------------------- older keys


async def _drop(desk: Any, settings: Settings) -> str:
    from bot.actions import rotation

    file = files.key_file(settings)
    if file is None:
        raise _Stopped(BY_HAND)
    if len(files.keys_in(file)) == 1:
        return "There is only one key; nothing is to be taken out."
    if not await rotation.settled(desk):
        raise _Stopped(
            "A new key is being taken into use, or has been for less than two minutes. First `keys rotate`; then wait."
        )
    number = desk.memory.seal.number
    if await rotation.left(desk) or not await rotation.learnt(desk, number, closing=True):
        raise _Stopped("Older keys are still needed. Run `checkin-bot keys rotate` first.")
    older = desk.memory.seal.numbers[1:]
    await rotation.forbid(desk, older)  # before the last look: nothing comes after it that they have closed
    with Bar("Verifying", await rotation.every(desk)) as step:
        if await rotation.verify(desk, step):
            await rotation.allow(desk, older)
            raise _Stopped(
                "Not everything opens with the first key alone. Nothing was changed; `checkin-bot keys rotate` seals "
                "anew what came meanwhile, `checkin-bot doctor` says more."
            )
    await _written(rotation.drop_older(desk, file), file)
    return f"Done: only key {number} is left in {file}. Backups from before need the old one: keep a copy."
