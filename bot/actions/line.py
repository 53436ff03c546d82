"""Who is next: the first due row of each person, and the replies that were handed over, in order of urgency."""

import asyncio
import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from bot.actions.desk import Desk
from bot.domain.delivery import Urgency
from bot.domain.outgoing import Outgoing
from bot.ports import PATIENCE
from storage.sending import Head

HEADS = 200
"""People read at once."""
WHERE_OTHERS_POST = timedelta(milliseconds=500)
"""Between two looks where other processes write rows too, should their call go unheard."""
LOOK_GAP = 0.5
"""Seconds between looks for what stands behind a row that has just been settled, while others stand in line anyway."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that could go next. `out` is there for what was born claimed, as it was at `since` (monotonic)."""

    head: Head
    out: Outgoing | None = None
    since: float = 0.0


class WaitingLine:
    """A picture of the outbox, looked at anew when a bell rings, something becomes due, or someone is through."""

    def __init__(self, desk: Desk, stir: asyncio.Event) -> None:
        self._desk = desk
        self._stir = stir
        self._heads: dict[str, Head] = {}
        self._new: list[str] = []
        self._handed: dict[str, list[Item]] = {}
        self._looked = -math.inf
        self._look_at = -math.inf
        self._patience = PATIENCE if desk.memory.is_sqlite else WHERE_OTHERS_POST

    # ------------------------------------------------------------ news

    def take_over(self, row_id: str) -> None:
        """A reply that is born claimed by this process."""
        self._new.append(row_id)
        self._stir.set()

    def look_now(self) -> None:
        """There may be something more urgent than all that is known."""
        self._look_at = -math.inf
        self._stir.set()

    def look_soon(self) -> None:
        """There may be more for somebody who has just got something."""
        self._look_at = min(self._look_at, self._looked + LOOK_GAP if self._heads else -math.inf)
        self._stir.set()

    async def read(self) -> None:
        """Look, if it is time, and load what was handed over."""
        now, wall = self._desk.clock.monotonic(), self._desk.clock.now()
        new = list(self._new)
        look = now >= self._look_at
        if not new and not look:
            return
        async with self._desk.glance() as m:
            for head, out in await m.sending.load(new) if new else ():
                self._handed.setdefault(head.person_id, []).append(Item(head, out, now))
            del self._new[: len(new)]
            if look:
                self._looked, self._look_at = now, math.inf  # a bell that rings from here on counts
                self._heads = {head.person_id: head for head in await m.sending.heads(wall, HEADS)}
                due = await m.sending.next_due(wall)
                rest = min(self._patience, due - wall) if due else self._patience
                self._look_at = min(self._look_at, now + rest.total_seconds())

    # ------------------------------------------------------------ the order

    def next_look_in(self, now: float) -> float:
        return max(0.0, self._look_at - now)

    def in_order(self, busy: Collection[str]) -> list[Item]:
        """The first of every person with nothing in flight, the most urgent first."""
        firsts = {person: Item(head) for person, head in self._heads.items() if person not in busy}
        for person, items in self._handed.items():
            if person not in busy:
                waiting = [firsts[person]] if person in firsts else []
                firsts[person] = min((*items, *waiting), key=_in_one_chat)
        return sorted(firsts.values(), key=_among_chats)

    def leave(self, item: Item) -> None:
        """It is on its way."""
        person = item.head.person_id
        if item.out is None:
            del self._heads[person]
            return
        self._handed[person] = [one for one in self._handed[person] if one is not item]
        if not self._handed[person]:
            del self._handed[person]

    @property
    def is_empty(self) -> bool:
        """Nobody stands here, and it has been looked at since the last news."""
        return not (self._heads or self._handed or self._new) and self._look_at > self._desk.clock.monotonic()

    @property
    def in_hand(self) -> list[str]:
        """Ids of what is claimed and still stands here."""
        return [item.head.id for items in self._handed.values() for item in items] + self._new


def _in_one_chat(item: Item) -> tuple[Urgency, int]:
    return (item.head.urgency, item.head.number)


def _among_chats(item: Item) -> tuple[Urgency, float, int]:
    return (item.head.urgency, item.head.not_before.timestamp(), item.head.number)
