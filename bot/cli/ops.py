"""`doctor`: is everything there that the bot needs, and what to do where it is not."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bot import logs
from bot.cli.config import config_option
from bot.config.load import Problems, place, read
from bot.config.problems import Problem
from bot.ports import SystemClock

if TYPE_CHECKING:
    from bot.actions.findings import Finding

COLOURS = {"fine": "green", "note": "yellow", "wrong": "red"}


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def doctor(config_path: str | None, as_json: bool) -> None:
    """Test token, database, clock, keys, disk and configuration; exit 0 if all is well, 1 if something is to be done."""
    logs.set_up("warning")
    findings = asyncio.run(_findings(config_path))
    to_do = sum(one.state == "wrong" for one in findings)
    if as_json:
        click.echo(json.dumps({"fine": not to_do, "findings": [asdict(one) for one in findings]}, indent=2))
    else:
        _print(findings, to_do)
    sys.exit(1 if to_do else 0)


async def _findings(config_path: str | None) -> "list[Finding]":
    from bot.actions.findings import Finding, State
    from bot.actions.operations import examine

    clock = SystemClock()
    found = read(place(config_path, os.environ), os.environ, today=clock.now().date())
    if isinstance(found, Problems):
        return [_problem(one) for one in found.problems]
    noted = [_problem(one) for one in found.warnings]
    fine = Finding("config", State.FINE, f"It can be used, version {found.plan.version}.")
    return [fine, *noted, *await examine(found.settings, found.plan, clock)]


def _problem(one: Problem) -> "Finding":
    from bot.actions.findings import Finding, State

    if one.severity == "warning":
        return Finding("config", State.NOTE, str(one))
    return Finding("config", State.WRONG, str(one), "Put it right, then run this again: it sees the rest only then.")


def _print(findings: "Sequence[Finding]", to_do: int) -> None:
    for one in findings:
        click.echo(f"{click.style(f'{one.state:<6}', fg=COLOURS[one.state])} {one.area:<9} {one.says}")
        if one.cure:
            click.echo(f"{'':<17}→ {one.cure}")
    click.echo("All is well." if not to_do else f"{to_do} to be done.")
