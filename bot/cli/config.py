"""`config check`, `config preview`, `config diff`: is the file right, what would it do, what would another change."""

import asyncio
import json
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot.config.load import Loaded, Problems, place, read
from bot.domain import differences
from bot.domain.differences import Difference, Key
from bot.domain.errors import NotUsable
from bot.domain.plan import Lack, Plan, live_problems
from bot.domain.preview import Foreseen, Looked, preview, somebody
from bot.domain.words import OPERATOR
from bot.ports import SystemClock

SAID = {
    "not_live": "the bot is not live",
    "not_joined": "has not joined",
    "no_consent": "has not agreed",
    "unreachable": "the chat does not get through",
    "erasing": "has asked for everything to be deleted",
    "not_yet": "not started yet",
    "break": "on a break",
    "quieted": "asked for quiet",
    "gone_quiet": "the bot has gone quiet after four without a tap",
    "crisis": "a person has to be in touch first",
    "held": "messages are held",
    "no_more": "wants no more messages",
    "repeated": "already asked that day",
    "too_soon": "too soon after the last one",
    "closed": "closed that day",
    "quiet": "quiet hours last longer than the window",
    "open": "the last one is still open",
    "late": "too late to be answered",
}
"""Why somebody is not asked, for whoever reads the preview on a terminal."""
LACKING = {Lack.MISSING: "is missing", Lack.OLD: "is older than six months", Lack.IN_FUTURE: "has not come yet"}

config_option = click.option(
    "--config", "config_path", metavar="PATH", help="The TOML file; else $CHECKIN_CONFIG, else ./config.toml."
)


def load_or_exit(config_path: str | None, now: datetime, changes: Mapping[str, str] | None = None) -> Loaded:
    """The configuration, or its problems on standard error and exit status 2. `changes` are further variables."""
    found = read(place(config_path, os.environ), {**os.environ, **(changes or {})}, today=now.date())
    if isinstance(found, Problems):
        errors = sum(problem.severity == "error" for problem in found.problems)
        click.echo(_as_typed(str(found), changes or {}), err=True)
        click.echo(f"{errors} {'problem' if errors == 1 else 'problems'}; nothing was changed.", err=True)
        sys.exit(2)
    return found


def _as_typed(problems: str, changes: Mapping[str, str]) -> str:
    """What was set on the command line is named as it was typed, not as the variable that stands for it."""
    for name in changes:
        typed = ".".join(name.removeprefix("CHECKIN_").lower().split("__"))
        problems = problems.replace(f"environment:0: {name}", f"--set: {typed}")
    return problems


@click.group()
def config() -> None:
    """Check the configuration, see who would be asked what and when, or what another would change."""


@config.command()
@config_option
def check(config_path: str | None) -> None:
    """Every problem at once, each with its line; exit 0 when it can be used, else 2."""
    now = SystemClock().now()
    found = load_or_exit(config_path, now)
    for warning in found.warnings:
        click.echo(str(warning), err=True)
    _say_what_lacks(found.plan, now)
    plan = found.plan
    schedules = ", ".join(one.name for one in plan.schedules)
    noun = "schedule" if len(plan.schedules) == 1 else "schedules"
    click.echo(f"Fine: {plan.service.name}, {len(plan.schedules)} {noun} ({schedules}), version {plan.version}.")


@config.command(name="preview")
@config_option
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How far ahead.")
@click.option("--client", "ref", metavar="REF", help="Only this client.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def preview_command(config_path: str | None, days: int, ref: str | None, as_json: bool) -> None:
    """Who would be asked what and when, with the reason wherever somebody would not be."""
    now = SystemClock().now()
    found = load_or_exit(config_path, now)
    clients = [client for client in clients_of(found) if ref is None or client.asked.ref == ref]
    if not clients:
        click.echo("There is no such client. `checkin-bot roster list` shows the roster.", err=True)
        sys.exit(2)
    _say_what_lacks(found.plan, now)
    lines = preview(found.plan, clients, now, days)
    if as_json:
        document = {"version": found.plan.version, "from": now.isoformat(), "days": days}
        click.echo(
            json.dumps({**document, "occasions": [line.as_json() for line in lines]}, indent=2, ensure_ascii=False)
        )
        return
    _print(lines, clients, found.plan, days)


@config.command(name="diff")
@click.argument("other", metavar="OTHER", type=click.Path(dir_okay=False))
@config_option
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How far ahead.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def diff_command(other: str, config_path: str | None, days: int, as_json: bool) -> None:
    """What would change if OTHER were the configuration: which keys, and for whom in the next days."""
    now = SystemClock().now()
    path = place(config_path, os.environ)
    present, wanted = load_or_exit(str(path), now), load_or_exit(other, now)
    keys = differences.keys(*(tomllib.loads(Path(file).read_text("utf-8-sig")) for file in (path, other)))
    wanted = replace(wanted, settings=present.settings)  # the people are those of the database in use
    before, after = (preview(one.plan, clients_of(one), now, days) for one in (present, wanted))
    changes = differences.occasions(before, after)
    if as_json:
        document = {"before": present.plan.version, "after": wanted.plan.version, "from": now.isoformat(), "days": days}
        found = {"keys": [one.as_json() for one in keys], "occasions": [one.as_json() for one in changes]}
        click.echo(json.dumps({**document, **found}, indent=2, ensure_ascii=False))
        return
    _print_difference(keys, changes, days)


def _print_difference(keys: Sequence[Key], changes: Sequence[Difference], days: int) -> None:
    for key in keys:
        click.echo(f"{key.name}: {_value(key.before)} → {_value(key.after)}")
    if not keys:
        click.echo("No key differs.")
    click.echo(f"\nIn the next {days} days:" if changes else f"In the next {days} days everybody is asked the same.")
    for change in changes:
        line = change.line
        were, will = _asked(change.before), _asked(change.after)
        what = f"{were} → {will}" if were != will else f"{will}, with another reminder or end"
        click.echo(f"{line.local_date:%a %Y-%m-%d}  {line.ref:<12} {line.schedule}: {what}")


def _value(value: object) -> str:
    return "(default)" if value is None else json.dumps(value, ensure_ascii=False)


def _asked(line: Foreseen | None) -> str:
    if line is None:
        return "nothing"
    if line.outcome != "ask":
        return f"not asked ({SAID[line.outcome]})"
    return f"{line.at.astimezone(ZoneInfo(line.timezone)):%H:%M} {', '.join(line.questions)}"


def _say_what_lacks(plan: Plan, now: datetime) -> None:
    for lack in live_problems(plan, now.date()):
        click.echo(f"not live yet: {lack.key} {LACKING[lack.lack]}", err=True)


def clients_of(found: Loaded) -> Sequence[Looked]:
    """Everybody on the roster; where there is none yet, one made-up client in the service's zone."""
    url = found.settings.database.url.get_secret_value()
    if url.startswith("sqlite") and not Path(url.partition("///")[2].partition("?")[0]).exists():
        return [somebody(found.plan)]
    try:
        return asyncio.run(_roster(found)) or [somebody(found.plan)]
    except NotUsable as why:
        click.echo(str(why), err=True)
        sys.exit(2)


async def _roster(found: Loaded) -> Sequence[Looked]:
    # Imported here: checking a file needs no database.
    from bot import app, logs
    from bot.actions import preview as looking

    logs.set_up("warning")  # to standard error: standard output is the preview's
    async with app.open_desk(found.settings, found.plan) as desk, desk.turn() as turn:
        await turn.m.audit.note(turn.now, OPERATOR, "read_plan")
        return await looking.everybody(turn)


def _print(lines: Sequence[Foreseen], clients: Sequence[Looked], plan: Plan, days: int) -> None:
    for line in lines:
        local = line.at.astimezone(ZoneInfo(line.timezone))
        said = ", ".join(line.questions) if line.outcome == "ask" else f"not asked: {SAID[line.outcome]}"
        click.echo(f"{local:%a %Y-%m-%d %H:%M}  {line.ref:<12} {line.schedule}: {said}")
    if not lines:
        click.echo(f"Nobody is asked anything in the next {days} days.")
    for schedule in plan.schedules:
        if schedule.follows_sessions and not any(client.sessions for client in clients):
            click.echo(f"{schedule.name}: follows meetings, and none are known.")
