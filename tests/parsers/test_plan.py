"""That there are as many cases as promised, and each reader has its own."""

import importlib
import json
import pkgutil

import tests.parsers
from tests.parsers.cases import PAST, PLAN, past

PROMISED = 100_000
"""In `.ci/run`."""
FOUND = 69
"""Cases of the past; there will be more."""


def test_the_long_run_has_as_many_cases_as_promised_and_the_short_one_about_two_thousand() -> None:
    assert sum(counts.many for counts in PLAN.values()) >= PROMISED
    assert 1_800 <= sum(counts.few for counts in PLAN.values()) <= 2_500


def test_every_reader_of_the_plan_is_tried_once() -> None:
    modules = [
        importlib.import_module(f"tests.parsers.{one.name}") for one in pkgutil.iter_modules(tests.parsers.__path__)
    ]
    tried = [test.parser for module in modules for test in vars(module).values() if hasattr(test, "parser")]
    assert sorted(tried) == sorted(PLAN)


def test_every_case_of_the_past_belongs_to_a_reader_and_says_what_it_broke() -> None:
    files = {file.stem: json.loads(file.read_text("utf-8")) for file in PAST.glob("*.json")}
    assert set(files) <= set(PLAN)
    assert all(one["broke"] and set(one) == {"broke", "case"} for cases in files.values() for one in cases)
    assert sum(map(len, files.values())) >= FOUND
    assert all(len(past(parser)) == len(cases) for parser, cases in files.items())
