"""Serves the page, streams what happens on the phones, and takes what the person at the screen does.

Everything is on localhost and made up. Still, other websites open in the same browser must not be able to tap here:
requests must name localhost as host, and a POST from a foreign origin is refused.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.page.feed import Feed
from bot.rehearsal.telegram import Phone, StandIn

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
KINDS = {"index.html": "text/html", "page.css": "text/css", "page.js": "text/javascript"}
HEADERS = (
    (b"content-security-policy", b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
     b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OnPage:
    """One phone on the page: whose it is (`role`, as "Client") and a line about them (`about`)."""

    phone: Phone
    role: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class StoryButton:
    """A button in the clock's bar. `press` does it and returns a sentence saying what happened, or None."""

    key: str
    label: str
    press: Callable[[], Awaitable[str | None]]


def demo_app(
    standin: StandIn,
    clock: RehearsalClock,
    phones: Sequence[OnPage],
    story_buttons: Sequence[StoryButton] = (),
    *,
    intro: str = "",
    try_this: Sequence[str] = (),
    zone: str = "Europe/London",
) -> Starlette:
    """The page at `/`, and the stand-in's Bot API beside it, so that one port serves both.

    `story_buttons` come before "+1 minute", "+1 hour" and "+1 day". `try_this`: what a first visitor may do, in order.
    `zone` is the time zone that the page shows.
    """
    page = _Page(standin, clock, phones, story_buttons, intro, try_this, zone)
    routes = [
        Route("/", page.file),
        Route("/demo/{name}.{ext:str}", page.file),
        Route("/demo/events", page.events),
        Route("/demo/file/{chat:int}/{message:int}", page.upload),
        *(Route(f"/demo/{name}", act, methods=["POST"]) for name, act in page.acts().items()),
        *standin.routes,
    ]
    return Starlette(routes=routes, middleware=[Middleware(LocalOnly)])


class LocalOnly:
    """Refuses other hosts and foreign origins, and sets the headers that keep the page to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/bot", "/file/bot")):
            await self._app(scope, receive, send)
            return
        if _foreign(Request(scope)):
            await JSONResponse({"error": "Only from this machine."}, 403)(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        await self._app(scope, receive, guarded)


def _foreign(request: Request) -> bool:
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    if host not in LOCAL:
        return True
    if request.method != "POST":
        return False
    origin = request.headers.get("origin")
    elsewhere = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    return elsewhere or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


class _Page:
    def __init__(
        self,
        standin: StandIn,
        clock: RehearsalClock,
        phones: Sequence[OnPage],
        story: Sequence[StoryButton],
        intro: str,
        try_this: Sequence[str],
        zone: str,
    ) -> None:
        self._standin, self._clock = standin, clock
        self._phones = {shown.phone.chat_id: shown for shown in phones}
        self._buttons = {button.key: button for button in (*story, *self._steps())}
        self._about = {
            "bot": standin.bot["first_name"],
            "username": standin.bot["username"],
            "intro": intro,
            "try": list(try_this),
            "zone": zone,
            "buttons": [{"key": b.key, "label": b.label} for b in self._buttons.values()],
            "phones": [self._card(shown) for shown in phones],
        }

    def acts(self) -> dict[str, Callable[[Request], Awaitable[Response]]]:
        """What the page may ask for, by the last part of the address."""
        return {name: self._act(do) for name, do in _ACTS.items()} | {"clock": self.press}

    async def file(self, request: Request) -> Response:
        """The page itself, its style and its script."""
        name = ".".join(str(part) for part in request.path_params.values()) or "index.html"
        if name not in KINDS:
            return JSONResponse({"error": "There is no such page."}, 404)
        return Response(files(__package__).joinpath(name).read_bytes(), media_type=KINDS[name])

    async def events(self, request: Request) -> Response:
        """Server-sent events: all of it at first, then each change."""
        feed = Feed(self._standin, self._clock, list(self._phones))
        return StreamingResponse(self._stream(feed), media_type="text/event-stream")

    async def upload(self, request: Request) -> Response:
        """A picture or document that the bot or a person sent."""
        shown = self._phones.get(request.path_params["chat"])
        message = shown.phone.chat.messages.get(request.path_params["message"]) if shown else None
        if message is None or message.file is None:
            return JSONResponse({"error": "It is gone."}, 404)
        if message.kind == "photo":
            return Response(message.file.data, media_type="image/png")
        name = message.file.name.replace('"', "")
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(message.file.data, media_type="application/octet-stream", headers=headers)

    async def press(self, request: Request) -> Response:
        """A button of the clock's bar."""
        button = self._buttons.get(str((await _json(request)).get("key")))
        if button is None:
            return JSONResponse({"error": "There is no such button."}, 404)
        said = await button.press()
        self._standin.ring()
        return JSONResponse({"said": said})

    async def _stream(self, feed: Feed) -> AsyncIterator[str]:
        with feed.listening():
            yield feed.event("about", self._about)
            async for event in feed.events():
                yield event

    def _act(self, do: Callable[[Phone, dict[str, Any]], object]) -> Callable[[Request], Awaitable[Response]]:
        async def act(request: Request) -> Response:
            wanted = await _json(request)
            number = wanted.get("phone")
            shown = self._phones.get(number) if isinstance(number, int) else None
            if shown is None:
                return JSONResponse({"error": "There is no such phone."}, 404)
            try:
                do(shown.phone, wanted)
            except (AssertionError, KeyError, TypeError, ValueError) as wrong:
                return JSONResponse({"error": str(wrong)}, 409)
            return JSONResponse({})

        return act

    def _steps(self) -> list[StoryButton]:
        spans = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
        return [StoryButton(name, f"+1 {name}", self._advance(span)) for name, span in spans.items()]

    def _advance(self, by: timedelta) -> Callable[[], Awaitable[str | None]]:
        async def press() -> None:
            self._clock.advance(by)

        return press

    @staticmethod
    def _card(shown: OnPage) -> dict[str, Any]:
        return {"id": shown.phone.chat_id, "name": shown.phone.chat.name, "role": shown.role, "about": shown.about}


_ACTS: dict[str, Callable[[Phone, dict[str, Any]], object]] = {
    "say": lambda phone, wanted: phone.text(str(wanted["text"]).strip()[:10_000]),
    "tap": lambda phone, wanted: phone.tap_data(int(wanted["message"]), str(wanted["data"])),
    "start": lambda phone, wanted: phone.start(str(wanted.get("code", ""))),
    "sticker": lambda phone, wanted: phone.sticker(),
    "block": lambda phone, wanted: phone.block() if wanted["blocked"] else phone.unblock(),
}


async def _json(request: Request) -> dict[str, Any]:
    """The body as an object; anything else is an empty one."""
    try:
        found = await request.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
