"""What nobody thought of ends in three lines for whoever runs the command, and shows nothing of what it was about."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.actions import reports
from bot.cli import main

WORDS = "marzipan"
TOKEN = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456789"


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def three_lines(done: Result) -> None:
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 3
    assert "checkin-bot doctor" in done.stderr
    assert "Traceback" not in done.output


def test_a_table_that_is_gone_is_no_stack_trace(small_service: Path) -> None:
    with closing(sqlite3.connect(small_service / "checkin.db")) as con, con:
        con.execute("DROP TABLE check_in")
    done = run("report")
    three_lines(done)
    assert done.stderr.startswith("This should not have happened: OperationalError in storage.")
    assert "SELECT" not in done.stderr


@pytest.mark.parametrize("grouped", [False, True])
def test_neither_words_nor_token_are_quoted(small_service: Path, monkeypatch: pytest.MonkeyPatch, grouped: bool) -> None:
    async def breaks(*_: object) -> None:
        cause = ValueError(f"{WORDS} at https://api.telegram.org/bot{TOKEN}/getMe")
        raise ExceptionGroup(WORDS, [cause]) if grouped else cause

    monkeypatch.setattr(reports, "figures", breaks)
    done = run("report")
    three_lines(done)
    assert done.stderr.startswith("This should not have happened: ValueError in ")
    assert WORDS not in done.output
    assert TOKEN not in done.output


def test_a_mistake_in_typing_is_told_as_before(small_service: Path) -> None:
    done = run("report", "--since", "yesterday")
    assert done.exit_code == 2
    assert "Invalid value for '--since'" in done.stderr
