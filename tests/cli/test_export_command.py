"""`export` on the command line: files for their owner only, a codebook beside them, an unknown client is an error."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

ROSTER = """role,ref,name,worker,language,timezone,next_session,status
manager,M-1,Jo,,en,Europe/London,,
worker,W-1,Sam,,en,Europe/London,,
client,R-118,Alex,W-1,en,Europe/London,,
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


def test_json_with_its_codebook_readable_by_the_owner_only(folder: Path) -> None:
    done = run("export", "--format", "json", "--out", "out/all.json")
    assert done.exit_code == 0
    written = folder / "out" / "all.json"
    assert [one["ref"] for one in json.loads(written.read_text("utf-8"))["clients"]] == ["R-118"]
    assert written.stat().st_mode & 0o077 == 0
    assert (folder / "out" / "codebook.md").exists()


def test_csv_is_a_folder_of_tables(folder: Path) -> None:
    assert run("export", "--client", "R-118", "--format", "csv", "--out", "tables").exit_code == 0
    assert (folder / "tables" / "clients.csv").read_text("utf-8").splitlines()[1].startswith("R-118")
    answers = (folder / "tables" / "answers.csv").read_text("utf-8")
    assert answers == "ref,check_in,question,construct,asks,goal,value,value_0_10,text,skipped,answered_at\n"


def test_an_unknown_client_is_an_error_that_does_not_repeat_the_ref(folder: Path) -> None:
    done = run("export", "--client", "R-999", "--out", "x.json")
    assert done.exit_code == 2
    assert "R-999" not in done.output
    assert not (folder / "x.json").exists()
