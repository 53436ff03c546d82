"""`backup` and `restore` as they are typed: what they print, how they end, and what they refuse."""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import app
from bot.actions.aftermath import Aftermath, Open
from bot.actions.backups import working_folder
from bot.cli import main
from bot.cli.backing_up import _since
from storage.backups import HALF


def typed(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def people() -> dict[str, dict[str, str | None]]:
    return {one["ref"]: one for one in json.loads(typed("roster", "list", "--json").output)}


@pytest.fixture
def backup(small_service: Path) -> Path:
    assert typed("backup", "one.backup").exit_code == 0
    return small_service / "one.backup"


def test_it_says_what_it_wrote_and_with_which_key_it_opens(small_service: Path) -> None:
    done = typed("backup", "one.backup")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "rows written to one.backup and read again" in done.stderr
    assert "They are not in it." in done.stderr
    key = (small_service / "checkin.keys").read_bytes().strip()
    assert key not in (small_service / "one.backup").read_bytes()
    assert (small_service / "one.backup").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_file_that_is_there_is_left_alone(backup: Path) -> None:
    before = backup.read_bytes()
    done = typed("backup", "one.backup")
    assert (done.exit_code, "is there already" in done.stderr) == (2, True)
    assert backup.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("path", ["nowhere/one.backup", "config.toml/one.backup"])
def test_a_place_that_is_none_is_one_line(small_service: Path, path: str) -> None:
    done = typed("backup", path)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert [one.name for one in small_service.iterdir() if "backup" in one.name] == []


@pytest.mark.slow
def test_where_there_is_no_database_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text((Path(__file__).parents[2] / "config.example.toml").read_text("utf-8"))
    for words in (("backup", "one.backup"), ("restore", "one.backup")):
        done = typed(*words)
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert {one.name for one in tmp_path.iterdir()} <= {"config.toml", "checkin.db.lock"}


@pytest.mark.slow
def test_with_a_key_missing_it_is_written_and_says_so(small_service: Path) -> None:
    key = small_service / "checkin.keys"
    key.write_text("B" * 43)
    done = typed("backup", "one.backup")
    assert done.exit_code == 1
    assert "need a key that is not here" in done.stderr


@pytest.mark.slow
def test_where_the_disk_is_full_there_is_one_line_and_no_half_file(small_service: Path) -> None:
    """Files may not grow beyond 100 kB: what a full disk looks like to whoever writes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        done = typed("backup", "one.backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (done.exit_code, len(done.stderr.splitlines()), done.exception.__class__) == (2, 1, SystemExit)
    assert [one.name for one in small_service.iterdir() if "backup" in one.name] == []


# ---------------------------------------------------------------- putting back


def test_a_restored_backup_has_everybody_but_those_who_were_erased(backup: Path) -> None:
    before = people()
    assert typed("erase", "--client", "R-118", "--yes").exit_code == 0
    assert typed("roster", "export").exit_code == 0
    done = typed("restore", "one.backup", "--replace")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Erased since the backup, and now again: R-118." in done.stdout
    after = people()
    assert after["W-1"] == before["W-1"]
    assert (after["R-118"]["name"], after["R-118"]["worker"]) == (None, None)
    assert typed("backup", "two.backup").exit_code == 0


@pytest.mark.slow
def test_looking_says_so_and_changes_nothing(backup: Path) -> None:
    typed("erase", "--client", "R-118", "--yes")
    before = people()
    done = typed("restore", "one.backup", "--check")
    assert done.exit_code == 0
    assert "Nothing was changed." in done.stdout
    assert "2 people that the database holds now would go" in done.stdout
    assert people() == before


@pytest.mark.slow
def test_a_database_with_people_in_it_is_replaced_only_if_that_is_said(backup: Path) -> None:
    typed("erase", "--client", "R-118", "--yes")
    before = people()
    done = typed("restore", "one.backup")
    assert (done.exit_code, "--replace" in done.stderr) == (2, True)
    assert people() == before


@pytest.mark.slow
def test_while_the_bot_runs_it_is_refused_and_looking_and_backing_up_are_not(backup: Path) -> None:
    typed("erase", "--client", "R-118", "--yes")  # which makes the list
    with app.only_one("sqlite+aiosqlite:///checkin.db"):
        assert typed("backup", "two.backup").exit_code == 0
        assert typed("restore", "one.backup", "--check").exit_code == 0
        done = typed("restore", "one.backup", "--replace")
    assert (done.exit_code, "End it first" in done.stderr) == (2, True)


def test_the_copy_of_a_restore_that_was_killed_goes_with_the_next_start(tmp_path: Path) -> None:
    """Nothing has been erased from it yet."""
    database = tmp_path / "checkin.db"
    left = tmp_path / f"{working_folder(database)}x1"
    left.mkdir()
    (left / "copy.db").write_text("everybody")
    with app.only_one(f"sqlite+aiosqlite:///{database}"):
        assert not left.exists()


@contextmanager
def half_way(into: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has begun to write there, and stays alive."""
    words = f"with {into} as there:\n print(there, flush=True)\n input()"
    code = f"from pathlib import Path\nfrom storage import backups, working\n{words}"
    command, root = [sys.executable, "-c", code], Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
        process.kill()


def test_what_a_killed_backup_left_goes_with_the_next_one_and_what_is_still_written_stays(small_service: Path) -> None:
    def halves() -> set[Path]:
        return set(small_service.glob(f"{HALF}*"))

    with half_way(f"backups.a_new_file(Path({str(small_service / 'monday')!r}))") as monday:
        [dies] = halves()
        monday.kill()
        monday.wait()
    with half_way(f"backups.a_new_file(Path({str(small_service / 'tuesday')!r}))"):
        [lives] = halves()  # it has swept itself
        assert lives != dies
        assert typed("backup", "one.backup").exit_code == 0
        assert halves() == {lives}
    assert typed("backup", "two.backup").exit_code == 0
    assert halves() == set()


def test_what_a_killed_restore_into_postgres_left_among_temporary_files_goes_with_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    url, left = "postgresql+psycopg://nobody@nowhere/none", ".checkin-restore-"
    with half_way(f"working.folder({left!r})"), app.only_one(url):
        assert len(list(tmp_path.glob(f"{left}*"))) == 1
    with app.only_one(url):
        assert list(tmp_path.glob(f"{left}*")) == []


@pytest.mark.slow
def test_on_another_computer_the_list_of_the_erased_is_asked_for(
    backup: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path_factory.mktemp("new")
    for name in ("config.toml", "checkin.keys", "one.backup"):
        (new / name).write_bytes((backup.parent / name).read_bytes())
    (new / "checkin.keys").chmod(0o600)
    monkeypatch.chdir(new)
    done = typed("restore", "one.backup")
    assert (done.exit_code, "--nobody-erased-since" in done.stderr) == (2, True)
    assert not (new / "checkin.db").exists()
    assert typed("restore", "one.backup", "--nobody-erased-since").exit_code == 0
    assert set(people()) == {"W-1", "R-118"}
    assert (new / "checkin.erased").exists()


def test_a_list_begun_anew_on_another_computer_is_not_taken_for_the_old_one(
    backup: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has an erasing of its own; the backup knows nobody, so that nothing is seen to lack."""
    assert typed("erase", "--client", "R-118", "--yes").exit_code == 0
    new = tmp_path_factory.mktemp("new")
    for name in ("config.toml", "checkin.keys", "one.backup", "roster.csv"):
        (new / name).write_bytes((backup.parent / name).read_bytes())
    (new / "checkin.keys").chmod(0o600)
    monkeypatch.chdir(new)
    assert typed("roster", "import", "roster.csv").exit_code == 0
    assert typed("erase", "--client", "R-118", "--yes").exit_code == 0
    done = typed("restore", "one.backup", "--replace")
    assert (done.exit_code, "of another database" in done.stderr) == (2, True)
    done = typed("restore", "one.backup", "--replace", "--erased", str(backup.parent / "checkin.erased"))
    assert done.exit_code == 0, done.stderr
    assert "and now again: R-118." in done.stdout
    assert typed("restore", "one.backup", "--replace").exit_code == 0  # the list here is of both from now on


def test_alerts_that_were_open_are_shown_on_the_terminal_and_not_what_they_are_about() -> None:
    when = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
    open_ones = (Open("R-118", True, when, False), Open("R-200", False, when, True))
    lines = _since(Aftermath(("R-7",), 3, 2, 1, (("R-9", when),), open_ones), check_only=False)
    assert "- R-118: urgent, raised 2026-05-12 12:00 UTC, NOBODY HAD IT: please look" in lines
    assert "- R-200: raised 2026-05-12 12:00 UTC, somebody had it" in lines
    assert "- R-9 had asked for deletion: the day is now 2026-05-12." in lines
    assert any("no more messages" in line for line in lines)  # what nobody but people can know
