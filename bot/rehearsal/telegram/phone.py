"""The people's side: phones that type and tap, and groups that somebody drags the bot into."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.rehearsal.telegram import content
from bot.rehearsal.telegram.chats import Chat, gone_json, message_json, stamp
from bot.rehearsal.telegram.entities import commands
from bot.rehearsal.telegram.shapes import File, Json, Message, Toast, TranscriptLine

if TYPE_CHECKING:
    from bot.rehearsal.telegram.standin import StandIn

SMALLEST_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fea7566d7a0000000049454e44ae426082"
)


@dataclass(slots=True)
class Tap:
    """One tap on a button. `answer` is the toast once the bot gave one."""

    id: str
    chat_id: int
    message_id: int
    data: str
    at: datetime
    answer: Toast | None = None
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, toast: Toast) -> None:
        self.answer = toast
        self._settled.set()

    async def answered(self, timeout: float = 5.0) -> Toast:  # noqa: ASYNC109  # told in seconds
        """The toast; an AssertionError when none comes in real `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._settled.wait()
        except TimeoutError:
            raise AssertionError(f"the tap on {self.data!r} was never answered") from None
        assert self.answer is not None
        return self.answer


class Phone:
    """One person's Telegram. Sees only the own chat with the bot."""

    def __init__(self, tg: "StandIn", chat: Chat) -> None:
        self._tg, self.chat = tg, chat

    # -- what is on the screen --------------------------------------------------------------------------------------

    @property
    def chat_id(self) -> int:
        return self.chat.id

    @property
    def blocked(self) -> bool:
        """Whether this person has blocked the bot."""
        return self.chat.blocked

    @property
    def messages(self) -> list[Message]:
        """Everything in the chat now, oldest first."""
        return sorted(self.chat.messages.values(), key=lambda message: message.id)

    @property
    def last(self) -> Message:
        """The newest message of the bot."""
        found = [message for message in self.messages if message.from_bot]
        assert found, f"nothing on {self.chat.name}'s phone yet"
        return found[-1]

    @property
    def unread(self) -> bool:
        """Whether something from this chat still waits at Telegram for the bot to take it."""
        return any(update.lane[1] == self.chat_id for update in self._tg.queue.waiting)

    @property
    def revision(self) -> int:
        """Take it before an act and hand it to `expect(after=...)` to see only what came of the act."""
        return self._tg.revision

    @property
    def transcript(self) -> list[TranscriptLine]:
        """What happened in this chat."""
        return [line for line in self._tg.transcript if line.chat_id == self.chat.id]

    async def expect(
        self,
        wanted: Callable[[Message], bool] | str,
        timeout: float = 5.0,  # noqa: ASYNC109  # told in seconds
        *,
        after: int = 0,
    ) -> Message:
        """The newest message of the bot that fits (a condition, or words in its text), waiting for it if need be.

        Only messages that appeared or changed after revision `after`. An AssertionError with the chat's story when
        none does within `timeout` real seconds.
        """
        fits = (lambda message: wanted in message.text) if isinstance(wanted, str) else wanted
        what = repr(wanted) if isinstance(wanted, str) else "what was expected"
        found: list[Message] = []

        def there() -> bool:
            found[:] = [m for m in self.messages if m.from_bot and m.revision > after and fits(m)]
            return bool(found)

        await self.until(there, timeout, f"{what} never came")
        return found[-1]

    async def until(self, condition: Callable[[], bool], timeout: float = 5.0, why: str = "") -> None:  # noqa: ASYNC109  # told in seconds
        """Wait until something is true of the chat, for instance that a message is gone."""
        try:
            async with asyncio.timeout(timeout):
                with self._tg.watch() as change:
                    while not condition():
                        await change.wait()
                        change.clear()
        except TimeoutError:
            story = self._tg.story(self.chat.id) or "(nothing at all)"
            raise AssertionError(f"{self.chat.name}'s phone: {why or 'it never became true'}\n{story}") from None

    # -- what the person does ---------------------------------------------------------------------------------------

    def start(self, code: str = "") -> Message:
        """Open the bot, by a link that carries a code or just so."""
        if self.chat.blocked:
            self.unblock()
        return self.text(f"/start {code}".strip())

    def text(self, words: str, *, forwarded: bool = False) -> Message:
        """Type and send. `forwarded`: somebody else's words passed on."""
        origin = {"type": "hidden_user", "sender_user_name": "Somebody", "date": stamp(self._tg.clock.now())}
        message = self._message(words, entities=commands(words), extra={"forward_origin": origin} if forwarded else {})
        return self._say(message, words)

    def edit(self, message_id: int, words: str) -> Message:
        """Change a message of one's own."""
        old = self.chat.messages[message_id]
        assert not old.from_bot, "nobody can edit what the bot wrote"
        message = replace(old, text=words, entities=commands(words), edited=self._tg.clock.now())
        shown = self._tg.put(self.chat, message, "changed")
        self._push("edited_message", shown)
        return shown

    def photo(self, caption: str = "", data: bytes = SMALLEST_PNG) -> Message:
        return self._upload("photo", "photo.png", data, caption)

    def sticker(self) -> Message:
        return self._upload("sticker", "sticker.webp", b"RIFF", "")

    def voice(self) -> Message:
        return self._upload("voice", "voice.ogg", b"OggS", "")

    def document(self, name: str, data: bytes, caption: str = "") -> Message:
        return self._upload("document", name, data, caption)

    def tap(self, label_or_data: str, message_id: int | None = None) -> Tap:
        """Tap a button by its label or data, on one message or on the newest that has it."""
        for message in reversed(self.messages):
            button = message.button(label_or_data) if message_id in (None, message.id) else None
            if button is not None:
                assert button.data is not None, f"{label_or_data!r} opens a page; it sends nothing"
                return self._tap(message.id, button.data, button.text)
        story = self._tg.story(self.chat.id) or "(nothing at all)"
        raise AssertionError(f"{self.chat.name}'s phone has no button {label_or_data!r}\n{story}")

    def tap_data(self, message_id: int, data: str) -> Tap:
        """Send any data for any message: forged, stale, or of a message that is gone."""
        return self._tap(message_id, data, data)

    def block(self) -> None:
        self._membership("member", "kicked", "blocked")

    def unblock(self) -> None:
        self._membership("kicked", "member", "unblocked")

    def delete_account(self) -> None:
        """The account is gone; the bot hears nothing of it until it writes."""
        self.chat.deleted = True
        self._tg.note(self.chat, "blocked", "the account was deleted")

    def clear(self) -> None:
        """Delete the chat's history on this phone; the bot hears nothing of it."""
        self.chat.messages.clear()
        self._tg.note(self.chat, "deleted", "the whole history")

    def _say(self, message: Message, words: str) -> Message:
        assert not self.chat.blocked, f"{self.chat.name} has blocked the bot and can't write to it"
        self.chat.open = True
        shown = self._tg.put(self.chat, message, "said")
        self._push("message", shown)
        return shown

    def _push(self, kind: str, message: Message) -> None:
        self._tg.push(kind, message_json(message, self.chat, self.chat.person()), ("chat", self.chat.id))

    def _message(self, words: str, **more: object) -> Message:
        now = self._tg.clock.now()
        plain = Message(self._tg.next_message_id(), self.chat.id, False, now, words, html=words, sender=self.chat.id)
        return replace(plain, **more)  # type: ignore[arg-type]  # callers name fields of Message

    def _upload(self, kind: str, name: str, data: bytes, caption: str) -> Message:
        file = File(content.new_id(self._tg.dice), name, kind, data, (1, 1))
        self._tg.files[file.id] = file
        return self._say(self._message(caption, kind=kind, file=file), caption)

    def _tap(self, message_id: int, data: str, label: str) -> Tap:
        assert not self.chat.blocked, f"{self.chat.name} has blocked the bot and can't tap"
        tap = Tap(str(self._tg.dice.getrandbits(62)), self.chat.id, message_id, data, self._tg.clock.now())
        self._tg.open_taps[tap.id] = tap
        message = self.chat.messages.get(message_id)
        body: Json = {"id": tap.id, "from": self.chat.person(), "chat_instance": str(self.chat.id), "data": data}
        body["message"] = gone_json(message_id, self.chat)
        if message is not None:
            body["message"] = message_json(message, self.chat, self._tg.bot)
        self._tg.note(self.chat, "tapped", label, message_id=message_id)
        self._tg.push("callback_query", body, ("tap", self.chat.id))
        return tap

    def _membership(self, old: str, new: str, kind: str) -> None:
        if self.chat.blocked == (new == "kicked"):
            return
        self.chat.blocked = new == "kicked"
        self._tg.note(self.chat, kind, f"{kind} the bot")
        body = membership_json(self._tg, self.chat, self.chat.person(), old, new)
        self._tg.push("my_chat_member", body, ("chat", self.chat.id))


class Group:
    """A group or channel. The bot has no business here; this is how it gets into one."""

    def __init__(self, tg: "StandIn", chat: Chat) -> None:
        self._tg, self.chat = tg, chat

    @property
    def has_bot(self) -> bool:
        return self.chat.open

    @property
    def messages(self) -> list[Message]:
        """What the bot wrote here."""
        return [message for message in self.chat.messages.values() if message.from_bot]

    def add_bot(self, by: Phone) -> None:
        """Somebody adds the bot."""
        self.chat.open, self.chat.left = True, False
        new = "administrator" if self.chat.kind == "channel" else "member"
        body = membership_json(self._tg, self.chat, by.chat.person(), "left", new)
        self._tg.note(self.chat, "added", f"{by.chat.name} added the bot")
        self._tg.push("my_chat_member", body, ("chat", self.chat.id))

    def text(self, words: str, by: Phone) -> Message:
        """A member writes something that the bot gets to see; in a channel it is a post without a sender."""
        number, now = self._tg.next_message_id(), self._tg.clock.now()
        message = Message(number, self.chat.id, False, now, words, commands(words), words, sender=by.chat_id)
        shown = self._tg.put(self.chat, message, "said")
        post = self.chat.kind == "channel"
        body = message_json(shown, self.chat, None if post else by.chat.person())
        self._tg.push("channel_post" if post else "message", body, ("chat", self.chat.id))
        return shown


def membership_json(tg: "StandIn", chat: Chat, who: Json, old: str, new: str) -> Json:
    """A `my_chat_member` update: the bot's own standing in a chat changed."""
    member: dict[str, Json] = {}
    for name, status in (("old_chat_member", old), ("new_chat_member", new)):
        member[name] = {"status": status, "user": dict(tg.bot)} | _rights(status)
    return {"chat": chat.as_json(), "from": who, "date": stamp(tg.clock.now()), **member}


def _rights(status: str) -> Json:
    if status == "kicked":
        return {"until_date": 0}
    if status != "administrator":
        return {}
    names = (
        "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
        "can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
    )
    return dict.fromkeys(names.split(), False)
