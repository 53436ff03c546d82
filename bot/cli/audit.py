"""`audit list` and `audit verify`: the access log, and whether anybody has been at it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.cli.bars import Bar
from bot.cli.config import config_option, load_or_exit
from bot.ports import SystemClock

if TYPE_CHECKING:
    from bot.actions.access_log import Verified

Result = TypeVar("Result")
NOTED = re.compile(r"([1-9][0-9]{0,9}):([0-9a-f]{64})")
SAID = {
    "changed": "is not what was written, or stands behind one that is not",
    "missing": "at least one line before it is gone",
    "put in": "was put in by another way",
    "cut off": "lines at the end are gone, or the end itself was changed",
    "another": "the line that you noted is not there any more: the log was made anew, or an older one put back",
}
"""What is wrong, for whoever reads it on a terminal."""


@click.group()
def audit() -> None:
    """Who read or changed what, without content; and whether the record is as it was written."""


@audit.command(name="list")
@click.option("--about", metavar="REF", help="Only lines about this person.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only from this day on (UTC).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@config_option
def list_(about: str | None, since: datetime | None, as_json: bool, config_path: str | None) -> None:
    """The lines, oldest first. That you read them is a line as well."""
    from bot.actions import access_log

    start = since.replace(tzinfo=UTC) if since else None

    async def read(desk: Any) -> list[Any]:
        async with desk.turn() as turn:
            return await access_log.lines(turn, about, start)

    found = _at_desk(config_path, read)
    if as_json:
        rows = [
            {"number": one.number, "at": one.at.isoformat(), "by": one.by, "did": one.did, "about": one.about}
            for one in found
        ]
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for one in found:
        click.echo(f"{one.number:>7}  {one.at:%Y-%m-%d %H:%M:%S}  {one.by:<12} {one.did:<14} {one.about or ''}".rstrip())
    if not found:
        click.echo("No such line.", err=True)


@audit.command()
@click.option("--noted", metavar="LINES:HASH", help="What an earlier `audit verify` printed: is it still in the chain?")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@config_option
def verify(noted: str | None, as_json: bool, config_path: str | None) -> None:
    """Go along the whole log; exit 0 if it is as it was written, 1 if not, and say where."""
    from bot.actions import access_log

    then = NOTED.fullmatch(noted) if noted is not None else None
    if noted is not None and then is None:
        click.echo("--noted: is not understood; give it as `audit verify` printed it, as in 118:9f…", err=True)
        raise SystemExit(2)

    async def look(desk: Any) -> "Verified":
        with Bar("Verifying", await access_log.count(desk)) as step:
            return await access_log.verify(desk, (int(then[1]), then[2]) if then else None, step)

    seen = _at_desk(config_path, look)
    if as_json:
        flaws = [{"line": one.line, "why": str(one.why)} for one in seen.flaws]
        document = {"intact": not flaws, "lines": seen.lines, "begun_at": None, "noted": seen.noted, "flaws": flaws}
        begun = seen.begun_at.isoformat() if seen.begun_at else None
        click.echo(json.dumps({**document, "begun_at": begun}, indent=1))
    else:
        _print(seen)
    raise SystemExit(1 if seen.flaws else 0)


def _print(seen: "Verified") -> None:
    for one in seen.flaws:
        where = "The end" if one.line is None else f"Line {one.line}"
        click.echo(f"{where}: {SAID[one.why]}.")
    lines = f"{seen.lines} {'line' if seen.lines == 1 else 'lines'}"
    if seen.flaws:
        click.echo(f"Broken: {lines}, {len(seen.flaws)} of them or between them not as written.")
    else:
        since = f", begun on {seen.begun_at:%Y-%m-%d}" if seen.begun_at else ""
        click.echo(f"Intact: {lines}{since}. Note this down elsewhere: {seen.noted}")


def _at_desk(config_path: str | None, work: Callable[[Any], Awaitable[Result]]) -> Result:
    from bot import app, logs
    from bot.domain.errors import NotUsable

    found = load_or_exit(config_path, SystemClock().now())
    logs.set_up("WARNING", json=False)

    async def go() -> Result:
        async with app.open_desk(found.settings, found.plan) as desk:
            return await work(desk)

    try:
        return asyncio.run(go())
    except NotUsable as why:
        click.echo(str(why), err=True)
        raise SystemExit(2) from None
