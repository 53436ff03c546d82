"""A service under way on a database of its own, with its configuration folder: to be backed up, lost and put back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.actions import backups, erasures
from bot.actions.backups import Restored, Wanted
from bot.config.settings import Database, Http, Logs, Settings, Telegram
from bot.domain.plan import Plan
from handlers import routes
from storage import migrate
from storage.sealing import Seal
from storage.unit_of_work import Memory
from tests.support.desks import desk_for
from tests.support.post_office import at_work
from tests.support.scripted import Scripted
from tests.support.stories import World, a_world

KEY = "A" * 43


@dataclass
class Safekeeping:
    """The world, and where its files are. `url` may be another database by the time it is put back."""

    world: World
    folder: Path
    url: str
    keys: list[str] = field(default_factory=lambda: [KEY])

    @property
    def settings(self) -> Settings:
        keys = tuple(SecretStr(one) for one in self.keys)
        database = Database(url=SecretStr(self.url), encryption_keys=keys)
        return Settings(self.folder, Telegram(), Http(), database, Logs())

    @property
    def list(self) -> Path:
        return self.settings.erased_file

    async def back_up(self, name: str = "one.backup") -> Path:
        path = self.folder / name
        await asyncio.to_thread(backups.back_up, self.settings, path, self.world.desk.clock, _no_bar)
        return path

    async def restore(self, backup: Path, **how: Any) -> Restored:
        """With nobody at work; then the world goes on with what was put back. Where the list names nobody, nobody was
        erased in these tests, and that is said.
        """
        desk = self.world.desk
        await desk.memory.close()
        wanted = Wanted(backup, **({"replace": True, "nobody_since": self._names_nobody} | how))
        done = await asyncio.to_thread(backups.restore, self.settings, desk.plan, wanted, desk.clock, _no_bar)
        desk.memory = Memory(self.url, Seal(self.keys))
        return done

    @property
    def _names_nobody(self) -> bool:
        lines = self.list.read_text().splitlines() if self.list.exists() else []
        return all(one.startswith("#") for one in lines)

    async def tidy_up(self) -> None:
        """What the bot does every few seconds."""
        self.world.desk.erased_file = self.list
        await erasures.keep_outside(self.world.desk)

    async def letters(self) -> Scripted:
        """Everything that leaves now."""
        network = Scripted(self.world.desk.clock, message_id=7000)
        async with at_work(self.world.desk, network, routes.HOOKS):
            return network


def _no_bar(_what: str, _total: int) -> Any:
    return nullcontext(lambda _rows: None)


@asynccontextmanager
async def in_safekeeping(url: str, folder: Path, plan: Plan) -> AsyncIterator[Safekeeping]:
    await asyncio.to_thread(migrate.upgrade, url)
    world = await a_world(desk_for(Memory(url, Seal([KEY])), plan))
    kept = Safekeeping(world, folder, url)
    await kept.tidy_up()
    try:
        yield kept
    finally:
        await world.desk.memory.close()
