"""`checkin-bot audit` as it is typed, and that every command which reads about clients leaves its line."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def log(*options: str) -> list[tuple[str, str, str | None]]:
    done = run("audit", "list", "--json", *options)
    assert done.exit_code == 0, done.output
    return [(line["by"], line["did"], line["about"]) for line in json.loads(done.stdout)]


def in_the_database(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "checkin.db")) as con, con:
        con.execute(statement)


def test_who_was_brought_in_stands_in_the_log_and_that_it_was_read_as_well(small_service: Path) -> None:
    assert log() == [("operator", "roster_new", "W-1"), ("operator", "roster_new", "R-118")]
    assert log("--about", "R-118") == [("operator", "roster_new", "R-118")]
    assert log("--since", "2999-01-01") == []
    assert log()[-3:] == [
        ("operator", "read_log", None),
        ("operator", "read_log", "R-118"),
        ("operator", "read_log", None),
    ]


COMMANDS: Sequence[tuple[str, tuple[str, str | None]]] = (
    ("export --out all.json", ("exported", "R-118")),
    ("export --client R-118 --format csv --out folder", ("exported", "R-118")),
    ("backtest --json", ("replayed", "R-118")),
    ("report", ("read_figures", None)),
    ("roster list", ("read_roster", None)),
    ("roster export", ("read_roster", None)),
    ("config preview", ("read_plan", None)),
    ("why R-118 2026-05-12", ("read_answers", "R-118")),
    ("invite W-1", ("invited", "W-1")),
)


def test_every_command_about_people_leaves_a_line(small_service: Path) -> None:
    before = len(log())
    for command, _ in COMMANDS:
        done = run(*command.split())
        assert done.exit_code == 0, done.output
    assert log()[before + 1 :] == [("operator", *line) for _, line in COMMANDS]
    assert run("audit", "verify").exit_code == 0


def test_whoever_was_erased_is_found_by_their_ref_and_not_read_from_the_log(small_service: Path) -> None:
    before = log("--about", "R-118")
    assert run("erase", "--client", "R-118", "--yes").exit_code == 0
    assert [did for _, did, _ in log("--about", "R-118")] == [*(did for _, did, _ in before), "read_log", "erased"]
    assert [about for _, did, about in log() if did in ("roster_new", "erased") and about == "R-118"] == []
    assert run("audit", "verify").exit_code == 0


def test_an_intact_log_ends_with_nought_and_what_to_note_down(small_service: Path) -> None:
    done = run("audit", "verify")
    assert done.exit_code == 0
    assert done.stdout.startswith("Intact: 2 lines, begun on ")
    noted = done.stdout.split()[-1]
    assert run("audit", "verify", "--noted", noted).exit_code == 0
    told = json.loads(run("audit", "verify", "--json").stdout)
    assert (told["intact"], told["lines"], told["noted"], told["flaws"]) == (True, 2, noted, [])


def test_a_broken_one_ends_with_one_and_says_where(small_service: Path) -> None:
    in_the_database(small_service, "UPDATE audit SET about = 'W-1' WHERE number = 2")
    done = run("audit", "verify")
    assert done.exit_code == 1
    assert "Line 2: is not what was written" in done.stdout
    assert json.loads(run("audit", "verify", "--json").stdout)["flaws"] == [{"line": 2, "why": "changed"}]


def test_a_log_that_was_made_anew_does_not_hold_what_was_noted(small_service: Path) -> None:
    noted = run("audit", "verify").stdout.split()[-1]
    in_the_database(small_service, "DELETE FROM audit_head")
    in_the_database(small_service, "UPDATE audit SET about = 'W-1', place = NULL, hash = NULL")
    assert run("audit", "verify").exit_code == 0  # by itself it holds together
    done = run("audit", "verify", "--noted", noted)
    assert done.exit_code == 1
    assert "the line that you noted is not there any more" in done.stdout


@pytest.mark.parametrize("noted", ["118", "0:" + "0" * 64, "1:zz", "1:" + "0" * 63])
def test_what_was_noted_is_typed_as_it_was_printed(small_service: Path, noted: str) -> None:
    assert run("audit", "verify", "--noted", noted).exit_code == 2
