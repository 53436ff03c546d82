"""Opening a link, and the joining screens."""

from bot.actions import invitations, joining, menu
from bot.domain.consent import DONE, Choice
from bot.domain.errors import Refusal
from bot.domain.people import Status
from bot.domain.words import Role
from handlers import access
from handlers.callbacks import whole
from handlers.context import Talk, route
from handlers.verbs import JOIN


async def start(talk: Talk) -> None:
    """`/start CODE` from a link, or `/start` alone. A link works once, and only in the chat that opens it."""
    if talk.args:
        talk.answer = await invitations.open_link(talk.turn, talk.chat_id, talk.args[0])
        return
    client = talk.client
    if client is None:
        talk.answer = Refusal("worker.join.already" if talk.speaker else "client.code.none")
    elif client.join_screen not in (0, DONE):
        await joining.show(talk.turn, client, fresh=True)
    elif client.person.status in (Status.JOINED, Status.LEFT):
        await menu.show(talk.turn, client, fresh=True)
    else:
        talk.answer = Refusal("client.code.none")


async def tap(talk: Talk) -> None:
    """`j:SCREEN:CHOICE`, and for a clock `j:6:at:MINUTES`."""
    screen, choice, *value = (*talk.args, "", "")[: max(2, len(talk.args))]
    number = whole(screen)
    if number is None or choice not in tuple(Choice):
        raise Refusal("errors.stale_button")
    minutes = whole(value[0]) if value else None
    await invitations.tap_screen(talk.turn, access.client(talk), number, Choice(choice), minutes)


TAPS = {JOIN: route(tap, Role.CLIENT)}
COMMANDS = {"start": route(start)}
