"""Opening the database: with the keys that fit, brought up to date, and its access log begun; a desk over it; alone."""

import asyncio
import fcntl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import structlog
from pydantic import SecretStr

from bot.actions import backups
from bot.actions.desk import Desk
from bot.config.keys import again, key_file, keys_for
from bot.config.settings import Database, Settings
from bot.domain.errors import NotUsable
from bot.domain.plan import Plan
from bot.ports import Clock, SystemClock
from storage import migrate
from storage.marks import DATABASE
from storage.operations import sealed_by
from storage.sealing import Seal, new_key
from storage.unit_of_work import Memory

log = structlog.get_logger()


@asynccontextmanager
async def open_memory(settings: Settings, tell: Callable[[str], None]) -> AsyncIterator[Memory]:
    """The database, brought up to date, with the keys that open it. `tell` hears of a key file that was made.

    Raises NotUsable: no or wrong keys, a database that can't be reached or belongs to a newer version.
    """
    url = settings.database.url.get_secret_value()
    try:
        seal = await _seal(settings, tell)
        if await asyncio.to_thread(migrate.upgrade, url, lambda con: _all_open(*sealed_by(con, seal))):
            log.info("database_upgraded", version=migrate.HEAD)
    except (ValueError, migrate.NotReached, migrate.NewerDatabase) as why:
        raise NotUsable(f"database: {why}; `checkin-bot doctor` says what to do") from None
    memory = Memory(url, seal)
    try:
        await _fits(memory)
        await _begun(memory)
        yield memory
    finally:
        await memory.close()


async def is_there(settings: Settings) -> bool:
    """Whether there is a database already. Makes none. Raises NotUsable where it can't be reached."""
    try:
        return await asyncio.to_thread(migrate.standing, settings.database.url.get_secret_value()) is not None
    except migrate.NotReached as why:
        raise NotUsable(f"database: {why}; `checkin-bot doctor` says what to do") from None


async def _seal(settings: Settings, tell: Callable[[str], None]) -> Seal:
    """With the keys that there are; one is made only where there is nothing yet that another has closed."""
    file = key_file(settings)
    lacking = file is not None and not file.exists()
    sealed = lacking and await is_there(settings)
    return Seal(keys_for(settings, new_key, tell, sealed=sealed), again(file) if file is not None else None)


async def _fits(memory: Memory) -> None:
    """A wrong key is found before anything is done: else new rows would be sealed with it beside the old ones."""
    async with memory.glance() as m:
        _all_open(*await m.operations.sealed())
        if await m.marks.gone_keys({memory.seal.number}):
            raise NotUsable(f"database.encryption_keys: key {memory.seal.number} is out of use; put the newest one first")


def _all_open(sealed: int, foreign: int) -> None:
    if foreign:
        raise NotUsable(f"database.encryption_keys: {foreign} of {sealed} sealed values need a key that is not here")


async def _begun(memory: Memory) -> None:
    """From the first start on the access log is a chain, to which what an earlier version wrote is tied then, and the
    database has a name: by that a list of the erased is known to be of it.
    """
    async with memory.glance() as m:
        chained, name = await m.audit.head(), await m.marks.database()
    if chained is None or name is None:
        async with memory.unit() as m:
            await m.marks.set_once(DATABASE, SystemClock().now(), token_hex(8))
            if chained is None:
                await m.audit.begin(SystemClock().now())


@asynccontextmanager
async def open_desk(
    settings: Settings, plan: Plan, clock: Clock | None = None, tell: Callable[[str], None] | None = None
) -> AsyncIterator[Desk]:
    """A desk for commands that act and end; nothing is received or sent here."""
    async with open_memory(settings, tell or _tell) as memory:
        yield Desk(memory=memory, clock=clock or SystemClock(), plan=plan, erased_file=settings.erased_file)


@asynccontextmanager
async def on_trial(settings: Settings, plan: Plan) -> AsyncIterator[Desk]:
    """A desk for looking what would happen: where nothing is there yet, one that is gone afterwards, key and all."""
    with TemporaryDirectory(prefix="checkin-") as folder:
        if not await is_there(settings):
            trial = Database(url=SecretStr(f"sqlite+aiosqlite:///{folder}/checkin.db"), encryption_keys=[new_key()])
            settings = replace(settings, database=trial)
        async with open_desk(settings, plan) as desk:
            yield desk


def _tell(words: str) -> None:
    sys.stderr.write(f"{words}\n")


# ---------------------------------------------------------------- alone


class AlreadyRunning(Exception):
    """Another `run` works on this database file."""


@contextmanager
def only_one(url: str) -> Iterator[None]:
    """Hold the lock file of an SQLite database; PostgreSQL takes any number of processes."""
    path = url.partition("///")[2].partition("?")[0]
    if not url.startswith("sqlite") or not path or path == ":memory:":
        backups.sweep(url)
        yield
        return
    try:
        held = Path(f"{path}.lock").open("w")  # noqa: SIM115  # held for as long as the bot runs; closed below
    except OSError as why:
        raise NotUsable(f"database: {path} can't be kept there ({why.strerror})") from None
    with held as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(path) from None
        backups.sweep(url)
        yield
