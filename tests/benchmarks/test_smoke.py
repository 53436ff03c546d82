"""The benchmarks still run. How long anything takes is nobody's test."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import BENCHMARKS

ROOT = Path(__file__).parent.parent.parent
MEASURES = {
    "sending": {"P1"},
    "tapping": {"P2", "P3"},
    "far": {"P4"},
    "campaign": {"P5"},
    "ticking": {"P6"},
    "alerting": {"P7", "P10"},
    "starting": {"P9"},
}


def test_every_benchmark_is_tried_here() -> None:
    assert set(BENCHMARKS) == set(MEASURES)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", MEASURES)
def test_a_benchmark_still_runs_and_names_what_it_measures(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--smoke", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path for path in MEASURES[name] if path not in done.stdout} == set()
