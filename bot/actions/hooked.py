"""`doctor` about the webhook: does Telegram bring updates where the configuration says, and does it get through?"""

from datetime import datetime, timedelta

import httpx
from pydantic import SecretStr

from bot.actions import getme
from bot.actions.findings import Finding, fine, note, wrong
from bot.config.settings import Mode, Settings
from bot.domain.webhook import Hook, cure
from bot.logs import redact
from bot.ports import Clock

LATELY = timedelta(minutes=30)
"""An error that is older says nothing about now; Telegram names the last one for ever."""
LONGEST_ERROR = 160


async def look_at_webhook(settings: Settings, token: SecretStr, clock: Clock) -> list[Finding]:
    """What Telegram says. Where it says nothing that can be read, the finding about the token says enough."""
    try:
        answer = await getme.ask(settings, token, "getWebhookInfo")
        hook = Hook.of(answer.json()["result"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return [note("webhook", "Telegram did not say where it brings updates.")]
    if settings.telegram.mode is Mode.POLLING:
        return _while_polling(hook)
    return [_in_place(hook, settings.telegram.webhook_url or "", clock.now())]


def _while_polling(hook: Hook) -> list[Finding]:
    if not hook.url:
        return []
    says = f"Telegram brings updates to {hook.host}, and the mode is polling: `checkin-bot run` ends that when it starts."
    return [note("webhook", says)]


def _in_place(hook: Hook, url: str, now: datetime) -> Finding:
    if not hook.url:
        return note("webhook", "None is set: `checkin-bot run` sets it when it starts.")
    if hook.url != url:
        right = (
            "A running bot puts its own back within half a minute. If it moves again, another program has the token: "
            "end it, or /revoke the token at @BotFather."
        )
        return wrong("webhook", f"Telegram brings updates to {hook.host}, not to telegram.webhook_url.", right)
    ago = now.timestamp() - hook.error_at
    if hook.error_at and ago < LATELY.total_seconds():
        minutes = max(0, round(ago / 60))
        said = redact(hook.error)[:LONGEST_ERROR]
        says = f"{minutes} min ago Telegram could not bring an update here: {said!r}. {hook.waiting} wait there."
        return wrong("webhook", says, cure(hook.error))
    return fine("webhook", f"Telegram brings updates here; {hook.waiting} wait there.")
