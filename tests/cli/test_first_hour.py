"""What somebody meets who has only just begun: a taken port, no file, and files that are nobody else's business."""

import json
import socket
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

CONFIG = (Path(__file__).parents[2] / "config.example.toml").read_text()
PEOPLE = "role,ref,name,worker,language,timezone,next_session,status\nmanager,M-1,Jo,,,,,\n"


def typed(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_taken_port_is_one_line_before_anything_begins() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        done = typed("demo", "--port", str(door.getsockname()[1]))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "make demo PORT=9000" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_file_the_next_step_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = typed("run")
    assert done.exit_code == 2
    assert "config.toml" in done.stderr
    assert "--config" in done.stderr


def test_what_commands_write_is_readable_by_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Database, key, link as a picture, export: whatever the shell's own mask allows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "people.csv").write_text(PEOPLE)
    before = set(tmp_path.iterdir())
    for words in (
        ("roster", "import", "people.csv"),
        ("invite", "M-1", "--bot", "a_bot", "--qr", "jo.png"),
        ("export", "--out", "all.json"),
        ("export", "--format", "csv", "--out", "all"),
    ):
        assert typed(*words).exit_code == 0
    written = {one for one in tmp_path.rglob("*") if one not in before and one.is_file()}
    assert {"checkin.db", "checkin.keys", "jo.png", "all.json"} <= {one.name for one in written}
    assert {one.name: oct(mode(one)) for one in written if mode(one) != 0o600} == {}
    assert mode(tmp_path / "all") == 0o700


def test_a_picture_that_cannot_be_written_is_one_line_with_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "people.csv").write_text(PEOPLE)
    assert typed("roster", "import", "people.csv").exit_code == 0
    done = typed("invite", "M-1", "--bot", "a_bot", "--qr", "nowhere/jo.png")
    assert done.exit_code == 2
    assert "No such file or directory" in done.stderr
    assert "https://t.me/a_bot?start=" in done.stderr


def test_a_link_that_would_replace_a_chat_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's own act is allowed, and not in silence. The link alone is on standard output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "people.csv").write_text(PEOPLE)
    assert typed("roster", "import", "people.csv").exit_code == 0
    first = typed("invite", "M-1", "--bot", "a_bot")
    assert "has joined" not in first.stderr
    with sqlite3.connect(tmp_path / "checkin.db") as con:
        con.execute("UPDATE person SET chat_id = 3001, status = 'joined'")
    again = typed("invite", "M-1", "--bot", "a_bot")
    assert again.exit_code == 0
    assert "M-1 has joined. Opened in another account, it closes their chat" in again.stderr
    assert again.stdout.count("\n") == 1


class TestBeforeTheFirstRun:
    """The bot's name is in no file yet; a link needs it."""

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "config.toml").write_text(CONFIG)
        (tmp_path / "people.csv").write_text(PEOPLE)
        assert typed("roster", "import", "people.csv").exit_code == 0
        return tmp_path

    def test_telegram_is_asked_what_the_bot_is_called(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with telegram() as address:
            monkeypatch.setenv("CHECKIN_TELEGRAM__TOKEN", "123456:made-up")
            monkeypatch.setenv("CHECKIN_TELEGRAM__API_BASE_URL", address)
            done = typed("invite", "M-1", "--json", "--qr", "jo.png")
        assert done.exit_code == 0, done.stderr
        made = json.loads(done.stdout)
        assert made["link"] == f"https://t.me/hill_bot?start={made['code']}"
        assert set(made) == {"ref", "role", "link", "code", "expires_at"}
        assert (folder / "jo.png").read_bytes().startswith(b"\x89PNG")

    def test_without_a_name_there_is_a_code_but_no_link(self) -> None:
        done = typed("invite", "M-1", "--json")
        assert done.exit_code == 0
        assert json.loads(done.stdout)["link"] is None
        assert "--bot NAME" in done.stderr

    def test_a_picture_that_cannot_be_made_leaves_the_earlier_code_as_it_is(self, folder: Path) -> None:
        assert typed("invite", "M-1").exit_code == 0
        before = invitations(folder)
        done = typed("invite", "M-1", "--qr", "jo.png", "--json")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "No invitation was made." in done.stderr
        assert invitations(folder) == before


def invitations(folder: Path) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(folder / "checkin.db")) as con:
        return con.execute("SELECT code_hash, ended FROM invitation").fetchall()


@contextmanager
def telegram() -> Iterator[str]:
    """A Bot API that knows one thing: what the bot is called."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"ok": True, "result": {"username": "hill_bot"}}).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
