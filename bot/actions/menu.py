"""The menu: one message that turns from page to page. Which page leads where stands in its view."""

from bot.actions import delivery, people
from bot.actions.desk import Turn
from bot.domain.delivery import Post
from bot.domain.people import Client
from bot.domain.words import Facts, Json

SURFACE = "menu"


async def show(
    turn: Turn, client: Client, page: str = "top", *, fresh: bool = False, more: Facts | None = None, **facts: Json
) -> None:
    """One page, in place of the page that stands there, or as a new message."""
    said: Facts = {**await people.names_for(turn, client), "page": page, **(more or {}), **facts}
    key = people.once("menu")
    await delivery.post(turn, Post(client.id, "client.menu", key, said, SURFACE, fresh=fresh, client_id=client.id))
