"""One small ASGI app: is the bot alive, is it ready, what does it count, and the webhook door. No personal labels.

/healthz        200 while every loop gets through; 503 once one has stalled for two minutes
/readyz         200 while the database answers and Telegram did lately; 503 otherwise
/metrics        Prometheus text
webhook_path    in webhook mode: updates from Telegram, to the same inbox as in polling
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict

import structlog
import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.actions import health
from bot.actions.desk import Desk
from bot.actions.pulse import COUNTERS
from bot.config.settings import Mode, Settings
from bot.domain.errors import NotUsable
from bot.webhook import Door

KEEP_ALIVE_SECONDS = 75
"""Longer than a web server in front keeps a connection it is not using: else it may send into one that is closing."""
PATIENCE_AT_THE_END = 1.0
"""Seconds for updates that are just being put on disk; what is not answered by then Telegram gives again."""

log = structlog.get_logger()


def app(desk: Desk, door: Door | None = None) -> Starlette:
    """The app. `door` is where Telegram pushes updates to, in webhook mode."""

    async def healthz(_: Request) -> Response:
        now = health.look(desk)
        ages = {loop: round(age, 1) for loop, age in now.ages.items()}
        body = {"stalled": list(now.stalled), "ages": ages, "trouble": dict(now.trouble)}
        return JSONResponse(body, status_code=200 if now.is_well else 503)

    async def readyz(_: Request) -> Response:
        now = await health.reach(desk)
        return JSONResponse(asdict(now), status_code=200 if now.database and now.telegram else 503)

    async def metrics(_: Request) -> Response:
        try:
            waiting = await health.figures(desk)
        except Exception:  # what can be counted without the database is counted all the same
            waiting = None
        registry = CollectorRegistry()
        registry.register(_Figures(desk, waiting))
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    if door is not None:
        routes.append(Route(door.path, door.open, methods=["POST"]))
    return Starlette(routes=routes)


class _Figures(Collector):
    """What there is to tell at this moment."""

    def __init__(self, desk: Desk, waiting: dict[str, float] | None) -> None:
        self._desk, self._waiting = desk, waiting

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        progress = self._desk.progress
        age = GaugeMetricFamily("checkin_loop_age_seconds", "Since this loop last got through", labels=["loop"])
        for loop, seconds in progress.ages().items():
            age.add_metric([loop], seconds)
        yield age
        yield GaugeMetricFamily("checkin_healthy", "Whether /healthz says 200", health.look(self._desk).is_well)
        yield GaugeMetricFamily("checkin_database_up", "Whether the database answers", self._waiting is not None)
        for name, value in (self._waiting or {}).items():
            yield GaugeMetricFamily(f"checkin_{name}", name.replace("_", " "), value)
        if progress.hook_waiting is not None:
            yield GaugeMetricFamily("checkin_webhook_waiting", "Updates that wait at Telegram", progress.hook_waiting)
        for name, one in COUNTERS.items():
            family = CounterMetricFamily(f"checkin_{name}", one.says, labels=[one.label] if one.label else None)
            for word, count in self._desk.tally.of(name):
                family.add_metric([word] if word else [], count)
            yield family


@asynccontextmanager
async def serving(settings: Settings, desk: Desk, door: Door | None = None) -> AsyncIterator[None]:
    """The app on `http.listen` for as long as the block lasts. A taken port stops the start if it was chosen, or is
    what updates come in by.
    """
    bound = _bound(settings)
    if bound is None:
        yield
        return
    config = uvicorn.Config(
        app(desk, door),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server._serve([bound]))  # `serve` would take the signals that `run` listens for
        try:
            yield
        finally:
            server.should_exit = True
            await asyncio.wait([task], timeout=PATIENCE_AT_THE_END)
            task.cancel()


def _bound(settings: Settings) -> socket.socket | None:
    host, _, port = settings.http.listen.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except OSError as taken:
        if settings.http.is_configured or settings.telegram.mode is Mode.WEBHOOK:
            why = str(taken.strerror).partition(" (")[0]  # behind it Python adds the address once more
            raise NotUsable(f"http.listen: {settings.http.listen} can't be had ({why}); choose another") from None
        log.warning("door_closed", address=settings.http.listen, hint="The port is taken; set http.listen to choose one.")
        return None
