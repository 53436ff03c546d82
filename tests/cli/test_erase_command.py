"""`erase` on the command line: first it says what would go, then it goes, then there is nothing left to do."""

import json
import re
import resource
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.actions import erasures
from bot.cli import main

ROSTER = """role,ref,name,worker,language,timezone,next_session,status
manager,M-1,Jo,,en,Europe/London,,
worker,W-1,Sam,,en,Europe/London,,
client,R-118,Alexandra,W-1,en,Europe/London,2026-05-14 11:00,
client,R-200,Robin,W-1,en,Europe/London,,
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text((Path(__file__).parents[2] / "config.example.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "roster.csv").write_text(ROSTER, "utf-8")
    assert run("roster", "import", "roster.csv").exit_code == 0
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def roster() -> dict[str, dict[str, str | None]]:
    return {one["ref"]: one for one in json.loads(run("roster", "list", "--json").output)}


def test_without_yes_it_says_what_would_go_and_does_nothing(folder: Path) -> None:
    before = roster()
    done = run("erase", "--client", "R-118")
    assert done.exit_code == 2
    assert "1 assignment" in done.output
    assert "--yes" in done.output
    assert roster() == before


def test_with_yes_it_is_done_and_the_receipt_is_printed(folder: Path) -> None:
    before = roster()
    done = run("erase", "--client", "R-118", "--yes")
    assert done.exit_code == 0
    assert re.search(r"Receipt \d+\.", done.output)
    after = roster()
    assert (after["R-118"]["name"], after["R-118"]["worker"], after["R-118"]["status"]) == (None, None, "left")
    assert after["R-200"] == before["R-200"]


def test_a_second_time_there_is_nothing_left_to_do(folder: Path) -> None:
    assert run("erase", "--client", "R-118", "--yes").exit_code == 0
    again = run("erase", "--client", "R-118", "--yes")
    assert again.exit_code == 0
    assert "already" in again.output


@pytest.mark.parametrize("ref", ["R-999", "W-1"])
def test_whoever_is_no_client_is_not_erased(folder: Path, ref: str) -> None:
    before = roster()
    done = run("erase", "--client", ref, "--yes")
    assert done.exit_code == 2
    assert ref not in done.output
    assert roster() == before


def test_where_the_list_of_the_erased_can_t_be_written_nothing_is_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = roster()
    monkeypatch.setenv("CHECKIN_DATABASE__ERASED_FILE", str(folder / "nowhere" / "list"))
    done = run("erase", "--client", "R-118", "--yes")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Nothing was deleted." in done.stderr
    assert roster() == before


def test_where_the_list_gets_no_room_it_is_not_finished_until_it_has(folder: Path) -> None:
    """The list may not grow: what a full disk looks like to whoever writes."""
    kept, most = folder / "checkin.erased", 4_000_000
    assert run("erase", "--client", "R-118").exit_code == 2  # which begins the list
    begun = kept.read_text()
    kept.write_text(begun + "#" * (most - len(begun) - 1) + "\n")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        done = [run("erase", "--client", "R-118", "--yes") for _ in range(2)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [one.exit_code for one in done] == [1, 2]
    assert [one.stdout for one in done] == ["", ""]
    assert "Not finished" in done[0].stderr
    again = run("erase", "--client", "R-118", "--yes")
    assert (again.exit_code, "already" in again.stdout) == (0, True)
    assert len(erasures.read(kept)) == 1
