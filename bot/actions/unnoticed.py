"""Clients of whom nobody would notice anything: their worker has left, or they are asked nothing for want of a yes.

The managers hear it once a day, until it is mended: it is the file or the roster that brought it about.
"""

from collections.abc import Sequence
from datetime import timedelta

from bot.actions import duty, joining, people
from bot.actions.desk import Turn
from bot.domain.people import Asking, Client, Status
from bot.domain.words import Json

TOLD, EVERY = "unnoticed_told", timedelta(days=1)
OVERLOOKED = timedelta(days=3)
"""Whoever has not agreed to new words for so long may have overlooked the question."""
ALONE, UNAGREED = "manager.unnoticed.alone", "manager.unnoticed.unagreed"


async def tell(turn: Turn) -> int:
    """Once a day, at work."""
    told = await turn.m.marks.get(TOLD)
    if (told is not None and turn.now - told.at < EVERY) or not duty.on_duty(turn.plan, turn.now):
        return 0
    await turn.m.marks.set(TOLD, turn.now)
    clients = [one for one in await turn.m.people.clients() if _takes_part(one)]
    await _say(turn, ALONE, await _alone(turn, clients))
    await _say(turn, UNAGREED, await _unagreed(turn, clients))
    return 0


def _takes_part(client: Client) -> bool:
    return client.person.status is Status.JOINED and client.asking is not Asking.NO_MORE


async def _alone(turn: Turn, clients: Sequence[Client]) -> list[str]:
    """Nobody who works here is their worker."""
    workers = await turn.m.people.many(one.worker_id for one in clients if one.worker_id)
    here = {one.id for one in workers.values() if one.status is not Status.DISCHARGED}
    return [one.ref for one in clients if one.worker_id not in here]


async def _unagreed(turn: Turn, clients: Sequence[Client]) -> list[str]:
    """They agreed to other words than those in force, have been shown these, and have not said yes or no."""
    open_now = [one for one in clients if one.consent_version and not people.consent_current(one, turn.plan)]
    keys = {joining.asking_key(one, people.consent_version(turn.plan, one.person.language)): one for one in open_now}
    shown = await turn.m.outbox.made_before(list(keys), turn.now - OVERLOOKED)
    return [client.ref for key, client in keys.items() if key in shown]


async def _say(turn: Turn, key: str, refs: list[str]) -> None:
    if refs:
        told: list[Json] = [*refs]
        await people.tell_managers(turn, f"{key}:{turn.now.isoformat()}", key, n=len(refs), refs=told)
