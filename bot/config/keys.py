"""Where the encryption keys come from: the settings, else a key file beside the configuration, made on first run.

A key file holds one key a line, the newest first; lines that begin with # are remarks. It is only ever replaced whole.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from bot.config.others import all_may_read
from bot.config.settings import Settings
from bot.domain.errors import NotUsable

MADE = (
    "A new encryption key was written to {path}. Names, goals and words of your clients can be read only with it. "
    "Keep a copy somewhere else, not beside the database: without it a backup is worth nothing."
)


class NoKey(NotUsable):
    """There is no usable key, and none may be made. Says what to do."""


def key_file(settings: Settings) -> Path | None:
    """The file that holds the keys; None where they are given as values, by environment, secret or configuration."""
    database = settings.database
    return None if database.encryption_keys and database.encryption_keys_file is None else settings.key_file


def keys_for(settings: Settings, make: Callable[[], str], tell: Callable[[str], None], *, sealed: bool) -> list[str]:
    """All keys, newest first. Makes the key file on first run, with SQLite only, and tells where it is.

    `sealed`: there is a database already, closed with a key. Another one would not open it, so none is made.
    """
    path = key_file(settings)
    if path is None:
        return [key.get_secret_value() for key in settings.database.encryption_keys]
    if path.exists():
        return keys_in(path)
    if sealed:
        raise NoKey(f"{path}: is not there, and the database is sealed with a key; put it back from your copy")
    if not settings.database.url.get_secret_value().startswith("sqlite"):
        raise NoKey(
            "database.encryption_keys: missing; with PostgreSQL give the key yourself, for example in "
            f"CHECKIN_DATABASE__ENCRYPTION_KEYS. A fresh one: {make()}"
        )
    _make(path, make())
    tell(MADE.format(path=path))
    return keys_in(path)


def keys_in(path: Path) -> list[str]:
    """The keys of a file. Raises NoKey where it must not be used, OSError where it cannot be read."""
    if all_may_read(path):
        raise NoKey(f"{path}: everybody on this computer may read it; run: chmod 600 {path}")
    keys = [line.strip() for line in path.read_text("utf-8").splitlines() if is_key(line)]
    if not keys:
        raise NoKey(f"{path}: it is empty; put the key back from your copy")
    return keys


def is_key(line: str) -> bool:
    """A line of a key file that is neither blank nor a remark."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def again(path: Path) -> Callable[[], Sequence[str] | None]:
    """Reads a key file whenever it has become another one: None while it is as it was, or is not to be used."""
    seen = _looks(path)

    def read() -> Sequence[str] | None:
        nonlocal seen
        looks = _looks(path)
        if looks is None or looks == seen:
            return None
        try:
            keys = keys_in(path)
        except NoKey as why:
            raise ValueError(str(why)) from None
        seen = looks
        return keys

    return read


def _looks(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _make(path: Path, key: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was first; its key is as good
    with os.fdopen(handle, "w") as file:
        _to_disk(file, f"{key}\n")


def put(path: Path, keys: Sequence[str]) -> None:
    """Put these keys into a key file, in this order: the whole file or none of it, with its owner, mode and remarks.

    Raises OSError where the file cannot be replaced; then it is as it was.
    """
    path = path.resolve()
    before, half = path.stat(), path.with_name(f".{path.name}.part")
    remarks = [line for line in path.read_text("utf-8").splitlines() if line.lstrip().startswith("#")]
    half.unlink(missing_ok=True)
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), before.st_mode & 0o660)
            _to_disk(file, "".join(f"{line}\n" for line in (*remarks, *keys)))
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _to_disk(file: TextIO, text: str) -> None:
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
