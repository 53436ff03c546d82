"""A bot without loops, for machines that choose what happens next: every step of the courier by itself, any order.

What the courier does in one go is taken apart here, by the same functions: *claim* takes a row and looks at it for the
last time, *settle* writes down what Telegram said. In between anything may happen, also that the process dies.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.actions import settling
from bot.actions.desk import Desk, Turn
from bot.domain.delivery import CLEAR, DELETE, LEASE
from bot.domain.errors import Refusal
from bot.domain.outgoing import Go, Outgoing
from bot.domain.plan import Plan
from bot.ports import Gone, Refused, Sent, TryLater, Unreachable, Unsure, Verdict
from bot.rehearsal.clock import RehearsalClock
from handlers import routes
from storage import tables as t
from storage.delivery import Claim
from storage.sealing import Seal, new_key
from storage.unit_of_work import Memory
from tests.support.desks import desk_for, make_sqlite

T = TypeVar("T")
_EMPTY: list[Path] = []
_SHM = Path("/dev/shm")
_WHERE = _SHM if _SHM.is_dir() else None
"""Thousands of small commits: in memory, where there is such a place."""


@dataclass(slots=True)
class Flight:
    """A row that has been claimed; `arrived` once Telegram took it, whether or not the bot was told."""

    out: Outgoing
    arrived: bool = False


@dataclass(slots=True)
class Shown:
    """One message in a chat, as the person sees it."""

    chat_id: int
    message_id: int
    kind: str
    facts: dict[str, Any]
    surface: str | None
    buttons: bool = True


class Quarters:
    """A desk on SQLite with its own event loop, and the chats as Telegram has them."""

    def __init__(self, plan: Plan) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(mkdtemp(prefix="machine", dir=_WHERE))
        shutil.copy(self._empty(), self.folder / "checkin.db")
        memory = Memory(f"sqlite+aiosqlite:///{self.folder / 'checkin.db'}", Seal([new_key()]))
        self.desk: Desk = desk_for(memory, plan)
        self.flights: list[Flight] = []
        self.chats: dict[tuple[int, int], Shown] = {}
        self.dead: set[int] = set()
        """Chats that do not get through."""
        self._message = 100

    def _empty(self) -> Path:
        if not _EMPTY:
            _EMPTY.append(Path(mkdtemp(prefix="empty", dir=_WHERE)) / "empty.db")
            self.run(make_sqlite(_EMPTY[0]))
        return _EMPTY[0]

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(doing)

    def close(self) -> None:
        self.run(self.desk.memory.close())
        self.run(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.folder)

    def wait(self, **by: float) -> None:
        clock = self.desk.clock
        assert isinstance(clock, RehearsalClock)
        clock.advance(timedelta(**by))

    # ------------------------------------------------------------ units

    def act(self, action: Callable[[Turn], Awaitable[Any]]) -> str | None:
        """One unit. Returns the key of the refusal that undid it, if it was refused."""

        async def unit() -> str | None:
            try:
                async with self.desk.turn() as turn:
                    await action(turn)
            except Refusal as refused:
                return refused.key
            return None

        return self.run(unit())

    def look(self, *works: Callable[[Turn], Awaitable[int]]) -> None:
        """Each loop, until it finds nothing more to do."""
        for work in works:
            for _ in range(20):
                if not self.run(self._once(work)):
                    break
            else:
                raise AssertionError(f"{work} never comes to an end")

    async def _once(self, work: Callable[[Turn], Awaitable[int]]) -> int:
        async with self.desk.turn() as turn:
            return await work(turn)

    def read(self, query: Any) -> list[Any]:
        async def rows() -> list[Any]:
            async with self.desk.glance() as m:
                return list(await m.con.execute(query))

        return self.run(rows())

    def waiting(self, *where: Any) -> list[Any]:
        """Rows that are due."""
        due = (t.outbox.c.state == "waiting", t.outbox.c.not_before <= self.desk.clock.now(), *where)
        return self.read(sa.select(t.outbox).where(*due).order_by(t.outbox.c.urgency, t.outbox.c.number))

    # ------------------------------------------------------------ the courier, taken apart

    def claim(self) -> Flight | None:
        """Take the next row, one in flight per person, and look at it for the last time."""
        busy = {flight.out.person_id for flight in self.flights}
        row = next((row for row in self.waiting() if row.person_id not in busy), None)
        out = self.run(self._claim(row.id)) if row else None
        if out is not None:
            self.flights.append(Flight(out))
            return self.flights[-1]
        return None

    async def _claim(self, row_id: str) -> Outgoing | None:
        async with self.desk.turn() as turn:
            await turn.m.sending.claim(row_id, Claim("one", turn.now + LEASE), turn.now)
            ((_, out),) = await turn.m.sending.load([row_id])
            answer = await settling.look(turn.m, out, turn.plan, turn.now)
        if isinstance(answer, Go):
            return out
        async with self.desk.turn() as turn:
            return await settling.look_again(turn, out, routes.HOOKS)

    def arrive(self, flight: Flight) -> Verdict:
        """Telegram takes it, or can't; the chat changes, whatever the bot will hear of it."""
        out = flight.out
        assert out.chat_id is not None
        if out.chat_id in self.dead:
            return Unreachable("bot was blocked by the user")
        flight.arrived = True
        old = self.chats.get((out.chat_id, out.edits)) if out.edits is not None else None
        if out.edits is not None and old is None:
            return Gone()
        if out.kind == DELETE:
            del self.chats[(out.chat_id, out.edits or 0)]
            return Sent(out.edits or 0)
        if out.kind == CLEAR and old is not None:
            old.buttons = False
            return Sent(old.message_id)
        if out.edits is None:
            self._message += 1
        message_id = out.edits or self._message
        self.chats[out.chat_id, message_id] = Shown(out.chat_id, message_id, out.kind, dict(out.facts), out.surface)
        return Sent(message_id, has_buttons=True)

    def settle(self, flight: Flight, verdict: Verdict) -> None:
        """The bot writes down what it was told. Only what certainly arrived, or certainly did not, may be sure."""
        self.flights.remove(flight)
        self.run(self._settle(flight.out, verdict))

    async def _settle(self, out: Outgoing, verdict: Verdict) -> None:
        async with self.desk.turn() as turn:
            await settling.settle(turn, out, verdict, routes.HOOKS)

    def die(self) -> None:
        """The process ends and starts again: nobody knows what became of what was in flight."""
        for flight in list(self.flights):
            self.flights.remove(flight)
            self.run(self._lost(flight.out.id))

    async def _lost(self, row_id: str) -> None:
        async with self.desk.turn() as turn:
            for _, out in await turn.m.sending.load([row_id]):
                await settling.settle(turn, out, Unsure("lease ran out"), routes.HOOKS)

    def carry(self, most: int = 200) -> None:
        """Everything that is due arrives, and what that causes as well."""
        for flight in list(self.flights):
            self.settle(flight, self.arrive(flight))
        for _ in range(most):
            if not self.waiting():
                return
            taken = self.claim()
            if taken is not None:
                self.settle(taken, self.arrive(taken))
        raise AssertionError("the outbox never runs empty")


CERTAINLY_NOT: tuple[Callable[[], Verdict], ...] = (
    lambda: TryLater(timedelta(seconds=3)),
    lambda: Refused("can't parse entities"),
)
"""What Telegram may say of what it did not take."""
