"""What Telegram says of the webhook, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Hook:
    """Where updates are pushed to, how many wait, and what went wrong last, in Telegram's words."""

    url: str = ""
    waiting: int = 0
    error_at: int = 0
    """Seconds since 1970; 0: nothing has gone wrong yet. Telegram keeps saying it long after all is well again."""
    error: str = ""
    asks_for: frozenset[str] | None = None
    """The kinds of updates that are pushed; None: Telegram did not say, or its usual ones."""

    @classmethod
    def of(cls, told: object) -> "Hook":
        """From the result of `getWebhookInfo`. Raises ValueError for anything else."""
        if not isinstance(told, Mapping) or not isinstance(told.get("url"), str):
            raise ValueError("not what getWebhookInfo answers")
        kinds = told.get("allowed_updates")
        return cls(
            told["url"],
            _whole(told.get("pending_update_count")),
            _whole(told.get("last_error_date")),
            str(told.get("last_error_message") or ""),
            frozenset(map(str, kinds)) if isinstance(kinds, list) and kinds else None,
        )

    @property
    def host(self) -> str:
        """The machine it leads to; the rest of somebody's address may be a secret of theirs."""
        try:
            return urlsplit(self.url).hostname or "an unknown host"
        except ValueError:
            return "an unknown host"


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


CURES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("403", "forbidden"), "The secret differs: give every process the same telegram.webhook_secret and restart."),
    (("404", "405"), "The web server passes another path on than telegram.webhook_path."),
    (
        ("502", "503", "504"),
        "The web server in front can't reach the bot, or the bot its database: /readyz on http.listen.",
    ),
    (("ssl", "certificate", "tls"), "The certificate: renewed in time, for this name, and sent with the whole chain?"),
    (("resolve", "getaddrinfo", "name or service"), "The name in telegram.webhook_url is not known to the world: DNS."),
    (
        ("refused", "timed out", "timeout", "unreachable", "reset"),
        "Is the web server up, and its port open to the world?",
    ),
)
"""Words of Telegram (in small letters) → what to do. The first row that fits."""
ELSE = "Call telegram.webhook_url from outside, and look at what the web server in front logs."


def cure(error: str) -> str:
    """What to do about what Telegram says went wrong."""
    said = error.lower()
    return next((right for words, right in CURES if any(word in said for word in words)), ELSE)
