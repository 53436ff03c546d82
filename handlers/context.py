"""What a handler is given: who speaks, what they tapped or typed, and the turn in which it is handled.

A handler is `async def name(talk: Talk) -> None`: decode, may they, one action. What the person sees next is posted by
the action. A `Refusal` raised anywhere rolls the action back and is said as one kind sentence.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.actions.desk import Turn
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person
from bot.domain.words import Role
from handlers.callbacks import Tap


@dataclass(slots=True)
class Talk:
    """One update from a private chat, decoded."""

    turn: Turn
    chat_id: int
    update_id: int
    speaker: Person | None
    client: Client | None
    """The speaker as a client, if they are one."""
    tap: Tap | None = None
    message_id: int | None = None
    """The message that was tapped on, typed or edited."""
    text: str | None = None
    edited: bool = False
    forwarded: bool = False
    """Somebody else's words, passed on."""
    caption: str | None = None
    """Words below what came instead of words."""
    what: str | None = None
    """What came instead of words: photo, sticker, voice or other."""
    written_at: datetime | None = None
    """When it was typed, or edited, by Telegram's clock."""
    toast: str | None = None
    """Key of a short text shown over the chat, for a tap only."""
    answer: Refusal | None = None
    """One sentence for a chat that may belong to nobody here, said after the commit. Unlike a raised refusal it lets
    everything be kept that the action did: a wrong code is counted."""

    @property
    def args(self) -> tuple[str, ...]:
        """What came with the button, or behind the command."""
        return self.tap.args if self.tap else tuple((self.text or "").split()[1:])


Handler: TypeAlias = Callable[[Talk], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """Who may, and what is done. `who` empty: anybody, known or not."""

    handler: Handler
    who: frozenset[Role] = frozenset()


def route(handler: Handler, *who: Role) -> Route:
    return Route(handler, frozenset(who))
