"""Was it talked about (`fu:ALERT:WHAT`), and how is it now (`fu:ALERT:0` … `10`)."""

from bot.actions import followup
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.callbacks import whole
from handlers.context import Talk, route
from handlers.verbs import FOLLOW_UP


async def tap(talk: Talk) -> None:
    client = access.client(talk)
    match talk.args:
        case (alert, said) if said in followup.SAID:
            await followup.answer(talk.turn, client, alert, said)
        case (alert, chosen) if chosen in followup.WISHES:
            await followup.wish(talk.turn, client, alert, chosen)
        case (alert, value) if (number := whole(value)) is not None:
            await followup.feels(talk.turn, client, alert, number)
        case _:
            raise Refusal(followup.STALE)


TAPS = {FOLLOW_UP: route(tap, Role.CLIENT)}
