"""What one open page still has to hear: each connection remembers what it has shown and sends the difference."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Message, StandIn, TranscriptLine

HEARTBEAT = 5.0
"""Real seconds between two signs of life; each carries the clock."""


class Feed:
    """The stream of one open page. After a lost connection a new one starts with everything, so nothing is missed."""

    def __init__(self, standin: StandIn, clock: RehearsalClock, chats: Sequence[int]) -> None:
        self._standin, self._clock = standin, clock
        self._shown: dict[int, dict[int, int]] = {chat: {} for chat in chats}
        self._blocked: dict[int, bool] = {}
        self._toasts: list[dict[str, Any]] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear toasts, which leave no trace in the chat."""
        self._standin.listeners.append(self._hear)
        try:
            yield
        finally:
            self._standin.listeners.remove(self._hear)

    async def events(self) -> AsyncIterator[str]:
        """Differences, until the stand-in closes."""
        with self._standin.watch() as change:
            while not self._standin.closing.is_set():
                for event in self._news():
                    yield event
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        await change.wait()
                    change.clear()
                except TimeoutError:
                    continue

    @staticmethod
    def event(name: str, data: object) -> str:
        """One server-sent event."""
        return f"event: {name}\ndata: {json.dumps(data)}\n\n"

    def _hear(self, line: TranscriptLine) -> None:
        if line.kind == "toast" and line.chat_id in self._shown:
            self._toasts.append({"phone": line.chat_id, "text": line.text})

    def _news(self) -> Iterator[str]:
        yield self.event("clock", {"now": self._clock.now().isoformat(), "speed": self._clock.speed})
        for chat in self._shown:
            difference = self._difference(chat)
            if difference is not None:
                yield self.event("chat", difference)
        while self._toasts:
            yield self.event("toast", self._toasts.pop(0))

    def _difference(self, chat_id: int) -> dict[str, Any] | None:
        chat, shown = self._standin.chats[chat_id], self._shown[chat_id]
        there = {message.id: message.revision for message in chat.messages.values()}
        changed = [m for m in chat.messages.values() if shown.get(m.id) != m.revision]
        gone = [number for number in shown if number not in there]
        if not changed and not gone and self._blocked.get(chat_id) == chat.blocked:
            return None
        self._shown[chat_id], self._blocked[chat_id] = there, chat.blocked
        messages = [_as_json(message) for message in sorted(changed, key=lambda m: m.id)]
        return {"phone": chat_id, "blocked": chat.blocked, "messages": messages, "gone": gone}


def _as_json(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "bot": message.from_bot,
        "at": message.date.isoformat(),
        "text": message.text,
        "entities": [entity.as_json() for entity in message.entities],
        "buttons": [[{"text": b.text, "data": b.data, "url": b.url} for b in row] for row in message.buttons],
        "kind": message.kind,
        "file": message.file.name if message.file else None,
        "edited": message.edited is not None,
        "silent": message.silent,
        "revision": message.revision,
    }
