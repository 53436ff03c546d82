"""Whether a new worker may see the older answers (`nw:WORKER:yes`, `nw:WORKER:no`)."""

from bot.actions import reassigning
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.verbs import NEW_WORKER
from handlers.views.client_new_worker import NO, YES


async def tap(talk: Talk) -> None:
    client = await access.own_chat(talk)
    if client is None:
        return  # still joining: their screen has come instead
    match talk.args:
        case (worker, said) if said in (YES, NO):
            await reassigning.answer(talk.turn, client, worker, yes=said == YES)
        case _:
            raise Refusal("errors.stale_button")


TAPS = {NEW_WORKER: route(tap, Role.CLIENT)}
