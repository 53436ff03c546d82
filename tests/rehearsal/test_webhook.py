"""Updates that are pushed: the secret travels, only a 2xx takes an update off the queue, a failing chat waits alone."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Phone, StandIn
from bot.rehearsal.telegram.webhook import SECRET, Pusher
from tests.rehearsal.conftest import Caller


class Hook:
    """A webhook that answers as told and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.secrets: set[str] = set()
        self.refuse: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        text = json.loads(request.content)["message"]["text"]
        self.got.append(text)
        self.secrets.add(request.headers[SECRET])
        return httpx.Response(500 if text in self.refuse else 204)


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
async def pusher(standin: StandIn, call: Caller, hook: Hook) -> AsyncIterator[Pusher]:
    await call("setWebhook", url="https://example.org/hook", secret_token="planted")
    async with httpx.AsyncClient(transport=httpx.MockTransport(hook)) as client:
        yield Pusher(standin, client)


async def test_an_update_is_pushed_once_with_the_secret(pusher: Pusher, hook: Hook, sam: Phone) -> None:
    sam.text("one")
    assert [await pusher.push_once() for _ in range(2)] == [1, 0]
    assert (hook.got, hook.secrets) == (["one"], {"planted"})


async def test_what_is_refused_comes_again_later_and_holds_up_only_its_own_chat(
    pusher: Pusher, hook: Hook, call: Caller, clock: RehearsalClock, sam: Phone, alex: Phone
) -> None:
    hook.refuse = {"one"}
    for phone, words in ((sam, "one"), (sam, "two"), (alex, "three")):
        phone.text(words)
    assert [await pusher.push_once() for _ in range(2)] == [1, 0]
    assert hook.got == ["one", "three"]
    info = (await call("getWebhookInfo"))["result"]
    assert (info["pending_update_count"], "500" in info["last_error_message"]) == (2, True)
    hook.refuse = set()
    clock.advance(timedelta(seconds=1))
    assert [await pusher.push_once() for _ in range(2)] == [1, 1]
    assert hook.got == ["one", "three", "one", "two"]
