"""`checkin-bot config …` as it is run by a person or a script."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import COMMANDS, main
from bot.cli.config import SAID
from bot.domain.schedules import Why
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


class TestDiff:
    def test_it_says_which_keys_differ_and_what_changes_for_whom(self, config: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.toml"
        other.write_text(STARTER.replace("14:00", "16:30").replace('place = "the Hill"\n', ""))
        found = run("config", "diff", str(other), "--config", str(config))
        assert found.exit_code == 0
        assert 'service.place: "the Hill" → (default)' in found.stdout
        assert 'schedules[twice a week].time: "14:00" → "16:30"' in found.stdout
        assert len(re.findall(r"twice a week: 14:00 (B1, G1, T1[^→]*) → 16:30 \1\n", found.stdout)) == 4

    def test_a_day_more_and_a_day_less(self, config: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.toml"
        other.write_text(STARTER.replace('"thu"', '"wed"'))
        done = run("config", "diff", str(other), "--config", str(config), "--json")
        changes = json.loads(done.stdout)["occasions"]
        assert {(one["before"] is None, one["after"] is None) for one in changes} == {(True, False), (False, True)}
        assert len(changes) == 4

    def test_the_same_file_changes_nothing(self, config: Path) -> None:
        done = run("config", "diff", str(config), "--config", str(config))
        assert done.stdout == "No key differs.\nIn the next 14 days everybody is asked the same.\n"

    def test_no_secret_is_shown(self, config: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.toml"
        other.write_text(
            STARTER + '[telegram]\ntoken = "123456:marzipan"\n[database]\nurl = "sqlite+aiosqlite:///m.db"\n'
        )
        other.chmod(0o600)
        done = run("config", "diff", str(other), "--config", str(config))
        assert 'telegram.token: (default) → "(not shown)"' in done.stdout
        assert "marzipan" not in done.stdout + done.stderr
        assert "m.db" not in done.stdout

    def test_mistakes_in_either_are_exit_status_2(self, config: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.toml"
        other.write_text(MISTAKES)
        done = run("config", "diff", str(other), "--config", str(config))
        assert done.exit_code == 2
        assert f"{other}:" in done.stderr
        assert run("config", "diff", str(config), "--config", str(other)).exit_code == 2


class TestGroup:
    def test_every_command_that_is_there_has_its_line_in_the_list(self) -> None:
        assert "config" in run("--help").stdout
        assert all(len(line) < 90 for _, line in COMMANDS.values())

    def test_an_unknown_command_is_refused(self) -> None:
        assert run("confg").exit_code == 2


def test_the_preview_has_a_word_for_every_reason_not_to_ask() -> None:
    assert set(SAID) == {why.value for why in Why}
