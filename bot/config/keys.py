"""Where the encryption keys come from: the settings, else a key file beside the configuration, made on first run."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from bot.config.settings import Settings
from bot.domain.errors import NotUsable

MADE = (
    "A new encryption key was written to {path}. Names, goals and words of your clients can be read only with it. "
    "Keep a copy somewhere else, not beside the database: without it a backup is worth nothing."
)


class NoKey(NotUsable):
    """There is no usable key, and none may be made. Says what to do."""


def keys_for(settings: Settings, make: Callable[[], str], tell: Callable[[str], None]) -> list[str]:
    """All keys, newest first. Makes the key file on first run, with SQLite only, and tells where it is."""
    if settings.database.encryption_keys:
        return [key.get_secret_value() for key in settings.database.encryption_keys]
    path = settings.key_file
    if path.exists():
        return _read(path)
    if not settings.database.url.get_secret_value().startswith("sqlite"):
        raise NoKey(
            "database.encryption_keys: missing; with PostgreSQL give the key yourself, for example in "
            f"CHECKIN_DATABASE__ENCRYPTION_KEYS. A fresh one: {make()}"
        )
    _write(path, make())
    tell(MADE.format(path=path))
    return _read(path)


def _write(path: Path, key: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was first; its key is as good
    with os.fdopen(handle, "w") as file:
        file.write(f"{key}\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> list[str]:
    if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise NoKey(f"{path}: everybody on this computer may read it; run: chmod 600 {path}")
    keys = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    if not keys:
        raise NoKey(f"{path}: it is empty; put the key back from your copy")
    return keys
