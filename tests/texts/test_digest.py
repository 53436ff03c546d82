"""What the weekly digest says of each rule: in words, without a number, and for every rule that can wait for it."""

import re

import pytest

from bot.domain.signals.catalogue import RULES
from tests.support.wording import SAY, TEXTS, filled

NEVER_WAITS = {"risk_text", "asked_to_talk", "said_bothered", "said_worse", "not_repaired", "missed_sessions"} | {
    "blocked",
    "low_information",
}
"""Always an alert, a note, or on charts only; `low_information` has a sentence for the whole caseload."""
WAITS = sorted(set(RULES) - NEVER_WAITS)


@pytest.mark.parametrize("rule", WAITS)
def test_every_rule_that_can_wait_has_a_line_without_a_number(rule: str) -> None:
    key = f"worker.digest.{rule}"
    assert SAY.has(key)
    assert TEXTS.placeholders(key) == frozenset()
    assert re.findall(r"\d|{", filled(key)) == []


def test_rules_that_the_budget_may_hold_back_are_among_them() -> None:
    assert {rule for rule in RULES if RULES[rule].may_wait} <= set(WAITS)


def test_it_never_calls_anybody_unreliable() -> None:
    said = [filled(f"worker.digest.{one}") for one in ("low_information", "worth_asking", *WAITS)]
    assert [one for one in said if "reliable" in one] == []
