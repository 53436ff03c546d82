"""A stand-in in process, its clock standing still, two people, and two ways to call it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Phone, StandIn

TOKEN = "123456:made-up-token-for-tests"
START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


class Caller:
    """Calls methods with plain httpx and hands back the whole JSON."""

    def __init__(self, client: httpx.AsyncClient, token: str = TOKEN) -> None:
        self.client, self.token = client, token

    async def __call__(self, method: str, /, **params: Any) -> dict[str, Any]:
        answer = await self.client.post(f"/bot{self.token}/{method}", json=params)
        found: dict[str, Any] = answer.json()
        assert answer.status_code == (200 if found["ok"] else found["error_code"])
        return found

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self("getUpdates", timeout=0, **params))["result"]
        return found


@pytest.fixture
def clock() -> RehearsalClock:
    return RehearsalClock(START)


@pytest.fixture
def standin(clock: RehearsalClock) -> StandIn:
    return StandIn(clock, TOKEN)


@pytest.fixture
def sam(standin: StandIn) -> Phone:
    return standin.person(7001, "Sam")


@pytest.fixture
def alex(standin: StandIn) -> Phone:
    return standin.person(7002, "Alex")


@pytest.fixture
async def call(standin: StandIn) -> AsyncIterator[Caller]:
    transport = httpx.ASGITransport(app=standin.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://telegram") as client:
        yield Caller(client)


@pytest.fixture
async def bot(standin: StandIn) -> AsyncIterator[Bot]:
    """The library's own bot, which reads every answer strictly."""
    requests = [HTTPXRequest(httpx_kwargs={"transport": httpx.ASGITransport(app=standin.app)}) for _ in range(2)]
    library = Bot(TOKEN, base_url="http://telegram/bot", request=requests[0], get_updates_request=requests[1])
    async with library:
        yield library
