"""The menu: typed, as a command, and every button of its pages (`m:ACTION[:VALUE]`)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import time
from typing import TypeAlias

from bot.actions import goals, joining, menu, privacy, settings
from bot.actions import talk as talks
from bot.actions.desk import Turn
from bot.domain.errors import Refusal
from bot.domain.people import Client, Style
from bot.domain.signals.history import TalkAbout
from bot.domain.words import Role
from handlers import access
from handlers.callbacks import whole
from handlers.context import Handler, Talk, route
from handlers.verbs import MENU

Action: TypeAlias = Callable[[Turn, Client, str], Awaitable[None]]


def _page(name: str) -> Action:
    async def show(turn: Turn, client: Client, _: str) -> None:
        await menu.show(turn, client, name)

    return show


def _number(value: str) -> int:
    number = whole(value)
    if number is None:
        raise Refusal("errors.stale_button")
    return number


async def _toggle(turn: Turn, client: Client, value: str) -> None:
    await settings.toggle_day(turn, client, _number(value))


async def _at(turn: Turn, client: Client, value: str) -> None:
    await settings.set_time(turn, client, time(_number(value) % 24))


async def _zone(turn: Turn, client: Client, value: str) -> None:
    await settings.set_zone(turn, client, joining.zone_from_offset(turn, _number(value)))


ACTIONS: Mapping[str, Action] = {
    "top": _page("top"),
    "urgent": lambda turn, client, _: talks.show_help(turn, client, fresh=True),
    "talk": _page("talk"),
    "how": lambda turn, client, _: talks.about(turn, client, TalkAbout.HOW_WE_WORK),
    "what": lambda turn, client, _: talks.about(turn, client, TalkAbout.WHAT_WE_WORK_ON),
    "times": lambda turn, client, _: talks.about(turn, client, TalkAbout.TIMES_AND_PLACE),
    "else": lambda turn, client, _: talks.ask_someone_else(turn, client),
    "else_yes": lambda turn, client, _: talks.someone_else(turn, client),
    "break": lambda turn, client, _: settings.show_break(turn, client),
    "long": _page("long"),
    "week": lambda turn, client, _: settings.break_for(turn, client, 7),
    "weeks": lambda turn, client, _: settings.break_for(turn, client, 14),
    "until": lambda turn, client, _: settings.ask_break_date(turn, client),
    "less": lambda turn, client, _: settings.less_often(turn, client),
    "one": lambda turn, client, _: settings.just_one(turn, client),
    "no_more": _page("no_more"),
    "no_more_yes": lambda turn, client, _: settings.no_more(turn, client),
    "on": lambda turn, client, _: settings.carry_on(turn, client),
    "back_no": _page("back_no"),
    "settings": lambda turn, client, _: settings.show_settings(turn, client),
    "answers": lambda turn, client, _: talks.progress(turn, client, fresh=False),
    "goals": lambda turn, client, _: goals.show(turn, client, fresh=True),
    "who": lambda turn, client, _: settings.show_who(turn, client),
    "when": lambda turn, client, _: settings.show_when(turn, client),
    "day": lambda turn, client, _: settings.show_when(turn, client, "when_day"),
    "time": lambda turn, client, _: settings.show_when(turn, client, "when_time"),
    "toggle": _toggle,
    "at": _at,
    "clock": lambda turn, client, _: settings.ask_clock(turn, client),
    "zone": _zone,
    "words": lambda turn, client, _: settings.set_style(turn, client, Style.WORDS),
    "numbers": lambda turn, client, _: settings.set_style(turn, client, Style.NUMBERS),
    "quiet_on": lambda turn, client, _: settings.set_quiet_mode(turn, client, on=True),
    "quiet_off": lambda turn, client, _: settings.set_quiet_mode(turn, client, on=False),
    "language": lambda turn, client, _: settings.show_languages(turn, client),
    "lang": lambda turn, client, value: settings.set_language(turn, client, value),
    "erase": lambda turn, client, _: privacy.ask_erase(turn, client),
    "erase_yes": lambda turn, client, _: privacy.erase_later(turn, client),
    "erase_back": lambda turn, client, _: privacy.call_off(turn, client),
}
"""What each button of the menu's pages does; the last argument is what travelled with it."""


async def tap(talk: Talk) -> None:
    client = await access.own_chat(talk)
    action = ACTIONS.get(talk.args[0]) if talk.args else None
    if action is None:
        raise Refusal("errors.stale_button")
    if client is not None:
        await action(talk.turn, client, talk.args[1] if len(talk.args) > 1 else "")


# ---------------------------------------------------------------- commands


def _command(action: Callable[[Turn, Client], Awaitable[None]]) -> Handler:
    async def run(talk: Talk) -> None:
        client = await access.own_chat(talk)
        if client is not None:
            await action(talk.turn, client)

    return run


_COMMANDS: Mapping[str, Callable[[Turn, Client], Awaitable[None]]] = {
    "menu": lambda turn, client: menu.show(turn, client, fresh=True),
    "pause": lambda turn, client: menu.show(turn, client, "long", fresh=True),
    "talk": lambda turn, client: menu.show(turn, client, "talk", fresh=True),
    "goals": lambda turn, client: goals.show(turn, client, fresh=True),
    "progress": lambda turn, client: talks.progress(turn, client, fresh=True),
    "mydata": lambda turn, client: talks.progress(turn, client, fresh=True, most=100),
    "when": lambda turn, client: settings.show_when(turn, client, fresh=True),
    "language": lambda turn, client: settings.show_languages(turn, client, fresh=True),
    "hide": settings.hide,
    "erase": lambda turn, client: privacy.ask_erase(turn, client, fresh=True),
    "stop": settings.go_quiet,
}

TAPS = {MENU: route(tap, Role.CLIENT)}
COMMANDS = {name: route(_command(action), Role.CLIENT) for name, action in _COMMANDS.items()}
