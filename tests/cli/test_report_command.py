"""`report` on the command line: figures as text, page and table; no names of clients, no answers."""

import csv
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli import main


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def test_text_is_for_the_terminal(small_service: Path) -> None:
    done = run("report", "--since", "2026-01-01")
    assert done.exit_code == 0
    assert done.stdout.startswith("Figures since 2026-01-01.")
    assert "Clients on the roster" in done.stdout
    assert "alerts per caseload: Sam (1 client)" in done.stdout
    assert "Alexandra" not in done.stdout
    assert "R-118" not in done.stdout


def test_a_table_and_a_page_are_for_their_owner_only(small_service: Path) -> None:
    assert run("report", "--csv", "out/f.csv", "--html", "out/f.html").exit_code == 0
    rows = list(csv.DictReader((small_service / "out" / "f.csv").read_text().splitlines()))
    assert {"part": "service", "figure": "clients", "value": "1"} in rows
    page = small_service / "out" / "f.html"
    assert "<th scope=row>Clients on the roster</th><td>1</td>" in page.read_text()
    assert page.stat().st_mode & 0o077 == 0


def test_a_day_that_is_none_is_an_error(small_service: Path) -> None:
    assert run("report", "--since", "yesterday").exit_code == 2
