"""What an error from Telegram or from the line means for a message: the one table, most special first.

certainly not sent    nobody listened, no connection came about, no slot in the pool; flood control; a refused token
for ever              the chat is dead, or Telegram will never take this message
unsure                everything else: a broken line, a late answer, a proxy's page, half an answer
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import aiohttp
import httpx
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.domain.delivery import CLEAR, DELETE
from bot.ports import Gone, Letter, Refused, Sent, TryLater, Unreachable, Unsure, Verdict

NEVER_LEFT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
NEVER_LEFT_BY_AIOHTTP: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Over httpx-aiohttp a reset after acceptance looks like httpx.ConnectTimeout; the error below it tells the truth."""

UNCHANGED: Final = "message is not modified"
NOT_THERE: Final = (
    "message to edit not found",
    "message to delete not found",
    "message can't be edited",
    "message can't be deleted",
    "message_id_invalid",
    "there is no text in the message",
    "there is no caption in the message",
    "there is no media in the message",
)
NO_SUCH_METHOD: Final = "method not found"
NO_SUCH_CHAT: Final = ("chat not found", "peer_id_invalid", "user is deactivated", "user not found")


def judge(error: BaseException, letter: Letter) -> Verdict:
    """The verdict for an error that a call raised. BadRequest comes before its parent, NetworkError."""
    match error:
        case RetryAfter():
            after = error.retry_after
            return TryLater(after if isinstance(after, timedelta) else timedelta(seconds=after), True, "flood_control")
        case Forbidden():
            return Unreachable(_short(error))
        case ChatMigrated():
            return Refused("chat_migrated")  # a person's chat never is: this one is no person's
        case BadRequest():
            return _bad_request(error, letter)
        case InvalidToken() if NO_SUCH_METHOD in error.message.lower():
            # A Bot API server that cannot do this: only this message's fault. What can't be edited is written anew.
            return Gone() if letter.edits is not None and letter.kind not in (CLEAR, DELETE) else Refused(NO_SUCH_METHOD)
        case InvalidToken():
            return TryLater(timedelta(), why="token_refused")
        case Conflict():
            return TryLater(timedelta(), why="conflict")
        case _:
            return _line(error)


def _bad_request(error: TelegramError, letter: Letter) -> Verdict:
    says = error.message.lower()
    if UNCHANGED in says and letter.edits is not None:
        return Sent(letter.edits, has_photo=letter.shows_photo)
    if "message to delete not found" in says and letter.kind == DELETE and letter.edits is not None:
        return Sent(letter.edits)
    if letter.edits is not None and any(words in says for words in NOT_THERE):
        return Gone()
    if any(words in says for words in NO_SUCH_CHAT):
        return Unreachable(_short(error))
    return Refused(_short(error))


def _line(error: BaseException) -> Verdict:
    below = list(_causes(error))
    by_aiohttp = [one for one in below if isinstance(one, aiohttp.ClientError)]
    never_left = (
        isinstance(by_aiohttp[0], NEVER_LEFT_BY_AIOHTTP)
        if by_aiohttp
        else any(isinstance(one, NEVER_LEFT) for one in below)
    )
    # The names only: the text of an error may hold the address, and with it the token.
    names = "/".join(type(one).__name__ for one in below)[:80]
    return TryLater(timedelta(), why=names) if never_left else Unsure(names)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _short(error: TelegramError) -> str:
    """Telegram's own words about a chat or a message; they hold neither content nor token."""
    return error.message[:120]
