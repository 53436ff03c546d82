"""`export`: answers, signals and alerts as JSON or CSV, with the codebook that explains them."""

import asyncio
import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from bot.cli.bars import Bar
from bot.cli.config import config_option, load_or_exit
from bot.config.load import Loaded
from bot.domain.words import OPERATOR
from bot.ports import SystemClock

CODEBOOK = "codebook.md"
OWNER_ONLY = 0o600


@click.command()
@click.option("--client", "ref", metavar="REF", help="Only this client.")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A file for JSON, a folder for CSV.")
@config_option
def export(ref: str | None, form: str, out: Path, config_path: str | None) -> None:
    """Write everything on record, or one client's part of it."""
    found = load_or_exit(config_path, SystemClock().now())
    clients = _read(found, ref)
    if ref is not None and not clients:
        click.echo("There is no such client on the roster.", err=True)
        raise SystemExit(2)
    try:
        written = _as_json(out, clients) if form == "json" else _as_csv(out, clients)
    except OSError as why:
        click.echo(f"{out}: {why.strerror}", err=True)
        raise SystemExit(2) from None
    click.echo(f"{len(clients)} {'client' if len(clients) == 1 else 'clients'} written to {written}", err=True)


def _read(found: Loaded, ref: str | None) -> list[dict[str, Any]]:
    from bot import app, logs
    from bot.domain.errors import NotUsable

    logs.set_up("WARNING", json=False)

    async def go() -> list[dict[str, Any]]:
        async with app.open_desk(found.settings, found.plan) as desk:
            return await read_clients(desk, ref, "Exporting", "exported")

    try:
        return asyncio.run(go())
    except NotUsable as why:
        click.echo(str(why), err=True)
        raise SystemExit(2) from None


async def read_clients(desk: Any, ref: str | None, what: str, did: str) -> list[dict[str, Any]]:
    """Everything on record of everybody, or of one; with a line about each in the access log."""
    from bot.actions import reports

    clients = []
    async with desk.glance() as m:
        with Bar(what, len(await m.people.clients())) as step:
            async for one in reports.export_clients(m, ref):
                clients.append(one)
                step()
    async with desk.turn() as turn:
        await turn.m.audit.note_each(turn.now, OPERATOR, did, [one["ref"] for one in clients])
    return clients


def write_for_owner(path: Path, text: str) -> None:
    """Health data: readable by its owner only, and never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(path)


def _codebook() -> str:
    return files("bot.bank").joinpath(CODEBOOK).read_text("utf-8")


def _as_json(out: Path, clients: list[dict[str, Any]]) -> Path:
    from bot.actions.reports import FORMAT

    write_for_owner(out, json.dumps({"format": FORMAT, "clients": clients}, ensure_ascii=False, indent=1) + "\n")
    write_for_owner(out.with_name(CODEBOOK), _codebook())
    return out


def _as_csv(folder: Path, clients: list[dict[str, Any]]) -> Path:
    from bot.actions.csvs import TABLES, as_csv, rows

    every = [rows(client) for client in clients]
    for name in TABLES:
        write_for_owner(folder / f"{name}.csv", as_csv(name, (row for tables in every for row in tables[name])))
    write_for_owner(folder / CODEBOOK, _codebook())
    return folder
