"""The one table of routes: which button, command, typed word and settled message leads where.

Each feature keeps its own part beside its handlers (`TAPS`, `COMMANDS`) and its views (`VIEWS`); here they are laid
together. Two that want the same name fail at start instead of hiding each other.
"""

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Any

import structlog
from telegram import BotCommand

import handlers.client
import handlers.manager
import handlers.views
import handlers.worker
from bot.actions import access_log, alerts, arrivals, checkins, digest, direct, more, overtaken, people, quiet, said_back
from bot.actions import talk as talks
from bot.actions.desk import Desk, Turn
from bot.actions.inbox import MOST_ATTEMPTS
from bot.actions.people import texts
from bot.actions.settling import Hooks
from bot.bank.risk import scan
from bot.bank.typed import control_words
from bot.domain.errors import Refusal
from bot.domain.outgoing import Outgoing
from bot.domain.people import Person
from bot.domain.plan import Plan
from bot.domain.typed import Control
from bot.domain.words import Role
from handlers import access
from handlers.client import typed as client_typed
from handlers.context import Route, Talk
from handlers.views.screen import View, Voice

log = structlog.get_logger()


def _modules(package: ModuleType) -> list[ModuleType]:
    return [import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)]


def _laid_together(packages: Iterable[ModuleType], name: str) -> dict[str, Any]:
    every: dict[str, Any] = {}
    for module in (module for package in packages for module in _modules(package)):
        for key, value in getattr(module, name, {}).items():
            if key in every:
                raise ValueError(f"{name}: {module.__name__} is the second that wants {key!r}")
            every[key] = value
    return every


PEOPLE = (handlers.client, handlers.worker, handlers.manager)
TAPS: Mapping[str, Route] = _laid_together(PEOPLE, "TAPS")
COMMANDS: Mapping[str, Route] = _laid_together(PEOPLE, "COMMANDS")
VIEWS: Mapping[str, View] = _laid_together((handlers.views,), "VIEWS")


# ---------------------------------------------------------------- words and membership


async def typed(talk: Talk) -> None:
    """Words that are no command, and whatever is not words."""
    if talk.speaker is None:
        talk.answer = _to_stranger(talk)
    elif talk.client is not None:
        await client_typed.typed(talk)
    elif any(one.whole_message(talk.text or "") in MENUS for one in control_words(talk.speaker.language)):
        await people.show_commands(talk.turn, talk.speaker)
    else:
        talk.answer = _to_staff(talk)


MENUS = (Control.MENU, Control.HELP)
"""Words that bring staff the list of what they can do."""


def _to_staff(talk: Talk) -> Refusal:
    """What staff type goes to nobody, whatever they type it under; also words of danger, and then it must say so."""
    service, words = talk.turn.plan.service, talk.text or talk.caption
    numbers = _numbers(talk.turn.plan)
    if numbers and words and scan(words, service.languages):
        return Refusal("errors.staff_in_danger", {"crisis_text": numbers})
    return Refusal("errors.not_understood")


def _to_stranger(talk: Talk) -> Refusal:
    """Nobody is told what a stranger wrote, and nothing is kept: in danger they get the numbers, and read just that."""
    numbers, words = _numbers(talk.turn.plan), talk.text or talk.caption
    if numbers and words and scan(words, talk.turn.plan.service.languages):
        return Refusal("errors.stranger_in_danger", {"crisis_text": numbers})
    return Refusal("errors.stranger")


async def not_taken_in(turn: Turn, chat_id: int, message: object) -> Refusal | None:
    """What somebody sent was set aside: nobody has read it. Words of danger in it are passed on if that can be done."""
    raw = message if isinstance(message, Mapping) else {}
    words = next((one for one in (raw.get("text"), raw.get("caption")) if isinstance(one, str) and one), "")
    lists, numbers = scan(words, turn.plan.service.languages), _numbers(turn.plan)
    if lists and await _passed_on(turn, chat_id, lists, words):
        return None
    if lists and numbers:
        return Refusal("errors.set_aside_in_danger", {"crisis_text": numbers})
    return Refusal("errors.set_aside")


async def _passed_on(turn: Turn, chat_id: int, lists: frozenset[str], words: str) -> bool:
    """It may be this very thing that failed before: then they read whom to call, and that nobody knows."""
    try:
        async with turn.m.apart():
            _, client = await access.who(turn, chat_id)
            if client is not None:
                await talks.danger(turn, client, lists, words, None)
            return client is not None
    except Exception as broken:
        log.error("danger_not_passed_on", error=type(broken).__name__)
        return False


def _numbers(plan: Plan) -> str | None:
    """Whom to call, in the first language that has it."""
    said = (plan.service.crisis_text.get(one, "").strip() for one in plan.service.languages)
    return next((one for one in said if one), None)


async def gone(turn: Turn, person: Person, at: datetime) -> None:
    """The person blocked the bot. A note that is older than their last word to us changes nothing."""
    await turn.m.people.lock([person.id])
    await turn.m.people.change(person.id, unreachable="blocked", unreachable_at=at)
    if person.role is Role.CLIENT:
        await alerts.note_blocked(turn, person.id)


async def back(turn: Turn, person: Person, at: datetime) -> None:
    """The person let the bot write again."""
    await turn.m.people.lock([person.id])
    await turn.m.people.change(person.id, unreachable=None, unreachable_at=None)
    if person.role is Role.CLIENT:
        await alerts.note_back(turn, person.id)


async def came_back(turn: Turn, since: datetime) -> None:
    """We could not hear for a while: taps of that time are lost, so what was open is offered once more."""
    await checkins.reoffer_open(turn, since)


async def tell_administrator(turn: Turn, update_id: int) -> None:
    """An update was set aside: the managers hear that, never what it held."""
    await people.tell_managers(turn, f"set_aside:{update_id}", "admin.update_set_aside", n=MOST_ATTEMPTS, id=update_id)


# ---------------------------------------------------------------- what became of a message


async def _asked(turn: Turn, out: Outgoing, message_id: int) -> None:
    if out.check_in_id is not None:
        await checkins.sent(turn, out.check_in_id)


async def _not_asked(turn: Turn, out: Outgoing, why: str) -> None:
    if out.check_in_id is not None:
        await checkins.undeliverable(turn, out.check_in_id, why, may_stand=out.unsure > 0)


async def _refused(turn: Turn, out: Outgoing, why: str) -> None:
    """Telegram will never take it: the managers hear of the mistake."""
    if out.kind == "sentence":
        return  # what tells of refusals is refused itself: no notice about the notice
    await people.tell_managers(turn, f"refused:{out.id}", "admin.message_refused", kind=out.kind, id=out.id)


HOOKS = Hooks(
    sent={
        **dict.fromkeys(arrivals.KINDS, overtaken.rang),
        "worker.alert_soft": alerts.told_softly,
        "client.question": _asked,
        "client.about_questions": _asked,
        "client.sharing_chosen": said_back.undo_fades,
        "worker.whole_card": more.clear_later,
        "danger_words": more.clear_later,
        digest.KIND: digest.sent,
    },
    whatever_was_sent=access_log.shown,
    unsent={
        **dict.fromkeys(arrivals.KINDS, arrivals.not_told),
        "client.question": _not_asked,
        "client.about_questions": _not_asked,
        digest.KIND: digest.not_sent,
        quiet.KIND: quiet.not_told,
        direct.FIT: direct.not_told,
    },
    doubtful=dict.fromkeys(arrivals.KINDS, overtaken.in_doubt),
    unreachable=alerts.not_through,
    refused=_refused,
)


# ---------------------------------------------------------------- voices


class Voices:
    """Language → what views speak with. Made anew when another plan is in force."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._made: dict[tuple[str, str], Voice] = {}

    def __call__(self, language: str) -> Voice:
        plan = self._desk.plan
        known = self._made.get((plan.version, language))
        if known is None:
            say = texts().for_language(language, plan.texts, place=plan.service.place)
            known = self._made[plan.version, language] = Voice(say, plan)
        return known


def toast(plan: Plan, language: str, key: str) -> str:
    return texts().for_language(language, plan.texts, place=plan.service.place).plain(key)


def menu_commands(plan: Plan, language: str) -> Sequence[BotCommand]:
    """What Telegram's menu button offers a client: only what there is a route for."""
    say = texts().for_language(language, plan.texts)
    names = [name for name in COMMANDS if say.has(f"commands.client.{name}")]
    return [BotCommand(name, say.plain(f"commands.client.{name}")) for name in names]
