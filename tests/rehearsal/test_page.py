"""The demo's page from the server's side: what it serves, what it takes, and whom it refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.page import OnPage, StoryButton, demo_app
from bot.rehearsal.telegram import Phone, StandIn, serve
from bot.rehearsal.telegram.phone import SMALLEST_PNG
from tests.rehearsal.conftest import TOKEN

HERE = "http://127.0.0.1:8765"


@pytest.fixture
def app(standin: StandIn, clock: RehearsalClock, sam: Phone, alex: Phone) -> Any:
    async def next_check_in() -> str:
        clock.advance(timedelta(days=2))
        return "Sam is asked."

    people = [OnPage(sam, "Client", "R-118"), OnPage(alex, "Worker")]
    buttons = [StoryButton("next", "Next check-in", next_check_in)]
    return demo_app(standin, clock, people, buttons, intro="A story.", try_this=["Tap 2."])


@pytest.fixture
async def browser(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HERE) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/demo/page.css", "/demo/page.js"])
async def test_the_page_asks_nothing_of_any_other_site(browser: httpx.AsyncClient, path: str) -> None:
    found = await browser.get(path)
    assert found.status_code == 200
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert 'src="http' not in found.text
    assert "url(" not in found.text
    assert "@import" not in found.text


async def test_there_is_no_way_to_other_files(browser: httpx.AsyncClient) -> None:
    for path in ("/demo/app.py", "/demo/..%2fclock.py", "/demo/__init__.py"):
        assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"host": "evil.example:8765"},
    ],
)
async def test_nothing_is_done_for_a_foreign_page(
    browser: httpx.AsyncClient, sam: Phone, clock: RehearsalClock, headers: dict[str, str]
) -> None:
    before = clock.now()
    for path, body in (("say", {"phone": sam.chat_id, "text": "x"}), ("clock", {"key": "day"})):
        assert (await browser.post(f"/demo/{path}", json=body, headers=headers)).status_code == 403
    assert (sam.messages, clock.now()) == ([], before)


async def test_typing_starting_and_blocking_reach_the_bot(
    browser: httpx.AsyncClient, standin: StandIn, sam: Phone
) -> None:
    mine = {"origin": HERE, "sec-fetch-site": "same-origin"}
    await browser.post("/demo/start", json={"phone": sam.chat_id, "code": "abc"}, headers=mine)
    await browser.post("/demo/say", json={"phone": sam.chat_id, "text": "7"}, headers=mine)
    await browser.post("/demo/block", json={"phone": sam.chat_id, "blocked": True}, headers=mine)
    refused = await browser.post("/demo/say", json={"phone": sam.chat_id, "text": "8"}, headers=mine)
    assert [m.text for m in sam.messages] == ["/start abc", "7"]
    assert [u.kind for u in standin.queue.waiting] == ["message", "message", "my_chat_member"]
    assert (refused.status_code, refused.json()) == (409, {"error": "Sam has blocked the bot and can't write to it"})


async def test_a_tap_carries_the_data_of_the_button(browser: httpx.AsyncClient, standin: StandIn, sam: Phone) -> None:
    await browser.post("/demo/tap", json={"phone": sam.chat_id, "message": 5, "data": "v1:2"})
    assert standin.queue.waiting[0].body["data"] == "v1:2"


@pytest.mark.parametrize(
    ("key", "moved"), [("minute", timedelta(minutes=1)), ("hour", timedelta(hours=1)), ("day", timedelta(days=1))]
)
async def test_the_clock_can_be_moved(
    browser: httpx.AsyncClient, clock: RehearsalClock, key: str, moved: timedelta
) -> None:
    before = clock.now()
    assert (await browser.post("/demo/clock", json={"key": key})).status_code == 200
    assert clock.now() - before == moved


async def test_a_button_of_the_story_says_what_happened(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/demo/clock", json={"key": "next"})).json() == {"said": "Sam is asked."}
    assert (await browser.post("/demo/clock", json={"key": "year"})).status_code == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"phone": [1]}', b'{"phone": 7001}', b'{"phone": 1}'])
async def test_a_broken_request_is_refused_and_harms_nobody(browser: httpx.AsyncClient, body: bytes) -> None:
    for act in ("say", "tap", "block"):
        assert (await browser.post(f"/demo/{act}", content=body)).status_code in (404, 409)


async def test_pictures_are_shown_only_on_the_phone_that_has_them(
    browser: httpx.AsyncClient, sam: Phone, alex: Phone
) -> None:
    picture = sam.photo("look")
    found = await browser.get(f"/demo/file/{sam.chat_id}/{picture.id}")
    assert (found.content, found.headers["content-type"]) == (SMALLEST_PNG, "image/png")
    assert (await browser.get(f"/demo/file/{alex.chat_id}/{picture.id}")).status_code == 404


async def heard(stream: httpx.Response, wanted: str) -> list[dict[str, Any]]:
    """The events of the stream up to the first of this name that has been wanted."""
    found = []
    name = ""
    async for line in stream.aiter_lines():
        name = line.removeprefix("event: ") if line.startswith("event: ") else name
        if line.startswith("data: "):
            found.append({"name": name, "data": json.loads(line.removeprefix("data: "))})
            if name == wanted:
                return found
    return found


async def test_an_open_page_hears_everything_first_and_then_each_change(app: Any, standin: StandIn, sam: Phone) -> None:
    sam.start()
    async with (
        asyncio.timeout(5),
        serve(standin, app=app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):
        async with client.stream("GET", "/demo/events") as stream:
            first = await heard(stream, "chat")
            assert first[0]["data"]["try"] == ["Tap 2."]
            assert [p["name"] for p in first[0]["data"]["phones"]] == ["Sam", "Alex"]
            assert first[-1]["data"]["messages"][0]["text"] == "/start"
        async with client.stream("GET", "/demo/events") as again:
            lines = again.aiter_lines()
            words = {"chat_id": sam.chat_id, "text": "hello", "disable_notification": True}
            await client.post(f"/bot{TOKEN}/sendMessage", json=words)
            async for line in lines:
                if '"hello"' in line:
                    break
            assert '"silent": true' in line
