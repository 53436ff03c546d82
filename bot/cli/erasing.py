"""`erase`: everything held of one client goes at once, and a receipt is printed."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from bot.cli.config import config_option, load_or_exit
from bot.config.load import Loaded
from bot.domain.words import OPERATOR
from bot.ports import SystemClock

if TYPE_CHECKING:
    from bot.actions.desk import Turn
    from bot.actions.privacy import Receipt


@click.command()
@click.option("--client", "ref", metavar="REF", required=True, help="This client.")
@click.option("--yes", is_flag=True, help="Really delete; without it, only show what would go.")
@config_option
def erase(ref: str, yes: bool, config_path: str | None) -> None:
    """Delete everything held of one client, at once. It can't be undone."""
    lines, status = _erase(load_or_exit(config_path, SystemClock().now()), ref, really=yes)
    for line in lines:
        click.echo(line, err=status != 0)
    if status:
        raise SystemExit(status)


def _erase(found: Loaded, ref: str, *, really: bool) -> tuple[list[str], int]:
    """What to print, and the exit status: 1 where it is done here and may be undone by a backup, 2 where nothing was."""
    from bot import app, logs
    from bot.actions import erasures
    from bot.domain.errors import NotUsable

    logs.set_up("WARNING", json=False)

    async def go() -> tuple[list[str], int]:
        async with app.open_desk(found.settings, found.plan) as desk:
            await erasures.keep_outside(desk)  # what could not be written the last time, whatever comes now
            if really and not erasures.may_begin(desk):
                return [f"{UNLISTED.format(file=desk.erased_file)} Nothing was deleted.", erasures.CURE], 2
            async with desk.turn() as turn:
                lines, done = await _erased(turn, ref, really=really)
            await erasures.keep_outside(desk)
            if done and not erasures.may_begin(desk):
                return [*lines, f"{UNLISTED.format(file=desk.erased_file)} {erasures.CURE} Then run this again."], 1
            return lines, 0 if done else 2

    try:
        return asyncio.run(go())
    except NotUsable as why:
        return [str(why)], 2


UNLISTED = "Not finished: {file} can't be written, so a restored backup would bring back who was erased."


async def _erased(turn: "Turn", ref: str, *, really: bool) -> tuple[list[str], bool]:
    from bot.actions import privacy

    client = await turn.m.people.client_by_ref(ref)
    if client is None:
        return ["There is no such client on the roster."], False
    if not really:
        would = _counted(await privacy.preview(turn.m, client))
        return [f"{ref}: {would} would be deleted. Nothing was done; --yes does it."], False
    waits = await privacy.waits_for(turn, client)
    if waits is not None:
        return [WAITS[waits]], False
    return _printed(await privacy.erase(turn, client.id, OPERATOR)), True


WAITS = {
    "untaken": "Nobody has taken a notice of danger about this client yet: first somebody taps that they have it.",
    "unread": "The bot has not read the client's last message yet: run it, then try again.",
}


def _printed(receipt: "Receipt") -> list[str]:
    when = f"{receipt.at:%Y-%m-%d %H:%M} UTC"
    if receipt.number is None:
        return [f"{receipt.ref}: was deleted already on {when}."]
    return [
        f"{receipt.ref}: deleted on {when}. Receipt {receipt.number}.",
        f"Gone: {_counted(receipt.rows)}; name and chat; {receipt.messages} messages in chats go when the bot runs.",
        "Not touched: what staff put in their own notes, exports, the roster file, backups: restoring one erases again.",
    ]


def _counted(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {table.replace('_', '-')}" for table, n in rows.items() if n) or "no answers or alerts"
