"""The benchmark still runs, says everything, and says the same twice."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.signals.catalogue import settings
from tests.benchmarks.signals.clients import client
from tests.benchmarks.signals.histories import history
from tests.benchmarks.signals.page import BASELINES, Page, verdict
from tests.benchmarks.signals.resample import Figure
from tests.benchmarks.signals.trial import REPORTING, SMOKE, Size, live_by, run
from tests.benchmarks.signals.verdicts import Point, live_point
from tests.benchmarks.signals.worlds import OTHERS, world

ROOT = Path(__file__).parent.parent.parent.parent
TINY = Size(main=40, others=20, asked=20, lot=20, draws=20)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_writes_its_page_and_pictures(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.signals", "--smoke", "--write", "--docs", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "signals-benchmark.md").read_text("utf-8")
    assert {name for name in (*BASELINES, *OTHERS) if name not in page} == set()
    for picture in ("signals-benchmark-budget.png", "signals-benchmark-delay.png"):
        assert f"({picture})" in page
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    assert SMOKE.seed == "reporting"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_same_seeds_give_the_same_page_however_many_work_on_it() -> None:
    one, two = (Page(run(TINY, lambda: None, processes), TINY).text() for processes in (1, 2))
    assert one == two


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("profile", ["therapy", "recovery"])
def test_habitual_low_raters_bring_as_many_false_alarms_as_the_remarks_say(profile: str) -> None:
    low = replace(world(profile, "floor raters"), floor=1.0)
    clients = [client(low, REPORTING, number) for number in range(400)]
    one = live_point(live_by(clients, map(history, clients), settings(profile)), Size().draws)
    said = " ".join((ROOT / "tests" / "benchmarks" / "signals" / "remarks.md").read_text("utf-8").split())
    assert f"{one.false} in {profile}" in said
    assert f"{one.alerts.value:.2f}" in said.rpartition(", at ")[2]


def test_an_aim_that_the_interval_straddles_is_met_by_the_middle_figure_only() -> None:
    def judged(low: float, high: float) -> str:
        return verdict(Point(Figure(0.2, 0.19, 0.21), Figure(0.46, low, 0.5), Figure(1.1, 1.0, high)), "recovery")

    assert judged(0.45, 1.2) == "met"
    assert judged(0.43, 1.2) == judged(0.45, 1.3) == "by the middle figure only"
    missed = Point(Figure(0.2, 0.19, 0.21), Figure(0.44, 0.41, 0.47), Figure(1.0, 0.9, 1.1))
    assert verdict(missed, "recovery") == "missed"


def test_numbers_that_do_not_exist_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.signals", "--set", "drop.zed=1"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "drop.zed" in done.stderr
