"""May everybody on this computer read a file that holds a secret?"""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.config.problems import Fault

OPEN = "everybody on this computer can read this file"
SECRETS: tuple[tuple[str, str], ...] = (
    ("telegram", "token"),
    ("telegram", "webhook_secret"),
    ("database", "encryption_keys"),
    ("database", "url"),
    ("heartbeat", "url"),
)
"""Settings that nobody else may read; of the database's address only one with a password in it."""


def all_may_read(path: Path) -> bool:
    """Of the file itself, wherever links lead: Kubernetes and Docker hand secrets over as links. Raises OSError."""
    return bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))


def in_the_open(written: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    """Every secret that stands in a configuration which everybody may read."""
    for table, key in SECRETS:
        inside = written.get(table)
        value = inside.get(key) if isinstance(inside, Mapping) else None
        if value and ((table, key) != ("database", "url") or _has_password(value)):
            right = f"chmod 600 {path}, or give it by environment or as a secret"
            yield Fault((table, key), f"{OPEN}, and this is a secret", right)


def _has_password(url: object) -> bool:
    try:
        return bool(urlsplit(str(url)).password)
    except ValueError:
        return True
