"""One small ASGI app: is the bot alive, is it ready, what does it count. No personal labels anywhere.

/healthz   200 while every loop gets through; 503 once one has stalled for two minutes
/readyz    200 while the database answers and Telegram was heard; 503 otherwise
/metrics   Prometheus text
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.actions.desk import Desk
from bot.actions.presence import is_heard

STALLED_SECONDS = 120.0
Counts: TypeAlias = Callable[[], Awaitable[dict[str, float]]]


def door(desk: Desk, counts: Counts) -> Starlette:
    """The app. `counts` gives the figures of /metrics and proves that the database answers."""

    async def healthz(_: Request) -> Response:
        ages = desk.progress.ages()
        stalled = sorted(loop for loop, age in ages.items() if age > STALLED_SECONDS)
        body = {"stalled": stalled, "ages": {loop: round(age, 1) for loop, age in ages.items()}}
        return JSONResponse(body, status_code=503 if stalled or not ages else 200)

    async def readyz(_: Request) -> Response:
        heard = remembers = False
        try:
            heard = await is_heard(desk)
            await counts()
            remembers = True
        except Exception:  # whatever it is: the database can't be reached, and that is the whole answer
            remembers = False
        return JSONResponse({"database": remembers, "telegram": heard}, status_code=200 if heard and remembers else 503)

    async def metrics(_: Request) -> Response:
        registry = CollectorRegistry()
        age = Gauge("checkin_loop_age_seconds", "Since this loop last got through", ["loop"], registry=registry)
        for loop, seconds in desk.progress.ages().items():
            age.labels(loop).set(seconds)
        for name, value in (await counts()).items():
            Gauge(f"checkin_{name}", name.replace("_", " "), registry=registry).set(value)
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)],
    )
