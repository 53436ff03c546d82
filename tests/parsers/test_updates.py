"""Anything shaped like an update: read or set aside at once, never tried again, and in nobody's way."""

import asyncio
import json
from copy import deepcopy
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from telegram import Update

from bot.domain.errors import Unreadable
from handlers.receiver import Receiver
from handlers.sender import make_bot
from handlers.updates import read_update
from storage import tables as t
from tests.parsers.cases import made_up
from tests.parsers.house import CHATS, TOKEN, House
from tests.parsers.shapes import CHAT, LONE, MESSAGE, NASTY, PERSON, json_values, numbers, plain_values, texts

GROUP = {"id": -100, "type": "group", "title": "G"}
MEMBER = {"user": {**PERSON, "is_bot": True}, "status": "member"}
CHANGE = {"chat": CHAT, "from": PERSON, "date": 1_778_587_200, "old_chat_member": MEMBER, "new_chat_member": MEMBER}
TAP = {"id": "9", "from": PERSON, "chat_instance": "1", "data": "1:m:top"}
PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
VOICE = {"file_id": "f", "file_unique_id": "u", "duration": 1}
UPDATES: tuple[dict[str, Any], ...] = (
    {"message": {**MESSAGE, "text": "7"}},
    {
        "message": {
            **MESSAGE,
            "text": "hello",
            "reply_to_message": {**MESSAGE, "reply_to_message": {**MESSAGE, "text": "x"}},
        }
    },
    {
        "message": {
            **MESSAGE,
            "text": "/start aaaaaaaaaaaaaaaaaaaaaaaa",
            "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
        }
    },
    {"message": {**MESSAGE, "text": "/next R-118 14 May"}},
    {"message": {**MESSAGE, "photo": PHOTO, "caption": "c"}},
    {"message": {**MESSAGE, "voice": VOICE}},
    {"message": {**MESSAGE, "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "H"}, "text": "f"}},
    {"message": {**MESSAGE, "chat": GROUP, "text": "hi"}},
    {"message": {**MESSAGE, "chat": GROUP, "new_chat_members": [PERSON]}},
    {"edited_message": {**MESSAGE, "edit_date": 1_778_587_300, "text": "6"}},
    {"callback_query": {**TAP, "message": MESSAGE}},
    {"callback_query": {**TAP, "message": {"chat": CHAT, "message_id": 7, "date": 0}}},
    {"callback_query": {**TAP, "inline_message_id": "i"}},
    {"my_chat_member": {**CHANGE, "new_chat_member": {**MEMBER, "status": "kicked", "until_date": 0}}},
    {"my_chat_member": {**CHANGE, "chat": GROUP}},
    {"channel_post": {**MESSAGE, "chat": {"id": -5, "type": "channel", "title": "C"}}},
    {},
)
PATHS = (
    "chat",
    "from",
    "id",
    "type",
    "text",
    "data",
    "message",
    "message_id",
    "date",
    "status",
    "new_chat_member",
    "reply_to_message",
)


@st.composite
def updates(draw: st.DrawFn) -> dict[str, Any]:
    """One of Telegram's own, with some of it exchanged, taken out, or added to."""
    update = deepcopy(draw(st.sampled_from(UPDATES)))
    for _ in range(draw(st.integers(0, 3))):
        places = list(_tables(update))
        table = places[draw(st.integers(0, len(places) - 1))]
        keys = sorted(table) or ["message"]
        key = draw(st.one_of(st.sampled_from(keys), st.sampled_from(PATHS)))
        match draw(st.integers(0, 5)):
            case 0:
                table.pop(key, None)
            case 1:
                table[draw(texts)] = draw(json_values)
            case 2:
                table[key] = draw(json_values)
            case 3:
                table[key] = draw(numbers)
            case _:
                table[key] = draw(texts) if isinstance(table.get(key, ""), str) else draw(plain_values)
    return update


def _tables(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for inner in list(value.values()):
            yield from _tables(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _tables(inner)


@pytest.mark.parametrize("update", UPDATES)
def test_what_telegram_sends_is_readable(update: dict[str, Any]) -> None:
    assert read_update({**update, "update_id": 1}, None).update_id == 1


@made_up("updates_read", update=updates())
def test_an_update_is_read_with_the_types_that_handlers_rely_on_or_is_unreadable(update: dict[str, Any]) -> None:
    try:
        read = read_update({**update, "update_id": 1}, None)
    except Unreadable:
        return
    assert isinstance(read, Update)
    for message in (read.message, read.edited_message):
        if message is not None:
            assert isinstance(message.message_id, int)
            assert isinstance(message.chat.id, int)
            assert message.text is None or not set(message.text) & {"\0", *LONE}
    if read.callback_query is not None:
        assert isinstance(read.callback_query.from_user.id, int)
        assert isinstance(read.callback_query.data, str | None)


@made_up(
    "updates_handled",
    on="house",
    update=updates(),
    chat=st.sampled_from(CHATS),
)
def test_no_handler_fails_whatever_the_update(house: House, update: dict[str, Any], chat: int) -> None:
    """It is done or set aside, at the first attempt; and nothing that is no answer is kept as one."""
    for table in _tables(update):
        if table.get("id") == 1001:
            table["id"] = chat
    assert house.run(house.hears(update)) in ("done", "dead")
    assert house.run(house.every_answer_fits())


batches = st.lists(
    st.one_of(
        json_values,
        st.builds(lambda number, update: {**update, "update_id": number}, st.one_of(numbers, json_values), updates()),
        st.builds(lambda number, update: {**update, "update_id": number}, st.integers(0, 2**31), updates()),
    ),
    max_size=4,
)


@made_up(
    "updates_received",
    on="house",
    result=st.one_of(batches, json_values),
)
def test_receiving_goes_on_whatever_comes_and_keeps_what_is_an_update(house: House, result: Any) -> None:
    house.run(_received(house, result))


async def _received(house: House, result: Any) -> None:
    body = json.dumps({"ok": True, "result": result})
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    async with house.desk.turn() as turn:
        await turn.m.con.execute(t.inbox.delete())
    receiver = Receiver(house.desk, make_bot(TOKEN, "http://telegram", transport=transport), _nobody)
    pause = await receiver._once(0)
    listed = json.loads(body)["result"]
    known = {one["update_id"] for one in listed if _is_update(one)} if isinstance(listed, list) else set()
    async with house.desk.glance() as m:
        assert set(await m.con.scalars(sa.select(t.inbox.c.update_id))) == known
    assert receiver._offset == (max(known) + 1 if known else None)
    # What can't be confirmed comes again at once: without a pause the loop would run hot.
    assert isinstance(pause, timedelta) if listed and not known else pause is None or not isinstance(listed, list)


def _is_update(one: Any) -> bool:
    number = one.get("update_id") if isinstance(one, dict) else None
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63


async def _nobody() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("nasty", NASTY)
def test_signs_that_nothing_can_hold_never_get_past_the_door(nasty: str) -> None:
    read = read_update({"update_id": 1, "message": {**MESSAGE, "text": f"a{nasty}b"}}, None)
    assert read.message is not None
    assert read.message.text is not None
    read.message.text.encode()
    assert "\0" not in read.message.text
