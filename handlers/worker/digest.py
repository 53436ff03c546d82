"""`/digest`: the worker's week so far."""

from bot.actions import digest
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route


async def week(talk: Talk) -> None:
    """It is about one worker's own clients: to managers it says where their figures are."""
    staff = access.speaker(talk)
    if staff.role is not Role.WORKER:
        raise Refusal("errors.digest_of_workers")
    await digest.show(talk.turn, staff)


COMMANDS = {"digest": route(week, Role.WORKER, Role.MANAGER)}
