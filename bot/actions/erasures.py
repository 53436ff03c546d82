"""The list of who was erased, outside the database: one line an erasing, in a file that no restored backup overwrites.

Every process keeps a list of its own beside its configuration, and brings it up to date from the database each time it
tidies up: with several computers on one PostgreSQL each ends up with the whole list. A line holds a mark that tells
nothing without the key (`storage.tombstones`), so the list may be copied to wherever the backups lie.
"""

import asyncio
import fcntl
import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from bot.actions.desk import Desk
from storage.tombstones import Tombstone

log = structlog.get_logger()

HEAD = "# Who was erased, as marks that tell nothing without the key, for `checkin-bot restore`. Keep a copy elsewhere.\n"
LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 (?P<id>[0-9a-f]{16}) (?P<mark>[0-9a-f]{72})")


OF = "# database "
LIST = "erased_list"
"""What stands for the list among the loops, for as long as it can't be written."""
CURE = "Correct database.erased_file, or make room on its disk; until then nobody is erased."


class Unreadable(Exception):
    """A list of the erased can't be read. Says which line."""


async def keep_outside(desk: Desk) -> None:
    """Write down what the list does not have yet. Where it can't be written that is an illness of its own."""
    file = desk.erased_file
    if file is None:
        return
    async with desk.glance() as m:
        count = await m.tombstones.count()
        if count == desk.erased_kept and file.exists() and is_writable(file):
            return
        stones, database = await m.tombstones.everything(), await m.marks.database()
    try:
        await asyncio.to_thread(write_down, file, stones, database)
    except (OSError, ValueError) as why:  # ValueError: there is something else in the file
        error = getattr(why, "strerror", None) or type(why).__name__
        log.error("erased_list_not_written", file=str(file), error=error, hint=CURE)
        if LIST not in desk.progress.begun:
            desk.progress.begin(LIST)
        desk.progress.trouble[LIST] = "not_written"
        return
    desk.erased_kept = count
    desk.progress.end(LIST)


def is_writable(file: Path) -> bool:
    """As far as can be seen without writing: a full disk shows only then."""
    return os.access(file if file.exists() else file.parent, os.W_OK)


def may_begin(desk: Desk) -> bool:
    """Nobody is erased, nor told so, while a restored backup would bring them back: it is tried again, and then told."""
    return desk.erased_file is None or (LIST not in desk.progress.trouble and is_writable(desk.erased_file))


async def overwrite(desk: Desk) -> None:
    """What could not be overwritten when it was deleted: somebody was reading old pages, as a backup does for long."""
    await desk.memory.overwrite()


def write_down(file: Path, stones: Iterable[Tombstone], database: str | None = None) -> None:
    """Add those that are not in the list, and of which database they are all that it knows; the list is made where there
    is none. On the disk when this returns.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # another process of the same computer
        held.seek(0)
        before = held.read()
        known = {found["id"] for line in before.splitlines() if (found := LINE.fullmatch(line))}
        new = "".join(_line(one) for one in stones if one.id not in known)
        new += f"{OF}{database}\n" if database is not None and f"{OF}{database}" not in before.splitlines() else ""
        start = HEAD if not before else "" if before.endswith("\n") else "\n"  # of a line that was cut off
        if start or new:
            held.write(start + new)
            held.flush()
            os.fsync(held.fileno())


def _line(one: Tombstone) -> str:
    return f"{one.at.isoformat()} {one.id} {one.mark}\n"


def read(file: Path) -> list[Tombstone]:
    """Everybody in the list. Raises Unreadable: a list with a hole would let somebody come back."""
    try:
        lines = file.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as why:
        raise Unreadable(f"{file}: it can't be read ({getattr(why, 'strerror', None) or 'not text'})") from None
    whole = [line for line in lines if LINE.fullmatch(line)]
    for number, line in enumerate(lines, start=1):
        says_nothing = not line.strip() or line.startswith("#")
        if not says_nothing and not any(one.startswith(line) for one in whole):  # a line that was cut off comes again
            raise Unreadable(f"{file}:{number}: this line can't be read; put the list back from your copy")
    return [_stone(line, f"{file}") for line in whole]


def databases(file: Path) -> set[str]:
    """Of which databases this list was whole at some time. Raises Unreadable."""
    try:
        return {line.removeprefix(OF) for line in file.read_text("ascii").splitlines() if line.startswith(OF)}
    except (OSError, UnicodeDecodeError) as why:
        raise Unreadable(f"{file}: it can't be read ({type(why).__name__})") from None


def _stone(line: str, where: str) -> Tombstone:
    at, stone_id, mark = line.split()
    try:
        return Tombstone(stone_id, mark, datetime.fromisoformat(at))
    except ValueError:
        raise Unreadable(f"{where}: {at} is no moment; put the list back from your copy") from None


def together(*lists: Sequence[Tombstone]) -> list[Tombstone]:
    """Each erasing once."""
    return list({one.id: one for some in lists for one in some}.values())
