"""The door by which Telegram brings updates. It says 200 only once they are on disk.

    403  not the secret that we gave Telegram; the body is not even read
    503  the database does not take it now: Telegram brings it again
    413, 400  nothing that could be kept; brought a third time it gets 200, or its chat would wait a day for it
    200  kept, or given up with a line in the log

Whatever is no 2xx Telegram brings again, and the rest of that chat waits behind it.
"""

import asyncio
import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from pydantic import SecretStr
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bot.actions import inbox
from bot.actions.desk import Desk

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name, not the secret
LARGEST_BODY = 2**20
"""Bytes. The longest message with everything around it is a tenth of that."""
PATIENCE_SECONDS = 30
"""For reading and keeping. Telegram hangs up after 60."""
AGAIN_SECONDS = 2
"""So soon Telegram tries again where the database was in the way. Taps live for 150 s."""
MOST_TRIES = 3
REMEMBERED = 100
"""How many different useless bodies are told apart."""
SAID_EVERY = timedelta(minutes=1)

log = structlog.get_logger()


@dataclass(slots=True)
class Door:
    """`open` is the endpoint. `kept` is called after each update that is on disk; it must not raise and not wait."""

    desk: Desk
    path: str
    secret: SecretStr
    kept: Callable[[], None]
    _useless: OrderedDict[bytes, int] = field(default_factory=OrderedDict)
    _said: float | None = None

    async def open(self, request: Request) -> Response:
        """One update."""
        if not self._is_telegram(request):
            self._stranger()
            return Response(status_code=403)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._take_in(await _read(request))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        except Exception as broken:
            log.error("updates_not_kept", error=type(broken).__name__)
            return Response(status_code=503, headers={"Retry-After": str(AGAIN_SECONDS)})

    async def _take_in(self, body: bytes) -> Response:
        if len(body) > LARGEST_BODY:
            return self._turned_away(body, "too_large", 413)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return self._turned_away(body, "no_json", 400)
        if not inbox.is_update(update):
            return self._turned_away(body, "no_update", 400)
        await inbox.keep(self.desk, [update])
        self.kept()
        return Response(status_code=200)

    def _is_telegram(self, request: Request) -> bool:
        given, right = request.headers.get(SECRET, ""), self.secret.get_secret_value()
        return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())

    def _stranger(self) -> None:
        self.desk.tally.add("updates_turned_away", "secret")
        now = self.desk.clock.monotonic()
        if self._said is None or now - self._said >= SAID_EVERY.total_seconds():
            self._said = now
            log.warning("webhook_knocked", hint="Somebody without the secret; if it is Telegram, set it anew: restart.")

    def _turned_away(self, body: bytes, why: str, status: int) -> Response:
        """On its way a body may be spoilt: so it may come again, but not for ever."""
        self.desk.tally.add("updates_turned_away", why)
        print_of = hashlib.sha256(body).digest()
        tries = self._useless.pop(print_of, 0) + 1
        self._useless[print_of] = tries
        while len(self._useless) > REMEMBERED:
            self._useless.popitem(last=False)
        log.error("update_turned_away", why=why, attempt=tries)
        return Response(status_code=200 if tries >= MOST_TRIES else status)


async def _read(request: Request) -> bytes:
    """The body, up to one byte more than may be."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            break
    return bytes(body[: LARGEST_BODY + 1])
