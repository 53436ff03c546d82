"""`why` on the command line: one clear line for a mistake, nothing repeated that was typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def test_a_day_without_answers_says_so(small_service: Path) -> None:
    done = run("why", "R-118", "2026-05-12")
    assert done.exit_code == 0
    assert done.stdout.startswith("R-118, Tuesday 12 May 2026, clock of Europe/London")
    assert "Nothing was read that day" in done.stdout


def test_as_json_it_is_one_document(small_service: Path) -> None:
    found = json.loads(run("why", "R-118", "2026-05-12", "--json").stdout)
    assert (found["ref"], found["day"], found["looks"]) == ("R-118", "2026-05-12", [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("R-999", "2026-05-12"), "There is no such client"),
        (("R-118",), "There has been no alert about this client."),
        (("R-118", "9999-12-31"), "That day is beyond the calendar."),
    ],
)
def test_who_or_what_is_not_there_is_one_line(small_service: Path, words: tuple[str, ...], said: str) -> None:
    done = run("why", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "R-999" not in done.stderr
    assert done.stdout == ""
