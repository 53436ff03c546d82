"""`report` on the command line: figures as text, page and table; no names of clients, no answers."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text((Path(__file__).parents[2] / "config.example.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "roster.csv").write_text(
        "role,ref,name,worker,language,timezone,next_session,status\n"
        "worker,W-1,Sam,,en,Europe/London,,\nclient,R-118,Alexandra,W-1,en,Europe/London,,\n"
    )
    assert run("roster", "import", "roster.csv").exit_code == 0
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def test_text_is_for_the_terminal(folder: Path) -> None:
    done = run("report", "--since", "2026-01-01")
    assert done.exit_code == 0
    assert done.stdout.startswith("Figures since 2026-01-01.")
    assert "Clients on the roster" in done.stdout
    assert "alerts per caseload: Sam (1 clients)" in done.stdout
    assert "Alexandra" not in done.stdout
    assert "R-118" not in done.stdout


def test_a_table_and_a_page_are_for_their_owner_only(folder: Path) -> None:
    assert run("report", "--csv", "out/f.csv", "--html", "out/f.html").exit_code == 0
    rows = list(csv.DictReader((folder / "out" / "f.csv").read_text().splitlines()))
    assert {"part": "service", "figure": "clients", "value": "1"} in rows
    page = folder / "out" / "f.html"
    assert "<th scope=row>Clients on the roster</th><td>1</td>" in page.read_text()
    assert page.stat().st_mode & 0o077 == 0


def test_a_day_that_is_none_is_an_error(folder: Path) -> None:
    assert run("report", "--since", "yesterday").exit_code == 2
