"""`report`: the service's figures on the terminal, as a page or as a table. No answers, no names of clients."""

import asyncio
import csv
import html as markup
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from bot.cli.config import config_option, load_or_exit
from bot.cli.data import write_for_owner
from bot.config.load import Loaded
from bot.domain.words import OPERATOR
from bot.ports import SystemClock

WORDS: Mapping[str, str] = {
    "clients": "Clients on the roster",
    "joined": "Clients taking part",
    "sent": "Check-ins sent",
    "answered": "Check-ins answered",
    "missed_by_us": "Not sent because of us",
    "alerts": "Alerts",
    "high": "of these now, at any hour",
    "medium": "of these the same working day",
    "low": "of these for the next meeting",
    "open": "Open now",
    "taken": "Picked up",
    "in_time": "Picked up in time",
    "late": "Picked up late",
    "waiting": "Still waiting, longer than allowed",
    "half_within": "Half of them picked up within, minutes",
    "talked": "Talked about",
    "better": "Client says: better",
    "not_yet": "Client says: not yet",
    "no_answer": "No answer from the client",
}
"""Figure → how it is called, in order."""
DEFAULT = timedelta(days=28)


@click.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on; else the last four weeks.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write a page.")
@click.option("--csv", "table", type=click.Path(path_type=Path), help="Write a table.")
@config_option
def report(since: datetime | None, page: Path | None, table: Path | None, config_path: str | None) -> None:
    """Figures since a day: how many answer, how soon alerts are taken, how often they help."""
    now = SystemClock().now()
    start = since.replace(tzinfo=UTC) if since else now - DEFAULT
    figures = _figures(load_or_exit(config_path, now), start, now)
    rows = _rows(figures)
    try:
        if page is not None:
            write_for_owner(page, _page(rows, start))
        if table is not None:
            write_for_owner(table, _table(rows))
    except OSError as why:
        click.echo(f"{page or table}: {why.strerror}", err=True)
        raise SystemExit(2) from None
    if page is None and table is None:
        click.echo(f"Figures since {start:%Y-%m-%d}. Small numbers are left out.\n")
        for part, name, value in rows:
            click.echo(f"{_label(part, name):<52}{value:>10}")


def _figures(found: Loaded, since: datetime, now: datetime) -> dict[str, Any]:
    from bot import app, logs
    from bot.actions import reports
    from bot.domain.errors import NotUsable

    logs.set_up("WARNING", json=False)

    async def go() -> dict[str, Any]:
        async with app.open_desk(found.settings, found.plan) as desk:
            async with desk.glance() as m:
                read = dict(await reports.figures(m, found.plan, since, now))
            async with desk.turn() as turn:
                await turn.m.audit.note(turn.now, OPERATOR, "read_figures")
            return read

    try:
        return asyncio.run(go())
    except NotUsable as why:
        click.echo(str(why), err=True)
        raise SystemExit(2) from None


def _rows(figures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(part, name, value) for every figure that may be shown."""
    rows = [("service", name, _shown(name, figures[name])) for name in WORDS]
    for one in figures["usefulness"]:
        of = one["useful"] + one["knew"] + one["not_concern"]
        rows.append(("useful alerts", one["rule"], f"{one['useful']} of {of}"))
    for one in figures["caseloads"]:
        told = "–" if one["alerts"] is None else str(one["alerts"])
        clients = f"{one['clients']} {'client' if one['clients'] == 1 else 'clients'}"
        rows.append(("alerts per caseload", f"{one['name']} ({clients})", told))
    if figures.get("ratings"):
        rows.append(("workers' own numbers", "low", f"{figures['ratings']['low']} of {figures['ratings']['n']}"))
    return rows


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value / 60:.0f}" if name == "half_within" else f"{value:g}"


def _label(part: str, name: str) -> str:
    return WORDS.get(name, name) if part == "service" else f"{part}: {name}"


def _table(rows: list[tuple[str, str, str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("part", "figure", "value"))
    writer.writerows(rows)
    return file.getvalue()


def _page(rows: list[tuple[str, str, str]], since: datetime) -> str:
    lines = "\n".join(
        f"<tr><th scope=row>{markup.escape(_label(part, name))}</th><td>{markup.escape(value)}</td></tr>"
        for part, name, value in rows
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Figures since {since:%Y-%m-%d}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem;
  color-scheme: light dark }}
table {{ border-collapse: collapse; width: 100% }} th {{ text-align: left; font-weight: 400 }}
td {{ text-align: right; font-variant-numeric: tabular-nums }} tr {{ border-bottom: 1px solid #8884 }}
</style>
<h1>Figures since {since:%Y-%m-%d}</h1>
<table>
{lines}
</table>
<p>Figures only: no answers. Small numbers are left out.</p>
</html>
"""
