"""`checkin-bot doctor` as it is typed: what it prints and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main

STARTER = """
[service]
name = "The Hill"
timezone = "Europe/London"
"""
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_to_be_done_stands_under_what_is_wrong_and_ends_with_one(folder: Path) -> None:
    (folder / "config.toml").write_text(EXAMPLE.read_text())
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 1
    assert "wrong  token" in done.stdout
    assert "→ Get one from @BotFather" in done.stdout
    assert list(folder.iterdir()) == [folder / "config.toml"]  # looking makes no database and no key


def test_as_json_it_is_one_document(folder: Path) -> None:
    (folder / "config.toml").write_text(EXAMPLE.read_text())
    done = CliRunner().invoke(main, ["doctor", "--json"])
    told = json.loads(done.stdout)
    assert told["fine"] is False
    assert {"area": "token", "state": "wrong"}.items() <= next(
        one for one in told["findings"] if one["area"] == "token"
    ).items()


def test_every_problem_of_the_configuration_is_a_finding_of_its_own(folder: Path) -> None:
    (folder / "config.toml").write_text('[service]\nname = "The Hill"\ntimezone = "Europe/Lodnon"\ncolour = "red"\n')
    done = CliRunner().invoke(main, ["doctor", "--json"])
    wrong = [one["says"] for one in json.loads(done.stdout)["findings"] if one["state"] == "wrong"]
    assert done.exit_code == 1
    assert any("config.toml:3: service.timezone" in one for one in wrong)
    assert any("config.toml:4: service.colour" in one for one in wrong)


def test_without_a_file_it_says_how_to_name_one() -> None:
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 1
    assert "--config" in done.stdout
