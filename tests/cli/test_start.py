"""What keeps the bot from starting is one clear line and exit status 2, and nothing is touched."""

import socket
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from bot.cli import main
from bot.ports import SystemClock
from storage import migrate
from storage import tables as t
from storage.sealing import new_key

CONFIG = (Path(__file__).parents[2] / "config.example.toml").read_text()
PEOPLE = "role,ref,name,worker,language,timezone,next_session,status\nworker,W-1,Sam,,,,,\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service with one worker on its roster."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "people.csv").write_text(PEOPLE)
    assert typed("roster", "import", "people.csv").exit_code == 0
    monkeypatch.setenv("CHECKIN_TELEGRAM__TOKEN", "123456:made-up-token-for-tests")
    return tmp_path


def typed(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def rows(folder: Path) -> int:
    engine = sa.create_engine(f"sqlite:///{folder / 'checkin.db'}")
    with engine.connect() as con:
        count = con.execute(sa.select(sa.func.count()).select_from(t.person)).scalar_one()
    engine.dispose()
    return count


@pytest.mark.parametrize("words", [("run",), ("roster", "list"), ("roster", "import", "more.csv")])
def test_with_a_wrong_key_nothing_starts_and_nothing_is_written(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "checkin.keys").write_text(new_key())
    (folder / "more.csv").write_text(PEOPLE.replace("W-1", "W-2"))
    done = typed(*words)
    assert done.exit_code == 2
    assert "2 of 2 sealed values need a key that is not here" in done.stderr
    assert rows(folder) == 1


@pytest.mark.parametrize("key", ["short", 42 * "k" + "*"])
def test_something_that_is_no_key_is_one_line_that_does_not_show_it(folder: Path, key: str) -> None:
    (folder / "checkin.keys").write_text(key)
    done = typed("run")
    assert done.exit_code == 2
    assert "32 random bytes" in done.stderr
    assert key not in done.stderr


def test_a_database_of_a_newer_version_is_left_alone(folder: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{folder / 'checkin.db'}")
    with engine.begin() as con:
        con.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    done = typed("run")
    assert done.exit_code == 2
    assert f"stands at 9999, this version of the program knows only {migrate.HEAD}" in done.stderr


def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
        monkeypatch.setenv("CHECKIN_DATABASE__URL", f"postgresql+psycopg://checkin:correct-horse@{address}/checkin")
        monkeypatch.setenv("CHECKIN_DATABASE__ENCRYPTION_KEYS", new_key())
        done = typed("run")
    assert done.exit_code == 2
    assert "Connection refused" in done.stderr
    assert "correct-horse" not in done.stderr


@pytest.mark.parametrize("words", [("run",), ("roster", "list")])
def test_a_folder_that_is_not_there_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CHECKIN_DATABASE__URL", f"sqlite+aiosqlite:///{folder / 'no' / 'checkin.db'}")
    done = typed(*words)
    assert done.exit_code == 2
    assert done.stderr.startswith("database: ")
    assert done.stderr.count("\n") == 1


def test_a_taken_port_that_somebody_chose_is_one_short_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKIN_SAFETY__CHECKED_ON", SystemClock().now().date().isoformat())
    more = "\nmanager,M-1,Jo,,,,,\nmanager,M-2,Ada,,,,,\nworker,W-2,Kim,,,,,\n"
    (folder / "people.csv").write_text(PEOPLE.rstrip() + more)
    assert typed("roster", "import", "people.csv").exit_code == 0
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        address = f"127.0.0.1:{door.getsockname()[1]}"
        monkeypatch.setenv("CHECKIN_HTTP__LISTEN", address)
        done = typed("run")
    assert done.exit_code == 2
    assert done.stderr == f"http.listen: {address} can't be had (Address already in use); choose another\n"
