"""Goals: every button of their pages (`g:ACTION[:GOAL]`)."""

from bot.actions import goals, menu
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.verbs import GOAL


async def tap(talk: Talk) -> None:
    client = await access.own_chat(talk)
    if client is None:
        return  # still joining: their screen has come instead
    if not talk.args:
        raise Refusal("errors.stale_button")
    action, goal_id = talk.args[0], talk.args[1] if len(talk.args) > 1 else ""
    match action:
        case "list" | "rename" | "let_go":
            await goals.show(talk.turn, client, action)
        case "back":
            await menu.show(talk.turn, client, fresh=True)
        case "add":
            await goals.ask_new(talk.turn, client)
        case "ask_rename":
            await goals.ask_rename(talk.turn, client, goal_id)
        case "let_go_ask":
            await goals.ask_let_go(talk.turn, client, goal_id)
        case "yes_let_go":
            await goals.let_go(talk.turn, client, goal_id)
        case "yes_quote" | "no_quote":
            await goals.quote(talk.turn, client, goal_id, yes=action == "yes_quote")
        case _:
            raise Refusal("errors.stale_button")


TAPS = {GOAL: route(tap, Role.CLIENT)}
