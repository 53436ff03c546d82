"""The worker's own rating of working together with one client: `rt` ASKING:VALUE, or ASKING:skip."""

from bot.actions import ratings
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.verbs import RATE
from handlers.views.worker_rating import SKIP


async def rated(talk: Talk) -> None:
    match talk.args:
        case (asking, said) if said == SKIP:
            await ratings.rate(talk.turn, access.speaker(talk), asking, None)
        case (asking, said) if said.isascii() and said.isdigit() and len(said) < 3:
            await ratings.rate(talk.turn, access.speaker(talk), asking, int(said))
        case _:
            raise Refusal(ratings.STALE)


TAPS = {RATE: route(rated, Role.WORKER)}
