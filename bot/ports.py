"""The two things that truly exist in several forms: the clock, and the way out to people."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

from bot.domain.words import Facts

PATIENCE = timedelta(seconds=5)
"""No loop waits longer than this without looking again: wall clocks can be set back under a sleeping timer."""


class Clock(Protocol):
    """Time as the bot knows it. In a rehearsal a person moves it by hand."""

    def now(self) -> datetime:
        """The wall clock: aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow, whatever is done to the wall clock."""
        ...

    async def wait(self, event: asyncio.Event, until: timedelta = PATIENCE) -> None:
        """Return when the event is set (it is cleared then) or after `until`, never raise for either."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # the one place that reads it

    def monotonic(self) -> float:
        return time.monotonic()

    async def wait(self, event: asyncio.Event, until: timedelta = PATIENCE) -> None:
        try:
            async with asyncio.timeout(until.total_seconds()):
                await event.wait()
        except TimeoutError:
            return
        event.clear()


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way: what it says (kind + facts), to which chat, new or in place of an older one.

    `shows_photo` tells what stands in `edits` now, since Telegram edits a caption and a text by different calls.
    """

    chat_id: int
    language: str
    kind: str
    facts: Facts
    edits: int | None = None
    shows_photo: bool = False
    silent: bool = False
    may_be_repeat: bool = False
    ready: object | None = field(default=None, repr=False, compare=False)
    """What `Messenger.prepare` made of it; only the messenger looks inside."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Telegram took it. `message_id` is the message that now shows it; for a deletion the one that is gone."""

    message_id: int
    has_photo: bool = False
    has_buttons: bool = False


@dataclass(frozen=True, slots=True)
class TryLater:
    """Certainly not sent. Flood control names `after`; `whole_bot` closes every chat until then.

    `after` zero: the line or the token is at fault, not this message; the courier decides when to try again.
    """

    after: timedelta
    whole_bot: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nobody can know whether Telegram took it: the line broke, or the answer did not come."""

    why: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The message that was to be edited is no longer there or may not be edited: send it anew."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """This chat does not get through any more: blocked, account deleted, never started."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram will never take this message. A mistake of ours: log it, tell an administrator."""

    why: str


Verdict: TypeAlias = Sent | TryLater | Unsure | Gone | Unreachable | Refused


class Messenger(Protocol):
    """The way out. Never raises for anything that Telegram or the line does: the verdict says it."""

    async def prepare(self, letter: Letter) -> Letter:
        """Do ahead of its turn what takes time, such as drawing a chart. Speaks to nobody."""
        ...

    async def deliver(self, letter: Letter) -> Verdict: ...

    async def reaches(self) -> bool:
        """Ask for something that changes nothing: does anybody answer?"""
        ...
