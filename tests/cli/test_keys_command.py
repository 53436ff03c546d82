"""`checkin-bot keys rotate` as it is typed."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from storage import migrate
from storage.sealing import new_key


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def keys(folder: Path) -> list[str]:
    return (folder / "checkin.keys").read_text().split()


def names() -> list[str | None]:
    done = run("roster", "list", "--json")
    assert done.exit_code == 0, done.output
    return [one["name"] for one in json.loads(done.stdout)]


def test_a_new_key_stands_in_front_and_the_old_one_can_be_taken_out(small_service: Path) -> None:
    [old] = keys(small_service)
    done = run("keys", "rotate")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Done: everything is sealed with key ")
    new, kept = keys(small_service)
    assert kept == old != new
    assert stat.S_IMODE((small_service / "checkin.keys").stat().st_mode) == 0o600
    assert names() == ["Alexandra", "Sam"]
    assert run("keys", "rotate", "--drop-old").exit_code == 0
    assert keys(small_service) == [new]
    assert names() == ["Alexandra", "Sam"]
    assert run("audit", "verify").exit_code == 0
    assert "keys_dropped" in run("audit", "list").stdout
    assert not list(small_service.glob("*.part"))
    assert not any(key in done.output for key in (old, new))


def test_a_wrong_key_is_one_clear_error_and_touches_nothing(small_service: Path) -> None:
    (small_service / "checkin.keys").write_text(new_key())
    before = {path: path.read_bytes() for path in small_service.iterdir() if path.is_file()}
    for command in (("keys", "rotate"), ("keys", "rotate", "--drop-old"), ("roster", "list")):
        done = run(*command)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert "need a key that is not here" in done.stderr
    assert {path: path.read_bytes() for path in before} == before


def test_with_a_wrong_key_a_database_of_an_earlier_version_stays_at_that_version(small_service: Path) -> None:
    url = f"sqlite+aiosqlite:///{small_service / 'checkin.db'}"
    migrate.downgrade(url, "0001")
    right = (small_service / "checkin.keys").read_text()
    (small_service / "checkin.keys").write_text(new_key())
    assert run("roster", "list").exit_code == 2
    assert migrate.standing(url) == "0001"
    (small_service / "checkin.keys").write_text(right)
    assert names() == ["Alexandra", "Sam"]
    assert migrate.standing(url) == migrate.HEAD


def test_without_its_key_a_database_gets_no_other_one(small_service: Path) -> None:
    (small_service / "checkin.keys").rename(small_service / "elsewhere")
    for command in (("keys", "rotate"), ("roster", "list")):
        done = run(*command)
        assert done.exit_code == 2
        assert "put it back from your copy" in done.stderr
    assert not (small_service / "checkin.keys").exists()


def test_keys_from_the_environment_are_changed_there_and_then_everything_is_sealed_anew(
    small_service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [old], new = keys(small_service), new_key()
    (small_service / "checkin.keys").unlink()
    monkeypatch.setenv("CHECKIN_DATABASE__ENCRYPTION_KEYS", json.dumps([old]))
    done = run("keys", "rotate")
    assert done.exit_code == 2
    assert "openssl rand -base64 32" in done.stderr
    monkeypatch.setenv("CHECKIN_DATABASE__ENCRYPTION_KEYS", json.dumps([new, old]))
    assert run("keys", "rotate").exit_code == 0
    monkeypatch.setenv("CHECKIN_DATABASE__ENCRYPTION_KEYS", json.dumps([new]))
    assert names() == ["Alexandra", "Sam"]
    assert not (small_service / "checkin.keys").exists()


def test_where_there_is_no_database_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    example = Path(__file__).parents[2] / "config.example.toml"
    (tmp_path / "config.toml").write_text(example.read_text("utf-8"), "utf-8")
    assert run("keys", "rotate").exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_with_one_key_there_is_nothing_to_take_out(small_service: Path) -> None:
    before = keys(small_service)
    done = run("keys", "rotate", "--drop-old")
    assert (done.exit_code, done.stdout) == (0, "There is only one key; nothing is to be taken out.\n")
    assert keys(small_service) == before
