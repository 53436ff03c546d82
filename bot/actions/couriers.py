"""One courier after the other: each carries for one term in which this process sends.

The one before may still be settling what it had in hand when its term ended; it begins nothing new.
"""

import asyncio
from collections.abc import Callable

from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.actions.leading import Leading, Term
from bot.domain.leading import Lead

PATIENCE_AT_THE_END = 5.0
"""Seconds for what is in flight when the bot is asked to end; whoever asks waits ten."""


class Couriers:
    """Runs until it is stopped."""

    def __init__(self, desk: Desk, leading: Leading, hire: Callable[[Term], Courier]) -> None:
        self._desk = desk
        self._leading = leading
        self._hire = hire
        self._at_work: dict[Courier, asyncio.Task[None]] = {}
        self._hired = asyncio.Event()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Lead where nobody else does, and carry. Returns soon after `stop`, with all in hand settled if it can be."""
        async with asyncio.TaskGroup() as house:
            leading = house.create_task(self._leading.run())
            terms = house.create_task(self._terms(house))
            await self._stop.wait()
            terms.cancel()
            for courier in self._at_work:
                courier.stop()
            if carrying := list(self._at_work.values()):
                await asyncio.wait(carrying, timeout=PATIENCE_AT_THE_END)
            self._desk.memory.cut()  # it may be the database that keeps whoever is left waiting
            for task in (*carrying, leading):
                task.cancel()

    def stop(self) -> None:
        """The process ends: from now on somebody else may receive, and send once this one is through."""
        self._leading.give_up(Lead.RECEIVE)
        self._stop.set()

    async def idle(self) -> None:
        """Return when nothing that is due waits or flies here; for rehearsals and tests."""
        while not self._at_work:
            self._hired.clear()
            await self._hired.wait()
        await list(self._at_work)[-1].idle()

    async def _terms(self, house: asyncio.TaskGroup) -> None:
        while True:
            term = await self._leading.term(Lead.SEND)
            courier = self._hire(term)
            self._at_work[courier] = house.create_task(self._carry(courier))
            self._hired.set()
            await term.over.wait()
            courier.lay_down()
            self._desk.progress.end(Lead.SEND)

    async def _carry(self, courier: Courier) -> None:
        try:
            await courier.run()
        finally:
            del self._at_work[courier]
