"""The benchmark still runs, says everything, and says the same twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.signals.page import BASELINES, Page
from tests.benchmarks.signals.trial import SMOKE, Size, run
from tests.benchmarks.signals.worlds import OTHERS

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


def test_numbers_that_do_not_exist_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.signals", "--set", "drop.zed=1"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "drop.zed" in done.stderr
