"""One courier after the other: each carries for one term in which this process sends.

The one before may still be settling what it had in hand when its term ended; it begins nothing new.
"""

import asyncio
from collections.abc import Callable

from bot.actions.courier import Courier
from bot.actions.desk import Desk
from bot.actions.leading import Leading, Term
from bot.domain.leading import Lead


class Couriers:
    """Runs until it is stopped."""

    def __init__(self, desk: Desk, leading: Leading, hire: Callable[[Term], Courier]) -> None:
        self._desk = desk
        self._leading = leading
        self._hire = hire
        self._at_work: list[Courier] = []
        self._hired = asyncio.Event()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Return once `stop` was called and everything in hand is settled."""
        async with asyncio.TaskGroup() as house:
            terms = house.create_task(self._terms(house))
            await self._stop.wait()
            for courier in self._at_work:
                courier.stop()
            terms.cancel()

    def stop(self) -> None:
        """The process ends."""
        self._stop.set()

    async def idle(self) -> None:
        """Return when nothing that is due waits or flies here; for rehearsals and tests."""
        await self._hired.wait()
        await self._at_work[-1].idle()

    async def _terms(self, house: asyncio.TaskGroup) -> None:
        while True:
            term = await self._leading.term(Lead.SEND)
            courier = self._hire(term)
            house.create_task(self._carry(courier))
            self._at_work.append(courier)
            self._hired.set()
            await term.over.wait()
            courier.lay_down()
            self._desk.progress.rest(Lead.SEND)

    async def _carry(self, courier: Courier) -> None:
        try:
            await courier.run()
        finally:
            self._at_work.remove(courier)
