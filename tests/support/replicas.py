"""Several processes of the bot on one PostgreSQL, each at the end of a cable of its own: to be killed and cut off.

async with replicas(folder, url, address, config, environ) as house:
    leader = await house.leads(house.all[0])
    leader.cable.pull()
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from bot.actions.desk import Desk
from bot.domain.leading import Lead
from storage.leading import HOUSE, LEADS, living
from tests.support.cable import Cable, cable
from tests.support.live import LiveBot

TAKEN_OVER_WITHIN = 30.0
"""Seconds, promised in docs/operations.md."""
LOOKS_EVERY = timedelta(milliseconds=50)


@dataclass(eq=False)
class Replica:
    """One process, or the place where one may run."""

    name: str
    bot: LiveBot
    cable: Cable

    @property
    def ups(self) -> int:
        """How often it has come up by now."""
        return self.bot.log.count("started") if (self.bot.folder / "log").exists() else 0

    @property
    def runs(self) -> bool:
        return self.bot.process is not None and self.bot.process.returncode is None


@dataclass
class Replicas:
    """All of them, and the database as the test sees it: by a line that nobody cuts."""

    desk: Desk
    all: tuple[Replica, ...]

    async def start(self, one: Replica, patience: float = TAKEN_OVER_WITHIN) -> None:
        """Return when it is up, and takes part."""
        before, ups = await self._alive(), one.ups
        await one.bot.start()
        async with asyncio.timeout(patience):
            while one.ups == ups or not await self._alive() - before:
                assert one.runs, one.bot.log
                await self._wait()

    async def who_leads(self, lead: Lead) -> Replica | None:
        locks = sa.text(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND l.database = a.datid"
            " AND a.datname = current_database() AND l.classid::bigint = :house AND l.objid::bigint = :place"
        )
        async with self.desk.glance() as m:
            name = await m.con.scalar(locks, {"house": HOUSE, "place": LEADS.index(lead)})
        return next((one for one in self.all if one.name == name), None)

    async def leads(self, one: Replica, patience: float = TAKEN_OVER_WITHIN) -> float:
        """Return when it both receives and sends: how many seconds that took."""
        time = asyncio.get_running_loop().time
        began = time()
        async with asyncio.timeout(patience):
            while {await self.who_leads(lead) for lead in Lead} != {one}:
                await self._wait()
        return time() - began

    async def _alive(self) -> set[str]:
        async with self.desk.glance() as m:
            return await living(m.con)

    async def _wait(self) -> None:
        await self.desk.clock.wait(asyncio.Event(), LOOKS_EVERY)


@asynccontextmanager
async def replicas(
    folder: Path, url: str, address: str, config: str, environ: Mapping[str, str], count: int = 2
) -> AsyncIterator[Replicas]:
    """Places for so many processes; none runs yet. Whatever runs at the end is killed."""
    server = sa.make_url(url)
    assert server.port is not None
    async with AsyncExitStack() as stack:
        places = []
        for n in range(count):
            between, name = await stack.enter_async_context(cable(server.port)), f"replica-{n}"
            there = server.set(port=between.port).update_query_dict({"application_name": name})
            (folder / name).mkdir()
            text = there.render_as_string(hide_password=False)
            places.append(Replica(name, LiveBot(folder / name, address, config, text, dict(environ)), between))
        watcher = LiveBot(folder, address, config, url, dict(environ))
        desk = await stack.enter_async_context(watcher.desk())
        try:
            yield Replicas(desk, tuple(places))
        finally:
            for one in places:
                if one.runs:
                    assert one.bot.process is not None
                    one.bot.process.kill()
                    await one.bot.process.wait()
