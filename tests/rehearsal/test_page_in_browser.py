"""The demo's page in a real browser: seen, tapped, typed into, at desk and at phone width."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.page import OnPage, StoryButton, demo_app
from bot.rehearsal.telegram import Phone, StandIn, serve
from bot.rehearsal.telegram.phone import SMALLEST_PNG
from tests.rehearsal.conftest import TOKEN

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCALE = {"inline_keyboard": [[{"text": str(n), "callback_data": f"v1:{n}"} for n in range(6)]]}
Send = Callable[..., Awaitable[dict[str, Any]]]


def chromium_path() -> str:
    """A Chromium that is installed; without one these tests are skipped, except where CI promises it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None and not os.environ.get("CI"):
        pytest.skip("no Chromium is installed (on Debian: apt-get install chromium)")
    assert found, "under CI the page is always tried in Chromium"
    return found


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[BrowserContext]:
    path = chromium_path()
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield await found.new_context()
        await found.close()


@pytest.fixture
async def address(standin: StandIn, clock: RehearsalClock, sam: Phone, alex: Phone) -> AsyncIterator[str]:
    async def next_check_in() -> str:
        clock.advance(timedelta(days=2))
        return "Sam is asked."

    sam.start()
    people = [OnPage(sam, "Client", "R-118"), OnPage(alex, "Worker")]
    buttons = [StoryButton("next", "Next check-in", next_check_in)]
    async with serve(
        standin, app=demo_app(standin, clock, people, buttons, try_this=["Tap 2.", "Look at Alex."])
    ) as found:
        yield found


@pytest.fixture
async def send(address: str) -> AsyncIterator[Send]:
    """The bot's side: call a method over the same port."""
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:

        async def call(method: str, **params: Any) -> dict[str, Any]:
            found: dict[str, Any] = (await client.post(f"/bot{TOKEN}/{method}", json=params)).json()
            assert found["ok"], found
            return found

        yield call


async def opened(browser: BrowserContext, address: str, width: int) -> tuple[Page, list[str]]:
    """The page at this width, and whatever it complains about."""
    page = await browser.new_page()
    await page.set_viewport_size({"width": width, "height": 800})
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.goto(address)
    await expect(page.get_by_text("/start").first).to_be_attached()
    return page, wrong


async def test_a_question_is_answered_by_tapping_and_turns_into_the_next(
    browser: BrowserContext, address: str, send: Send, standin: StandIn, sam: Phone
) -> None:
    page, wrong = await opened(browser, address, 1400)
    shown = await send("sendMessage", chat_id=sam.chat_id, text="1 of 3", reply_markup=SCALE)
    number = shown["result"]["message_id"]
    await page.get_by_role("button", name="2", exact=True).focus()
    await page.keyboard.press("Enter")
    tap = await _tap(standin)
    await send("answerCallbackQuery", callback_query_id=tap, text="Noted")
    await expect(page.get_by_text("Noted")).to_be_visible()
    await send("editMessageText", chat_id=sam.chat_id, message_id=number, text="2 of 3", reply_markup=SCALE)
    await expect(page.get_by_text("2 of 3")).to_be_visible()
    await expect(page.get_by_text("1 of 3")).to_have_count(0)
    await expect(page.locator("#phone-7001 article").last).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="0", exact=True)).to_be_focused()
    assert not standin.open_taps, "a key pressed twice is no second tap"
    await page.close()
    assert wrong == []


async def test_what_people_write_is_shown_as_text_and_never_as_markup(
    browser: BrowserContext, address: str, send: Send, sam: Phone
) -> None:
    page, wrong = await opened(browser, address, 1400)
    await page.get_by_label("Message from Sam").fill("<img src=x onerror=alert(1)> & so")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("<img src=x onerror=alert(1)> & so")).to_be_visible()
    words = "<b>bold <i>both</i></b> 👍 <code>7</code> &lt;u&gt;"
    await send("sendMessage", chat_id=sam.chat_id, text=words, parse_mode="HTML")
    last = page.locator("#phone-7001 .message").last.locator(".text")
    await expect(last).to_have_text("bold both 👍 7 <u>")
    inside = await last.evaluate("node => node.innerHTML")
    assert inside == "<strong>bold <em>both</em></strong> 👍 <code>7</code> &lt;u&gt;"
    await page.close()
    assert wrong == []


async def test_a_picture_shows_and_a_deleted_message_goes(
    browser: BrowserContext, address: str, standin: StandIn, send: Send, sam: Phone
) -> None:
    page, wrong = await opened(browser, address, 1400)
    sam.photo("a photo", SMALLEST_PNG)
    await expect(page.get_by_role("img")).to_have_js_property("naturalWidth", 1)
    await send("deleteMessage", chat_id=sam.chat_id, message_id=sam.messages[-1].id)
    await expect(page.get_by_role("img")).to_have_count(0)
    await page.close()
    assert wrong == []


async def test_the_clock_and_the_block_button_work_by_hand(
    browser: BrowserContext, address: str, clock: RehearsalClock, sam: Phone
) -> None:
    page, wrong = await opened(browser, address, 1400)
    await page.get_by_role("button", name="Next check-in").click()
    await expect(page.get_by_text("Sam is asked.")).to_be_visible()
    await page.get_by_role("button", name="+1 hour").click()
    await expect(page.locator("#time")).to_have_text("15:00")
    await expect(page.locator("#date")).to_have_text("Wednesday 4 March")
    await page.get_by_role("button", name="Block the bot on Sam's phone").click()
    await expect(page.get_by_label("Message from Sam")).to_be_disabled()
    assert sam.blocked
    await page.get_by_role("button", name="Unblock the bot on Sam's phone").click()
    await expect(page.get_by_label("Message from Sam")).to_be_enabled()
    await page.close()
    assert wrong == []


async def test_an_invitation_opens_on_the_phone_that_is_chosen(
    browser: BrowserContext, address: str, send: Send, sam: Phone, alex: Phone
) -> None:
    page, wrong = await opened(browser, address, 1400)
    await send("sendMessage", chat_id=sam.chat_id, text="https://t.me/checkin_demo_bot?start=abcDEF_-0123456789")
    await page.get_by_role("button", name="https://t.me/").click()
    await page.get_by_role("dialog").get_by_role("button", name="Alex").click()
    await expect(page.locator("#phone-7002").get_by_text("/start", exact=True)).to_be_visible()
    assert [m.text for m in alex.messages] == ["/start abcDEF_-0123456789"]
    await page.close()
    assert wrong == []


async def test_what_is_taller_than_the_phone_shows_from_its_first_line(
    browser: BrowserContext, address: str, send: Send, sam: Phone
) -> None:
    """An alert begins with its chart; its end is one press away."""
    page, wrong = await opened(browser, address, 1400)
    for begins in ("First", "Second"):
        await send("sendMessage", chat_id=sam.chat_id, text=f"{begins} line\n" + "and more\n" * 80 + f"{begins} end")
        message = page.locator("#phone-7001 .text").last
        await expect(message).to_contain_text(f"{begins} end")
        top, log = await message.bounding_box(), await page.locator("#phone-7001 .log").bounding_box()
        assert top is not None
        assert log is not None
        assert 0 <= top["y"] - log["y"] < 60
    await page.get_by_role("button", name="More below").click()
    await expect(page.get_by_role("button", name="More below")).to_have_count(0)
    await page.close()
    assert wrong == []


async def test_the_steps_turn_one_by_one_where_there_is_little_room(browser: BrowserContext, address: str) -> None:
    page, wrong = await opened(browser, address, 360)
    await expect(page.get_by_text("Tap 2.")).to_be_visible()
    await expect(page.get_by_text("Look at Alex.")).to_be_hidden()
    await page.get_by_role("button", name="Next step").click()
    await expect(page.get_by_text("Look at Alex.")).to_be_visible()
    await expect(page.get_by_role("button", name="Next step")).to_be_disabled()
    await page.set_viewport_size({"width": 1400, "height": 800})
    await expect(page.get_by_text("Tap 2.")).to_be_visible()
    await page.close()
    assert wrong == []


async def test_a_sticker_can_be_sent(browser: BrowserContext, address: str, sam: Phone) -> None:
    page, wrong = await opened(browser, address, 1400)
    await page.get_by_role("button", name="Send a sticker from Sam's phone").click()
    await expect(page.get_by_role("img", name="Sticker")).to_be_visible()
    assert sam.messages[-1].kind == "sticker"
    await page.close()
    assert wrong == []


async def test_at_phone_width_one_phone_shows_at_a_time_and_nothing_sticks_out(
    browser: BrowserContext, address: str, send: Send, alex: Phone
) -> None:
    page, wrong = await opened(browser, address, 360)
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await expect(page.locator("#phone-7001")).to_be_visible()
    await expect(page.locator("#phone-7002")).to_be_hidden()
    alex.start()
    await send("sendMessage", chat_id=alex.chat_id, text="R-118 · please look today")
    tab = page.get_by_role("tab", name="Alex Worker 1 new")
    await expect(tab).to_be_visible()
    await page.get_by_role("tab", name="Sam").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tabpanel", name="Alex")).to_be_visible()
    await expect(page.get_by_text("R-118 · please look today")).to_be_visible()
    await page.close()
    assert wrong == []


async def _tap(standin: StandIn) -> str:
    """The id of the tap that arrives."""
    with standin.watch() as change:
        while not standin.open_taps:
            await change.wait()
            change.clear()
    return next(iter(standin.open_taps))
