"""From JSON that should be an update to an update that can be relied on.

PTB reads what it is given and checks no types: a text that is a number, or an id that no database can hold, would show
only in the middle of a handler, or later in a row. So all that handlers use is looked at here, once. Signs that no
database and no message can hold (NUL, halves of letters) become the sign for "unreadable".
"""

import re
from collections.abc import Mapping
from typing import Any

from telegram import Bot, CallbackQuery, Update

from bot.actions.inbox import LARGEST
from bot.domain.errors import Unreadable

_NO_SIGN = re.compile("[\0\ud800-\udfff]")
UNREADABLE_SIGN = "\ufffd"


def read_update(raw: Mapping[str, Any], tg: Bot | None) -> Update:
    """The update, with every field that handlers use of its promised type. Raises Unreadable for anything else."""
    try:
        update = Update.de_json(_legible(raw), tg)
        sound = _is_known(update) and _is_whole(update)
    except Exception as broken:  # whatever PTB makes of JSON that is no update
        raise Unreadable(type(broken).__name__) from None
    if not sound:
        raise Unreadable("a field of another type")
    return update


def _is_known(update: Update) -> bool:
    """What PTB itself looks at before any handler: who, and where."""
    who = (update.effective_chat, update.effective_user)
    shown = None if update.callback_query else update.effective_message
    ids = [update.update_id, *(one.id for one in who if one is not None)]
    return all(map(_is_id, ids)) and (shown is None or _is_place(shown))


def _is_whole(update: Update) -> bool:
    """What the handlers look at."""
    for message in (update.message, update.edited_message):
        if message is not None and not (_is_text(message.text) and _is_text(message.caption) and _is_place(message)):
            return False
    if (change := update.my_chat_member) is not None:
        return isinstance(change.chat.type, str) and isinstance(change.new_chat_member.status, str)
    return update.callback_query is None or _is_tap(update.callback_query)


def _is_tap(query: CallbackQuery) -> bool:
    placed = query.message is None or _is_place(query.message)
    return placed and isinstance(query.id, str) and _is_id(query.from_user.id) and _is_text(query.data)


def _is_place(message: Any) -> bool:
    """Messages that Telegram no longer shows have a place too."""
    return _is_id(message.message_id) and _is_id(message.chat.id) and isinstance(message.chat.type, str)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return _NO_SIGN.sub(UNREADABLE_SIGN, value)
    if isinstance(value, Mapping):
        return {name: _legible(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_legible(inner) for inner in value]
    return value
