"""Logs: one event name and key-values; ids, never names, words or tokens. Readable on a terminal, JSON elsewhere."""

import logging
import re
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from json import dumps
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{20,}")
KEPT = frozenset(
    {"event", "level", "timestamp", "logger", "error", "hint", "update", "attempt", "loop", "row", "kind", "person"}
    | {
        "check_in",
        "alert",
        "why",
        "state",
        "age",
        "count",
        "after",
        "seconds",
        "address",
        "mode",
        "file",
        "version",
        "noted",
    }
    | {"by", "key", "status", "port", "path"}
)
"""The only keys that are ever written. Whatever else somebody passes by mistake is dropped."""

NOISY = ("httpx", "httpcore", "aiohttp", "apscheduler", "asyncio", "aiosqlite", "sqlalchemy", "telegram", "uvicorn")
"""Libraries that write addresses (with the token in them), parameters or words when they are let."""


WARNINGS = "py.warnings"
"""Where Python's own warnings go."""
LONGEST = 200
"""Letters of a library's line."""

log = structlog.get_logger()


def redact(text: str) -> str:
    """Take out whatever looks like a bot token."""
    return TOKEN.sub("[token]", text)


def _only_known_keys(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items() if key in KEPT}


class _NoValues(logging.Filter):
    """What libraries log, without anything that was filled in: half a JSON body, a row, an address may stand there."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        # Who formats before logging, as asyncio does, tells what happened in the first line and the values below it.
        said = redact((said.splitlines() or [""])[0])[:LONGEST]
        if record.name == "asyncio":  # "Exception in callback f('words')": what was called, and not with what
            said = said.partition("(")[0].rstrip()
        if record.name == WARNINGS and isinstance(record.args, tuple):  # "FILE:LINE: KIND: words", all of it filled in
            said = next((part for part in str(record.args[0]).split(": ") if part.endswith("Warning")), said)
        # A stack trace quotes values: the type of the error says enough, the rest may hold somebody's words.
        if record.exc_info and record.exc_info[0]:
            said = f"{said} ({record.exc_info[0].__name__})"
        record.msg, record.args = said, ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


class _Json(logging.Formatter):
    """A library's line in the same shape as our own."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        said = {"event": record.getMessage(), "logger": record.name, "level": record.levelname.lower(), "timestamp": at}
        return dumps(said)


class _Best:
    """A stream on which a line that can't be written is lost, and nothing else: the disk may be full, the reader gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def set_up(level: str = "info", *, json: bool | None = None) -> None:
    """Write to standard error. `json` unset: JSON unless a person is watching."""
    as_json = not sys.stderr.isatty() if json is None else json
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(_Best(sys.stderr))
    handler.addFilter(_NoValues())
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    handler.setFormatter(_Json() if as_json else plain)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    shape: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _only_known_keys,
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
    ]
    structlog.configure(
        processors=shape,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Best(sys.stderr))),
        cache_logger_on_first_use=False,  # whoever sets logs up anew, as tests do, is heard everywhere
    )


@contextmanager
def in_our_words() -> Iterator[None]:
    """What nobody catches in a thread, or while something is thrown away, Python prints with all its values: here it
    becomes a line like the others, for as long as the block lasts."""
    before = threading.excepthook, sys.unraisablehook

    def tell(lost: Any) -> None:
        log.error("error_unheard", error=lost.exc_type.__name__ if lost.exc_type else "?")

    threading.excepthook = sys.unraisablehook = tell
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before
