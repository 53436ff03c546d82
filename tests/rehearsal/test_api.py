"""What the stand-in accepts and refuses: as strict as the real thing, in the same words."""

import io
from datetime import timedelta

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from telegram.error import BadRequest, Forbidden, InvalidToken

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Phone, StandIn
from bot.rehearsal.telegram.phone import SMALLEST_PNG
from tests.rehearsal.conftest import TOKEN, Caller


def keys(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=f"v1:{label}") for label in labels]])


@pytest.fixture(autouse=True)
def started(sam: Phone) -> None:
    sam.start()


async def test_a_wrong_token_is_401_and_an_unknown_method_404(call: Caller) -> None:
    assert (await call("playChess"))["description"] == "Not Found: method not found"
    call.token = "123456:wrong"
    assert await call("getMe") == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_the_library_refuses_to_start_with_a_wrong_token(standin: StandIn, bot: Bot) -> None:
    standin.token = "123456:revoked"
    with pytest.raises(InvalidToken):
        await bot.get_me()


@pytest.mark.parametrize("how", ["query", "form", "json", "multipart"])
async def test_parameters_may_travel_in_four_ways(call: Caller, sam: Phone, how: str) -> None:
    values = {"chat_id": str(sam.chat_id), "text": "grüß & 100 %"}
    ways = {"query": {"params": values}, "form": {"data": values}, "json": {"json": values}}
    more = ways.get(how) or {"data": values, "files": {"unused": b"\r\n--x\r\n\x00"}}
    found = await call.client.request("GET" if how == "query" else "POST", f"/bot{TOKEN}/sendMessage", **more)
    assert found.json()["result"]["text"] == sam.last.text == "grüß & 100 %"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "message text is empty"),
        ("  \n ", "message text is empty"),
        ("<b></b>", "message text is empty"),
        ("x" * 4097, "message is too long"),
        ("a < b", "can't parse entities: Unclosed start tag at byte offset 2"),
        ("<b>x", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("<b><i>x</b></i>", "can't parse entities: Unmatched end tag at byte offset 7"),
        ("<h1>x</h1>", 'can\'t parse entities: Unsupported start tag "h1"'),
        ("x</b>", "can't parse entities: Unexpected end tag at byte offset 1"),
    ],
)
async def test_broken_texts_are_refused(call: Caller, sam: Phone, text: str, says: str) -> None:
    found = await call("sendMessage", chat_id=sam.chat_id, text=text, parse_mode="HTML")
    assert found["error_code"] == 400
    assert found["description"].startswith(f"Bad Request: {says}")


async def test_length_counts_after_the_markup_is_read(bot: Bot, sam: Phone) -> None:
    await bot.send_message(sam.chat_id, f"<b>{'é' * 4095}</b>&amp;", parse_mode="HTML")
    assert len(sam.last.text) == 4096


async def test_html_becomes_text_and_entities_in_utf16_units(bot: Bot, sam: Phone) -> None:
    sent = await bot.send_message(sam.chat_id, ' 👍 <b>R-118</b> <a href="https://a.b/?c&amp;d">x &lt; y</a> ', "HTML")
    assert sam.last.text == "👍 R-118 x < y"
    found = [(e.type, e.offset, e.length, e.url) for e in sent.entities]
    assert found == [("bold", 3, 5, None), ("text_link", 9, 5, "https://a.b/?c&d")]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([[{"text": "x", "callback_data": "d" * 65}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "x", "callback_data": "é" * 33}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "x", "callback_data": ""}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "x"}]], "can't parse inline keyboard button"),
        ([[{"text": " ", "callback_data": "d"}]], "can't parse inline keyboard button"),
        ([[{"text": "x", "callback_data": "d"}] * 9], "reply markup is too long"),
        ([[{"text": "x", "callback_data": "d"}]] * 101, "reply markup is too long"),
    ],
)
async def test_broken_buttons_are_refused(call: Caller, sam: Phone, rows: list[object], says: str) -> None:
    found = await call("sendMessage", chat_id=sam.chat_id, text="?", reply_markup={"inline_keyboard": rows})
    assert found["error_code"] == 400
    assert says in found["description"]


async def test_who_never_started_the_bot_cannot_be_written_to(bot: Bot, alex: Phone) -> None:
    for stranger in (alex.chat_id, 999):
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(stranger, "hello")


async def test_who_blocked_the_bot_refuses_it_until_unblocking(bot: Bot, sam: Phone) -> None:
    sam.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(sam.chat_id, "hello")
    sam.unblock()
    await bot.send_message(sam.chat_id, "hello")


async def test_a_deleted_account_is_said_so(bot: Bot, sam: Phone) -> None:
    sam.delete_account()
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(sam.chat_id, "hello")


async def test_an_edit_changes_the_message_in_place(bot: Bot, sam: Phone) -> None:
    sent = await bot.send_message(sam.chat_id, "1 of 3", reply_markup=keys("0", "1"))
    await bot.edit_message_text("2 of 3", sam.chat_id, sent.message_id)
    assert (sam.last.id, sam.last.text, sam.last.buttons) == (sent.message_id, "2 of 3", ())
    assert sam.last.edited is not None


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, sam: Phone) -> None:
    sent = await bot.send_message(sam.chat_id, "<b>1</b>", "HTML", reply_markup=keys("0"))
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text(
            "<strong>1</strong>", sam.chat_id, sent.message_id, parse_mode="HTML", reply_markup=keys("0")
        )
    await bot.edit_message_reply_markup(sam.chat_id, sent.message_id, reply_markup=None)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(sam.chat_id, sent.message_id, reply_markup=None)


async def test_only_ones_own_and_present_messages_can_be_edited(bot: Bot, sam: Phone) -> None:
    theirs = sam.text("hello")
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("x", sam.chat_id, theirs.id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", sam.chat_id, 12345)


async def test_messages_can_be_deleted_for_48_hours(bot: Bot, sam: Phone, clock: RehearsalClock) -> None:
    young, old = await bot.send_message(sam.chat_id, "young"), await bot.send_message(sam.chat_id, "old")
    clock.advance(timedelta(hours=48))
    await bot.delete_message(sam.chat_id, young.message_id)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(sam.chat_id, young.message_id)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        await bot.delete_message(sam.chat_id, old.message_id)
    assert [m.text for m in sam.messages] == ["/start", "old"]


async def test_a_picture_keeps_its_bytes_and_its_caption(bot: Bot, sam: Phone) -> None:
    sent = await bot.send_photo(
        sam.chat_id, io.BytesIO(SMALLEST_PNG), caption="<b>R-118</b>", parse_mode="HTML", reply_markup=keys("ok")
    )
    assert (sam.last.photo, sam.last.text, sam.last.labels) == (SMALLEST_PNG, "R-118", ["ok"])
    assert sent.photo[-1].width == 1
    again = await bot.send_photo(sam.chat_id, sent.photo[-1].file_id)
    assert again.message_id != sent.message_id
    assert bytes(await (await bot.get_file(sent.photo[-1].file_id)).download_as_bytearray()) == SMALLEST_PNG


async def test_a_picture_must_be_one_and_its_caption_short(bot: Bot, sam: Phone) -> None:
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_photo(sam.chat_id, b"not a picture")
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(sam.chat_id, SMALLEST_PNG, caption="x" * 1025)


async def test_text_and_caption_are_edited_by_different_calls(bot: Bot, sam: Phone) -> None:
    text, photo = await bot.send_message(sam.chat_id, "text"), await bot.send_photo(sam.chat_id, SMALLEST_PNG)
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("x", sam.chat_id, photo.message_id)
    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        await bot.edit_message_caption(sam.chat_id, text.message_id, caption="x")
    await bot.edit_message_caption(sam.chat_id, photo.message_id, caption="now with words")
    assert sam.last.text == "now with words"


async def test_a_text_can_become_a_picture(bot: Bot, sam: Phone) -> None:
    sent = await bot.send_message(sam.chat_id, "drawing")
    await bot.edit_message_media(InputMediaPhoto(SMALLEST_PNG, caption="done"), sam.chat_id, sent.message_id)
    assert (sam.last.id, sam.last.photo, sam.last.text) == (sent.message_id, SMALLEST_PNG, "done")


async def test_a_document_arrives_under_its_name(bot: Bot, sam: Phone) -> None:
    await bot.send_document(sam.chat_id, b"{}", filename="export.json", disable_notification=True)
    assert sam.last.file is not None
    assert (sam.last.file.name, sam.last.file.data, sam.last.silent) == ("export.json", b"{}", True)


async def test_a_tap_can_be_answered_once_and_within_a_minute(
    bot: Bot, call: Caller, sam: Phone, clock: RehearsalClock
) -> None:
    await bot.send_message(sam.chat_id, "?", reply_markup=keys("8"))
    first, late = sam.tap("8"), sam.tap("8")
    await bot.answer_callback_query(first.id, "Noted")
    assert (await first.answered()).text == "Noted"
    clock.advance(timedelta(seconds=61))
    for tap in (first, late):
        with pytest.raises(BadRequest, match="Query is too old and response timeout expired or query id is invalid"):
            await bot.answer_callback_query(tap.id)


async def test_setting_up_calls_are_taken(bot: Bot, sam: Phone) -> None:
    await bot.set_my_commands([("menu", "Menu")])
    await bot.set_my_description("x")
    await bot.set_chat_menu_button()
    await bot.send_chat_action(sam.chat_id, "typing")
    assert (await bot.get_webhook_info()).url == ""


async def test_flood_control_lets_a_short_burst_through_then_one_a_second(
    call: Caller, standin: StandIn, sam: Phone, clock: RehearsalClock
) -> None:
    standin.flood.enabled = True
    answers = [await call("sendMessage", chat_id=sam.chat_id, text="x") for _ in range(6)]
    assert [a["ok"] for a in answers] == [True] * 4 + [False] * 2
    assert answers[4]["error_code"] == 429
    assert answers[4]["parameters"] == {"retry_after": 1}
    assert [given.early for given in standin.flood.given] == [False, True]
    clock.advance(timedelta(seconds=1))
    assert (await call("sendMessage", chat_id=sam.chat_id, text="x"))["ok"]


async def test_flood_control_counts_the_whole_bot(call: Caller, standin: StandIn) -> None:
    standin.flood.enabled = True
    for number in range(40):
        standin.person(100 + number, "P").start()
    answers = [await call("sendMessage", chat_id=100 + number, text="x") for number in range(31)]
    assert [a["ok"] for a in answers] == [True] * 30 + [False]


async def test_every_call_is_recorded_with_its_time(call: Caller, standin: StandIn, sam: Phone) -> None:
    await call("sendMessage", chat_id=sam.chat_id, text="x")
    await call("sendMessage", chat_id=1, text="x")
    assert [(c.method, c.chat_id, c.status, c.at) for c in standin.calls] == [
        ("sendMessage", sam.chat_id, 200, standin.clock.now()),
        ("sendMessage", 1, 400, standin.clock.now()),
    ]


async def test_a_body_that_cannot_be_read_is_refused(call: Caller) -> None:
    headers = {"content-type": "application/json"}
    found: httpx.Response = await call.client.post(f"/bot{TOKEN}/sendMessage", content=b"{", headers=headers)
    assert found.status_code == 400
