"""The law of the house, kept by the build: who may import whom, what things are called, how big they may grow."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from tests.support.code import module

ROOT = Path(__file__).parent.parent
CODE = tuple(
    path
    for package in ("bot", "handlers", "storage")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "versions" not in path.parts  # migrations are written by Alembic and never changed
)
TESTS = tuple(sorted((ROOT / "tests").rglob("*.py")))

OTHER_WORDS = frozenset(
    {"survey", "questionnaire", "ticket", "patient", "therapist", "counsellor", "user", "customer", "util", "utils"}
    | {"helper", "helpers", "misc", "common", "subscriber"}
)
"""Words that docs/words.md has another word for, and words that say nothing. Asked of the parts of a name."""
NOT_A_MODULE = frozenset({"service", "services", "managers", "core", "base", "models", "types", "constants"})
"""Fine inside a name; as the name of a module, a drawer for anything."""

LONGEST_MODULE = 300
LONGER = {
    "storage/tables.py": "every table in one place: a list",
    "bot/actions/cards.py": "everything about what stands on an alert's card",
    "bot/actions/courier.py": "everything about one message's way out",
    "bot/rehearsal/telegram/standin.py": "the stand-in itself: both sides of one Telegram",
    "bot/domain/signals/catalogue.py": "the one table of rules: a list",
    "bot/domain/signals/history.py": "everything about one client that a rule may look at, as plain values",
    "bot/domain/checkins.py": "the state table of a check-in, with the theory above it",
}
MAY_SLEEP = {
    "tests/support/post_office.py": "the database works in threads of its own; nothing is rung when they are done",
    "tests/storage/test_cancelled.py": "the moment of the cancellation is what is tried",
}
P90_OF_FUNCTIONS, LONGEST_FUNCTION = 35, 60

SENTENCE = re.compile(r"[A-Z“].* .* .*[.!?…”]", re.DOTALL)
FOR_OPERATORS = frozenset(
    f"bot/actions/{name}.py" for name in ("operations", "hooked", "findings", "housekeeping", "backups", "erasures")
)
"""They answer whoever looks after the computer, on a terminal, not people in a chat."""


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(paths: tuple[Path, ...]) -> Iterator[tuple[str, ast.Module]]:
    for path in paths:
        yield where(path), module(path)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def parts(name: str) -> set[str]:
    """`UserTable`, `user_table` → {"user", "table"}."""
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_nobody_imports_upwards_or_across() -> None:
    """The contracts in pyproject.toml: floors, a pure domain, one package for each technology, no cycles."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_a_thing_has_one_name() -> None:
    said = {f"{name}:{one}" for name, tree in parsed(CODE) for one in names(tree) if parts(one) & OTHER_WORDS}
    called = {where(path) for path in CODE + TESTS if parts(path.stem) & OTHER_WORDS or path.stem in NOT_A_MODULE}
    assert said | called == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, tree in parsed(CODE + TESTS) if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_tests_do_not_sleep() -> None:
    """A test that waits for time to pass is slow and now and then wrong. `sleep(0)` only lets others go first."""
    slept = [
        f"{name}:{node.lineno}"
        for name, tree in parsed(TESTS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _is_sleep(node) and name not in MAY_SLEEP
    ]
    assert slept == []


def _is_sleep(call: ast.Call) -> bool:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return called == "sleep" and not (call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0)


def test_functions_stay_short() -> None:
    lengths = {
        f"{name}:{one.name}": (one.end_lineno or one.lineno) - one.lineno + 1
        for name, tree in parsed(CODE)
        for one in functions(tree)
    }
    assert sorted(lengths.values())[int(len(lengths) * 0.9)] <= P90_OF_FUNCTIONS
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_modules_stay_small_or_say_why() -> None:
    lengths = {where(path): len(path.read_text("utf-8").splitlines()) for path in CODE}
    grown = {name for name, lines in lengths.items() if lines > LONGEST_MODULE}
    assert grown <= set(LONGER)
    assert set(LONGER) <= set(lengths)


def test_no_sentence_for_people_stands_in_code() -> None:
    """What people read is in bot/texts or in the config, by key: nowhere else can it be translated or changed."""
    said = [
        f"{name}:{node.lineno}: {node.value}"
        for name, tree in parsed(tuple(path for path in CODE if where(path).startswith(("bot/actions/", "handlers/"))))
        if name not in FOR_OPERATORS
        for node in _spoken(tree)
        if isinstance(node.value, str) and SENTENCE.fullmatch(node.value)
    ]
    assert said == []


def _spoken(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every string but docstrings, which stand alone as statements, and the hints of log lines."""
    others = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) or _is_hint(node)}
    return (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in others)


def _is_hint(node: ast.AST) -> TypeGuard[ast.keyword]:
    return isinstance(node, ast.keyword) and node.arg == "hint"


def test_where_a_sentence_is_looked_for_one_would_be_found() -> None:
    tree = ast.parse('"""A docstring, which is fine."""\npost({"text": "Thanks. That is all for today."})')
    assert [node.value for node in _spoken(tree) if SENTENCE.fullmatch(str(node.value))] == [
        "Thanks. That is all for today."
    ]


def test_alembic_s_own_command_sends_people_to_ours() -> None:
    """Beside `storage.migrate` nothing migrates: it would do so without the lock and the check of what refers to what."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "storage.migrate" in done.stderr
