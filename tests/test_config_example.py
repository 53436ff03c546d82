"""config.example.toml is complete, valid as it stands, and every key is documented."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from bot.config.document import Document
from bot.config.given import inside, keys_of
from bot.config.load import Loaded, read
from bot.domain.plan import live_problems
from bot.domain.questions import MEANINGS, Asks
from bot.domain.signals.catalogue import RULES

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"
TEXT = EXAMPLE.read_text("utf-8")
DOCS = (ROOT / "docs" / "configuration.md").read_text("utf-8")


def keys(kind: object = Document, before: tuple[str, ...] = ()) -> list[str]:
    """Every key that has a name of its own, dotted: lists of tables count as their tables."""
    found = []
    for key, annotation in keys_of(kind).items():
        here = (*before, key)
        deeper = annotation if keys_of(annotation) else inside(annotation, 0)
        found += keys(deeper, here) if deeper is not None and keys_of(deeper) else [".".join(here)]
    return found


KEYS = keys()


def written(table: object, before: str = "") -> set[str]:
    if isinstance(table, list):
        return set().union(*(written(one, before) for one in table)) | {before}
    if isinstance(table, dict):
        return set().union(*(written(one, f"{before}.{key}".strip(".")) for key, one in table.items())) | {before}
    return {before}


def test_it_loads_without_a_problem_and_without_a_warning() -> None:
    found = read(EXAMPLE, {}, today=date(2026, 11, 22))
    assert isinstance(found, Loaded), str(found)
    assert [str(warning) for warning in found.warnings] == []


def test_with_it_the_bot_would_be_live() -> None:
    found = read(EXAMPLE, {}, today=date(2026, 11, 22))
    assert isinstance(found, Loaded)
    assert live_problems(found.plan, date(2026, 11, 22)) == ()


@pytest.mark.parametrize("key", KEYS)
def test_every_key_stands_in_it_at_least_as_a_comment(key: str) -> None:
    commented = re.search(rf"^# {re.escape(key.rpartition('.')[2])} = ", TEXT, re.MULTILINE)
    assert any(one == key or one.startswith(f"{key}.") for one in written(tomllib.loads(TEXT))) or commented


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_documented(key: str) -> None:
    section, _, rest = key.partition(".")
    part = DOCS.partition(f"\n## `[{section}]`")[2] or DOCS.partition(f"\n## `[[{section}]]`")[2] or DOCS
    assert f"`{rest or section}`" in part.partition("\n## `[")[0] or f"`{key}`" in DOCS


@pytest.mark.parametrize("key", sorted(set(re.findall(r"^\| `([a-z0-9_.]+)` \|", DOCS, re.MULTILINE))))
def test_nothing_is_documented_that_does_not_exist(key: str) -> None:
    assert key in set(Asks) or any(f".{key}." in f".{one}." for one in KEYS), key


@pytest.mark.parametrize("asks", MEANINGS)
def test_option_ids_that_rules_read_are_documented(asks: Asks) -> None:
    assert f"| `{asks}` | choice: {', '.join(MEANINGS[asks])}" in DOCS


def test_every_rule_can_be_found_from_the_documentation() -> None:
    assert "docs/signals.md" in DOCS or all(f"`{rule}`" in DOCS for rule in RULES)


def test_defaults_that_the_example_names_are_the_defaults() -> None:
    """A `default "…"` in a comment behind a value that is written is that value or that of the model."""
    tables = dict(re.findall(r'^(\w+) = .*?  # .*default "([^"]+)"', TEXT, re.MULTILINE))
    assert tables["expires_after"] == "24h"
    assert tables["after_discharge"] == "90d"
    assert tables["erase_delay"] == "3d"
