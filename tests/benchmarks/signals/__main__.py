"""How good the rules are on made-up clients.

python -m tests.benchmarks.signals                       the page on the terminal
python -m tests.benchmarks.signals --write               into docs/signals-benchmark.md, with its pictures
python -m tests.benchmarks.signals --smoke               a few clients, to see that it still runs
python -m tests.benchmarks.signals --tuning --set drop.z=-1.9 --set drop.nu0=8
                                                         other numbers, on the clients that are there for choosing them
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot.domain.signals.catalogue import RULES
from tests.benchmarks.signals.page import Page
from tests.benchmarks.signals.trial import SMOKE, TUNING, Size, jobs, run

DOCS = Path(__file__).parent.parent.parent.parent / "docs"


@contextmanager
def bar(total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Clients", total=total)
        yield lambda: progress.advance(task)


def change(text: str) -> tuple[str, str, float]:
    """`drop.z=-1.9`"""
    name, _, value = text.partition("=")
    rule, _, parameter = name.partition(".")
    if rule not in RULES or parameter not in RULES[rule].parameters:
        raise argparse.ArgumentTypeError(f"there is no number {name!r}; numbers are in docs/signals.md")
    return rule, parameter, float(value)


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks.signals")
    asked.add_argument("--smoke", action="store_true", help="a few clients: does it still run?")
    asked.add_argument("--write", action="store_true", help="write docs/signals-benchmark.md and its pictures")
    asked.add_argument("--docs", type=Path, default=DOCS, help="where --write writes")
    asked.add_argument(
        "--tuning", action="store_true", help="on the clients for choosing numbers, not on those for reporting"
    )
    asked.add_argument(
        "--set", type=change, action="append", default=[], metavar="RULE.NAME=VALUE", help="another number"
    )
    said = asked.parse_args()
    if said.write and (said.set or said.tuning):
        asked.error("the page shows what is shipped, on the clients for reporting")
    size = SMOKE if said.smoke else Size()
    size = replace(size, seed=TUNING if said.tuning else size.seed, changes=tuple(said.set))
    with bar(len(list(jobs(size)))) as step:
        page = Page(run(size, step), size)
    if said.write:
        page.write(said.docs)
    else:
        print(page.text())


if __name__ == "__main__":
    main()
