"""Our own `getUpdates` loop: Telegram is told that an update arrived only after it is on disk.

PTB's Updater confirms updates that nobody has handled, and one 401 or 404 ends it silently; this loop never ends by
itself. Updates stay raw here, so that one which can't be parsed spoils only its own row.
"""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from telegram import Bot
from telegram.error import Conflict, TelegramError
from telegram.warnings import PTBUserWarning

from bot.actions import inbox
from bot.actions.desk import Desk
from bot.actions.presence import RECEIVE
from handlers.reaching import LONGEST_PAUSE, pause_after

LONG_POLL_SECONDS = 25
ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member", "channel_post"]
ANSWERS_WITHIN = 10
"""Seconds beyond the long poll after which no answer is coming any more."""

# PTB advises its own `get_updates`, which parses; raw updates are on purpose.
warnings.filterwarnings("ignore", "Please use 'Bot.getUpdates'", PTBUserWarning)
log = structlog.get_logger()


class Receiver:
    """Fetches updates for as long as it runs."""

    def __init__(self, desk: Desk, tg: Bot, heard: Callable[[], Awaitable[None]]) -> None:
        self._desk = desk
        self._tg = tg
        self._heard = heard
        self._offset: int | None = None
        self._reached = False

    async def run(self) -> None:
        self._desk.progress.begin(RECEIVE)
        # Another process may have received meanwhile: what it had not confirmed is fetched again, and known already.
        self._offset, self._reached = None, False
        await self._leave_webhook()
        never, tries = asyncio.Event(), 0
        while True:
            pause = await self._once(tries)
            tries = tries + 1 if pause else 0
            if pause:
                await self._desk.clock.wait(never, pause)

    async def _once(self, tries: int) -> timedelta | None:
        """One long poll; how long to pause before the next, if something was wrong."""
        try:
            updates = await self._fetch()
            if updates:
                await inbox.keep(self._desk, updates)
                self._offset = max(update["update_id"] for update in updates) + 1
            await self._heard()
        except Conflict:
            log.error("second_receiver", hint="Another program receives with the same token, or a webhook is set.")
            self._desk.progress.trouble[RECEIVE] = "second_receiver"
            await self._leave_webhook()
            pause = min(timedelta(seconds=2 ** min(tries, 4)), LONGEST_PAUSE)
        except Exception as broken:
            pause = pause_after(broken, tries, self._desk.progress, RECEIVE)
        else:
            self._desk.progress.mark(RECEIVE)
            self._reached = True
            return None
        self._reached = False
        return pause

    async def _fetch(self) -> list[dict[str, Any]]:
        """At the start, and after a failure, without waiting for updates: that Telegram is there is news in itself."""
        patience = LONG_POLL_SECONDS if self._reached else 0
        asked: dict[str, Any] = {"timeout": patience, "allowed_updates": ALLOWED}
        if self._offset is not None:
            asked["offset"] = self._offset
        got = await self._tg.do_api_request("getUpdates", api_kwargs=asked, read_timeout=patience + ANSWERS_WITHIN)
        if not isinstance(got, list):
            raise TelegramError("getUpdates did not answer with a list")
        self._desk.progress.reached_telegram()
        updates = [update for update in got if inbox.is_update(update)]
        if got and not updates:
            raise TelegramError("getUpdates answered with nothing that could ever be confirmed")
        return updates

    async def _leave_webhook(self) -> None:
        """Polling and a webhook exclude each other; what waits at Telegram stays there."""
        try:
            await self._tg.delete_webhook(drop_pending_updates=False)
        except TelegramError as broken:
            log.info("webhook_not_removed", error=type(broken).__name__)
