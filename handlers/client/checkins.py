"""Taps on a check-in's message. Every button carries the id of its check-in, and of its item where it has one."""

from bot.actions import checkins
from bot.domain.checkins import Means
from bot.domain.errors import Refusal
from bot.domain.later import Later
from bot.domain.people import Style
from bot.domain.questions import STEPS, Value
from bot.domain.words import Role
from handlers import access
from handlers.callbacks import whole
from handlers.context import Route, Talk, route
from handlers.verbs import ANSWER, BACK, LATER, SKIP, WORDS

STALE = "errors.stale_button"
TOASTS = {
    Means.CHANGED: "client.question.changed",
    Means.STALE: "client.toast.old",
}
RESUME = "back"
BETWEEN = {f"{step:g}": step for step in STEPS if step != int(step)}


async def tapped(talk: Talk) -> None:
    """A value."""
    check_in, item, raw = _args(talk, 3)
    meant = await checkins.answer(talk.turn, access.client(talk), check_in, _item(item), _value(raw), talk.message_id)
    talk.toast = TOASTS.get(meant)


async def skipped(talk: Talk) -> None:
    check_in, item = _args(talk, 2)
    meant = await checkins.answer(talk.turn, access.client(talk), check_in, _item(item), None, talk.message_id)
    talk.toast = TOASTS.get(meant)


async def back(talk: Talk) -> None:
    check_in, item = _args(talk, 2)
    await checkins.back(talk.turn, access.client(talk), check_in, _item(item), talk.message_id)


async def later(talk: Talk) -> None:
    """*Later* itself, one of its times, or back to the question."""
    client = access.client(talk)
    match talk.args:
        case (check_in,):
            await checkins.show_later(talk.turn, client, check_in)
        case (check_in, choice) if choice == RESUME:
            await checkins.resume(talk.turn, client, check_in)
        case (check_in, choice) if choice in set(Later):
            await checkins.choose_later(talk.turn, client, check_in, Later(choice))
        case _:
            raise Refusal(STALE)


async def words(talk: Talk) -> None:
    check_in, style = _args(talk, 2)
    if style not in set(Style):
        raise Refusal(STALE)
    await checkins.words(talk.turn, access.client(talk), check_in, Style(style), talk.message_id)


def _args(talk: Talk, count: int) -> tuple[str, ...]:
    if len(talk.args) != count:
        raise Refusal(STALE)
    return talk.args


def _item(raw: str) -> int:
    number = whole(raw)
    if number is None or number < 0:
        raise Refusal(STALE)
    return number


def _value(raw: str) -> Value:
    """`7`, a step between such as `2.5`, or `=yes` for an option."""
    if raw.startswith("="):
        return raw[1:]
    number = BETWEEN.get(raw, whole(raw))
    if number is None:
        raise Refusal(STALE)
    return number


TAPS: dict[str, Route] = {
    ANSWER: route(tapped, Role.CLIENT),
    SKIP: route(skipped, Role.CLIENT),
    BACK: route(back, Role.CLIENT),
    LATER: route(later, Role.CLIENT),
    WORDS: route(words, Role.CLIENT),
}
