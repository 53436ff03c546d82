"""From a raw update to one handler: the one table of routes, and PTB's Application that parses and dispatches.

private message   /command → COMMANDS; other words, and words of danger behind a slash → `routes.typed`
tap on a button   verb → TAPS
edited message    → `routes.typed`, marked as edited; an edited command is nothing, but for words of danger
blocked, back     → `routes.gone`, `routes.back`
groups, channels  nothing is said, and the bot leaves
"""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import Bot, CallbackQuery, Message, Update
from telegram.error import TelegramError
from telegram.ext import Application, CallbackQueryHandler, ChatMemberHandler, ExtBot, MessageHandler, filters

from bot.actions import delivery, people
from bot.actions.desk import Turn
from bot.actions.inbox import Reaction
from bot.bank.risk import scan
from bot.domain.delivery import Post
from bot.domain.errors import Refusal
from bot.domain.plan import Plan
from bot.domain.words import Facts, Role
from bot.ports import Letter, Messenger
from handlers import access, routes
from handlers.callbacks import decode
from handlers.context import Handler, Route, Talk
from handlers.updates import read_update

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Now:
    """What the update that is being handled right now has around it."""

    turn: Turn
    reaction: Reaction
    update_id: int


_NOW: ContextVar[_Now] = ContextVar("now")
NEWS = "my_chat_member"
"""The kind of update in which nobody says anything to the bot."""


class _Strict(Application[Any, Any, Any, Any, Any, Any]):
    """PTB swallows what a handler raises; here the inbox must learn of it, so that nothing half-done is kept."""

    async def process_error(self, update: object, error: Exception, job: Any = None, coroutine: Any = None) -> bool:
        raise error


class TelegramEars:
    """Hears updates (`bot.actions.inbox.Ears`) and passes each to the handler that the tables name."""

    def __init__(self, tg: ExtBot[Any], messenger: Messenger, language: Callable[[], str]) -> None:
        self._tg = tg
        self._messenger = messenger
        self._language = language
        self._application = _build(
            tg, self._on_message, self._on_edit, self._on_tap, self._on_membership, self._elsewhere
        )

    async def prepare(self) -> None:
        """Ask Telegram who we are. Raises while it can't be reached."""
        await self._application.initialize()

    async def introduce(self, plan: Plan) -> None:
        """Tell Telegram the commands for its menu button, best effort: nothing depends on it."""
        for language in plan.service.languages:
            try:
                await self._tg.set_my_commands(
                    routes.menu_commands(plan, language),
                    language_code=None if language == plan.service.languages[0] else language,
                )
            except TelegramError as broken:
                log.info("commands_not_set", error=type(broken).__name__)

    async def close(self) -> None:
        await self._application.shutdown()
        await self._tg.shutdown()  # the application leaves open what it has never come to use

    # ------------------------------------------------------------ Ears

    async def handle(self, turn: Turn, update: Mapping[str, Any], reaction: Reaction) -> None:
        parsed = read_update(update, self._tg)
        token = _NOW.set(_Now(turn, reaction, parsed.update_id))
        try:
            known = await _remembered(turn, parsed)  # before: "hide" clears itself too
            await self._application.process_update(parsed)
            if not known:
                await _remembered(turn, parsed)  # a link has just told whose chat this is
        finally:
            _NOW.reset(token)

    async def refuse(self, turn: Turn, update: Mapping[str, Any], reaction: Reaction, refusal: Refusal) -> None:
        parsed = read_update(update, self._tg)
        if parsed.callback_query:
            reaction.afterwards.append(_stop_spinner(parsed.callback_query))
        chat = parsed.effective_chat
        if chat is not None and chat.type == "private":
            await _remembered(turn, parsed)
            await self._say(turn, chat.id, parsed.update_id, reaction, refusal)

    async def _say(self, turn: Turn, chat_id: int, update_id: int, reaction: Reaction, sentence: Refusal) -> None:
        """One sentence to whoever has this chat, known here or not."""
        facts: Facts = {"key": sentence.key, "facts": dict(sentence.facts)}
        person = await turn.m.people.by_chat(chat_id)
        if person is None:
            letter = Letter(chat_id, self._language(), "sentence", facts)
            reaction.afterwards.append(_to_stranger(self._messenger, letter))
        else:
            await delivery.post(turn, Post(to=person.id, kind="sentence", key=f"refusal:{update_id}", facts=facts))

    async def tell_administrator(self, turn: Turn, update_id: int) -> None:
        await routes.tell_administrator(turn, update_id)

    async def tell_sender(self, turn: Turn, update: Mapping[str, Any], chat_id: int, reaction: Reaction) -> None:
        """Read from the raw update, since it may be one that can't be parsed. News about a chat is nobody's words."""
        if chat_id <= 0 or NEWS in update:
            return
        said = await routes.not_taken_in(turn, chat_id, update.get("message") or update.get("edited_message"))
        if said is not None:
            await self._say(turn, chat_id, update["update_id"], reaction, said)

    # ------------------------------------------------------------ the four kinds of updates

    async def _on_message(self, update: Update, _: Any) -> None:
        message = update.message
        if message is None:
            return
        talk = await self._talk(message)
        words = message.text or ""
        name = words.split()[0][1:].partition("@")[0].lower() if words.startswith("/") else ""
        if words.startswith("/") and (name == "start" or not _in_danger(talk)):
            await _go(talk, routes.COMMANDS.get(name), "errors.unknown_command")
        else:
            await routes.typed(talk)
        if talk.answer is not None:
            now = _NOW.get()
            await self._say(now.turn, talk.chat_id, talk.update_id, now.reaction, talk.answer)

    async def _on_edit(self, update: Update, _: Any) -> None:
        if update.edited_message is not None:
            talk = await self._talk(update.edited_message)
            talk.edited = True
            is_plain = talk.text is not None and not talk.text.startswith("/")
            if is_plain or _in_danger(talk):
                await routes.typed(talk)

    async def _on_tap(self, update: Update, _: Any) -> None:
        query = update.callback_query
        if query is None:
            return
        now = _NOW.get()
        talk = Talk(now.turn, query.from_user.id, now.update_id, *(await access.who(now.turn, query.from_user.id)))
        talk.tap = decode(query.data)
        talk.message_id = query.message.message_id if query.message else None
        await _go(talk, routes.TAPS.get(talk.tap.verb) if talk.tap else None, "errors.stale_button")
        now.reaction.afterwards.append(_stop_spinner(query, self._toast(talk)))

    async def _on_membership(self, update: Update, _: Any) -> None:
        change = update.my_chat_member
        if change is None:
            return
        if change.chat.type != "private":
            if change.new_chat_member.status in ("member", "administrator", "restricted"):
                _NOW.get().reaction.afterwards.append(_leave(self._tg, change.chat.id))
            return
        turn = _NOW.get().turn
        person = await turn.m.people.by_chat(change.chat.id)
        if person is not None:
            blocked = change.new_chat_member.status in ("kicked", "left")
            await (routes.gone(turn, person, change.date) if blocked else routes.back(turn, person, change.date))

    async def _elsewhere(self, update: Update, _: Any) -> None:
        """A group or channel: the news that somebody added the bot may have been lost."""
        if update.effective_chat is not None:
            _NOW.get().reaction.afterwards.append(_leave(self._tg, update.effective_chat.id))

    # ------------------------------------------------------------

    async def _talk(self, message: Message) -> Talk:
        now = _NOW.get()
        talk = Talk(now.turn, message.chat_id, now.update_id, *(await access.who(now.turn, message.chat_id)))
        talk.message_id, talk.text, talk.what = message.message_id, message.text, _what(message)
        talk.caption, talk.written_at = message.caption, message.edit_date or message.date
        talk.forwarded = message.forward_origin is not None
        return talk

    def _toast(self, talk: Talk) -> str | None:
        if talk.toast is None:
            return None
        language = talk.speaker.language if talk.speaker else self._language()
        return routes.toast(talk.turn.plan, language, talk.toast)


def _build(
    tg: ExtBot[Any], message: Any, edit: Any, tap: Any, membership: Any, elsewhere: Any
) -> Application[Any, Any, Any, Any, Any, Any]:
    built = Application.builder().application_class(_Strict).bot(tg).updater(None).job_queue(None).build()
    private = filters.ChatType.PRIVATE
    built.add_handler(CallbackQueryHandler(tap))
    built.add_handler(MessageHandler(private & filters.UpdateType.MESSAGE, message))
    built.add_handler(MessageHandler(private & filters.UpdateType.EDITED_MESSAGE, edit))
    built.add_handler(MessageHandler(~private, elsewhere))
    built.add_handler(ChatMemberHandler(membership, ChatMemberHandler.MY_CHAT_MEMBER))
    return built


async def _remembered(turn: Turn, update: Update) -> bool:
    """Note the number of a client's own message, which a bot may delete as well. Whether it is noted now."""
    message = update.message
    person = await turn.m.people.by_chat(message.chat_id) if message is not None else None
    if message is None or person is None or person.role is not Role.CLIENT:
        return False
    await turn.m.messages.heard(person.id, message.chat_id, message.message_id, turn.now)
    return True


async def _go(talk: Talk, found: Route | None, otherwise: str) -> None:
    if found is None or not _may(talk, found):
        raise Refusal(otherwise if talk.speaker else "errors.stranger")
    if talk.client is not None:
        await people.expect_no_more(talk.turn, talk.client.person)
    handler: Handler = found.handler
    await handler(talk)


def _in_danger(talk: Talk) -> bool:
    """Does a word list find something in what a client, or somebody unknown, wrote: behind a slash, below a picture?"""
    words, by_staff = talk.text or talk.caption, talk.speaker is not None and talk.client is None
    return bool(words and not by_staff and scan(words, talk.turn.plan.service.languages))


def _may(talk: Talk, found: Route) -> bool:
    role: Role | None = talk.speaker.role if talk.speaker else None
    return not found.who or role in found.who


def _what(message: Message) -> str | None:
    if message.text is not None:
        return None
    for what in ("photo", "sticker", "voice"):
        if getattr(message, what):
            return what
    return "other"


# ---------------------------------------------------------------- small courtesies, best effort, after the commit


def _stop_spinner(query: CallbackQuery, toast: str | None = None) -> Callable[[], Awaitable[None]]:
    async def stop() -> None:
        try:
            await query.answer(toast)
        except TelegramError as late:
            # Too old to be answered: what it asked for is done all the same.
            log.debug("toast_too_late", error=type(late).__name__)

    return stop


def _leave(tg: Bot, chat_id: int) -> Callable[[], Awaitable[None]]:
    async def leave() -> None:
        await tg.leave_chat(chat_id)

    return leave


def _to_stranger(messenger: Messenger, letter: Letter) -> Callable[[], Awaitable[None]]:
    """Nothing is kept about somebody who is not on the roster, so their answer is no row either."""

    async def send() -> None:
        await messenger.deliver(letter)

    return send
