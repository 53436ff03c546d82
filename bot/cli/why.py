"""`why`: which rule, which numbers, which version of the configuration; and for what did not ring, what failed."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from bot.cli.config import config_option, load_or_exit
from bot.config.load import Loaded
from bot.domain.words import OPERATOR
from bot.ports import SystemClock

if TYPE_CHECKING:
    from bot.actions.why import Why

BECAME = {
    "alert": "in an alert",
    "taken_back": "taken back: the answer was changed, or the alert withdrawn, before anybody saw it",
    "not_on_record": "not on record: found only now that it is worked out again",
    "digest": "for the weekly digest",
    "resting": "its rule rests: it spoke not long ago",
    "budget": "over the worker's budget: for the weekly digest",
    "chart": "shown on charts only",
    "note": "a note, said once",
}


@click.command()
@click.argument("about", metavar="REF|ALERT")
@click.argument("day", metavar="[DATE]", required=False, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@config_option
def why(about: str, day: datetime | None, as_json: bool, config_path: str | None) -> None:
    """Why an alert (its id stands in the export), or REF's newest, rang; with DATE, what every rule found that day, or
    which of its conditions failed."""
    found = _found(load_or_exit(config_path, SystemClock().now()), about, day)
    if isinstance(found, str):
        click.echo(found, err=True)
        raise SystemExit(2)
    click.echo(json.dumps(_document(found), ensure_ascii=False) if as_json else "\n".join(_lines(found)))


def _found(loaded: Loaded, about: str, day: datetime | None) -> "Why | str":
    from bot import app, logs
    from bot.actions.why import NoAlert
    from bot.actions.why import why as ask
    from bot.domain.errors import NotUsable

    logs.set_up("WARNING", json=False)

    async def go() -> "Why | None":
        async with app.open_desk(loaded.settings, loaded.plan) as desk, desk.turn() as turn:
            found = await ask(turn.m, loaded.plan, about, day.date() if day else None, turn.now)
            if found is not None:
                await turn.m.audit.note(turn.now, OPERATOR, "read_answers", found.ref)
            return found

    try:
        return asyncio.run(go()) or "There is no such client on the roster, and no such alert."
    except NoAlert:
        return "There has been no alert about this client. Give a day to see what the rules found: why REF 2026-05-12"
    except OverflowError:
        return "That day is beyond the calendar."
    except NotUsable as broken:
        return str(broken)


def _document(found: "Why") -> dict[str, Any]:
    from bot.actions.reports import signal_as_json

    return {
        "ref": found.ref,
        "day": found.day.isoformat(),
        "timezone": found.timezone,
        "config_version": found.version,
        "looks": [
            {
                "at": look.at.astimezone(UTC).isoformat(),
                "read": look.read or None,
                "config_version": look.version,
                "found": [{**signal_as_json(one), "became": became} for one, became in look.found],
                "not_found": {
                    rule: {"condition": condition, "figures": dict(figures)}
                    for rule, (condition, figures) in look.why_not.items()
                },
            }
            for look in found.looks
        ],
    }


def _lines(found: "Why") -> list[str]:
    lines = [f"{found.ref}, {found.day:%A %d %B %Y}, clock of {found.timezone}, configuration {found.version}"]
    if not found.looks:
        return [*lines, "Nothing was read that day: no answer, no end of a check-in, nothing said."]
    for look in found.looks:
        what = f'check-in "{look.read}" read' if look.read else "something happened outside the questions"
        other = f", configuration {look.version}" if look.version != found.version else ""
        lines += ["", f"{look.at.astimezone(ZoneInfo(found.timezone)):%H:%M} {what}{other}"]
        for one, became in look.found:
            about = f" ({one.construct.value})" if one.construct else ""
            lines.append(f"  found  {one.rule}{about}: {_figures(one.evidence)}. {BECAME[became]}.")
        for rule, (condition, figures) in look.why_not.items():
            said = condition.replace("_", " ")
            lines.append(f"  not    {rule}: {said}" + (f" ({_figures(figures)})" if figures else ""))
    return lines


def _figures(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in figures.items())


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(_short(one) for one in value) or "none"
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
