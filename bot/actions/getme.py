"""Asking Telegram, outside of a running bot, who we are and the like: for `doctor`, and for an invitation's link."""

from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from bot.config.settings import Settings

PATIENCE_SECONDS = 15.0


async def bot_name(settings: Settings) -> str | None:
    """What Telegram calls the bot; None without a token, or where Telegram can't be reached or does not know it."""
    if settings.telegram.token is None:
        return None
    try:
        return name_in(await ask(settings, settings.telegram.token))
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


async def ask(settings: Settings, token: SecretStr, method: str = "getMe") -> httpx.Response:
    """The answer as it came. What this raises may hold the token in its words: show the type only."""
    here = host(settings) in ("127.0.0.1", "localhost", "::1")
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=not here) as line:
        return await line.get(f"{settings.telegram.api_base_url.rstrip('/')}/bot{token.get_secret_value()}/{method}")


def host(settings: Settings) -> str:
    """The machine that is asked."""
    return urlsplit(settings.telegram.api_base_url).hostname or settings.telegram.api_base_url


def name_in(answer: httpx.Response) -> str | None:
    """The bot's name, if the answer tells it."""
    try:
        return str(answer.json()["result"]["username"]) if answer.status_code == 200 else None
    except (ValueError, KeyError, TypeError):
        return None
