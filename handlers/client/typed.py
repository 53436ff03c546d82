"""Whatever is typed: words that always work, then words of danger, then whatever the chat was waiting for.

An edited message is scanned and read again, but starts nothing new. A forwarded one is somebody else's words: it is
scanned, and nothing else.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from bot.actions import checkins, goals, joining, menu, people, remarks, settings
from bot.actions import talk as talks
from bot.actions.desk import Turn
from bot.bank.risk import scan
from bot.bank.typed import control_words
from bot.domain.errors import Refusal
from bot.domain.people import Client, Status
from bot.domain.typed import Control
from handlers import access
from handlers.context import Talk

LONGEST = 3500
"""Letters; longer words are asked for in parts. They are scanned all the same."""
_INSTEAD = {"photo": "picture", "sticker": "picture", "voice": "voice_off"}

Waiting: TypeAlias = Callable[[Turn, Client, str], Awaitable[object]]

_WAITING: Mapping[str, Waiting] = {
    goals.NEW: goals.add,
    joining.CLOCK: joining.typed_clock,
    settings.BREAK_DATE: settings.break_until_typed,
    settings.WHEN_TIME: settings.set_time_typed,
    settings.WHEN_CLOCK: settings.set_zone_typed,
}


async def typed(talk: Talk) -> None:
    """One message of a client's that is no command, or holds words of danger."""
    client = access.client(talk)
    if talk.text is not None:
        await _words(talk, client, talk.text)
        return
    lists = scan(talk.caption or "", talk.turn.plan.service.languages)
    if not lists:
        raise Refusal(f"client.small.{_INSTEAD.get(talk.what or '', 'other_kind')}")
    await talks.danger(talk.turn, client, lists, talk.caption or "", talk.message_id)


async def _words(talk: Talk, client: Client, text: str) -> None:
    if talk.forwarded and not scan(text, talk.turn.plan.service.languages):
        raise Refusal("client.small.forwarded")  # neither an answer nor words of theirs
    words = control_words(client.person.language)
    whole = next((does for one in words if (does := one.whole_message(text))), None)
    if whole is not None and not talk.edited:
        await _control(talk, client, whole)
        return
    lists = scan(text, talk.turn.plan.service.languages)
    if lists:
        await talks.danger(talk.turn, client, lists, text, talk.message_id)
        return
    inside = next((does for one in words if (does := one.inside(text))), None)
    if inside is not None and not talk.edited:
        await _control(talk, client, inside)
    elif len(text) > LONGEST:
        raise Refusal("client.words.too_long")
    else:
        await _meant(talk, client, text)


async def _control(talk: Talk, client: Client, control: Control) -> None:
    await people.expect_no_more(talk.turn, client.person)
    if control is Control.HELP:
        await talks.show_help(talk.turn, client, fresh=True)
        if client.person.status is Status.JOINED:
            await menu.show(talk.turn, client, fresh=True)
        return
    if control is Control.HIDE:
        await settings.hide(talk.turn, client)
        return
    known = await access.own_chat(talk)
    if known is not None:
        await (settings.go_quiet if control is Control.STOP else _menu)(talk.turn, known)


async def _menu(turn: Turn, client: Client) -> None:
    await menu.show(turn, client, fresh=True)


async def _meant(talk: Talk, client: Client, text: str) -> None:
    turn, person = talk.turn, client.person
    expected = person.expects if person.expects_until is None or turn.heard < person.expects_until else None
    if expected is not None and not talk.edited and await _expected(turn, client, expected, text.strip()):
        return
    known = await access.own_chat(talk)
    if known is None:
        return
    written = checkins.Written(talk.message_id or 0, talk.written_at or turn.heard, talk.edited)
    taken = await checkins.answer_typed(turn, known, text, written)
    taken = taken or await remarks.keep(turn, known, text, talk.message_id, talk.edited)
    if talk.edited:
        return
    if not taken:
        await people.say(turn, person, "client.small.nothing_open")
    await menu.offer_to_go_on(turn, known)


async def _expected(turn: Turn, client: Client, expected: str, text: str) -> bool:
    """Whether the words were what the chat was waiting for, and went there. A number alone is never a goal."""
    if expected.startswith("goal:") and text.removesuffix("/10").strip().isdecimal():
        return False
    if expected.startswith(goals.RENAME):
        await goals.rename(turn, client, expected.removeprefix(goals.RENAME), text)
        return True
    waiting = _WAITING.get(expected)
    if waiting is None:
        return False
    await waiting(turn, client, text)
    return True
