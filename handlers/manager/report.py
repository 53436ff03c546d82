"""`/report`: figures and handling, no answers."""

from bot.actions import reports
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route


async def report(talk: Talk) -> None:
    await reports.show(talk.turn, access.speaker(talk))


COMMANDS = {"report": route(report, Role.MANAGER)}
