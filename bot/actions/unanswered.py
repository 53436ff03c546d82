"""The question about the questions, asked in place of a third check-in after two without a tap."""

from bot.actions import delivery, menu, people, prompts
from bot.actions.desk import Turn
from bot.domain.delivery import Post
from bot.domain.errors import Refusal
from bot.domain.people import Client
from bot.domain.words import Facts


async def heard(turn: Turn, client: Client, check_in_id: str) -> None:
    """The client is there after all: the run of untouched ones ends. Raises Refusal for anybody else's."""
    check_in = await turn.m.checkins.by_id(check_in_id, lock=True)
    if check_in is None or check_in.client_id != client.id:
        raise Refusal("errors.stale_button")
    if check_in.last_touched_at is None:
        at = check_in.touch_at(turn.heard, turn.now)
        await turn.m.checkins.change(check_in.id, first_touched_at=at, last_touched_at=at)


async def keep_as_it_is(turn: Turn, client: Client) -> None:
    """*Keep it as it is*."""
    following = await prompts.next_day(turn, client)
    facts: Facts = {"day": people.local(client.person, following) if following else None}
    key = people.once("kept")
    await delivery.post(turn, Post(client.id, "client.about_kept", key, facts, menu.SURFACE, client_id=client.id))
