"""`checkin-bot roster` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
HEADER = "role,ref,name,worker,language,timezone,next_session,status\n"


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def test_a_dry_run_before_the_first_start_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    (tmp_path / "people.csv").write_text(f"{HEADER}worker,W-1,Sam,,,,,\n")
    done = run("roster", "import", "people.csv", "--dry-run")
    assert done.exit_code == 0
    assert "1 new, 0 changed, 0 unchanged; nothing was written." in done.stdout
    assert done.stderr == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "people.csv"]


def test_a_dry_run_afterwards_compares_with_who_is_there(small_service: Path) -> None:
    before = (small_service / "checkin.keys").read_bytes()
    done = run("roster", "import", "roster.csv", "--dry-run")
    assert "0 new, 0 changed, 2 unchanged" in done.stdout
    assert (small_service / "checkin.keys").read_bytes() == before


def test_a_quotation_mark_that_is_not_closed_is_told_with_its_line(small_service: Path) -> None:
    (small_service / "people.csv").write_text(f'{HEADER}worker,W-2,"Kim,,,,,\nworker,W-3,Lee,,,,,\n')
    done = run("roster", "import", "people.csv")
    assert done.exit_code == 2
    assert "people.csv:2: line: " in done.stderr
    assert "nothing was changed" in done.stderr


def test_as_json_the_next_meeting_is_a_moment_that_machines_read(small_service: Path) -> None:
    (small_service / "people.csv").write_text(f"{HEADER}client,R-118,,W-1,,,2026-05-14 11:00,\n")
    assert run("roster", "import", "people.csv").exit_code == 0
    found = {one["ref"]: one["next_session"] for one in json.loads(run("roster", "list", "--json").stdout)}
    assert found == {"R-118": "2026-05-14T11:00+01:00", "W-1": None}
