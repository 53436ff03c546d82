"""`roster import|export|list` and `invite`: who is here, and how they get in."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli.config import LACKING, config_option, load_or_exit
from bot.config.load import Loaded
from bot.domain.errors import Refusal
from bot.domain.plan import live_problems
from bot.domain.roster import COLUMNS, decode
from bot.domain.roster_changes import Changes, as_cell
from bot.domain.words import OPERATOR, Role
from bot.ports import SystemClock

Result = TypeVar("Result")
NO_NAME = "What the bot is called is not known: neither its token nor --bot NAME was given, or Telegram did not answer."


def _at_desk(found: Loaded, work: Callable[[Any], Awaitable[Result]], *, on_trial: bool = False) -> Result:
    """Do one action in one transaction, on the database of the configuration. `on_trial`: make none for it."""
    # Imported here: `--help` needs no database.
    from bot import app, logs
    from bot.domain.errors import NotUsable

    logs.set_up("WARNING", json=False)

    async def go() -> Result:
        opened = app.on_trial if on_trial else app.open_desk
        async with opened(found.settings, found.plan) as desk, desk.turn() as turn:
            return await work(turn)

    try:
        return asyncio.run(go())
    except NotUsable as why:
        raise _failed(str(why)) from None


def _read(work: Callable[[Any], Awaitable[Result]]) -> Callable[[Any], Awaitable[Result]]:
    """Whoever reads names stands in the access log."""

    async def noted(turn: Any) -> Result:
        await turn.m.audit.note(turn.now, OPERATOR, "read_roster")
        return await work(turn)

    return noted


def _failed(why: str) -> SystemExit:
    click.echo(why, err=True)
    return SystemExit(2)


@click.group()
def roster() -> None:
    """Who is on the roster."""


@roster.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@config_option
def import_(file: Path, dry_run: bool, config_path: str | None) -> None:
    """Bring the roster in line with a CSV file: all of it or, if anything in it is wrong, nothing."""
    from bot.actions import roster as rosters

    found = load_or_exit(config_path, SystemClock().now())
    text = decode(file.read_bytes())
    done = _at_desk(found, lambda turn: rosters.import_roster(turn, text, dry_run=dry_run), on_trial=dry_run)
    if done.problems:
        for problem in done.problems:
            click.echo(f"{file}:{problem}", err=True)
        noun = "problem" if len(done.problems) == 1 else "problems"
        raise _failed(f"{len(done.problems)} {noun}; nothing was changed.")
    _print(done.changes, dry_run)


def _print(changes: Changes, dry_run: bool) -> None:
    for entry in changes.new:
        click.echo(f"new       {entry.role:<8} {entry.ref}")
    for change in changes.changed:
        was = ", ".join(
            f"{name} {as_cell(change.before, name) or '(empty)'} → {as_cell(change.after, name)}"
            for name in change.fields
        )
        click.echo(f"changed   {change.after.role:<8} {change.after.ref}: {was}")
    new, changed, unchanged = len(changes.new), len(changes.changed), len(changes.unchanged)
    click.echo(f"{new} new, {changed} changed, {unchanged} unchanged{'; nothing was written' if dry_run else ''}.")


@roster.command()
@config_option
def export(config_path: str | None) -> None:
    """The roster as CSV on standard output; it imports as it is."""
    from bot.actions import roster as rosters

    found = load_or_exit(config_path, SystemClock().now())
    click.echo(_at_desk(found, _read(lambda turn: rosters.export_roster(turn.m))), nl=False)


@roster.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@config_option
def list_(as_json: bool, config_path: str | None) -> None:
    """Everybody, and how far they have come."""
    from bot.actions import roster as rosters

    found = load_or_exit(config_path, SystemClock().now())
    people = _at_desk(found, _read(lambda turn: rosters.listed(turn.m)))
    rows = [
        {
            **{column: as_cell(one.entry, column) or None for column in COLUMNS},
            "next_session": as_cell(one.entry, "next_session").replace(" ", "T") or None,
            "joined_at": _iso(one.joined),
            "reachable": one.reachable,
            "asking": one.asking,
        }
        for one in people
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['role']:<8} {row['ref']:<12} {row['worker'] or '':<8} {row['status']:<10} {row['asking'] or ''}"
        )
    if not rows:
        click.echo("Nobody yet. `checkin-bot roster import FILE.csv` brings them in.", err=True)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@click.command()
@click.argument("ref")
@click.option("--qr", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.png", help="The link as a picture.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--bot", "bot_name", metavar="NAME", help="The bot's name in Telegram, if it can't be asked.")
@config_option
def invite(ref: str, qr: Path | None, as_json: bool, bot_name: str | None, config_path: str | None) -> None:
    """A one-use invitation for somebody on the roster; earlier ones for them end."""
    from bot.actions import invitations

    found = load_or_exit(config_path, SystemClock().now())
    name = bot_name or _bot_name(found)
    if name is None and qr is not None:
        raise _failed(f"{NO_NAME} A picture needs it. No invitation was made.")
    try:
        made = _at_desk(found, lambda turn: invitations.invite(turn, ref, OPERATOR, name))
    except Refusal as refusal:
        raise _failed(_why(refusal, found)) from None
    if made.link is None:
        click.echo(NO_NAME, err=True)
    elif qr is not None:
        _draw(made.link, qr)
    if as_json:
        document = {"ref": made.ref, "role": made.role, "link": made.link, "code": made.code}
        click.echo(json.dumps({**document, "expires_at": made.expires_at.isoformat()}, indent=2))
        return
    click.echo(made.link or f"/start {made.code}")
    if made.replaces:
        closes = "they join anew in that one" if made.role is Role.CLIENT else "they go on in that one"
        click.echo(f"{made.ref} has joined. Opened in another account, it closes their chat; {closes}.", err=True)
    click.echo(f"Opens once, until {made.expires_at:%Y-%m-%d %H:%M} UTC.", err=True)


def _bot_name(found: Loaded) -> str | None:
    """As it was called when it last ran; before its first run Telegram is asked."""
    from bot.actions import getme, invitations

    return _at_desk(found, lambda turn: invitations.bot_name(turn.m)) or asyncio.run(getme.bot_name(found.settings))


def _why(refusal: Refusal, found: Loaded) -> str:
    if refusal.key == "errors.no_worker":
        return "This client has no worker, so nobody would see the answers. Give them one with `roster import` first."
    if refusal.key != "errors.not_live":
        return "Nobody on the roster can be invited under this ref. `checkin-bot roster list` shows them."
    today = SystemClock().now().date()
    lacking = [f"  {one.key} {LACKING[one.lack]}" for one in live_problems(found.plan, today)]
    return "\n".join(("Clients are invited once the bot is live. What stands in the way:", *lacking))


def _draw(link: str, path: Path) -> None:
    import segno

    try:
        segno.make(link, error="m").save(str(path), kind="png", scale=8, border=4)
    except OSError as why:
        raise _failed(f"{path}: {why.strerror}. The link itself is {link}") from None
