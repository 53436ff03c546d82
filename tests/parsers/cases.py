"""How many made-up cases each reader of outside input gets, and how such a test is written.

    @made_up("durations", text=st.text())
    def test_…(text: str) -> None: …

makes one test of a few cases for every run, and one of many, marked slow. One case is one call of the property with
input that Hypothesis made. What once broke a reader lies in `past/` (its README says how), is tried in every run, and
comes on top. The seed is fixed, so that a run can be had again: `PARSER_SEED=… make test-all` takes another.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.parsers.shapes import deep

SEED = int(os.environ.get("PARSER_SEED", "20260512"))
PAST = Path(__file__).with_name("past")
CASES = "parser_cases"
"""The property of a test's report under which its cases are counted; `tests/conftest.py` adds them up."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases in `make test`, and in the slow run on top of it."""

    few: int
    many: int


PLAN: Mapping[str, Counts] = {
    "updates_read": Counts(150, 4_000),
    "updates_handled": Counts(60, 300),
    "updates_received": Counts(60, 400),
    "buttons_read": Counts(200, 10_000),
    "buttons_made": Counts(100, 8_000),
    "buttons_handled": Counts(60, 400),
    "config_bytes": Counts(150, 2_000),
    "config_values": Counts(100, 1_000),
    "config_environment": Counts(60, 700),
    "roster_bytes": Counts(150, 8_000),
    "roster_cells": Counts(150, 2_500),
    "roster_written": Counts(60, 800),
    "export_cells": Counts(60, 1_500),
    "typed_answers": Counts(150, 10_000),
    "typed_numbers": Counts(60, 12_000),
    "typed_words": Counts(100, 10_000),
    "danger_words": Counts(100, 5_000),
    "durations": Counts(60, 12_000),
    "days": Counts(60, 5_000),
    "clocks": Counts(60, 13_000),
}
"""What costs least gets most: the cheap readers are also those that anybody's typing reaches."""


def past(parser: str) -> list[dict[str, Any]]:
    """What once broke this reader, as arguments of its property."""
    file = PAST / f"{parser}.json"
    return [_read(one["case"]) for one in json.loads(file.read_text("utf-8"))] if file.exists() else []


def _read(value: Any) -> Any:
    """`{"bytes": …}` are bytes, each letter one; `{"again": [[text, times], …]}` and `{"nested": levels}`, a message that
    answers a message that answers …, are what is too long to be written.
    """
    match value:
        case {"nested": levels, **rest} if not rest:
            return deepcopy(deep(levels)["message"])
        case {"bytes": text, **rest} if not rest:
            return _read(text).encode("latin-1")
        case {"again": parts, **rest} if not rest:
            return "".join(text * times for text, times in parts)
        case dict():
            return {key: _read(one) for key, one in value.items()}
        case list():
            return [_read(one) for one in value]
    return value


def made_up(
    parser: str, *, on: str | None = None, **strategies: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property that holds for everything that the strategies make, and for what once broke it.

    `on`: the fixture that the property is tried on, its first argument.
    """
    counts = PLAN[parser]
    sizes = [
        pytest.param(counts.few, id="few"),
        pytest.param(counts.many, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(300)]),
    ]

    def wrap(holds: Callable[..., None]) -> Callable[..., None]:
        @pytest.mark.parametrize("count", sizes)
        def test(count: int, record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> None:
            around = [request.getfixturevalue(on)] if on else []
            done = 0

            def case(**made: Any) -> None:
                nonlocal done
                done += 1
                holds(*around, **made)

            before = past(parser)
            _run(case, count, before, strategies)
            done -= len(before)
            record_property(CASES, done)
            assert done >= count

        test.parser = parser
        test.__doc__ = holds.__doc__
        return test

    return wrap


def _run(
    case: Callable[..., None], count: int, before: Sequence[Mapping[str, Any]], strategies: Mapping[str, Any]
) -> None:
    chosen = settings(
        max_examples=count,
        deadline=None,
        derandomize=False,  # the seed below decides
        database=None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    run = given(**strategies)(case)
    for one in before:
        run = example(**one)(run)
    seed(SEED)(chosen(run))()
