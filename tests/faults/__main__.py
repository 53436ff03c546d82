"""What is promised, tried for as long as you like: real processes, kill -9, a third of all calls going wrong.

python -m tests.faults                                    ten minutes, 200 kills, SQLite and PostgreSQL
python -m tests.faults --minutes 2 --seed 7 --only sqlite

Prints a table. Exit status 1 if anything was lost, doubled, or can be answered in two places.
"""

import argparse
import asyncio
import json
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from bot import logs
from bot.rehearsal.telegram import Kind
from storage.sealing import new_key
from tests.faults.trial import Order, Outcome, Place, run
from tests.journeys.conftest import a_database
from tests.support.postgres import postgres

KILLS_A_MINUTE = 20
SHARE, CLIENTS = 0.3, 100
PROCESSES = {"sqlite": 1, "postgres": 2}
"""How many run on each database at once."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One database: what came of it, or what kept it from coming to an end, and where everything lies."""

    outcome: Outcome | None
    broke: str = ""
    folder: Path | None = None

    @property
    def holds(self) -> bool:
        return self.outcome is not None and not self.outcome.found.faults


@contextmanager
def place(name: str) -> Iterator[Place]:
    folder = Path(mkdtemp(prefix=f"faults-{name}-"))
    if name == "sqlite":
        yield Place(folder)
        return
    with postgres() as server, a_database(server, "faults") as url:
        yield Place(folder, url, {"CHECKIN_DATABASE__ENCRYPTION_KEYS": json.dumps([new_key()])})


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar of kills on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def try_out(name: str, order: Order) -> Trial:
    with place(name) as here, bar(f"{name}: kills", order.kills) as tell:
        try:
            trial = Trial(asyncio.run(run(here, order, tell)), "", here.folder)
        except Exception as broke:
            trial = Trial(None, "".join(traceback.format_exception(broke)), here.folder)
    if trial.holds:
        shutil.rmtree(here.folder)
    return trial


# ---------------------------------------------------------------- the table


def rows(outcome: Outcome) -> dict[str, int | str]:
    found = outcome.found
    return {
        "kills": outcome.kills,
        "calls of the bot": outcome.calls,
        **{f"  {kind.name.lower()}": outcome.injected.get(kind, 0) for kind in Kind if outcome.injected.get(kind)},
        "faults injected": f"{sum(outcome.injected.values())} ({_share(outcome):.0%})",
        "taps handed out": found.taps,
        "typed answers handed out": found.typed,
        "answers kept": found.answers,
        "questions": found.questions,
        "  with one extra copy": found.copies,
        "  twice in doubt, missed by us": found.in_doubt,
        "alerts": found.alerts,
        "answers lost": len(found.lost),
        "answers or questions doubled": len(found.doubled),
        "alerts lost": len(found.alerts_lost),
        "questions lost": len(found.questions_lost),
        "two open keyboards": len(found.open_keyboards),
    }


def _share(outcome: Outcome) -> float:
    return sum(outcome.injected.values()) / max(1, outcome.calls)


def table(trials: Mapping[str, Trial]) -> str:
    columns = {name: rows(trial.outcome) for name, trial in trials.items() if trial.outcome is not None}
    labels = list(dict.fromkeys(label for column in columns.values() for label in column))
    lines = [f"{'':32}" + "".join(f"{name:>16}" for name in columns)]
    lines += [f"{label:32}" + "".join(f"{column.get(label, 0):>16}" for column in columns.values()) for label in labels]
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.faults")
    asked.add_argument("--minutes", type=float, default=10, help="shared out among the databases")
    asked.add_argument("--kills", type=int, help=f"in all; {KILLS_A_MINUTE} a minute")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--clients", type=int, default=CLIENTS)
    asked.add_argument("--share", type=float, default=SHARE, help="of all calls go wrong, 0 to 1")
    asked.add_argument("--only", choices=list(PROCESSES), help="one database")
    asked.add_argument("--processes", type=int, default=PROCESSES["postgres"], help="side by side on PostgreSQL")
    said = asked.parse_args()
    logs.set_up("error", json=False)
    names = [said.only] if said.only else list(PROCESSES)
    kills = said.kills or round(KILLS_A_MINUTE * said.minutes)
    trials: dict[str, Trial] = {}
    for name in names:
        trials[name] = try_out(name, order(said, name, len(names), kills))
        print(f"seed {said.seed}\n{table(trials)}\n", flush=True)
    for name, trial in trials.items():
        if not trial.holds:
            wrong = trial.outcome.found.faults if trial.outcome else [trial.broke]
            print(f"\n{name}, kept in {trial.folder}:", *wrong, sep="\n  ")
    sys.exit(not all(trial.holds for trial in trials.values()))


def order(said: argparse.Namespace, name: str, many: int, kills: int) -> Order:
    return Order(
        kills=-(-kills // many),
        seconds=60 * said.minutes / many,
        seed=said.seed,
        share=said.share,
        clients=said.clients,
        processes=said.processes if name == "postgres" else PROCESSES[name],
    )


if __name__ == "__main__":
    main()
