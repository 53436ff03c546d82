"""The stand-in on a loopback port, with a connection that can really be reset."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.rehearsal.telegram.standin import StandIn
from bot.rehearsal.telegram.webhook import Pusher
from bot.rehearsal.telegram.wire import ABORT

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends a reset instead of a polite end."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, standin: StandIn) -> None:
        super().__init__(config)
        self.standin = standin

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Ctrl-C belongs to whoever runs us."""
        yield

    async def main_loop(self) -> None:
        """Until the stand-in closes, without uvicorn's tenth of a second between two looks."""
        await self.standin.closing.wait()


def _abortable(lines: dict[tuple[str, int], asyncio.Transport]) -> type[H11Protocol]:
    """A protocol that remembers its transports by the client's address."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as asyncio calls it
            super().connection_made(transport)
            if self.client is not None:
                lines[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client is not None:
                lines.pop(self.client, None)
            super().connection_lost(exc)

    return Protocol


def _with_abort(app: ASGIApp, lines: dict[tuple[str, int], asyncio.Transport]) -> ASGIApp:
    """Put a function into the scope that resets this very connection."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            transport = lines.get(tuple(scope["client"]))
            if transport is not None:
                scope.setdefault("extensions", {})[ABORT] = _resetter(transport)
        await app(scope, receive, send)

    return run


def _resetter(transport: asyncio.Transport) -> Callable[[], None]:
    def reset() -> None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()

    return reset


@asynccontextmanager
async def serve(
    standin: StandIn, host: str = "127.0.0.1", port: int = 0, *, app: ASGIApp | None = None
) -> AsyncIterator[str]:
    """Serve the stand-in (or `app`, which holds its routes) and yield the address, as "http://127.0.0.1:8765".

    Raises OSError when the port is taken. Leaving ends held answers and closes every connection.
    """
    lines: dict[tuple[str, int], asyncio.Transport] = {}
    door = _bound(host, port)
    config = uvicorn.Config(
        _with_abort(app or standin.app, lines),
        http=_abortable(lines),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    standin.closing.clear()
    server = _Server(config, standin)
    # No task group: it would wrap whatever the caller's own block raises. What runs is awaited below, always.
    # Reading all certificate authorities would take longer than the rest.
    pushes = httpx.AsyncClient(timeout=60, trust_env=False, verify=False)  # noqa: S501  # to plain HTTP on this machine
    async with pushes as client:
        running = asyncio.gather(server.serve(sockets=[door]), Pusher(standin, client).run())
        try:
            yield f"http://{host}:{door.getsockname()[1]}"
        finally:
            standin.close()
            for transport in list(lines.values()):
                transport.close()
            await running
            door.close()


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket: a taken port is known before anything starts."""
    # asyncio turns Nagle's delay off only for sockets that say IPPROTO_TCP; with it each answer takes 40 ms longer.
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError:
        door.close()
        raise
    door.listen(256)
    return door
