"""Where actions work: the memory, the clock, the plan in force; and a turn, which is one action's time at the desk.

An action is a function whose first argument is a `Turn`. Whoever starts it opens the turn:

    async with desk.turn() as turn:
        await checkins.release_due(turn)

Leaving the turn commits everything or nothing. What is to be sent is posted (a row, `delivery.post`) and goes out
after the commit.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.actions.pulse import Progress, Tally
from bot.domain.plan import Plan
from bot.ports import Clock
from storage.stores import Stores
from storage.unit import Unit
from storage.unit_of_work import Memory


@dataclass(slots=True)
class Bells:
    """Rung when there may be something to do. A bell is a hint, never the truth: loops look again anyway."""

    inbox: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    deliver: asyncio.Event = field(default_factory=asyncio.Event)
    escalate: asyncio.Event = field(default_factory=asyncio.Event)

    def all(self) -> tuple[asyncio.Event, ...]:
        return (self.inbox, self.release, self.deliver, self.escalate)


@dataclass(slots=True)
class Desk:
    """What every action needs. `plan` is swapped by one assignment when a new one is applied."""

    memory: Memory
    clock: Clock
    plan: Plan
    bells: Bells = field(default_factory=Bells)
    hand_over: Callable[[str], None] | None = None
    """Set while this process sends: takes the id of a reply that is born claimed (settled: one sender)."""
    listens: bool = False
    """Set where the bot runs: there, nothing counts as silence before updates have been fetched, by whichever process."""
    erased_file: Path | None = None
    """Where the list of who was erased is kept outside the database; None: nowhere, as in tests."""
    erased_kept: int = -1
    """How many it holds, as far as this process knows."""
    process: str = "one"
    """Names this process in claims, for as long as its locks last (storage.leading)."""
    stands_by: bool = False
    """A process with a newer plan is at work: this one begins nothing, so that only one plan is gone by."""
    progress: Progress = field(init=False)
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.progress = Progress(self.clock)

    @asynccontextmanager
    async def turn(self, heard: datetime | None = None) -> AsyncIterator["Turn"]:
        """`heard`: when that was received which is acted upon now. A clock that was set back since proves nothing."""
        async with self.memory.unit() as m:
            now = self.clock.now()
            yield Turn(self, m, now, self.plan, min(heard or now, now))

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[Stores]:
        """Only read."""
        async with self.memory.glance() as m:
            yield m


@dataclass(frozen=True, slots=True)
class Turn:
    """One action's surroundings: the open unit of work, the moment it happens at, the plan in force.

    `heard` is when the bot was told what it acts upon: by that an answer is judged, however late it is handled. Where
    nobody told it anything it is `now`.
    """

    desk: Desk
    m: Unit
    now: datetime
    plan: Plan
    heard: datetime

    def ring(self, bell: asyncio.Event) -> None:
        """Ring after the commit."""
        self.m.after_commit(bell.set)

    def count(self, name: str) -> None:
        """One more of these (`pulse.COUNTERS`), after the commit."""
        self.m.after_commit(partial(self.desk.tally.add, name))

    def call_sender(self) -> None:
        """After the commit there is something to send, here or by the process that does so."""
        self.m.calls_sender = self.m.calls_sender or self.desk.hand_over is None
        self.ring(self.desk.bells.deliver)
