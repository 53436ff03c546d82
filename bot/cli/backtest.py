"""`backtest`: the live rules over the stored answers, or over an export, decision by decision."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bot.cli.bars import Bar
from bot.cli.config import config_option, load_or_exit
from bot.cli.data import read_clients
from bot.config.load import Loaded
from bot.ports import SystemClock

if TYPE_CHECKING:
    from bot.domain.backtest import Case
    from bot.domain.replay import Decided


@click.command()
@click.option("--input", "given", type=click.Path(path_type=Path), help="An export to replay instead of the database.")
@click.option("--set", "changes", metavar="signals.RULE.KEY=VALUE", multiple=True, help="Another number; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@config_option
def backtest(given: Path | None, changes: Sequence[str], as_json: bool, config_path: str | None) -> None:
    """What the rules decide, and with --set what would be gained and lost. Nothing is written anywhere."""
    now = SystemClock().now()
    found = load_or_exit(config_path, now)
    other = load_or_exit(config_path, now, _variables(changes)) if changes else None
    document = _read_file(given) if given is not None else asyncio.run(_exported(found))
    cases = _cases(document, found, given)
    _tell(cases, found, other, as_json)


def _variables(changes: Sequence[str]) -> dict[str, str]:
    """`signals.drop.z=-2.2` is set and judged as CHECKIN_SIGNALS__DROP__Z=-2.2 would be."""
    found = {}
    for change in changes:
        path, sign, value = change.partition("=")
        parts = path.strip().split(".")
        if not sign or len(parts) != 3 or parts[0] != "signals" or not all(parts):
            _stop(f"--set {change}: is not understood; write signals.RULE.KEY=VALUE, as in signals.drop.z=-2.2")
        found["CHECKIN_" + "__".join(parts).upper()] = value.strip()
    return found


def _stop(why: str) -> NoReturn:
    click.echo(why, err=True)
    raise SystemExit(2)


def _read_file(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as why:
        _stop(f"{path}: cannot be read ({why.strerror})")
    except UnicodeDecodeError:
        _stop(f"{path}:1: is not JSON (not UTF-8 text)")
    except json.JSONDecodeError as why:
        _stop(f"{path}:{why.lineno}: is not JSON ({why.msg})")
    except (ValueError, RecursionError):
        _stop(f"{path}:1: is no export (a number is too long, or lists stand in lists too deeply)")


async def _exported(found: Loaded) -> dict[str, Any]:
    from bot import app, logs
    from bot.actions import reports
    from bot.domain.errors import NotUsable

    logs.set_up("WARNING", json=False)
    try:
        async with app.open_desk(found.settings, found.plan) as desk:
            clients = await read_clients(desk, None, "Reading", "replayed")
    except NotUsable as why:
        _stop(str(why))
    return {"format": reports.FORMAT, "clients": clients}


def _cases(document: Any, found: Loaded, given: Path | None) -> "list[Case]":
    from bot.actions.exported import NotAnExport, cases

    try:
        return cases(document, found.plan.bank, found.plan.calendar.closed_dates)
    except NotAnExport as why:
        _stop("\n".join(f"{given or 'the database'}: {line}" for line in str(why).splitlines()))


def _tell(cases: "Sequence[Case]", found: Loaded, other: Loaded | None, as_json: bool) -> None:
    from bot.actions.backtest import as_json as client_as_json
    from bot.actions.backtest import compared, replay

    with Bar("Replaying", len(cases) * (2 if other else 1)) as step:
        before = replay(cases, found.plan, step)
        after = replay(cases, other.plan, step) if other else before
    difference = compared(cases, before, after) if other else None
    if as_json:
        clients = [client_as_json(case, one) for case, one in zip(cases, after, strict=True)]
        document = {"format": 1, "clients": clients} | ({"compared": difference} if difference else {})
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    for line in (*_counted(len(cases), after), *(_changed(difference) if difference else ())):
        click.echo(line)


def _counted(clients: int, replays: "Sequence[Decided]") -> list[str]:
    from bot.domain.backtest import counts

    alerts = sum(len(one.alerts) for one in replays)
    lines = [f"{clients} {'client' if clients == 1 else 'clients'}, {alerts} {'alert' if alerts == 1 else 'alerts'}."]
    found = counts(replays)
    if found:
        lines += ["", f"{'rule':<18}{'signals':>9}{'alerts':>9}{'held':>9}"]
        lines += [f"{rule:<18}{n['signals']:>9}{n['alerts']:>9}{n['held']:>9}" for rule, n in sorted(found.items())]
    return lines


def _changed(difference: Mapping[str, Any]) -> list[str]:
    columns = ("before", "after", "gained", "lost", "useful_lost")
    head = "".join(f"{name.replace('_', ' '):>13}" for name in columns)
    lines = ["", f"{'':<18}{head}", f"{'all alerts':<18}" + "".join(f"{difference[name]:>13}" for name in columns)]
    for part in ("by_rule", "by_worker"):
        for name, change in difference[part].items():
            lines.append(f"{name or 'no worker':<18}" + "".join(f"{change[column]:>13}" for column in columns))
    lines += ["", "Useful lost: alerts that a worker called useful and that these numbers would not have raised."]
    return lines
