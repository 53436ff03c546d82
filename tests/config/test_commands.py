"""`checkin-bot config …` as it is run by a person or a script."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import COMMANDS, main
from tests.config.test_load import MISTAKES, STARTER, WRONG_LINES


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(STARTER)
    return file


def run(*arguments: str, **environ: str) -> Result:
    nowhere = {"CHECKIN_CONFIG": None, "CHECKIN_DATABASE__URL": "sqlite+aiosqlite:////nowhere/none.db"}
    return CliRunner().invoke(main, arguments, env={**nowhere, **environ})


class TestCheck:
    def test_a_good_file_is_fine(self, config: Path) -> None:
        found = run("config", "check", "--config", str(config))
        assert found.exit_code == 0
        assert found.stdout.startswith("Fine: The Hill, 1 schedule (twice a week)")

    def test_what_keeps_it_from_going_live_is_said_and_is_no_error(self, config: Path) -> None:
        assert "not live yet: safety.duty is missing" in run("config", "check", "--config", str(config)).stderr

    def test_mistakes_are_all_told_on_standard_error_with_exit_status_2(self, config: Path) -> None:
        config.write_text(MISTAKES)
        found = run("config", "check", "--config", str(config))
        assert found.exit_code == 2
        assert found.stdout == ""
        assert all(f"{config}:{line}: " in found.stderr for line in WRONG_LINES)
        assert f"{len(WRONG_LINES)} problems" in found.stderr

    def test_the_environment_says_where_the_file_is(self, config: Path) -> None:
        assert run("config", "check", CHECKIN_CONFIG=str(config)).exit_code == 0

    def test_no_file_is_one_clear_line(self, tmp_path: Path) -> None:
        found = run("config", "check", "--config", str(tmp_path / "none.toml"))
        assert found.exit_code == 2
        assert "cannot be read" in found.stderr


class TestPreview:
    def test_it_prints_one_line_per_occasion(self, config: Path) -> None:
        found = run("config", "preview", "--days", "14", "--config", str(config))
        assert found.exit_code == 0
        assert found.stdout.count("twice a week: B1, G1, T1") == 4

    def test_as_json_it_is_one_document(self, config: Path) -> None:
        document = json.loads(run("config", "preview", "--days", "14", "--json", "--config", str(config)).stdout)
        assert len(document["occasions"]) == 4
        assert {one["time"] for one in document["occasions"]} == {"14:00"}
        assert all(one["asked"] and one["questions"][:3] == ["B1", "G1", "T1"] for one in document["occasions"])

    def test_an_unknown_client_is_exit_status_2(self, config: Path) -> None:
        assert run("config", "preview", "--client", "R-404", "--config", str(config)).exit_code == 2

    def test_a_file_with_mistakes_is_exit_status_2(self, config: Path) -> None:
        config.write_text("[")
        assert run("config", "preview", "--config", str(config)).exit_code == 2


class TestGroup:
    def test_every_command_that_is_there_has_its_line_in_the_list(self) -> None:
        assert "config" in run("--help").stdout
        assert all(len(line) < 90 for _, line in COMMANDS.values())

    def test_an_unknown_command_is_refused(self) -> None:
        assert run("confg").exit_code == 2
