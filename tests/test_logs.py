"""Logs of the libraries below: the name of what happened, never what was filled in."""

import ast
import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import logs
from tests.support.code import module

TOKEN = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456789"
WORDS = "marzipan"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.set_up("debug", json=True)
    yield out
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)


def test_half_a_json_body_of_telegram_is_not_quoted(written: io.StringIO) -> None:
    """PTB logs at ERROR what it could not read: a chat's words may stand in it."""
    from telegram.error import TelegramError
    from telegram.request import BaseRequest

    with pytest.raises(TelegramError):
        BaseRequest.parse_json_payload(f'{{"text": "{WORDS}", '.encode())
    assert WORDS not in written.getvalue()
    assert "telegram" in written.getvalue()


def test_an_error_that_nobody_waited_for_is_not_quoted(written: io.StringIO) -> None:
    """asyncio prints the error with its text, and the task with what it was given."""
    loop = asyncio.new_event_loop()
    loop.call_exception_handler({"message": "Task exception was never retrieved", "exception": ValueError(WORDS)})
    loop.call_exception_handler({"message": "went wrong", "future": WORDS})
    loop.close()
    assert WORDS not in written.getvalue()
    assert "Task exception was never retrieved (ValueError)" in written.getvalue()


def test_what_a_callback_was_given_is_not_quoted(written: io.StringIO) -> None:
    def failing(_: str) -> None:
        raise ValueError

    loop = asyncio.new_event_loop()
    loop.call_soon(failing, WORDS)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    assert WORDS not in written.getvalue()
    assert "Exception in callback" in written.getvalue()


@pytest.mark.parametrize(
    "name", ["telegram.ext.Application", "httpx", "sqlalchemy.engine.Engine", "uvicorn.error", "other"]
)
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR])
def test_no_library_writes_what_was_filled_in(written: io.StringIO, name: str, level: int) -> None:
    log = logging.getLogger(name)
    log.log(level, "Got %s from https://api.telegram.org/bot%s/x", WORDS, TOKEN)
    log.log(level, ValueError(WORDS))
    try:
        raise ValueError(WORDS)
    except ValueError:
        log.log(level, "broken at bot%s", TOKEN, exc_info=True, stack_info=True)
    assert WORDS not in written.getvalue()
    assert TOKEN not in written.getvalue()


def test_a_token_in_a_ready_made_line_is_taken_out(written: io.StringIO) -> None:
    logging.getLogger("other").error(f"GET /bot{TOKEN}/getMe")
    assert "GET /bot[token]/getMe" in written.getvalue()


def test_what_fails_in_a_thread_is_told_by_its_kind_alone(written: io.StringIO) -> None:
    def fails() -> None:
        raise ValueError(WORDS)

    class Fails:
        def __del__(self) -> None:
            raise ValueError(WORDS)

    with logs.in_our_words():
        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        Fails()
    assert written.getvalue().count("error_unheard") == 2
    assert WORDS not in written.getvalue()


@pytest.mark.parametrize("extra", [{"text": WORDS}, {"name": WORDS}, {"facts": {"goal": WORDS}}])
def test_our_own_lines_keep_known_keys_only(written: io.StringIO, extra: dict[str, Any]) -> None:
    structlog.get_logger().error("row_failed", row="r1", **extra)
    assert WORDS not in written.getvalue()
    assert "row_failed" in written.getvalue()


def test_every_key_that_a_line_of_ours_has_is_written() -> None:
    """What is not among `KEPT` is dropped without a word, and whoever looks for the cause looks in vain."""
    dropped = {
        f"{path.name}:{call.lineno}: {key.arg}"
        for package in ("bot", "handlers", "storage")
        for path in (Path(__file__).parents[1] / package).rglob("*.py")
        for call in ast.walk(module(path))
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("log.")
        for key in call.keywords
        if key.arg not in logs.KEPT
    }
    assert dropped == set()


def test_in_the_container_every_line_is_json_those_of_libraries_too(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").error("Address %s", "taken")
    logging.getLogger("py.warnings").warning("%s", f"some/file.py:3: UserWarning: about {WORDS}\n  warn({WORDS})\n")
    structlog.get_logger().warning("receiving_failed", error="X", attempt=2)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["Address %s", "UserWarning", "receiving_failed"]
    assert all({"event", "level", "timestamp"} <= line.keys() and line["timestamp"].endswith("Z") for line in lines)
    assert WORDS not in written.getvalue()


def test_on_a_terminal_a_line_reads_as_one(monkeypatch: pytest.MonkeyPatch, written: io.StringIO) -> None:
    monkeypatch.setattr(sys, "stderr", written)  # between two phases of a test pytest takes it back
    logs.set_up("info", json=False)
    structlog.get_logger().warning("receiving_failed", error="NetworkError")
    said = written.getvalue().strip()
    assert "receiving_failed" in said
    assert "error=NetworkError" in said
    assert "{" not in said


class _Full(io.StringIO):
    """Standard error on a full disk."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_line_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log may lie on the same disk as the database: a loop that says that the disk is full must go on."""
    monkeypatch.setattr(sys, "stderr", _Full())
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        for json in (True, False):
            logs.set_up("info", json=json)
            structlog.get_logger().error("updates_not_kept", error="OperationalError")
            logging.getLogger("telegram").error("went wrong")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
