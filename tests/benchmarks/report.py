"""The results for a reader: a table on the terminal, a page and a picture in docs/."""

import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figures import Fact, Figure, Results

HEAD = ("path", "ours", "peer in the same round", "ours", "peer", "ratio (each round)", "target", "")
SIGNS = {True: "met", False: "missed", None: ""}

METHOD = """# Performance

How quick the bot is beside what a plain program with the same libraries does. This page and its picture are written by
`python -m tests.benchmarks --write`; `make bench` shows the same on the terminal. How the bot is built:
[architecture](architecture.md).

## How it is measured

- Bot and peer are processes of their own and talk over loopback to the same stand-in for Telegram, with flood control
  and pacing off (but for P5). The stand-in costs processor time too, on the same cores, beside ours as beside the peer.
- A round measures ours and the peer one right after the other; the figure is the **median of the ratios taken within
  each round**, with the smallest and largest behind it. Nothing is thrown away; each process starts afresh.
- Ours is the bot as it is shipped: SQLite with `synchronous=FULL`, everything sealed, all rules on. Peers
  (`tests/benchmarks/peers.py`) keep nothing, or the least that the comparison names.
- {machine}
- **The machine was shared with other work** (a load of 4 to 8 on these cores) while this was measured, so that one and
  the same thing differs by 3 and more between rounds. Believe the ratios, roughly; the absolute numbers only show their
  order.
"""


def show(results: Results) -> None:
    """Everything on the terminal."""
    console = Console(width=150)
    table = Table(*HEAD)
    for one in results.figures:
        table.add_row(*_cells(one))
    console.print(table)
    for fact in results.facts:
        console.print(f"{fact.path}: {fact.says}")


def keep(results: Results, file: Path) -> Results:
    """Put these results into a file, in place of older ones of the same paths; everything that stands there now."""
    old = json.loads(file.read_text()) if file.exists() else {"figures": [], "facts": []}
    names, paths = {one.path for one in results.figures}, {one.path for one in results.facts}
    figures = [Figure(**one) for one in old["figures"] if one["path"] not in names] + results.figures
    facts = [Fact(**one) for one in old["facts"] if one["path"] not in paths] + results.facts
    everything = Results(sorted(figures, key=lambda one: one.path), sorted(facts, key=lambda one: one.path))
    file.write_text(json.dumps(asdict(everything)))
    return everything


def write(results: Results, remarks: str, page: Path) -> None:
    """The page, and the picture beside it."""
    figure = draw(results.figures, page.with_suffix(".png"))
    lines = [
        METHOD.format(machine=machine()),
        "## What came out",
        "",
        f"![Ratios beside their targets]({figure.name})",
        "",
    ]
    lines += [_row(HEAD), _row(["---"] * len(HEAD)), *(_row(_cells(one)) for one in results.figures), ""]
    lines += [f"- {fact.path}: {fact.says}" for fact in results.facts]
    page.write_text("\n".join(lines).rstrip() + "\n\n" + remarks.strip() + "\n", "utf-8")


def machine() -> str:
    """What it ran on."""
    return f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {sys.version.split()[0]}."


def _cells(one: Figure) -> list[str]:
    low, high = min(one.ratios), max(one.ratios)
    n = len(one.ratios)
    return [
        one.path, one.ours_is, one.peer_is,
        _number(one.ours, one.unit), _number(one.theirs, one.unit),
        f"{one.ratio:.2f} ({low:.2f} to {high:.2f}, n = {n})", one.target, SIGNS[one.is_met],
    ]  # fmt: skip


def _number(values: list[float], unit: str) -> str:
    middle = sorted(values)[len(values) // 2]
    return f"{middle:,.0f} {unit}" if middle >= 20 else f"{middle:.2f} {unit}"


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def draw(figures: list[Figure], path: Path) -> Path:
    """How far each ratio is from its target: right of the line is better."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    aimed = [one for one in figures if one.is_met is not None][::-1]
    sheet = Sheet(figsize=(9, 0.9 + 0.42 * len(aimed)), dpi=110, facecolor="#FBFAF7", layout="constrained")
    axes = sheet.add_subplot(facecolor="#FBFAF7")
    for place, one in enumerate(aimed):
        scores = sorted(_score(one, ratio) for ratio in one.ratios)
        colour = "#17677D" if one.is_met else "#B27D1E"
        axes.plot([scores[0], scores[-1]], [place, place], color=colour, linewidth=2, alpha=0.4)
        axes.plot([_score(one, one.ratio)], [place], "o" if one.is_met else "s", color=colour)
    axes.axvline(1, color="#3A4048", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(aimed)), [f"{one.path}\nagainst {one.peer_is}" for one in aimed], fontsize=7)
    axes.set_xlabel("how much better than its target (1 = as aimed for; line: all rounds, mark: the median)", fontsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    FigureCanvasAgg(sheet).print_png(str(path))
    return path


def _score(one: Figure, ratio: float) -> float:
    """1 is the target, more is better."""
    return ratio / one.at_least if one.at_least is not None else (one.at_most or 1.0) / ratio
