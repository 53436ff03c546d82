"""The webhook, kept in its place: set at the start, looked at again and again, put back when somebody moved it.

In webhook mode updates come in at a door of ours (bot/webhook.py), and nobody hears anything while Telegram can't get
through to it. So Telegram is asked: does it still bring them here, and has anything gone wrong with that?

We can hear, if an update has just been brought; or if Telegram says that it brings them here and nothing *new* has
gone wrong. What went wrong before this process was there is no news: its own absence is on record (`Presence`). What
goes wrong from then on leaves us deaf until an update comes through, or so long that whatever waited is gone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from pydantic import SecretStr
from telegram import Bot
from telegram.error import BadRequest

from bot.actions.desk import Desk
from bot.actions.presence import RECEIVE
from bot.domain.errors import Unreadable
from bot.domain.webhook import Hook, cure
from handlers.reaching import pause_after
from handlers.receiver import ALLOWED

LOOK_EVERY = timedelta(seconds=20)
TAPS_LIVE = 150.0
"""Seconds that Telegram keeps a tap. After an error that is older, nothing that it held up is waiting any more."""
SIDE_BY_SIDE = 40
"""Calls that Telegram makes at once, at most."""

log = structlog.get_logger()


class HookKeeper:
    """Sees to it that Telegram brings updates here, for as long as it runs."""

    def __init__(self, desk: Desk, tg: Bot, url: str, secret: SecretStr, heard: Callable[[], Awaitable[None]]) -> None:
        self._desk, self._tg = desk, tg
        self._url, self._secret = url, secret
        self._heard = heard
        self._bell = asyncio.Event()
        self._is_set = False
        self._kinds: frozenset[str] | None = None
        """The kinds of updates that Telegram said it brings, right after it was told."""
        self._tries, self._look_at = 0, float("-inf")
        self._brought: float | None = None
        """When an update was last brought, on the monotonic clock."""
        self._noted: float | None = None
        self._error_at: int | None = None
        """Telegram's date of the last error that it told us of; before the first look nothing is news."""
        self._deaf_since: float | None = None
        """When we were last told that something had gone wrong and waits."""

    def brought(self) -> None:
        """An update came in at the door and is on disk."""
        self._brought = self._desk.clock.monotonic()
        self._bell.set()

    async def run(self) -> None:
        self._desk.progress.begin(RECEIVE)
        while True:
            await self._desk.clock.wait(self._bell, await self.step())

    async def step(self) -> timedelta:
        """Note what was brought, and ask Telegram if it is time; how long until the next time."""
        now = self._desk.clock.monotonic()
        try:
            await self._note_brought()
            if now >= self._look_at:
                await self._look()
                self._tries, self._look_at = 0, now + LOOK_EVERY.total_seconds()
        except Exception as broken:
            pause = pause_after(broken, self._tries, self._desk.progress, RECEIVE)
            self._tries, self._look_at = self._tries + 1, now + pause.total_seconds()
        return timedelta(seconds=max(0.0, self._look_at - now))

    async def _note_brought(self) -> None:
        if self._brought != self._noted:
            self._noted, self._deaf_since = self._brought, None
            await self._can_hear()

    async def _can_hear(self) -> None:
        await self._heard()
        self._desk.progress.mark(RECEIVE)

    # ------------------------------------------------------------ asking Telegram

    async def _look(self) -> None:
        hook = await self._ask()
        if not self._is_set or (hook.url, hook.asks_for) != (self._url, self._kinds):
            await self._put_in_place(hook)
            hook = await self._ask()
            self._kinds = hook.asks_for
        if hook.url != self._url:
            raise Unreadable("the webhook does not stay where it was put")
        self._desk.progress.reached_telegram()
        self._desk.progress.hook_waiting = hook.waiting
        if self._is_deaf(hook):
            self._desk.progress.trouble[RECEIVE] = "webhook_failing"
            return
        await self._can_hear()

    async def _ask(self) -> Hook:
        try:
            return Hook.of((await self._tg.get_webhook_info()).to_dict())
        except (ValueError, TypeError, AttributeError, KeyError):
            raise Unreadable("getWebhookInfo did not answer as it should") from None

    async def _put_in_place(self, before: Hook) -> None:
        """With the secret, and without throwing away what waits. At the start always: nobody can see the secret."""
        if self._is_set:
            log.error("webhook_elsewhere", hint="Somebody uses the same token. Our address is put back.")
            self._desk.progress.contact = None
        self._is_set = False
        try:
            await self._tg.set_webhook(
                self._url,
                secret_token=self._secret.get_secret_value(),
                allowed_updates=ALLOWED,
                max_connections=SIDE_BY_SIDE,
                drop_pending_updates=False,
            )
        except BadRequest as refused:
            log.error("webhook_refused", why=refused.message, hint="Telegram does not take telegram.webhook_url.")
            raise
        self._is_set = True
        log.info("webhook_set", count=before.waiting)

    def _is_deaf(self, hook: Hook) -> bool:
        """Has something gone wrong since the first look, and nothing come through since?"""
        now, is_news = self._desk.clock.monotonic(), self._error_at not in (None, hook.error_at)
        self._error_at = hook.error_at
        # What went wrong since the last look and waits no more has come through meanwhile: it is too young to be gone.
        if is_news and hook.error_at and (hook.waiting or self._deaf_since is not None):
            self._deaf_since = now
            log.error("webhook_failing", count=hook.waiting, why=hook.error, hint=cure(hook.error))
        elif self._deaf_since is not None and now - self._deaf_since >= TAPS_LIVE:
            self._deaf_since = None
        return self._deaf_since is not None
