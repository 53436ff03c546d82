"""The people's side: what they see, what they can do, and what the bot gets to know of it."""

import asyncio
from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update

from bot.rehearsal.telegram import Phone, StandIn, Tap
from tests.rehearsal.conftest import Caller

KEYS = InlineKeyboardMarkup([[InlineKeyboardButton(str(n), callback_data=f"v1:{n}") for n in range(6)]])


async def newest(bot: Bot) -> Update:
    """The last update, read by the library, so that its shape is right too."""
    return (await bot.get_updates(timeout=0))[-1]


async def test_a_link_with_a_code_arrives_as_a_command(bot: Bot, sam: Phone) -> None:
    sam.start("abc-DEF_123")
    message = (await newest(bot)).message
    assert message is not None
    assert (message.text, message.entities[0].type, message.entities[0].length) == (
        "/start abc-DEF_123",
        "bot_command",
        6,
    )
    assert message.from_user is not None
    assert (message.chat.type, message.chat.id) == ("private", message.from_user.id)


async def test_a_tap_carries_the_data_and_the_message(bot: Bot, sam: Phone) -> None:
    sam.start()
    await bot.send_message(sam.chat_id, "old", reply_markup=KEYS)
    sent = await bot.send_message(sam.chat_id, "new", reply_markup=KEYS)
    tap = sam.tap("4")
    query = (await newest(bot)).callback_query
    assert query is not None
    assert (query.id, query.data, query.from_user.id) == (tap.id, "v1:4", sam.chat_id)
    assert query.message is not None
    assert query.message.message_id == sent.message_id


async def test_a_tap_on_a_deleted_message_comes_with_an_inaccessible_one(bot: Bot, sam: Phone) -> None:
    sam.start()
    sent = await bot.send_message(sam.chat_id, "?", reply_markup=KEYS)
    await bot.delete_message(sam.chat_id, sent.message_id)
    sam.tap_data(sent.message_id, "v1:4")
    query = (await newest(bot)).callback_query
    assert query is not None
    assert query.message is not None
    assert not query.message.is_accessible


async def test_a_button_that_is_not_there_cannot_be_tapped(bot: Bot, sam: Phone) -> None:
    sam.start()
    await bot.send_message(sam.chat_id, "choose", reply_markup=KEYS)
    with pytest.raises(AssertionError, match=r"(?s)no button 'Nine'.*choose \| \[0\] \[1\]"):
        sam.tap("Nine")


async def test_a_tap_tells_its_toast_when_it_comes(bot: Bot, sam: Phone) -> None:
    sam.start()
    await bot.send_message(sam.chat_id, "?", reply_markup=KEYS)
    tap = sam.tap("3")
    assert tap.answer is None
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(tap.answered())
        await bot.answer_callback_query(tap.id, "Noted", show_alert=True)
    assert (waiting.result().text, waiting.result().alert) == ("Noted", True)


async def test_a_tap_without_an_answer_fails_readably(sam: Phone) -> None:
    sam.start()
    tap: Tap = sam.tap_data(1, "v1:8")
    with pytest.raises(AssertionError, match="the tap on 'v1:8' was never answered"):
        await tap.answered(timeout=0.01)


@pytest.mark.parametrize("kind", ["photo", "sticker", "voice", "document"])
async def test_other_kinds_of_message_reach_the_bot(bot: Bot, sam: Phone, kind: str) -> None:
    {"document": lambda: sam.document("roster.csv", b"role,ref")}.get(kind, getattr(sam, kind))()
    message = (await newest(bot)).message
    assert message is not None
    assert getattr(message, kind)
    assert message.text is None


async def test_an_edited_and_a_forwarded_message_are_marked_as_such(bot: Bot, sam: Phone) -> None:
    mine = sam.text("7")
    sam.edit(mine.id, "8")
    edited = (await newest(bot)).edited_message
    assert edited is not None
    assert (edited.message_id, edited.text) == (mine.id, "8")
    sam.text("read this", forwarded=True)
    forwarded = (await newest(bot)).message
    assert forwarded is not None
    assert forwarded.forward_origin is not None


async def test_blocking_and_unblocking_are_told_to_the_bot_once(bot: Bot, sam: Phone) -> None:
    sam.start()
    sam.block()
    sam.block()
    sam.unblock()
    changes = [u.my_chat_member for u in await bot.get_updates(timeout=0) if u.my_chat_member]
    assert [c.new_chat_member.status for c in changes] == ["kicked", "member"]


async def test_who_has_blocked_the_bot_cannot_write_but_starting_unblocks(bot: Bot, sam: Phone) -> None:
    sam.start()
    sam.block()
    with pytest.raises(AssertionError, match="has blocked the bot"):
        sam.text("hello")
    sam.start("code")
    assert not sam.blocked
    assert (await newest(bot)).message is not None


async def test_phones_never_see_each_others_chats(bot: Bot, sam: Phone, alex: Phone) -> None:
    sam.start()
    alex.start()
    await bot.send_message(sam.chat_id, "for Sam")
    assert [m.text for m in alex.messages] == ["/start"]
    assert {line.chat_id for line in alex.transcript} == {alex.chat_id}


async def test_a_phone_waits_for_what_it_expects(bot: Bot, sam: Phone) -> None:
    sam.start()
    old = await bot.send_message(sam.chat_id, "hello")
    before = sam.revision
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(sam.expect("hello", after=before))
        await bot.edit_message_text("hello again", sam.chat_id, old.message_id)
    assert waiting.result().text == "hello again"


async def test_what_never_comes_fails_with_the_whole_story(bot: Bot, sam: Phone) -> None:
    sam.start()
    await bot.send_message(sam.chat_id, "something else", reply_markup=KEYS)
    with pytest.raises(AssertionError, match=r"(?s)Sam's phone: 'hello' never came.*said +/start.*sent +something else"):
        await sam.expect("hello", timeout=0.01)


async def test_every_line_is_told_to_a_listener(bot: Bot, standin: StandIn, sam: Phone) -> None:
    heard: list[str] = []
    standin.listeners.append(lambda line: heard.append(f"{line.name} {line.kind} {line.text}"))
    sam.start()
    sent = await bot.send_message(sam.chat_id, "1 of 3", reply_markup=KEYS)
    tap = sam.tap("2")
    await bot.answer_callback_query(tap.id, "Noted")
    await bot.edit_message_text("2 of 3", sam.chat_id, sent.message_id)
    await bot.delete_message(sam.chat_id, sent.message_id)
    happened = ["said /start", "sent 1 of 3", "tapped 2", "toast Noted", "edited 2 of 3", "deleted 2 of 3"]
    assert heard == [f"Sam {line}" for line in happened]


async def test_idle_means_nothing_waits_and_nothing_is_under_way(call: Caller, standin: StandIn, sam: Phone) -> None:
    sam.text("hello")
    with pytest.raises(TimeoutError):
        await standin.idle(quiet=0.01, timeout=0.05)
    number = (await call.updates())[0]["update_id"]
    await call.updates(offset=number + 1)
    await standin.idle(quiet=0.01)


@pytest.mark.parametrize(("kind", "update"), [("supergroup", "message"), ("channel", "channel_post")])
async def test_a_group_can_drag_the_bot_in_and_it_can_leave(
    bot: Bot, standin: StandIn, sam: Phone, kind: str, update: str
) -> None:
    group = standin.group(-100500, "Everybody", kind)
    group.add_bot(by=sam)
    group.text("/start CODE", by=sam)
    found: list[Any] = list(await bot.get_updates(timeout=0))
    assert found[0].my_chat_member.chat.type == kind
    assert getattr(found[1], update).text == "/start CODE"
    await bot.leave_chat(-100500)
    assert not group.has_bot
