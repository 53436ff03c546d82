"""The one gate through which every message leaves, in order of urgency and at Telegram's pace."""

import asyncio
import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.delivery import Urgency
from bot.domain.pacing import Pacing
from bot.ports import PATIENCE, Clock


@dataclass(order=True, slots=True)
class _Waiting:
    urgency: Urgency
    number: int
    chat_id: int = field(compare=False)
    let_go: "asyncio.Future[bool]" = field(compare=False)


class Gate:
    """Lets the most urgent of those who wait pass whenever a slot is free."""

    def __init__(self, clock: Clock, pacing: Pacing, passed: Callable[[], None]) -> None:
        """`passed` is called whenever somebody got through or was sent away."""
        self.pacing = pacing
        self._clock = clock
        self._passed = passed
        self._waiting: list[_Waiting] = []
        self._bell = asyncio.Event()
        self._number = 0
        self._shut = False

    async def wait(self, urgency: Urgency, chat_id: int) -> bool:
        """True: send now. False: it would take too long to stand here, put it back."""
        self._number += 1
        waiting = _Waiting(urgency, self._number, chat_id, asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, waiting)
        self._bell.set()
        return await waiting.let_go

    async def run(self) -> None:
        while True:
            await self._clock.wait(self._bell, min(PATIENCE, self._let_through()))

    def close(self, until: float, chat_id: int | None = None) -> None:
        """Nothing leaves before `until` (monotonic): in one chat, or anywhere."""
        self.pacing = self.pacing.closed(until, chat_id)
        self._bell.set()

    def shut(self) -> None:
        """Send everybody away, now and from now on: the process ends."""
        self._shut = True
        self._let_through()

    def _let_through(self) -> timedelta:
        """Everybody whose time it is. Returns how long nobody else can pass."""
        later: list[_Waiting] = []
        soonest = math.inf
        while self._waiting:
            first = heapq.heappop(self._waiting)
            if first.let_go.done():  # nobody stands there any more
                continue
            now = self._clock.monotonic()
            wait = self.pacing.ready_in(first.chat_id, now)
            if self._shut or wait > PATIENCE.total_seconds():
                self._answer(first, may=False)
            elif wait == 0:
                self.pacing = self.pacing.taken(first.chat_id, now)
                self._answer(first, may=True)
            else:
                later.append(first)
                soonest = min(soonest, wait)
        for one in later:
            heapq.heappush(self._waiting, one)
        return timedelta(seconds=soonest) if later else PATIENCE

    def _answer(self, waiting: _Waiting, *, may: bool) -> None:
        waiting.let_go.set_result(may)
        self._passed()
