"""What is wrong with the webhook and with the heartbeat: addresses that nobody could call, doors that stay shut."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.config.document import Document
from bot.config.problems import Fault, Weight

TELEGRAM = "https://api.telegram.org"
PORTS = (443, 80, 88, 8443)
"""Those that Telegram calls."""
OURS = ("/healthz", "/readyz", "/metrics")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
LONG_ENOUGH = 16
PATH = re.compile(r"/[A-Za-z0-9._~/-]*")


def webhook(document: Document) -> Iterator[Fault]:
    """Everything about `telegram.webhook_…`, and what of `http` it needs."""
    yield from _secret(document)
    yield from _path(document)
    if document.telegram.mode != "webhook":
        return
    for key in ("webhook_url", "webhook_secret"):
        if getattr(document.telegram, key) is None:
            right = f"add {key}, or take the mode out"
            yield Fault(("telegram", key), "is missing, and the mode is webhook", right)
    yield from _url(document)
    if not document.http.listen:
        right = 'write an address for updates to come in by: listen = "127.0.0.1:8080"'
        yield Fault(("http", "listen"), "is off, and the mode is webhook", right)


def _url(document: Document) -> Iterator[Fault]:
    here, url = ("telegram", "webhook_url"), document.telegram.webhook_url
    if url is None or document.telegram.api_base_url != TELEGRAM:
        return  # a Bot API server of one's own calls whatever it is told
    if not url.startswith("https://"):
        yield Fault(here, "Telegram calls only https", "write https://…")
        return
    try:
        port = urlsplit(url).port or 443
    except ValueError:
        port = 0
    if port not in PORTS:
        yield Fault(here, "Telegram does not call that port", "use 443, 80, 88 or 8443")


def _secret(document: Document) -> Iterator[Fault]:
    here, secret = ("telegram", "webhook_secret"), document.telegram.webhook_secret
    if secret is None:
        return
    if not SECRET.fullmatch(secret.get_secret_value()):
        yield Fault(here, "Telegram does not take it", "use 1 to 256 of A-Z a-z 0-9 _ -")
    elif len(secret.get_secret_value()) < LONG_ENOUGH:
        right = f"use {LONG_ENOUGH} letters or more: openssl rand -hex 32"
        yield Fault(here, "is short enough to be guessed", right, Weight.WARNING)


def _path(document: Document) -> Iterator[Fault]:
    here, path = ("telegram", "webhook_path"), document.telegram.webhook_path
    if path in OURS:
        yield Fault(here, "something else is served there", 'write another one: "/telegram"')
    elif not PATH.fullmatch(path):
        yield Fault(here, "is no path", 'write it as in "/telegram"')
