"""Whether Telegram is within reach, as the last calls tell; and what is risked while it is not.

A line that breaks while a message is on it leaves that message in doubt, and a question is repeated once only. So
while the last call failed, Telegram is asked for something harmless first; only when it answers the next message goes,
the most urgent one. An outage of days then costs no question its second try, and puts no alert off.
"""

import asyncio
from datetime import timedelta

import structlog

from bot.actions.gate import Gate
from bot.domain.delivery import back_off
from bot.ports import Clock, Messenger, TryLater, Unsure, Verdict

LONGEST_PAUSE = timedelta(seconds=30)
"""Between two attempts while the line to Telegram is down."""
BELIEVED = 1.0
"""Seconds for which an answer to something harmless is believed, until the next call fails."""

log = structlog.get_logger()


class Reach:
    """What was heard from Telegram's side lately. Closes the gate while it asks for that, or does not answer."""

    def __init__(self, clock: Clock, gate: Gate, messenger: Messenger) -> None:
        self._clock = clock
        self._gate = gate
        self._messenger = messenger
        self._failures = 0
        self._one_asks = asyncio.Lock()
        self._believed_until = 0.0
        self.trouble: str | None = None
        """Why nothing gets through at the moment."""

    def heed(self, chat_id: int | None, verdict: Verdict) -> None:
        """Close what Telegram wants closed; and everything for a while when the line is down."""
        match verdict:
            case TryLater(after=after, whole_bot=whole) if after:
                self._gate.close(self._clock.monotonic() + after.total_seconds(), None if whole else chat_id)
            case TryLater(why=why):
                self._down(why, pause_from=1)
            case Unsure(why=why):
                self._down(why, pause_from=3)
            case _:
                self._failures, self.trouble = 0, None

    async def is_there(self) -> bool:
        """May the next message be risked? False: not now, and the gate is closed for a while."""
        if self.trouble is None:
            return True
        async with self._one_asks:
            if self.trouble is None or self._clock.monotonic() < self._believed_until:
                return True
            if self._gate.pacing.closed_for(self._clock.monotonic()):
                return False  # somebody has just asked in vain
            if await self._messenger.reaches():
                self._believed_until = self._clock.monotonic() + BELIEVED
                return True
            self._down("no_answer", pause_from=1)
            return False

    def _down(self, why: str, pause_from: int) -> None:
        self._believed_until = 0.0
        if self._gate.pacing.closed_for(self._clock.monotonic()):
            return  # one failure, noticed by several lanes
        self._failures += 1
        self.trouble = why
        if self._failures >= pause_from:
            pause = min(back_off(self._failures - pause_from), LONGEST_PAUSE)
            self._gate.close(self._clock.monotonic() + pause.total_seconds())
            log.warning("line_down", why=why, seconds=pause.total_seconds())
