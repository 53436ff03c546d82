"""Folders for copies that are being made: they may hold somebody who has been erased, so none outlives its process.

A process that is killed can't clear up. The folder is locked for as long as whoever made it lives; what nobody locks is
swept by the next one. The lock is a file of its own: SQLite has its own ways with those that it opens.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "lock"


@contextmanager
def folder(beginning: str, where: Path | None = None) -> Iterator[Path]:
    """A folder of this process alone, gone afterwards. `where`: not among the computer's temporary files."""
    sweep(beginning, where)
    while True:
        made = Path(tempfile.mkdtemp(prefix=beginning, dir=where))
        try:
            with (made / LOCK).open("w") as lock:
                if _is_ours(lock.fileno(), made):
                    yield made
                    return
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _is_ours(lock: int, made: Path) -> bool:
    """False: somebody is sweeping, and took it for one that was left."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: nobody can sweep there either
        return True
    return (made / LOCK).exists()


def sweep(beginning: str, where: Path | None = None) -> None:
    """Whatever was left there by processes of this account that are no more."""
    place = where or Path(tempfile.gettempdir())
    try:
        found = [one for one in place.iterdir() if one.name.startswith(beginning)]
    except OSError:
        return  # whoever makes something there says why it can't be
    for left in found:
        try:
            _sweep(left)
        except OSError:
            continue  # another one was faster, or somebody is at work in it


def _sweep(left: Path) -> None:
    stands = left.lstat()
    if not left.is_dir() or left.is_symlink() or stands.st_uid != os.geteuid():
        return
    names = {one.name for one in left.iterdir()}  # looked at once: the lock is there before anything else
    if not names:
        return  # only just made, or nothing in it
    if LOCK not in names:
        shutil.rmtree(left, ignore_errors=True)
        return
    with (left / LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
