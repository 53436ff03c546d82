"""When Telegram does not answer as it should: what is logged, what stands in the way, how soon to try again."""

from datetime import timedelta

import structlog
from telegram.error import EndPointNotFound, InvalidToken, RetryAfter, TelegramError

from bot.actions.pulse import Progress
from bot.domain.errors import Unreadable

LONGEST_PAUSE = timedelta(seconds=10)
"""Taps wait 150 s at Telegram, so the pauses between tries stay short."""

log = structlog.get_logger()


def token_refused(attempt: int) -> None:
    """Telegram answered, and does not know us."""
    log.error("token_refused", hint="Is the token right, and does the address lead to Telegram?", attempt=attempt)


def pause_after(broken: Exception, tries: int, progress: Progress, loop: str) -> timedelta:
    """How long to wait after something went wrong in `loop` for the `tries`-th time in a row, from nought."""
    progress.trouble[loop] = _in_a_word(broken)
    if isinstance(broken, RetryAfter):
        after = broken.retry_after
        return after if isinstance(after, timedelta) else timedelta(seconds=after)
    if isinstance(broken, InvalidToken | EndPointNotFound):
        token_refused(tries + 1)
    elif isinstance(broken, TelegramError | Unreadable):
        log.warning("receiving_failed", error=type(broken).__name__, attempt=tries + 1)
    else:
        log.error("updates_not_kept", error=type(broken).__name__, attempt=tries + 1)
    return min(timedelta(seconds=2 ** min(tries, 4)), LONGEST_PAUSE)


def _in_a_word(broken: Exception) -> str:
    match broken:
        case InvalidToken() | EndPointNotFound():
            return "token_refused"
        case RetryAfter():
            return "flood_control"
        case TelegramError() | Unreadable():
            return "not_reached"
        case _:
            return "not_kept"
