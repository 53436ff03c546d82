"""The menu: one message that turns from page to page. Which page leads where stands in its view."""

from bot.actions import delivery, people
from bot.actions.desk import Turn
from bot.domain.delivery import Post
from bot.domain.people import Asking, Client, Status
from bot.domain.words import Facts, Json

SURFACE = "menu"


async def show(
    turn: Turn, client: Client, page: str = "top", *, fresh: bool = False, more: Facts | None = None, **facts: Json
) -> None:
    """One page, in place of the page that stands there, or as a new message."""
    said: Facts = {**await people.names_for(turn, client), "page": page, **(more or {}), **facts}
    key = people.once("menu")
    await delivery.post(turn, Post(client.id, "client.menu", key, said, SURFACE, fresh=fresh, client_id=client.id))


async def offer_to_go_on(turn: Turn, client: Client) -> None:
    """Somebody writes to whom nothing is asked any more, and who never said so: they are shown the way back, once a day.

    Gone quiet, or a break that is over. Whoever wanted quiet themselves is not asked again.
    """
    over = client.asking is Asking.BREAK and client.paused_until is None
    if client.person.status is not Status.JOINED or not (over or client.asking is Asking.GONE_QUIET):
        return
    key = f"back:{client.id}:{turn.now.date()}"
    facts = {**await people.names_for(turn, client), "page": "back"}
    await delivery.post(turn, Post(client.id, "client.menu", key, facts, SURFACE, fresh=True, client_id=client.id))
