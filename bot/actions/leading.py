"""What this process does for all: receive, send, both or neither (the theory stands in `bot.domain.leading`).

On SQLite there is only one process: it leads from the start and for ever. On PostgreSQL a line of its own holds its
locks; when that breaks, its terms are over, and it asks again under a new name.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bot.actions.desk import Desk
from bot.domain.leading import BEAT, LEADS_FOR, Lead
from storage.leading import LEAD, SENDER, LockLine
from storage.tables import new_id

LOOP = "lead"
"""Its name in the account of what got through when."""
AGAIN_AFTER = 1.0
"""Seconds between two tries to get a line."""
log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Term:
    """A time in which this process leads one thing. Once it is over it never comes back; there may be another."""

    name: str
    """What is claimed in it is claimed under this name."""
    good: Callable[[], bool] = lambda: True
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def holds(self) -> bool:
        """Right now: may something leave?"""
        return not self.over.is_set() and self.good()


class Leading:
    """Runs for as long as the process does; `term` gives the next time of each part."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._wanted = set(Lead)
        self._terms: dict[Lead, Term] = {}
        self._news = asyncio.Event()
        self._good_until = 0.0
        self._time = asyncio.get_running_loop().time
        """The computer's own, whatever clock the desk has: the server's patience is real."""

    async def run(self) -> None:
        if self._desk.memory.is_sqlite:
            self._desk.process = new_id()
            self._terms = {lead: Term(self._desk.process) for lead in Lead}
            self._news.set()
            return
        while True:
            try:
                async with self._desk.memory.lock_line(self._desk.plan.version) as line:
                    await self._hold_on(line)
            except Exception as broken:
                log.warning("line_to_database_lost", why=str(broken) or type(broken).__name__)
            finally:
                self._over(set(Lead))
            self._desk.memory.cut()
            await asyncio.sleep(AGAIN_AFTER)  # of this process, not of the bot's clock: a rehearsal's may stand still

    async def term(self, lead: Lead) -> Term:
        """The one that runs, or the next; it returns when that begins."""
        while lead not in self._terms:
            self._news.clear()
            await self._news.wait()
        return self._terms[lead]

    async def receiving(self, receive: Callable[[], Awaitable[None]]) -> None:
        """Do this again and again, whenever and for as long as this process is the one that receives."""
        while True:
            term = await self.term(Lead.RECEIVE)
            async with asyncio.TaskGroup() as group:
                working = group.create_task(_done(receive))
                await term.over.wait()
                working.cancel()
            self._desk.progress.end(Lead.RECEIVE)

    def give_up(self, lead: Lead) -> None:
        """The process ends: others may have it from now on."""
        self._wanted.discard(lead)
        self._over({lead})

    # ------------------------------------------------------------ the line

    async def _hold_on(self, line: LockLine) -> None:
        self._desk.process = line.name
        while True:
            began = self._time()
            await self._mind_the_plan(line)
            wanted = set() if self._desk.stands_by else self._wanted
            held = await line.beat(wanted)
            self._good_until = began + LEADS_FOR
            self._over(set(Lead) - held)
            self._begin(line.name, set(held) & self._wanted)
            self._desk.progress.mark(LOOP)
            await self._listen(line, began + BEAT)

    async def _mind_the_plan(self, line: LockLine) -> None:
        """Who was started last says what is in force. With another plan one stands by, as long as that one is there:
        words that nobody was shown must not be agreed to, and nothing be decided twice in two ways.
        """
        newer = await line.newer_plan(self._desk.plan.version)
        if newer is not None and not self._desk.stands_by:
            log.warning("stands_by", version=newer, hint="Another process runs by another configuration, started later.")
        elif newer is None and self._desk.stands_by:
            log.warning("stands_by_no_more", version=self._desk.plan.version)
        self._desk.stands_by = newer is not None

    async def _listen(self, line: LockLine, until: float) -> None:
        """Until the next beat is due, or somebody has let go of a lock."""
        while (rest := until - self._time()) > 0:
            rung = await line.hear(rest)
            if SENDER in rung:
                self._desk.bells.deliver.set()
            if LEAD in rung and set(self._terms) != self._wanted:
                return

    # ------------------------------------------------------------ terms

    def _begin(self, name: str, held: set[Lead]) -> None:
        for lead in sorted(held - set(self._terms)):
            self._terms[lead] = Term(name, lambda: self._time() < self._good_until)
            log.info("leads", loop=lead.value)
            self._news.set()

    def _over(self, leads: set[Lead]) -> None:
        for lead in leads & set(self._terms):
            self._terms.pop(lead).over.set()
            log.info("leads_no_more", loop=lead.value)


async def _done(work: Callable[[], Awaitable[None]]) -> None:
    await work()
