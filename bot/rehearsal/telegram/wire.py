"""The line itself: breaking it, holding it, and sending something that is no answer.

Over a socket the server protocol (`serve.py`) puts a real reset into the scope. In process there is no line, so the
error that a client would meet is raised in its place.
"""

import asyncio
import json
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

ABORT = "rehearsal.abort"
"""Key in the scope's extensions: a function without arguments that resets the connection."""
PAGE = "<html><head><title>{code}</title></head><body><center><h1>{code}</h1></center><hr>nginx</body></html>"


class Nothing(Response):
    """What the server is left to send into a line that is no longer there."""


def cut(request: Request) -> Response:
    """Reset the connection; nothing of the answer arrives."""
    abort = request.scope.get("extensions", {}).get(ABORT)
    if abort is None:
        raise httpx.ReadError("the connection was reset on purpose")
    abort()
    return Nothing(status_code=502)


async def hang(request: Request, seconds: float, closing: asyncio.Event) -> None:
    """Hold the answer back. A client in process cannot time out by itself, so it is told so at once."""
    if ABORT not in request.scope.get("extensions", {}):
        raise httpx.ReadTimeout("held back on purpose")
    await pause(seconds, closing)


async def pause(seconds: float, closing: asyncio.Event) -> None:
    """Real seconds, cut short when the stand-in closes."""
    try:
        async with asyncio.timeout(seconds):
            await closing.wait()
    except TimeoutError:
        return


def half(body: dict[str, Any]) -> Response:
    """The first half of an answer, as if it were whole."""
    text = json.dumps(body)
    return Response(text[: len(text) // 2], media_type="application/json")


def page(code: int) -> Response:
    """What a proxy in front of Telegram shows when it is ill."""
    return Response(PAGE.format(code=code), status_code=code, media_type="text/html")


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer."""
    return JSONResponse(body, status_code=status)
