"""A worker's own clients: all of them, and one with the chart."""

from bot.actions import sessions
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route


async def caseload(talk: Talk) -> None:
    await sessions.caseload(talk.turn, access.speaker(talk))


async def client(talk: Talk) -> None:
    """`/client REF`"""
    found = await access.own_client(talk, talk.args[0] if talk.args else None)
    await sessions.look(talk.turn, access.speaker(talk), found)


COMMANDS = {"caseload": route(caseload, Role.WORKER), "client": route(client, Role.WORKER)}
