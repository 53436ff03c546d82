"""A messenger that says what it is told to: the second form of the way out, for tests of what happens around it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.ports import Clock, Letter, Sent, Verdict

Say = Verdict | BaseException | Callable[[Letter], Awaitable[Verdict]]


@dataclass
class Scripted:
    """`says` are the next verdicts, in order (an exception is raised); with none left everything is sent.

    `answers` is what becomes of the next calls that change nothing; with none left somebody answers.
    `letters` holds every letter that reached Telegram's door, `moments` the monotonic second of each.
    """

    clock: Clock
    says: list[Say] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    in_flight: set[int] = field(default_factory=set)
    overlaps: int = 0
    message_id: int = 100
    answers: list[bool] = field(default_factory=list)
    asked: int = 0

    async def reaches(self) -> bool:
        self.asked += 1
        return self.answers.pop(0) if self.answers else True

    async def prepare(self, letter: Letter) -> Letter:
        return letter

    async def deliver(self, letter: Letter) -> Verdict:
        self.overlaps += letter.chat_id in self.in_flight
        self.in_flight.add(letter.chat_id)
        try:
            self.letters.append(letter)
            self.moments.append(self.clock.monotonic())
            self.heard.set()
            return await self._answer(letter)
        finally:
            self.in_flight.discard(letter.chat_id)

    async def _answer(self, letter: Letter) -> Verdict:
        await asyncio.sleep(0)
        if self.says:
            say = self.says.pop(0)
            if isinstance(say, BaseException):
                raise say
            return await say(letter) if callable(say) else say
        if letter.edits is not None:
            return Sent(letter.edits, has_buttons=True)
        self.message_id += 1
        return Sent(self.message_id, has_buttons=True)

    @property
    def kinds(self) -> list[str]:
        return [letter.kind for letter in self.letters]
