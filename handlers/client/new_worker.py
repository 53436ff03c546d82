"""Whether a new worker may see the older answers (`nw:WORKER:yes`, `nw:WORKER:no`)."""

from bot.actions import reassigning
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.views.client_new_worker import NEW_WORKER, NO, YES


async def tap(talk: Talk) -> None:
    match talk.args:
        case (worker, said) if said in (YES, NO):
            await reassigning.answer(talk.turn, access.client(talk), worker, yes=said == YES)
        case _:
            raise Refusal("errors.old_button")


TAPS = {NEW_WORKER: route(tap, Role.CLIENT)}
