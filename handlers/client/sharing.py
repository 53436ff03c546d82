"""How the worker shall hear (`sh:CHECK_IN:WISH`), *Undo* (`un:CHECK_IN`), starting again after a crisis (`ca:WHAT`)."""

from bot.actions import settings, sharing
from bot.domain.alerts import Wish
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.verbs import AGAIN, SHARE, UNDO

STALE = "errors.stale_button"


async def choose(talk: Talk) -> None:
    match talk.args:
        case (check_in, wish) if wish in set(Wish):
            await sharing.choose(talk.turn, access.client(talk), check_in, Wish(wish))
        case _:
            raise Refusal(STALE)


async def undo(talk: Talk) -> None:
    if len(talk.args) != 1:
        raise Refusal(STALE)
    await sharing.undo(talk.turn, access.client(talk), talk.args[0])


async def start_again(talk: Talk) -> None:
    client = access.client(talk)
    match talk.args:
        case ("yes",):
            await settings.carry_on(talk.turn, client)
        case ("week",):
            await settings.break_for(talk.turn, client, 7)
        case ("no_more",):
            await settings.no_more(talk.turn, client)
        case _:
            raise Refusal(STALE)


TAPS = {
    SHARE: route(choose, Role.CLIENT),
    UNDO: route(undo, Role.CLIENT),
    AGAIN: route(start_again, Role.CLIENT),
}
