"""`/digest`: the worker's week so far. It is about one worker's own clients, so managers have no such command."""

from bot.actions import digest
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route


async def week(talk: Talk) -> None:
    await digest.show(talk.turn, access.speaker(talk))


COMMANDS = {"digest": route(week, Role.WORKER)}
