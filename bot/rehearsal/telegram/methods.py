"""The methods that a bot calls, one function each: parameters in, result out, or a refusal."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from bot.rehearsal.telegram import content
from bot.rehearsal.telegram.chats import Chat, message_json
from bot.rehearsal.telegram.params import Params
from bot.rehearsal.telegram.refusals import bad
from bot.rehearsal.telegram.shapes import Entity, File, Json, Keyboard, Message, Toast

if TYPE_CHECKING:
    from bot.rehearsal.telegram.standin import StandIn

DELETABLE = timedelta(hours=48)
TOAST_CHARACTERS, TOAST_LIFE = 200, timedelta(seconds=60)
"""How long a tap can be answered is not documented; reports say seconds to a minute."""

Method: TypeAlias = Callable[["StandIn", Params], Any]


def get_me(tg: "StandIn", params: Params) -> Json:
    return tg.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def accept(tg: "StandIn", params: Params) -> bool:
    """Commands, descriptions, menu buttons, typing signs: taken, and nothing to be seen."""
    return True


def get_chat(tg: "StandIn", params: Params) -> Json:
    return _open_chat(tg, params).as_json() | {"accent_color_id": 0, "max_reaction_count": 11}


def send_message(tg: "StandIn", params: Params) -> Json:
    chat = _open_chat(tg, params)
    plain, entities = content.message_text(params)
    buttons = content.keyboard(params.json("reply_markup"))
    return _post(tg, chat, params, _drafted(tg, chat, params, plain, entities, buttons))


def send_photo(tg: "StandIn", params: Params) -> Json:
    return _send_file(tg, params, "photo")


def send_document(tg: "StandIn", params: Params) -> Json:
    return _send_file(tg, params, "document")


def edit_text(tg: "StandIn", params: Params) -> Json:
    chat, old = _editable(tg, params)
    plain, entities = content.message_text(params)
    if old.kind != "text":
        raise bad("there is no text in the message to edit")
    new = replace(old, text=plain, entities=entities, html=params.text("text"))
    return _edited(tg, chat, old, replace(new, buttons=content.keyboard(params.json("reply_markup"))))


def edit_caption(tg: "StandIn", params: Params) -> Json:
    chat, old = _editable(tg, params)
    plain, entities = _caption(params)
    if old.kind == "text":
        raise bad("there is no caption in the message to edit")
    new = replace(old, text=plain, entities=entities, html=params.text("caption"))
    return _edited(tg, chat, old, replace(new, buttons=content.keyboard(params.json("reply_markup"))))


def edit_media(tg: "StandIn", params: Params) -> Json:
    chat, old = _editable(tg, params)
    media = params.json("media")
    if not isinstance(media, dict) or media.get("type") not in ("photo", "document"):
        raise bad("media is invalid")
    file = _file(tg, params, media["type"], str(media.get("media", "")))
    source = str(media.get("caption") or "")
    plain, entities = content.caption(source, str(media.get("parse_mode") or ""), media.get("caption_entities"))
    new = replace(old, kind=media["type"], file=file, text=plain, entities=entities, html=source)
    return _edited(tg, chat, old, replace(new, buttons=content.keyboard(params.json("reply_markup"))))


def edit_markup(tg: "StandIn", params: Params) -> Json:
    chat, old = _editable(tg, params)
    return _edited(tg, chat, old, replace(old, buttons=content.keyboard(params.json("reply_markup"))))


def delete_message(tg: "StandIn", params: Params) -> bool:
    chat = _open_chat(tg, params)
    found = chat.messages.get(params.number("message_id"))
    if found is None:
        raise bad("message to delete not found")
    if tg.clock.now() - found.date > DELETABLE:
        raise bad("message can't be deleted for everyone")
    tg.remove(chat, found)
    return True


def delete_messages(tg: "StandIn", params: Params) -> bool:
    chat = _open_chat(tg, params)
    wanted = params.json("message_ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= 100:
        raise bad("message identifiers are not specified")
    found = [chat.messages[number] for number in wanted if number in chat.messages]
    for message in found:
        if tg.clock.now() - message.date <= DELETABLE:
            tg.remove(chat, message)
    return True


def answer_tap(tg: "StandIn", params: Params) -> bool:
    text = params.text("text")
    if len(text) > TOAST_CHARACTERS:
        raise bad("MESSAGE_TOO_LONG")
    tap = tg.open_taps.pop(params.text("callback_query_id"), None)
    if tap is None or tg.clock.now() - tap.at > TOAST_LIFE:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    tg.toast(tap, Toast(text, params.flag("show_alert")))
    return True


def leave_chat(tg: "StandIn", params: Params) -> bool:
    chat = _open_chat(tg, params)
    if chat.kind == "private":
        raise bad("chat_id is invalid: a private chat can't be left")
    chat.left, chat.open = True, False
    tg.note(chat, "left", "the bot left")
    return True


def get_file(tg: "StandIn", params: Params) -> Json:
    file = tg.files.get(params.text("file_id"))
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    return {
        "file_id": file.id,
        "file_unique_id": file.id[-15:],
        "file_size": len(file.data),
        "file_path": f"{file.kind}s/{file.id}",
    }


def set_webhook(tg: "StandIn", params: Params) -> bool:
    url = params.text("url")
    if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    tg.set_webhook(url, params.text("secret_token"), params.flag("drop_pending_updates"))
    allow(tg, params)
    return True


def delete_webhook(tg: "StandIn", params: Params) -> bool:
    tg.set_webhook("", "", params.flag("drop_pending_updates"))
    return True


def webhook_info(tg: "StandIn", params: Params) -> Json:
    info: Json = {"url": tg.webhook.url, "has_custom_certificate": False}
    info["pending_update_count"] = len(tg.queue.ready(tg.clock.now(), limit=100_000))
    if tg.queue.allowed:
        info["allowed_updates"] = sorted(tg.queue.allowed)
    error = tg.webhook.last_error
    return info | ({"last_error_date": error[0], "last_error_message": error[1]} if error else {})


def allow(tg: "StandIn", params: Params) -> None:
    """`allowed_updates` stays in force until another call names it again; an empty list means the default."""
    wanted = params.json("allowed_updates")
    if wanted is not None:
        if not isinstance(wanted, list):
            raise bad("can't parse allowed updates JSON object")
        tg.queue.allowed = frozenset(map(str, wanted))


def _open_chat(tg: "StandIn", params: Params) -> Chat:
    if not params.text("chat_id"):
        raise bad("chat_id is empty")
    chat = tg.chats.get(params.chat_id() or 0)
    if chat is None:
        raise bad("chat not found")
    chat.require_open()
    return chat


def _drafted(
    tg: "StandIn", chat: Chat, params: Params, plain: str, entities: tuple[Entity, ...], buttons: Keyboard
) -> Message:
    return Message(
        id=tg.next_message_id(),
        chat_id=chat.id,
        from_bot=True,
        date=tg.clock.now(),
        text=plain,
        entities=entities,
        html=params.text("text"),
        buttons=buttons,
        sender=int(tg.bot["id"]),
        silent=params.flag("disable_notification"),
        protected=params.flag("protect_content"),
    )


def _post(tg: "StandIn", chat: Chat, params: Params, message: Message) -> Json:
    answered = (params.json("reply_parameters") or {}).get("message_id") or params.number("reply_to_message_id")
    lenient = (params.json("reply_parameters") or {}).get("allow_sending_without_reply")
    if answered and answered not in chat.messages and not lenient:
        raise bad("message to be replied not found")
    return message_json(tg.put(chat, message, "sent"), chat, tg.bot)


def _send_file(tg: "StandIn", params: Params, kind: str) -> Json:
    chat = _open_chat(tg, params)
    plain, entities = _caption(params)
    buttons = content.keyboard(params.json("reply_markup"))
    file = _file(tg, params, kind, params.text(kind))
    message = _drafted(tg, chat, params, plain, entities, buttons)
    return _post(tg, chat, params, replace(message, kind=kind, file=file, html=params.text("caption")))


def _caption(params: Params) -> tuple[str, tuple[Entity, ...]]:
    return content.caption(params.text("caption"), params.text("parse_mode"), params.json("caption_entities"))


def _file(tg: "StandIn", params: Params, kind: str, reference: str) -> File:
    known = tg.files.get(reference)
    if known is not None:
        return known
    upload = params.upload(reference, kind)
    if upload is None:
        raise bad("wrong remote file identifier specified: Wrong character in the string")
    make = content.picture if kind == "photo" else content.document
    file = make(upload.data, upload.name, tg.dice)
    tg.files[file.id] = file
    return file


def _editable(tg: "StandIn", params: Params) -> tuple[Chat, Message]:
    chat = _open_chat(tg, params)
    found = chat.messages.get(params.number("message_id"))
    if found is None:
        raise bad("message to edit not found")
    if not found.from_bot:
        raise bad("message can't be edited")
    return chat, found


def _edited(tg: "StandIn", chat: Chat, old: Message, new: Message) -> Json:
    same_file = (old.file.data if old.file else b"") == (new.file.data if new.file else b"")
    if (old.text, old.entities, old.buttons, old.kind) == (new.text, new.entities, new.buttons, new.kind) and same_file:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    return message_json(tg.put(chat, replace(new, edited=tg.clock.now()), "edited"), chat, tg.bot)


PACED = frozenset(
    {"sendmessage", "sendphoto", "senddocument", "editmessagetext", "editmessagecaption", "editmessagemedia",
     "editmessagereplymarkup"}
)  # fmt: skip
"""Calls that flood control counts."""

_ACCEPTED = (
    "setMyCommands", "deleteMyCommands", "setMyDescription", "setMyShortDescription", "setMyName",
    "setChatMenuButton", "setMyDefaultAdministratorRights", "sendChatAction",
)  # fmt: skip

METHODS: Mapping[str, Method] = {name.lower(): accept for name in _ACCEPTED} | {
    "getme": get_me,
    "getchat": get_chat,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "editmessagetext": edit_text,
    "editmessagecaption": edit_caption,
    "editmessagemedia": edit_media,
    "editmessagereplymarkup": edit_markup,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
    "answercallbackquery": answer_tap,
    "leavechat": leave_chat,
    "getfile": get_file,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": webhook_info,
}
