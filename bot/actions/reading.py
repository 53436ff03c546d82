"""Reading a check-in by the rules, so that a rule that fails can never cost an answer."""

from datetime import timedelta

import structlog

from bot.actions import signals
from bot.actions.desk import Turn
from storage.unit_of_work import is_trouble

AGAIN_AFTER = timedelta(minutes=10)

log = structlog.get_logger()


async def read(turn: Turn, client_id: str, check_in_id: str | None = None) -> str | None:
    """What the client is now to be asked about: how shall the worker hear? (`Outcome.sharing`); None = nothing to ask.

    Without a check-in: something else has come to be known of the client, such as a meeting that was not held. What
    fails is undone and read again later (or with the next check-in); everything else of this turn is kept. Raises what
    the database itself is at fault for: then the turn is tried again within seconds, and the alert with it.
    """
    try:
        async with turn.m.apart():
            return (await signals.evaluate(turn, client_id, check_in_id)).sharing
    except Exception as broken:
        if is_trouble(broken):
            raise
        log.error("check_in_not_read", check_in=check_in_id, error=type(broken).__name__)
        if check_in_id is not None:
            await turn.m.checkins.change(check_in_id, evaluate_at=turn.now + AGAIN_AFTER)
        return None
