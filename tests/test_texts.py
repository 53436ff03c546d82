"""The code and the texts belong together. How a text is said, and the words themselves: tests/texts/."""

import re

import pytest

from tests.support.wording import CODE, SAY, TEXTS, spoken, strings, under

STRICT = False
"""Whether a text that nobody says fails the build. Off while the views are being written; then it only reports."""

RESERVED: dict[str, str] = {
    "format.": "read by Forms, not said",
    "commands.": "listed to Telegram by name",
    "client.join.3.attendance": "for a place that reports on attendance: moved into the text by its config",
    "client.crisis.example": "the demo's crisis text and the pattern for a real one",
    "client.helps.": "/whathelps: a later issue",
    "client.small.voice": "voice notes are off by default",
    "client.small.buttons.": "voice notes are off by default",
    "worker.alert.discreet.": "alerts.detail = discreet: the worker's issue",
    "manager.report.": "the report in the chat: the manager's issue",
    "manager.config.": "a config sent to the bot: the manager's issue",
}


# ── The code and the texts belong together ──


def test_every_text_that_the_code_says_exists() -> None:
    keys = TEXTS.keys()
    missing = [
        f"{one.where}: {one.key.pattern}" for one in spoken(CODE) if not any(one.key.fullmatch(key) for key in keys)
    ]
    assert missing == []


def test_every_text_is_said_somewhere_or_reserved_with_a_reason() -> None:
    patterns = set(strings(CODE))
    exact = {re.sub(r"\\(.)", r"\1", pattern.pattern) for pattern in patterns}
    computed = [pattern for pattern in patterns if r"[\w.-]+" in pattern.pattern]
    unsaid = [
        key
        for key in sorted(TEXTS.keys())
        if not key.startswith(tuple(RESERVED))
        and not _mentioned(key, exact)
        and not any(pattern.fullmatch(key) for pattern in computed)
    ]
    if unsaid and not STRICT:
        pytest.skip(f"{len(unsaid)} texts are not said yet: {', '.join(unsaid)}")
    assert unsaid == []


def _mentioned(key: str, exact: set[str]) -> bool:
    """The key itself, or a table that holds it, stands in the code."""
    parts = key.split(".")
    return any(".".join(parts[:n]) in exact for n in range(2, len(parts) + 1))


def test_nothing_is_reserved_that_does_not_exist() -> None:
    assert [table for table in RESERVED if not under(table)] == []


# ── Words that checks from outside find their way by ──


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("client.join.buttons.agree", "I agree"),
        ("client.join.buttons.decline", "No thanks"),
        ("worker.alert.buttons.got_it", "I've got it"),
        ("worker.alert.buttons.talked", "We talked"),
        ("manager.buttons.got_it", "I've got it"),
        ("client.question.buttons.skip", "Skip"),
        ("client.question.buttons.later", "Later"),
    ],
)
def test_labels_that_others_rely_on_stay(key: str, label: str) -> None:
    assert SAY.plain(key) == label


@pytest.mark.parametrize("name", ["yes_private", "next", "agree", "yes_clock"])
def test_the_first_button_of_each_joining_screen_goes_forward(name: str) -> None:
    assert SAY.plain(f"client.join.buttons.{name}").startswith(("Yes", "Next", "I agree"))


def test_the_sharing_choice_begins_with_tell() -> None:
    assert SAY.plain("client.sharing.buttons.tell").startswith("Tell")
