"""Closing somebody's chat: `/unlink REF`, and the two buttons under it (`ul:PERSON:no`, `ul:PERSON:yes:UNTIL`)."""

from datetime import UTC, datetime

from bot.actions import accounts, people
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.verbs import UNLINK
from handlers.views.staff_accounts import NO, YES

LATEST = 2**33
"""Seconds; what is larger was never on a button."""


async def unlink(talk: Talk) -> None:
    if not talk.args:
        raise Refusal("errors.ref_missing")
    await accounts.ask(talk.turn, access.speaker(talk), await people.as_spelt(talk.turn, talk.args[0]))


async def sure(talk: Talk) -> None:
    match talk.args:
        case (person, choice) if choice == NO:
            await accounts.keep(talk.turn, access.speaker(talk), person)
        case (person, choice, until) if choice == YES and until.isascii() and until.isdecimal() and int(until) < LATEST:
            moment = datetime.fromtimestamp(int(until), UTC)
            await accounts.unlink(talk.turn, access.speaker(talk), person, moment)
        case _:
            raise Refusal("errors.stale_button")


TAPS = {UNLINK: route(sure, Role.WORKER, Role.MANAGER)}
COMMANDS = {"unlink": route(unlink, Role.WORKER, Role.MANAGER)}
