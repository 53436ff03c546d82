"""A small service that hears made-up updates, one after the other, in a database that is laid anew now and then."""

import asyncio
import shutil
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import sqlalchemy as sa

from bot.actions import alerts, inbox
from bot.actions.desk import Desk
from bot.actions.inbox import Reader
from bot.bank import shipped
from bot.domain.questions import is_valid
from bot.rehearsal.telegram import StandIn
from handlers import routes
from handlers.sender import TelegramMessenger, make_bot
from handlers.setup import TelegramEars
from storage import tables as t
from storage.sealing import Seal, new_key
from storage.unit_of_work import Memory
from tests.support.checkins import asked
from tests.support.desks import desk_for, make_sqlite
from tests.support.people import a_client, a_manager, a_worker
from tests.support.plans import a_plan

TOKEN = "123456:made-up-token-for-tests"
ALEX, BO, SAM, JO, NOBODY = 1001, 1002, 2001, 3001, 9009
CHATS = (ALEX, BO, SAM, JO, NOBODY)
LASTS = 40
"""So many updates are heard by one house: what they changed would make later ones all alike."""
Result = TypeVar("Result")


class House:
    """Alex has a question open and asked to talk, Bo has not joined yet; Sam is Alex's worker, Jo the manager."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self._folder, self._runner = folder, runner
        self._heard, self._next_id = 0, 1
        self._seal = Seal([new_key()])
        self.desk: Desk
        self.check_in, self.alert = "", ""

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(work)

    async def open(self) -> None:
        await make_sqlite(self._folder / "furnished.db")
        self.desk = desk_for(self._memory("furnished.db"), a_plan(bank=shipped()))
        await self._furnish()
        self._reader = Reader(self.desk, await self._ears())

    async def close(self) -> None:
        await self.desk.memory.close()

    async def hears(self, update: dict[str, Any]) -> str:
        """Keep it and handle it; the state that its row ends in. A handler that raised shows as "tried again"."""
        if self._heard % LASTS == 0:
            await self._lay_anew()
        self._heard += 1
        number = self._next_id = self._next_id + 1
        await inbox.keep(self.desk, [{**update, "update_id": number}])
        async with self.desk.glance() as m:
            waiting = await m.inbox.next(self.desk.clock.now(), (), 5)
        for one in waiting:
            await self._reader.handle(one)
        async with self.desk.glance() as m:
            row = (await m.con.execute(sa.select(t.inbox).where(t.inbox.c.update_id == number))).one()
        if row.state not in ("done", "dead"):
            self._heard = 0  # it is in the way of what comes next in its chat
        return str(row.state) if row.attempts == 0 else "tried again"

    async def every_answer_fits(self) -> bool:
        """Each answer in the database is one that its question can have."""
        async with self.desk.glance() as m:
            kept = await m.answers.of_check_in(self.check_in)
        said = [(one.question, one.value if one.value is not None else one.choice or one.text) for one in kept]
        return all(value is None or is_valid(self.desk.plan.bank[question], value) for question, value in said)

    def _memory(self, name: str) -> Memory:
        return Memory(f"sqlite+aiosqlite:///{self._folder / name}", self._seal)

    async def _lay_anew(self) -> None:
        await self.desk.memory.close()
        for old in self._folder.glob("now.db*"):
            old.unlink()
        shutil.copy(self._folder / "furnished.db", self._folder / "now.db")
        self.desk.memory = self._memory("now.db")

    async def _furnish(self) -> None:
        await a_manager(self.desk, chat_id=JO)
        sam = await a_worker(self.desk, chat_id=SAM)
        alex = await a_client(self.desk, sam, chat_id=ALEX)
        await a_client(self.desk, sam, ref="R-204", name="Bo", chat_id=BO, join_screen=3, consent_version=None)
        async with self.desk.turn() as turn:
            await alerts.raise_talk(turn, alex, "how")
            (alert,) = await turn.m.alerts.of_client(alex.id)
        self.alert, self.check_in = alert.id, (await asked(self.desk, alex)).id

    async def _ears(self) -> TelegramEars:
        standin = StandIn(self.desk.clock, TOKEN)
        tg = make_bot(TOKEN, "http://telegram", transport=httpx.ASGITransport(app=standin.app))
        ears = TelegramEars(tg, TelegramMessenger(tg, routes.VIEWS, routes.Voices(self.desk)), lambda: "en")
        await ears.prepare()
        return ears


@contextmanager
def a_house(folder: Path) -> Iterator[House]:
    with asyncio.Runner() as runner:
        house = House(folder, runner)
        runner.run(house.open())
        try:
            yield house
        finally:
            runner.run(house.close())
