"""What a message may hold: texts, keyboards, files. Everything that Telegram refuses is refused here."""

import random
from typing import Any

from bot.rehearsal.telegram.entities import read_html, read_plain
from bot.rehearsal.telegram.params import Params
from bot.rehearsal.telegram.refusals import bad
from bot.rehearsal.telegram.shapes import Button, Entity, File, Keyboard

TEXT, CAPTION, RAW_BYTES = 4096, 1024, 32_768
BUTTONS, BUTTONS_IN_ROW, DATA_BYTES = 100, 8, 64
PICTURE_BYTES = 10 * 1024 * 1024


def read_text(source: str, parse_mode: str, entities: Any) -> tuple[str, tuple[Entity, ...]]:
    """Plain text and entities of what the bot sent. Only HTML and none are played."""
    if len(source.encode()) > RAW_BYTES:
        raise bad("message is too long")
    if parse_mode.lower() == "html":
        return read_html(source)
    if parse_mode:
        raise bad("unsupported parse_mode")
    plain, none = read_plain(source)
    if not entities:
        return plain, none
    return plain, tuple(Entity(e["type"], e["offset"], e["length"], e.get("url")) for e in entities)


def message_text(params: Params) -> tuple[str, tuple[Entity, ...]]:
    """The text of sendMessage and editMessageText: 1 to 4096 characters once the markup is read."""
    plain, entities = read_text(params.text("text"), params.text("parse_mode"), params.json("entities"))
    if not plain:
        raise bad("message text is empty")
    if len(plain) > TEXT:
        raise bad("message is too long")
    return plain, entities


def caption(source: str, parse_mode: str, entities: Any) -> tuple[str, tuple[Entity, ...]]:
    """The caption of a picture or document: up to 1024 characters once the markup is read."""
    plain, found = read_text(source, parse_mode, entities)
    if len(plain) > CAPTION:
        raise bad("message caption is too long")
    return plain, found


def keyboard(markup: Any) -> Keyboard:
    """Inline buttons. Other kinds of markup are accepted and show nothing."""
    if markup is None:
        return ()
    if not isinstance(markup, dict):
        raise bad("can't parse reply keyboard markup JSON object")
    rows = markup.get("inline_keyboard", [])
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be an Array of Arrays of InlineKeyboardButton')
    if sum(map(len, rows)) > BUTTONS or any(len(row) > BUTTONS_IN_ROW for row in rows):
        raise bad("reply markup is too long")
    return tuple(tuple(_button(button) for button in row) for row in rows if row)


def _button(raw: Any) -> Button:
    if not isinstance(raw, dict) or not str(raw.get("text") or "").strip():
        raise bad('can\'t parse inline keyboard button: Field "text" must be a non-empty String')
    data, url = raw.get("callback_data"), raw.get("url")
    if data is None and not url:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if data is not None and not 1 <= len(str(data).encode()) <= DATA_BYTES:
        raise bad("BUTTON_DATA_INVALID")
    return Button(str(raw["text"]), None if data is None else str(data), url)


def picture(data: bytes, name: str, dice: random.Random) -> File:
    """An uploaded photo. Telegram looks inside: what is no picture is refused."""
    if not data:
        raise bad("file must be non-empty")
    if len(data) > PICTURE_BYTES:
        raise bad("file is too big for a photo")
    if not data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise bad("IMAGE_PROCESS_FAILED")
    return File(new_id(dice), name, "photo", data, _size(data))


def document(data: bytes, name: str, dice: random.Random) -> File:
    """An uploaded file of any kind."""
    if not data:
        raise bad("file must be non-empty")
    return File(new_id(dice), name, "document", data)


def new_id(dice: random.Random) -> str:
    """A file id: opaque, unguessable in the real thing, seeded here."""
    return f"AgACAgQ{dice.getrandbits(160):040x}"


def _size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG from its first chunk; something plausible for a JPEG."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return 640, 480
