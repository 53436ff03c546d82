"""Backing up, and putting a backup back: what the operator asks for, from the first look to the last row.

A backup is checked, copied, and the copy made fit for today (`aftermath`) before the database hears of it. Looking
without doing is the same way, but for the last step.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bot.actions import aftermath, erasures
from bot.actions.aftermath import Aftermath
from bot.actions.desk import Desk
from bot.config.keys import keys_for
from bot.config.settings import Settings
from bot.domain.errors import NotUsable
from bot.domain.plan import Plan
from bot.ports import Clock
from storage import backups, migrate, pouring, restoring, working
from storage.backups import NotABackup, Slip
from storage.sealing import Seal, WrongKey, new_key
from storage.tombstones import Tombstone
from storage.unit_of_work import Memory

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""What is being done and how many rows it takes → told of so many rows more."""


NOT_EMPTY = "The database is not empty. Back it up if you may need it, then say --replace: what it holds now goes."


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that was written and read again. `foreign`: sealed values for which the key is not at hand."""

    slip: Slip
    sealed: int
    foreign: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, or would be. `there`: people whom the database holds that would be replaced; `marks`: how many
    erasings the lists and that database know of.
    """

    slip: Slip
    sealed: int
    aftermath: Aftermath
    there: int
    marks: int


def _seal(settings: Settings) -> Seal:
    """The keys that there are. None is made: a new one would open nothing."""
    if not settings.database.encryption_keys and not settings.key_file.exists():
        raise NotUsable(f"database.encryption_keys: there is no key; {settings.key_file} is not there")
    try:
        return Seal(keys_for(settings, new_key, lambda _: None, sealed=True))
    except (ValueError, OSError) as why:
        raise NotUsable(f"database.encryption_keys: {why}") from None


def _url(settings: Settings) -> str:
    return settings.database.url.get_secret_value()


# ---------------------------------------------------------------- backing up


def back_up(settings: Settings, path: Path, clock: Clock, progress: Progress) -> Written:
    """Write everything as it is at this moment into a new file, and read it again. The bot may be running.

    Raises NotUsable, FileExistsError, OSError.
    """
    seal, url = _seal(settings), _url(settings)
    try:
        backups.standing(url)
        with pouring.in_plain_words(url), backups.a_new_file(path) as half:
            with progress("Backing up", backups.rows(url)) as step:
                slip = backups.write(url, half, seal, version("checkin-bot"), clock.now(), step)
            with progress("Reading it again", slip.rows) as step:
                sealed, foreign = backups.verify(half, seal, step)
    except NotABackup as why:
        raise NotUsable(f"{path}: {why}; is the disk well? Nothing was kept") from None
    except (migrate.NotReached, migrate.NewerDatabase, pouring.Broken) as why:
        raise NotUsable(f"database: {why}; `checkin-bot doctor` says what to do") from None
    if slip.schema == migrate.HEAD:
        asyncio.run(_noted(url, seal, clock))
    return Written(slip, sealed, foreign)


async def _noted(url: str, seal: Seal, clock: Clock) -> None:
    """That everything was carried out of the house is on record; in the next backup, too."""
    memory = Memory(url, seal)
    try:
        async with memory.unit() as m:
            await m.audit.note(clock.now(), aftermath.BY, "backed_up")
    finally:
        await memory.close()


# ---------------------------------------------------------------- putting back


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to put back, and how. `lists`: further lists of the erased; `nobody_since`: there need be none."""

    backup: Path
    check_only: bool = False
    replace: bool = False
    lists: Sequence[Path] = ()
    nobody_since: bool = False


def restore(settings: Settings, plan: Plan, wanted: Wanted, clock: Clock, progress: Progress) -> Restored:
    """Put the backup in the place of what the database holds, or only say what that would do.

    Raises NotUsable where the backup, the keys or the lists are not fit for it, or the database is in use or not empty.
    """
    seal, url = _seal(settings), _url(settings)
    try:
        slip, sealed = _whole(wanted.backup, seal, progress)
        there = restoring.people_in(url)
        known = _known(settings, wanted)
        with working.folder(*_room(url)) as folder:
            copy = restoring.copy_of(wanted.backup, folder)
            after, kept, name = asyncio.run(_settled(copy, seal, plan, clock, slip, known, wanted))
            if not wanted.check_only:
                # First: where it can't be written nothing is put back.
                erasures.write_down(settings.erased_file, kept, name)
                with pouring.in_plain_words(url), progress("Putting back", slip.rows) as step:
                    restoring.put_in_place(copy, url, replace=wanted.replace, step=step)
    except restoring.InUse:
        raise NotUsable("Somebody works with this database. End the bot and everything else first.") from None
    except restoring.NotEmpty:
        raise NotUsable(NOT_EMPTY) from None
    except (migrate.NotReached, migrate.NewerDatabase, pouring.Broken) as why:
        raise NotUsable(f"database: {why}; nothing was changed") from None
    return Restored(slip, sealed, after, there, len(known.stones))


def working_folder(database: Path) -> str:
    """What the names of folders with working copies beside an SQLite database begin with. Nobody may be left there."""
    return f".{database.name}-restore-"


def _room(url: str) -> tuple[str, Path | None]:
    """Where the working copy lies: beside an SQLite database, where there must be room for it anyway."""
    file = backups.file_of(url)
    return (working_folder(file), file.absolute().parent) if file else (".checkin-restore-", None)


def sweep(url: str) -> None:
    """The copies of restores that were killed: they may hold somebody who has been erased."""
    working.sweep(*_room(url))


def _whole(backup: Path, seal: Seal, progress: Progress) -> tuple[Slip, int]:
    try:
        slip = backups.look(backup)
        if slip.schema > migrate.HEAD:
            raise NotUsable(
                f"{backup}: a newer version of the program made it ({slip.program}); restore it with that one"
            )
        with progress("Reading it", slip.rows) as step:
            sealed, foreign = backups.verify(backup, seal, step)
    except NotABackup as why:
        raise NotUsable(f"{backup}: {why}") from None
    except WrongKey:
        raise NotUsable(f"database.encryption_keys: {backup} was made with key {slip.key}, which is not here") from None
    if foreign:
        raise NotUsable(f"database.encryption_keys: {foreign} of {sealed} sealed values need a key that is not here")
    return slip, sealed


@dataclass(frozen=True, slots=True)
class _Known:
    """Everybody who is known to have been erased, and the names of the databases of which that is all."""

    stones: Sequence[Tombstone]
    of: frozenset[str | None]


def _known(settings: Settings, wanted: Wanted) -> _Known:
    """By the list here, by further lists, by the database itself.

    Where nobody is, the list may as well have been begun anew, as a bot does on another computer: then it takes a word.
    """
    own = settings.erased_file
    lists = [*([own] if own.exists() else []), *wanted.lists]
    try:
        read, of = [erasures.read(one) for one in lists], [erasures.databases(one) for one in lists]
    except erasures.Unreadable as why:
        raise NotUsable(str(why)) from None
    stones = erasures.together(*read, restoring.tombstones_in(_url(settings)))
    if not stones and not wanted.nobody_since:
        what = "names nobody" if lists else "is not there"
        raise NotUsable(
            f"{own} {what}: it says who was erased since the backup was made, and without it they would come back. "
            "Put your copy of it there or name it with --erased; if nobody was, say --nobody-erased-since."
        )
    return _Known(stones, frozenset({restoring.name_in(_url(settings))}.union(*of)))


async def _settled(
    copy: str, seal: Seal, plan: Plan, clock: Clock, slip: Slip, known: _Known, wanted: Wanted
) -> tuple[Aftermath, list[Tombstone], str | None]:
    memory = Memory(copy, seal)
    try:
        desk = Desk(memory=memory, clock=clock, plan=plan)
        async with desk.glance() as m:
            name = await m.marks.database()
            _are_whole(known.stones, await m.tombstones.everything(), seal, wanted)
        _are_of(name, known, wanted)
        after = await aftermath.settle(desk, slip.made_at, known.stones)
        async with desk.glance() as m:
            return after, await m.tombstones.everything(), name
    finally:
        await memory.close()


def _are_whole(stones: Sequence[Tombstone], known: Sequence[Tombstone], seal: Seal, wanted: Wanted) -> None:
    """Raises NotUsable where a mark can't be told, or the lists lack what the backup itself knows: then they may well
    lack more, as a list does that a bot has begun anew on another computer.
    """
    before = {one.id for one in known}
    told = [one for one in stones if one.id not in before and not seal.knows(one.mark)]
    if told:
        raise NotUsable(
            f"database.encryption_keys: {len(told)} of those who were erased since are marked with a key that is "
            "not here; without it they would come back. Put that key back behind the newest one."
        )
    lacking = before - {one.id for one in stones}
    if lacking and not wanted.nobody_since:
        raise NotUsable(
            f"The list of who was erased is not whole: it lacks {len(lacking)} whom the backup itself knows. Put your "
            "newest copy there or name it with --erased; if nobody was erased since then, say --nobody-erased-since."
        )


def _are_of(name: str | None, known: _Known, wanted: Wanted) -> None:
    """Raises NotUsable where the lists are all of other databases, as one begun anew is. A backup from before databases
    had names has none.
    """
    if name is not None and name not in known.of and not wanted.nobody_since:
        raise NotUsable(
            "The list of who was erased is of another database than the backup, as one that was begun anew on another "
            "computer. Put your newest copy there or name it with --erased; if nobody was erased since the backup was "
            "made, say --nobody-erased-since."
        )
