"""How quick the bot is beside plain peers, as ratios within one run.

python -m tests.benchmarks                    everything, as a table
python -m tests.benchmarks sending tapping    only these
python -m tests.benchmarks --write            and docs/performance.md with its picture
python -m tests.benchmarks --smoke            one tiny round of each, to see that they still run
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot import logs
from tests.benchmarks import alerting, campaign, report, sending, starting, tapping, ticking
from tests.benchmarks.figures import SMOKE, Results, Size
from tests.benchmarks.house import House, build

BENCHMARKS: Mapping[str, Callable[[House, Size], Awaitable[Results]]] = {
    "sending": sending.measure,
    "tapping": tapping.measure,
    "far": tapping.measure_far,
    "campaign": campaign.measure,
    "ticking": ticking.measure,
    "alerting": alerting.measure,
    "starting": starting.measure,
}
DOCS = Path(__file__).parent.parent.parent / "docs"
REMARKS = Path(__file__).with_name("remarks.md")


async def run(names: Sequence[str], size: Size) -> Results:
    """These benchmarks, one after the other."""
    found = Results()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        house = await build(Path(folder) / "house", size.people, size.alerts)
        for name in names:
            part = await BENCHMARKS[name](house, size)
            report.show(part)
            sys.stdout.flush()
            found.figures += part.figures
            found.facts += part.facts
    return found


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    asked.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="which; without any, all")
    asked.add_argument("--smoke", action="store_true", help="one tiny round of each: do they still run?")
    asked.add_argument("--write", action="store_true", help="write docs/performance.md and its picture")
    asked.add_argument("--keep", type=Path, help="a file that gathers the results of several runs for --write")
    asked.add_argument("--rounds", type=int, default=Size().rounds)
    asked.add_argument("--million", action="store_true", help="the timetable of a million too (minutes)")
    said = asked.parse_args()
    logs.set_up("error", json=False)
    size = SMOKE if said.smoke else Size(rounds=said.rounds)
    if said.million:
        size = replace(size, timetables=(*size.timetables, 1_000_000))
    results = asyncio.run(run(said.names or list(BENCHMARKS), size))
    if said.keep:
        results = report.keep(results, said.keep)
    if said.write:
        report.write(results, REMARKS.read_text("utf-8"), DOCS / "performance.md")


if __name__ == "__main__":
    main()
