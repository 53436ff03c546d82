"""Whether the worker shall see the client's own words, and what the question about the questions leads to."""

from bot.actions import menu, remarks, settings, unanswered
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Route, Talk, route
from handlers.verbs import QUESTIONS, REMARK
from handlers.views.client_remarks import CHANGES


async def sharing(talk: Talk) -> None:
    """`r:REMARK:n`, `r:REMARK:d`, and `r:REMARK:y:WORKER`: a yes is for the worker whom the button named."""
    if len(talk.args) not in (2, 3):
        raise Refusal("errors.stale_button")
    await remarks.decide(talk.turn, access.client(talk), *talk.args)


async def about_questions(talk: Talk) -> None:
    """The message turns into the page of the menu that does what was chosen."""
    if len(talk.args) != 2 or talk.args[1] not in CHANGES:
        raise Refusal("errors.stale_button")
    turn, client = talk.turn, access.client(talk)
    await unanswered.heard(turn, client, talk.args[0])
    match talk.args[1]:
        case "less_often":
            await settings.less_often(turn, client)
        case "other_time":
            await settings.show_when(turn, client, "when_day")
        case "just_one":
            await settings.just_one(turn, client)
        case "break":
            await menu.show(turn, client, "break")
        case "no_more":
            await menu.show(turn, client, "no_more")
        case _:
            await unanswered.keep_as_it_is(turn, client)


TAPS: dict[str, Route] = {
    REMARK: route(sharing, Role.CLIENT),
    QUESTIONS: route(about_questions, Role.CLIENT),
}
