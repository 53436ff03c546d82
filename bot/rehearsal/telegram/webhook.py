"""Pushing updates to a webhook, in its simplest true form: in order within a chat, chats side by side, until a 2xx."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import httpx

from bot.rehearsal.telegram.chats import stamp
from bot.rehearsal.telegram.queue import Update

if TYPE_CHECKING:
    from bot.rehearsal.telegram.standin import StandIn

LONGEST_RETRY_AFTER = 3600.0
SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name, not the secret
LONGEST_PAUSE = 60.0


class Pusher:
    """Takes the oldest update of each lane to the webhook. A failing lane waits 1, 2, 4 … 60 seconds; others go on."""

    def __init__(self, standin: "StandIn", client: httpx.AsyncClient) -> None:
        self._standin, self._client = standin, client
        self._pauses: dict[tuple[str, int], tuple[float, datetime]] = {}

    async def run(self) -> None:
        """Push until the stand-in closes."""
        while not self._standin.closing.is_set():
            if not await self.push_once():
                await self._standin.clock.wait(self._standin.pushed, timedelta(seconds=1))

    async def push_once(self) -> int:
        """Try the head of each lane that is not waiting; how many were taken."""
        if not self._standin.webhook.url:
            return 0
        now, heads = self._standin.clock.now(), dict[tuple[str, int], Update]()
        for update in self._standin.queue.ready(now, limit=100_000):
            heads.setdefault(update.lane, update)
        due = [update for lane, update in heads.items() if lane not in self._pauses or self._pauses[lane][1] <= now]
        return sum(await asyncio.gather(*(self._push(update, now) for update in due)))

    async def _push(self, update: Update, now: datetime) -> bool:
        hook, asked_for = self._standin.webhook, ""
        try:
            answer = await self._client.post(hook.url, json=update.as_json(), headers={SECRET: hook.secret})
            wrong = "" if answer.is_success else f"Wrong response from the webhook: {answer.status_code}"
            asked_for = answer.headers.get("Retry-After", "")
        except httpx.TransportError as broken:
            wrong = f"Connection failed: {type(broken).__name__}"
        if wrong:
            hook.last_error = (stamp(now), wrong)
            pause = min(LONGEST_PAUSE, 2 * self._pauses.get(update.lane, (0.5, now))[0])
            wait = min(float(asked_for), LONGEST_RETRY_AFTER) if asked_for.isdigit() else pause
            self._pauses[update.lane] = (pause, now + timedelta(seconds=wait))
            return False
        self._pauses.pop(update.lane, None)
        self._standin.handed_out[update.id] = update.as_json()
        self._standin.queue.drop(update)
        return True
