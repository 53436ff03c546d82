"""What Telegram says of a webhook is read, whatever it is, and each kind of failure has its cure."""

from typing import Any

import pytest

from bot.domain.webhook import ELSE, Hook, cure


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("Wrong response from the webhook: 403 Forbidden", "webhook_secret"),
        ("Wrong response from the webhook: 404 Not Found", "webhook_path"),
        ("Wrong response from the webhook: 502 Bad Gateway", "/readyz"),
        ("SSL error {error:0A000086:SSL routines::certificate verify failed}", "certificate"),
        ("Connection refused", "port open"),
        ("Connection timed out", "port open"),
        ("Read timeout expired", "port open"),
        ("Failed to resolve host: Name or service not known", "DNS"),
        ("something new", ELSE),
    ],
)
def test_what_goes_wrong_has_a_cure(error: str, says: str) -> None:
    assert says in cure(error)


def test_what_telegram_tells_is_read() -> None:
    told = {
        "url": "https://bot.example.org/telegram",
        "pending_update_count": 3,
        "last_error_date": 1_700_000_000,
        "last_error_message": "Connection refused",
        "allowed_updates": ["message", "callback_query"],
    }
    kinds = frozenset({"message", "callback_query"})
    assert Hook.of(told) == Hook(told["url"], 3, 1_700_000_000, "Connection refused", kinds)


@pytest.mark.parametrize("more", [{}, {"pending_update_count": "x"}, {"last_error_date": None}, {"allowed_updates": []}])
def test_what_it_does_not_tell_is_nothing(more: dict[str, Any]) -> None:
    assert Hook.of({"url": "", **more}) == Hook()


@pytest.mark.parametrize("told", [None, [], "x", {}, {"url": None}])
def test_something_else_is_no_answer(told: Any) -> None:
    with pytest.raises(ValueError, match="getWebhookInfo"):
        Hook.of(told)


@pytest.mark.parametrize(
    ("url", "host"), [("https://x.org/secret", "x.org"), ("", "an unknown host"), ("https://[", "an unknown host")]
)
def test_of_somebody_s_address_only_the_host_is_named(url: str, host: str) -> None:
    assert Hook(url).host == host
