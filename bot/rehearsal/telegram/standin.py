"""A stand-in for Telegram's Bot API: strict, quick, in one process, and able to misbehave on demand.

One thing for demo, rehearsal and tests: an ASGI app. In tests it is handed to httpx without a socket, in the demo and
in fault tests `serve` puts it on a loopback port. People are played through `Phone`.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.ports import Clock
from bot.rehearsal.telegram import wire
from bot.rehearsal.telegram.chats import Chat
from bot.rehearsal.telegram.faults import PAGES, FaultBook, Kind, Rule
from bot.rehearsal.telegram.flood import Flood
from bot.rehearsal.telegram.methods import METHODS, PACED, allow
from bot.rehearsal.telegram.params import Params, read
from bot.rehearsal.telegram.phone import Group, Phone, Tap
from bot.rehearsal.telegram.queue import UpdateQueue
from bot.rehearsal.telegram.refusals import Refusal, conflict
from bot.rehearsal.telegram.shapes import Call, File, Json, Keyboard, Message, Toast, TranscriptLine

LONGEST_POLL = 50
TWO_POLLERS = "terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(slots=True)
class Webhook:
    """Where updates are pushed to, when they are; `last_error` = (seconds since 1970, words)."""

    url: str = ""
    secret: str = ""
    last_error: tuple[int, str] | None = None


class StandIn:
    """One bot's Telegram.

    `calls`, `transcript` and `handed_out` are records for tests: every call of the bot, every line in every chat, every
    update that a getUpdates answer ever carried (by id). `flood` and `faults` are switched by whoever plays.
    """

    def __init__(
        self,
        clock: Clock,
        token: str,
        *,
        bot_username: str = "checkin_demo_bot",
        bot_name: str = "Check-in",
        flood: bool = False,
        seed: int = 1,
    ) -> None:
        self.clock, self.token = clock, token
        self.bot: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": bot_name,
            "username": bot_username,
        }
        self.dice = random.Random(seed)
        self.queue, self.flood, self.faults = UpdateQueue(self.dice), Flood(flood), FaultBook(self.dice)
        self.webhook = Webhook()
        self.chats: dict[int, Chat] = {}
        self.phones: dict[int, Phone] = {}
        self.files: dict[str, File] = {}
        self.open_taps: dict[str, Tap] = {}
        self.calls: list[Call] = []
        self.transcript: list[TranscriptLine] = []
        self.handed_out: dict[int, Json] = {}
        self.listeners: list[Callable[[TranscriptLine], None]] = []
        self.polls = 0
        self.closing = asyncio.Event()
        self.pushed = asyncio.Event()
        self._watchers: set[asyncio.Event] = set()
        self._message_id = self._revision = self._busy = 0
        self._poll = asyncio.Event()
        self.routes = [
            Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._download),
        ]
        self.app = Starlette(routes=self.routes)

    # -- the people's side ------------------------------------------------------------------------------------------

    def person(self, chat_id: int, first_name: str, *, username: str = "", language: str = "en") -> Phone:
        """Somebody with a phone. The bot may write to them once they have started it."""
        if chat_id in self.chats:
            raise ValueError(f"chat {chat_id} is taken")
        chat = self.chats[chat_id] = Chat(chat_id, "private", first_name, nick=username, language=language)
        phone = self.phones[chat_id] = Phone(self, chat)
        return phone

    def group(self, chat_id: int, title: str, kind: str = "supergroup") -> Group:
        """A group, supergroup or channel that the bot is not yet in."""
        chat = self.chats[chat_id] = Chat(chat_id, kind, title)
        return Group(self, chat)

    def push(self, kind: str, body: Json, lane: tuple[str, int]) -> int | None:
        """Queue an update of any shape for the bot; its id, or None if the bot does not ask for this kind."""
        update = self.queue.push(kind, body, lane, self.clock.now())
        self._poll.set()
        self.pushed.set()
        return update.id if update else None

    async def idle(self, quiet: float = 0.05, timeout: float = 10.0) -> None:  # noqa: ASYNC109  # told in seconds
        """Return when nothing waits unconfirmed and the bot has called nothing for `quiet` real seconds."""
        async with asyncio.timeout(timeout):
            while True:
                with self.watch() as change:
                    try:
                        async with asyncio.timeout(quiet):
                            await change.wait()
                    except TimeoutError:
                        if not self._busy and not self.queue.ready(self.clock.now()):
                            return

    async def polled(self, times: int = 1) -> None:
        """Return when the bot has asked for updates so often: it is up and listening."""
        with self.watch() as change:
            while self.polls < times:
                await change.wait()
                change.clear()

    # -- what happened ----------------------------------------------------------------------------------------------

    @contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """An event that is set at each change; clear it to wait for the next."""
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            yield event
        finally:
            self._watchers.discard(event)

    def note(self, chat: Chat, kind: str, text: str, buttons: Keyboard = (), message_id: int = 0) -> None:
        """Write one line into the transcript and tell whoever watches."""
        labels = tuple(tuple(button.text for button in row) for row in buttons)
        line = TranscriptLine(self.clock.now(), chat.id, chat.name, kind, text, labels, message_id)
        self.transcript.append(line)
        for listener in self.listeners:
            listener(line)
        self.ring()

    def put(self, chat: Chat, message: Message, kind: str) -> Message:
        """A new or changed message becomes visible."""
        self._revision += 1
        shown = chat.messages[message.id] = replace(message, revision=self._revision)
        icon = {"photo": "[picture] ", "document": "[file] "}.get(message.kind, "")
        self.note(chat, kind, icon + message.text, message.buttons, message.id)
        return shown

    def remove(self, chat: Chat, message: Message) -> None:
        """A message disappears from the phone."""
        del chat.messages[message.id]
        self._revision += 1
        self.note(chat, "deleted", message.text, message_id=message.id)

    def toast(self, tap: "Tap", toast: Toast) -> None:
        """A tap is answered; most answers are empty and only stop the button's clock."""
        tap.settle(toast)
        if toast.text:
            self.note(self.chats[tap.chat_id], "toast", toast.text, message_id=tap.message_id)
        self.ring()

    @property
    def revision(self) -> int:
        """Grows with every message that appears, changes or goes."""
        return self._revision

    def next_message_id(self) -> int:
        self._message_id += 1
        return self._message_id

    def story(self, chat_id: int | None = None) -> str:
        """The transcript, readable, of one chat or all."""
        return "\n".join(str(line) for line in self.transcript if chat_id in (None, line.chat_id))

    def ring(self) -> None:
        """Let everybody who watches look again."""
        for watcher in self._watchers:
            watcher.set()

    # -- the bot's side ---------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End held answers and long polls."""
        self.closing.set()
        self._poll.set()
        self.pushed.set()
        self.ring()

    def set_webhook(self, url: str, secret: str, forget: bool) -> None:
        """Push instead of being polled (empty: back to polling). The same again changes nothing."""
        if (url, secret) != (self.webhook.url, self.webhook.secret):
            self.webhook = Webhook(url, secret)
        if forget:
            self.queue.waiting.clear()
        self._poll.set()
        self.pushed.set()

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        if request.path_params["token"] != self.token:
            return wire.answer(Refusal(401, "Unauthorized").body(), 401)
        at, steady = self.clock.now(), self.clock.monotonic()
        params, status = Params(), 0
        counts = method.lower() != "getupdates"  # a long poll is no work under way
        self._busy += counts
        try:
            params = read(request.headers.get("content-type", ""), request.url.query, await request.body())
            response = await self._answer(request, method, params)
            status = 0 if isinstance(response, wire.Nothing) else response.status_code
        except Refusal as refusal:
            status = refusal.code
            response = wire.answer(refusal.body(), status)
        except ClientDisconnect:  # whoever called has died in the middle of it
            response = wire.Nothing()
        finally:
            self._busy -= counts
            self.calls.append(Call(at, steady, method, params.chat_id(), params.values, status))
            if counts:
                self.ring()
        return response

    async def _answer(self, request: Request, method: str, params: Params) -> Response:
        rule = self.faults.pick(method, params.chat_id(), self.clock.now())
        if rule is None:
            return wire.answer({"ok": True, "result": await self._do(method, params)})
        if rule.kind == Kind.DROP_BEFORE:
            return wire.cut(request)
        if rule.kind in PAGES:
            return wire.page(PAGES[Kind(rule.kind)])
        if rule.kind.isdigit():
            raise rule.refusal()
        return await self._answer_badly(request, method, params, rule)

    async def _answer_badly(self, request: Request, method: str, params: Params, rule: Rule) -> Response:
        """Late, or accepted and then spoilt."""
        if rule.kind == Kind.DELAY:
            await wire.pause(rule.seconds, self.closing)
        body = {"ok": True, "result": await self._do(method, params)}
        if rule.kind == Kind.HANG:
            await wire.hang(request, rule.seconds, self.closing)
        if rule.kind == Kind.DROP_AFTER:
            return wire.cut(request)
        return wire.half(body) if rule.kind == Kind.HALF_JSON else wire.answer(body)

    async def _do(self, method: str, params: Params) -> Any:
        name = method.lower()
        if name == "getupdates":
            return await self._get_updates(params)
        if name not in METHODS:
            raise Refusal(404, "Not Found: method not found")
        if name in PACED:
            self.flood.check(params.chat_id() or 0, self.clock.monotonic())
        return METHODS[name](self, params)

    async def _get_updates(self, params: Params) -> list[Json]:
        if self.webhook.url:
            raise conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete it first")
        allow(self, params)
        older, self._poll = self._poll, asyncio.Event()
        older.set()
        mine = self._poll
        self.polls += 1
        self.ring()
        self.queue.forget_below(params.number("offset"))
        limit = min(100, max(1, params.number("limit", 100)))
        try:
            async with asyncio.timeout(min(LONGEST_POLL, max(0, params.number("timeout")))) as real:
                await self._wait_for_updates(mine, limit, params.number("timeout"))
        except TimeoutError:
            assert real.expired()
        if mine is not self._poll:
            raise conflict(TWO_POLLERS)
        if self.closing.is_set():
            await asyncio.sleep(0)  # in process nothing else would ever run beside a bot that polls in a circle
        ready = [update.as_json() for update in self.queue.ready(self.clock.now(), limit)]
        self.handed_out |= {update["update_id"]: update for update in ready}
        return ready

    async def _wait_for_updates(self, mine: asyncio.Event, limit: int, seconds: int) -> None:
        """Until there are some, another poller comes, or the long poll is over on this clock."""
        until = self.clock.now() + timedelta(seconds=min(LONGEST_POLL, seconds))
        while mine is self._poll and not self.closing.is_set() and not self.webhook.url:
            left = until - self.clock.now()
            if self.queue.ready(self.clock.now(), limit) or left <= timedelta():
                return
            await self.clock.wait(mine, left)

    async def _download(self, request: Request) -> Response:
        file = self.files.get(request.path_params["path"].rpartition("/")[2])
        if request.path_params["token"] != self.token or file is None:
            return wire.answer(Refusal(404, "Not Found").body(), 404)
        return Response(file.data, media_type="application/octet-stream")
