"""The benchmarks still run. How long anything takes is nobody's test."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.timeout(120)
def test_every_benchmark_runs_and_names_its_ratios() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--smoke"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path for path in ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P9") if path not in done.stdout} == set()
