"""What comes in: kept first, then handled, one transaction each, in order within a chat and side by side across chats.

An update is kept before Telegram is told that it arrived. Handling it marks it done in the same transaction as
everything it causes, so it may be handled any number of times and has one effect. A handler that fails is tried again
in its own chat, with growing pauses; after `MOST_ATTEMPTS` the update is set aside and an administrator is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, TypeAlias, TypeGuard

import structlog

from bot.actions.desk import Desk, Turn
from bot.domain.delivery import back_off
from bot.domain.errors import Refusal, Unreadable
from storage.inbox import Waiting
from storage.unit_of_work import is_trouble

INBOX = "inbox"
MOST_ATTEMPTS = 5
DATABASE_AGAIN = timedelta(seconds=2)
"""How soon an update is tried again that only the database stood in the way of."""
LARGEST = 2**63
"""Numbers that a database column can't hold are nobody's chat."""
LANES = 32
"""How many chats are worked on side by side."""

Update: TypeAlias = dict[str, Any]
Afterwards: TypeAlias = Callable[[], Awaitable[None]]
"""Something small to do after the commit, best effort: stop the spinner on a tapped button, leave a group."""

log = structlog.get_logger()


@dataclass(slots=True)
class Reaction:
    """What handling an update leaves to be done once it is on disk."""

    afterwards: list[Afterwards] = field(default_factory=list)


class Ears(Protocol):
    """Understands updates; the one implementation speaks Telegram (handlers/setup.py)."""

    async def handle(self, turn: Turn, update: Update, reaction: Reaction) -> None:
        """Do what the update asks for. A `Refusal` undoes it and is said instead; `Unreadable` sets it aside."""
        ...

    async def refuse(self, turn: Turn, update: Update, reaction: Reaction, refusal: Refusal) -> None:
        """Say a refusal to whoever sent the update."""
        ...

    async def tell_administrator(self, turn: Turn, update_id: int) -> None:
        """An update was set aside."""
        ...

    async def tell_sender(self, turn: Turn, update: Update, chat_id: int, reaction: Reaction) -> None:
        """So that nobody waits for an answer, or thinks that somebody has read it. `update`: as much as is known."""
        ...


def is_update(one: Any) -> TypeGuard[Update]:
    """Whether it has an id that it can be kept and confirmed by. One that has none must not keep the others back."""
    number = one.get("update_id") if isinstance(one, dict) else None
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < LARGEST


async def keep(desk: Desk, updates: Sequence[Update]) -> None:
    """Store raw updates. Returns only when they are on disk; only then may Telegram be told."""
    try:
        async with desk.turn() as turn:
            await turn.m.inbox.come_in()
            received_at = desk.clock.now()  # read inside the door: see Inbox.come_in
            await turn.m.inbox.keep([(update["update_id"], chat_key(update), update) for update in updates], received_at)
    except BaseException:
        desk.tally.add("updates_not_kept", by=len(updates))
        raise
    desk.tally.add("updates_kept", by=len(updates))
    desk.bells.inbox.set()


def chat_key(update: Update) -> int:
    """Whose turn it is: the chat of a message or tap, else the person; 0 where neither is told."""
    for part in update.values():
        if isinstance(part, dict):
            inner = part.get("message")
            who = part.get("chat") or (inner.get("chat") if isinstance(inner, dict) else None) or part.get("from")
            if isinstance(who, dict) and isinstance(who.get("id"), int) and abs(who["id"]) < LARGEST:
                return int(who["id"])
    return 0


class Reader:
    """Works off the inbox for as long as it runs."""

    def __init__(self, desk: Desk, ears: Ears) -> None:
        self._desk = desk
        self._ears = ears
        self._busy: set[int] = set()

    async def run(self) -> None:
        bell = self._desk.bells.inbox
        self._desk.progress.begin(INBOX)
        async with asyncio.TaskGroup() as lanes:
            while True:
                try:
                    for waiting in await self._next():
                        self._busy.add(waiting.chat_key)
                        lanes.create_task(self._lane(waiting, lanes))
                    self._desk.progress.mark(INBOX)
                except Exception as broken:
                    log.error("inbox_unreadable", error=type(broken).__name__)
                await self._desk.clock.wait(bell)

    async def _next(self) -> list[Waiting]:
        room = LANES - len(self._busy)
        if room <= 0 or self._desk.stands_by:
            return []
        async with self._desk.glance() as m:
            return await m.inbox.next(self._desk.clock.now(), self._busy, room)

    async def _lane(self, waiting: Waiting, lanes: asyncio.TaskGroup) -> None:
        try:
            reaction = await self.handle(waiting)
            for call in reaction.afterwards:
                lanes.create_task(_best_effort(call))
        except Exception as broken:
            log.error("update_not_put_back", update=waiting.update_id, error=type(broken).__name__)
        finally:
            self._busy.discard(waiting.chat_key)
            self._desk.bells.inbox.set()

    async def handle(self, waiting: Waiting) -> Reaction:
        """Handle one update, or put it back for later, or set it aside. Raises only if even that can't be saved."""
        if waiting.body is None and waiting.key_is_missing:
            log.error("update_sealed", update=waiting.update_id, hint="Its key is not here: see `checkin-bot doctor`.")
            await self._put_off(waiting, counts=False)
            return Reaction()
        try:
            try:
                return await self._react(waiting, None)
            except Refusal as refusal:
                return await self._react(waiting, refusal)
        except Unreadable as why:
            log.error("update_unreadable", update=waiting.update_id, why=str(why))
            async with self._desk.turn() as turn:
                return await self._set_aside(turn, waiting)
        except Exception as broken:
            log.error(
                "update_failed", update=waiting.update_id, attempt=waiting.attempts + 1, error=type(broken).__name__
            )
            return await self._put_off(waiting, counts=not is_trouble(broken))

    async def _react(self, waiting: Waiting, refusal: Refusal | None) -> Reaction:
        """One transaction: what the update asks for, or, if that was refused and undone, the refusal."""
        reaction = Reaction()
        if waiting.body is None:
            raise Unreadable("no key opens it")
        async with self._desk.turn(heard=waiting.received_at) as turn:
            if await turn.m.inbox.take(waiting.update_id, turn.now):
                if refusal is None:
                    await self._ears.handle(turn, waiting.body, reaction)
                else:
                    await self._ears.refuse(turn, waiting.body, reaction, refusal)
        return reaction

    async def _put_off(self, waiting: Waiting, *, counts: bool) -> Reaction:
        """Later again, or set aside. A database that is locked or full is not the update's fault, and doesn't count."""
        async with self._desk.turn() as turn:
            if not counts:
                await turn.m.inbox.put_back(waiting.update_id, turn.now + DATABASE_AGAIN, counts=False)
            elif waiting.attempts + 1 < MOST_ATTEMPTS:
                again = turn.now + back_off(waiting.attempts) - timedelta(milliseconds=500)
                await turn.m.inbox.put_back(waiting.update_id, again)
            else:
                return await self._set_aside(turn, waiting)
        return Reaction()

    async def _set_aside(self, turn: Turn, waiting: Waiting) -> Reaction:
        """Telling is best effort: what cannot be told is set aside all the same, or it would be tried for ever."""
        reaction, update_id = Reaction(), waiting.update_id
        if not await turn.m.inbox.set_aside(update_id, turn.now):
            return reaction
        try:
            async with turn.m.apart():
                await self._ears.tell_sender(turn, waiting.body or {"update_id": update_id}, waiting.chat_key, reaction)
        except Exception as broken:
            log.error("sender_not_told", update=update_id, error=type(broken).__name__)
        try:
            async with turn.m.apart():
                await self._ears.tell_administrator(turn, update_id)
        except Exception as broken:
            log.error("administrator_not_told", update=update_id, error=type(broken).__name__)
        return reaction


async def _best_effort(call: Afterwards) -> None:
    try:
        await call()
    except Exception as broken:
        log.info("courtesy_failed", error=type(broken).__name__)
