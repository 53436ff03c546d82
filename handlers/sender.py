"""The way out to Telegram: a letter becomes a screen by its view, the screen one call, the outcome a verdict.

Telegram edits a text, a caption and a picture by three different calls, and turns no text into a picture: where the
shape has to change, a new message is sent without sound, and the courier takes the old one away.
"""

import asyncio
import os
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import httpx
import structlog
from httpx_aiohttp import AiohttpTransport
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
)
from telegram.constants import MessageLimit, ParseMode
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot import charts
from bot.domain.delivery import CLEAR, DELETE
from bot.domain.outgoing import ALSO
from bot.ports import Letter, Refused, Sent, Unsure, Verdict
from bot.texts import Html, MissingText, seen
from handlers.verdicts import NO_SUCH_METHOD, judge
from handlers.views.screen import Screen, View, Voice

# Without it PTB warns, with every 429, that retry_after will one day be a timedelta.
os.environ.setdefault("PTB_TIMEDELTA", "true")

CONNECTIONS = 32
READ_SECONDS = 20.0
"""A longer wait means fewer messages of which nobody knows whether they arrived."""
LONG_POLL_SECONDS = 65.0
CONNECT_SECONDS = 5.0
POOL_SECONDS = 10.0
"""For a free connection. Over aiohttp it covers connecting too."""
KEEP_ALIVE_SECONDS = 20.0
MAY_BE_REPEAT, NO_PICTURE = "worker.alert.may_be_repeat", "worker.alert.no_picture"

VoiceFor: TypeAlias = Callable[[str], Voice]
"""Language → voice."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A screen ready to go: words, buttons, and the picture, drawn."""

    text: str
    keyboard: InlineKeyboardMarkup | None
    photo: bytes | None
    protected: bool

    @property
    def has_buttons(self) -> bool:
        return self.keyboard is not None


class TelegramMessenger:
    """`bot.ports.Messenger` over a PTB bot."""

    def __init__(self, tg: Bot, views: Mapping[str, View], voice_for: VoiceFor) -> None:
        """`views`: kind → view. CLEAR and DELETE need none."""
        self._tg = tg
        self._views = views
        self._voice_for = voice_for

    async def prepare(self, letter: Letter) -> Letter:
        """Words and picture, ahead of the slot. What goes wrong here becomes the verdict."""
        if letter.kind in (CLEAR, DELETE) or letter.ready is not None:
            return letter
        try:
            return replace(letter, ready=await self._packed(letter))
        except Exception as broken:
            # A missing text names its key and its fact, never what the fact held.
            which = str(broken) if isinstance(broken, MissingText) else None
            log.error("view_failed", kind=letter.kind, error=type(broken).__name__, key=which)
            return replace(letter, ready=Refused(f"view of {letter.kind}: {type(broken).__name__}"))

    async def deliver(self, letter: Letter) -> Verdict:
        letter = await self.prepare(letter)
        if isinstance(letter.ready, Refused):
            return letter.ready
        try:
            return await self._send(letter)
        except TelegramError as error:
            verdict = judge(error, letter)
            if isinstance(verdict, Sent) and isinstance(letter.ready, _Parcel):
                return replace(verdict, has_buttons=letter.ready.has_buttons)
            return verdict
        except Exception as error:
            log.error("call_failed", kind=letter.kind, error=type(error).__name__)
            return Unsure(type(error).__name__)

    async def reaches(self) -> bool:
        try:
            await self._tg.get_me()
        except Exception:  # whatever it is, nobody answered as Telegram does
            return False
        return True

    # ------------------------------------------------------------ packing

    async def _packed(self, letter: Letter) -> _Parcel:
        voice = self._voice_for(letter.language)
        screen = self._views[letter.kind](letter.facts, voice)
        text: str = screen.text
        if letter.may_be_repeat:
            text = f"{voice.say(MAY_BE_REPEAT)}\n\n{text}"
        photo = await _drawn(screen, letter.kind)
        if screen.chart is not None and photo is None:
            text = f"{text}\n\n{voice.say(NO_PICTURE)}"
        return _Parcel(text, _keyboard(screen), photo, screen.protected)

    # ------------------------------------------------------------ one call

    async def _send(self, letter: Letter) -> Verdict:
        if letter.edits is not None and letter.kind == DELETE:
            await self._delete(letter.chat_id, letter.edits, letter.facts.get(ALSO))
            return Sent(letter.edits)
        if letter.edits is not None and letter.kind == CLEAR:
            await self._tg.edit_message_reply_markup(letter.chat_id, letter.edits, reply_markup=None)
            return Sent(letter.edits, has_photo=letter.shows_photo)
        if not isinstance(letter.ready, _Parcel):
            return Refused(f"{letter.kind} without a message")
        if letter.edits is None or not _same_shape(letter, letter.ready):
            return await self._new(letter, letter.ready)
        return await self._edit(letter, letter.ready, letter.edits)

    async def _delete(self, chat_id: int, message_id: int, also: object) -> None:
        """One message, or many at once; not every Bot API server knows how to take many."""
        if not isinstance(also, list) or not also:
            await self._tg.delete_message(chat_id, message_id)
            return
        together = [message_id, *also]
        try:
            await self._tg.delete_messages(chat_id, together)
        except InvalidToken as unknown:
            if NO_SUCH_METHOD not in unknown.message.lower():
                raise
            for one in together:
                with suppress(BadRequest):  # gone already, or too old
                    await self._tg.delete_message(chat_id, one)

    async def _new(self, letter: Letter, parcel: _Parcel) -> Sent:
        silent = letter.silent or letter.edits is not None
        common: dict[str, Any] = {
            "parse_mode": ParseMode.HTML,
            "reply_markup": parcel.keyboard,
            "protect_content": parcel.protected,
            "disable_notification": silent,
        }
        no_preview = LinkPreviewOptions(is_disabled=True)
        text, sent = parcel.text, await self._picture(letter, parcel, common)
        if sent is not None:
            return Sent(sent.message_id, True, parcel.has_buttons)
        if parcel.photo is not None:
            text = f"{text}\n\n{self._voice_for(letter.language).say(NO_PICTURE)}"
        sent = await self._tg.send_message(letter.chat_id, text, link_preview_options=no_preview, **common)
        return Sent(sent.message_id, False, parcel.has_buttons)

    async def _picture(self, letter: Letter, parcel: _Parcel, common: Mapping[str, Any]) -> Message | None:
        """The message with the picture; None where there is none, or where the other side does not know pictures.

        Not every Bot API server does: it answers "not found" (which would mean the token too), or with no message.
        What is told matters more than how, and the words hold the same facts.
        """
        if parcel.photo is None:
            return None
        sent: object = None
        try:
            sent = await self._tg.send_photo(letter.chat_id, parcel.photo, caption=parcel.text, **common)
        except InvalidToken:
            log.warning("picture_not_taken", kind=letter.kind)
        return sent if isinstance(sent, Message) else None

    async def _edit(self, letter: Letter, parcel: _Parcel, message_id: int) -> Sent:
        where: dict[str, Any] = {"chat_id": letter.chat_id, "message_id": message_id, "reply_markup": parcel.keyboard}
        if parcel.photo is not None:
            media = InputMediaPhoto(parcel.photo, caption=parcel.text, parse_mode=ParseMode.HTML)
            await self._tg.edit_message_media(media, **where)
        elif letter.shows_photo:
            await self._tg.edit_message_caption(caption=parcel.text, parse_mode=ParseMode.HTML, **where)
        else:
            no_preview = LinkPreviewOptions(is_disabled=True)
            await self._tg.edit_message_text(
                parcel.text, parse_mode=ParseMode.HTML, link_preview_options=no_preview, **where
            )
        return Sent(message_id, letter.shows_photo, parcel.has_buttons)


def _same_shape(letter: Letter, parcel: _Parcel) -> bool:
    """Whether what stands there can show it. A picture keeps standing over new words, if they fit below it."""
    if parcel.photo is not None:
        return letter.shows_photo
    return not letter.shows_photo or len(seen(Html(parcel.text))) <= MessageLimit.CAPTION_LENGTH


async def _drawn(screen: Screen, kind: str) -> bytes | None:
    """The picture, or None if there is none or it could not be drawn: the words hold the same facts."""
    if screen.chart is None:
        return None
    try:
        return await asyncio.to_thread(charts.draw, screen.chart.picture, screen.chart.labels)
    except Exception as broken:
        log.error("picture_not_drawn", kind=kind, error=type(broken).__name__)
        return None


def _keyboard(screen: Screen) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(one.label, callback_data=one.data, url=one.url) for one in row] for row in screen.rows]
    return InlineKeyboardMarkup(rows) if rows else None


# ---------------------------------------------------------------- the line


def make_bot(token: str, api_base_url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> ExtBot[None]:
    """PTB's bot on lines of our own. `transport` takes the place of the network, as the stand-in does in process."""
    base = api_base_url.rstrip("/")
    return ExtBot(
        token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=_line(base, CONNECTIONS, READ_SECONDS, transport),
        get_updates_request=_line(base, 1, LONG_POLL_SECONDS, transport),
    )


@cache
def _authorities() -> ssl.SSLContext:
    """Whose certificates are trusted: read once, which takes longer than to connect."""
    return httpx.create_ssl_context()


def _line(base: str, connections: int, read_seconds: float, transport: httpx.AsyncBaseTransport | None) -> HTTPXRequest:
    # The pool's size counts where the connections are made: in the transport, not in httpx above it.
    limits = httpx.Limits(max_connections=connections, keepalive_expiry=KEEP_ALIVE_SECONDS)
    own = transport or AiohttpTransport(limits=limits, verify=_authorities())
    # Proxies from the environment are for the network, not for what stands in for Telegram on this machine.
    here = transport is not None or urlsplit(base).hostname in ("127.0.0.1", "localhost", "::1")
    return HTTPXRequest(
        connection_pool_size=connections,
        read_timeout=read_seconds,
        write_timeout=10.0,
        connect_timeout=CONNECT_SECONDS,
        pool_timeout=POOL_SECONDS,
        httpx_kwargs={"transport": own, "trust_env": not here},
    )
