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
from telegram.error import Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError
from telegram.warnings import PTBUserWarning

from bot.actions import inbox
from bot.actions.desk import Desk
from bot.actions.presence import RECEIVE

LONG_POLL_SECONDS = 25
ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member", "channel_post"]
LONGEST_PAUSE = timedelta(seconds=10)
"""Taps wait 150 s at Telegram, so the pauses between tries stay short."""

# PTB advises its own `get_updates`, which parses; raw updates are on purpose.
warnings.filterwarnings("ignore", "Please use 'Bot.getUpdates'", PTBUserWarning)
log = structlog.get_logger()


def token_refused(attempt: int) -> None:
    """Telegram answered, and does not know us."""
    log.error("token_refused", hint="Is the token right, and does the address lead to Telegram?", attempt=attempt)


def _is_update(one: Any) -> bool:
    """Whether it has an id that it can be kept and confirmed by. One that has none must not keep the others back."""
    number = one.get("update_id") if isinstance(one, dict) else None
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < inbox.LARGEST


class Receiver:
    """Fetches updates for as long as it runs."""

    def __init__(self, desk: Desk, tg: Bot, heard: Callable[[], Awaitable[None]]) -> None:
        self._desk = desk
        self._tg = tg
        self._heard = heard
        self._offset: int | None = None
        self._reached = False

    async def run(self) -> None:
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
        pause = min(timedelta(seconds=2**tries if tries < 4 else 10), LONGEST_PAUSE)
        try:
            updates = await self._fetch()
            if updates:
                await inbox.keep(self._desk, updates)
                self._offset = max(update["update_id"] for update in updates) + 1
            await self._heard()
            self._desk.progress.mark(RECEIVE)
        except RetryAfter as flood:
            after = flood.retry_after
            return after if isinstance(after, timedelta) else timedelta(seconds=after)
        except (InvalidToken, EndPointNotFound):
            token_refused(tries + 1)
        except Conflict:
            log.error("second_receiver", hint="Another program receives with the same token, or a webhook is set.")
            await self._leave_webhook()
        except TelegramError as broken:
            log.warning("receiving_failed", error=type(broken).__name__)
        except Exception as broken:
            log.error("updates_not_kept", error=type(broken).__name__)
        else:
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
        got = await self._tg.do_api_request("getUpdates", api_kwargs=asked, read_timeout=LONG_POLL_SECONDS + 10)
        if not isinstance(got, list):
            raise TelegramError("getUpdates did not answer with a list")
        updates = [update for update in got if _is_update(update)]
        if got and not updates:
            raise TelegramError("getUpdates answered with nothing that could ever be confirmed")
        return updates

    async def _leave_webhook(self) -> None:
        """Polling and a webhook exclude each other; what waits at Telegram stays there."""
        try:
            await self._tg.delete_webhook(drop_pending_updates=False)
        except TelegramError as broken:
            log.info("webhook_not_removed", error=type(broken).__name__)
