"""What Telegram says when it refuses, in its own words and with its own codes (research: tdlib/telegram-bot-api)."""

from collections.abc import Mapping


class Refusal(Exception):
    """An answer that is not ok: `code` is also the HTTP status."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, int] | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, dict(parameters or {})

    def body(self) -> dict[str, object]:
        """The JSON that travels."""
        body: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad(what: str) -> Refusal:
    """400: this call will never be taken as it is."""
    return Refusal(400, f"Bad Request: {what}")


def forbidden(what: str) -> Refusal:
    """403: this person or chat does not let the bot in."""
    return Refusal(403, f"Forbidden: {what}")


def conflict(what: str) -> Refusal:
    """409: somebody else is receiving."""
    return Refusal(409, f"Conflict: {what}")


def too_many(retry_after: int) -> Refusal:
    """429: flood control, in whole seconds."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})
