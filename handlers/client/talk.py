"""Urgent help: the buttons under the numbers (`c:WHAT`), and `/help` for everybody."""

from bot.actions import menu, people
from bot.actions import talk as talks
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.verbs import URGENT_HELP


async def tap(talk: Talk) -> None:
    client = access.client(talk)
    match talk.args:
        case ("numbers",):
            await talks.show_help(talk.turn, client, fresh=True)
        case ("contact",):
            await talks.contact_me(talk.turn, client)
        case ("not_meant",):
            await talks.not_meant(talk.turn, client)
        case ("back",):
            await menu.show(talk.turn, client, fresh=True)
        case _:
            raise Refusal("errors.stale_button")


async def help_(talk: Talk) -> None:
    """For a client the numbers first, then the menu; for staff what they can do."""
    if talk.client is not None:
        await talks.show_help(talk.turn, talk.client, fresh=True)
        if talk.client.person.joined_at is not None:
            await menu.show(talk.turn, talk.client, fresh=True)
        return
    await people.show_commands(talk.turn, access.speaker(talk))


TAPS = {URGENT_HELP: route(tap, Role.CLIENT)}
COMMANDS = {"help": route(help_)}
