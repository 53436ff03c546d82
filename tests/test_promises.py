"""docs/promises.md is true: every promise has a test that exists, and every file of faults says whose it is."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.code import module

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "promises.md").read_text("utf-8")
PROMISES = [f"R{number}" for number in range(1, 22)]
ROWS = {row.split("|")[1].strip(): row.split("|") for row in PAGE.splitlines() if re.match(r"\| R\d+ ", row)}
FAULTS = sorted((ROOT / "tests" / "faults").glob("test_*.py"))


def named_for(promise: str) -> list[tuple[str, str]]:
    return re.findall(r"`([\w/]+\.py)::(test_\w+)`", ROWS[promise][3])


@cache
def there(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_promise_has_its_row_in_plain_words() -> None:
    assert list(ROWS) == PROMISES
    assert all(len(row) == 6 and row[2].strip() for row in ROWS.values())


def test_every_promise_has_its_last_figure() -> None:
    assert [promise for promise, row in ROWS.items() if not row[4].strip()] == []


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_is_tried_by_tests_that_exist(promise: str) -> None:
    named = named_for(promise)
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in there(path)] == []


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_every_file_of_faults_says_which_promises_it_tries_and_the_page_agrees(file: Path) -> None:
    said = ast.get_docstring(module(file)) or ""
    promises = re.findall(r"R\d+", said.partition(":")[0])
    path = file.relative_to(ROOT).as_posix()
    assert promises
    assert promises == [one for one in PROMISES if path in dict(named_for(one))]
