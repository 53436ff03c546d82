"""A sign of life to a dead-man's switch: a web address that raises the alarm when nobody calls it any more.

It is called only while the bot is well, by the same judgement as `/healthz`, and not before every loop has got
through once: a bot that is started again and again and never gets anywhere must not look alive. Nothing is told but
that the call was made.
"""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import structlog
from pydantic import SecretStr

from bot.actions import health
from bot.actions.desk import Desk
from bot.ports import PATIENCE

PATIENCE_SECONDS = 10
AGAIN = timedelta(seconds=10)
"""How soon a call that failed is made again."""
NAME = {"User-Agent": "checkin-bot"}

log = structlog.get_logger()


class Heart:
    """Beats for as long as it runs. Raises for nothing that the other side does."""

    def __init__(self, desk: Desk, url: SecretStr, every: timedelta) -> None:
        self._desk, self._url, self._every = desk, url, every
        self._withheld = False

    async def run(self) -> None:
        never, clock, due = asyncio.Event(), self._desk.clock, 0.0
        # Proxies from the environment are for the network, not for what listens on this machine.
        here = urlsplit(self._url.get_secret_value()).hostname in ("127.0.0.1", "localhost", "::1")
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=not here, headers=NAME) as line:
            while True:
                if clock.monotonic() >= due:
                    pause = await self.beat(line)
                    due = clock.monotonic() + pause.total_seconds()
                await clock.wait(never, timedelta(seconds=max(0.0, due - clock.monotonic())))

    async def beat(self, line: httpx.AsyncClient) -> timedelta:
        """One call, or none; when to think of the next."""
        now = health.look(self._desk)
        if now.stalled:
            self._withhold(now)
            return min(self._every, AGAIN)
        if now.unproven or not now.is_well:
            return min(self._every, PATIENCE)
        self._withheld = False
        sent = await self._call(line)
        self._desk.tally.add("heartbeats", "sent" if sent else "failed")
        return self._every if sent else min(self._every, AGAIN)

    def _withhold(self, now: health.Health) -> None:
        self._desk.tally.add("heartbeats", "withheld")
        if not self._withheld:
            log.error("heartbeat_withheld", why=", ".join(now.stalled))
        self._withheld = True

    async def _call(self, line: httpx.AsyncClient) -> bool:
        """The address is a secret, and so are the words of an error about it: only what kind it was is told."""
        try:
            async with (
                asyncio.timeout(2 * PATIENCE_SECONDS),
                line.stream("GET", self._url.get_secret_value()) as answer,
            ):
                if answer.is_success:
                    return True
                log.warning("heartbeat_failed", status=answer.status_code)
        except Exception as broken:
            log.warning("heartbeat_failed", error=type(broken).__name__)
        return False
