"""Who is there and what stands in their chats, and how the bot gets to see it as JSON."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.rehearsal.telegram.refusals import bad, forbidden
from bot.rehearsal.telegram.shapes import File, Json, Message

GROUPS = ("group", "supergroup", "channel")


@dataclass(slots=True)
class Chat:
    """One chat with the bot. `open`: the bot may write (the person has started it; the group has it in)."""

    id: int
    kind: str
    name: str
    last_name: str = ""
    nick: str = ""
    language: str = "en"
    open: bool = False
    blocked: bool = False
    deleted: bool = False
    left: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)

    def require_open(self) -> None:
        """Refuse as Telegram does when the bot may not write here."""
        if self.deleted:
            raise forbidden("user is deactivated")
        if self.blocked:
            raise forbidden("bot was blocked by the user")
        if self.left:
            raise forbidden(f"bot is not a member of the {self.kind} chat")
        if not self.open:
            raise bad("chat not found")

    def person(self) -> Json:
        """As `from` in an update."""
        who = {"last_name": self.last_name, "username": self.nick, "language_code": self.language}
        return {"id": self.id, "is_bot": False, "first_name": self.name} | {k: v for k, v in who.items() if v}

    def as_json(self) -> Json:
        """As `chat` in a message."""
        if self.kind in GROUPS:
            return {"id": self.id, "type": self.kind, "title": self.name}
        more = {"last_name": self.last_name, "username": self.nick}
        return {"id": self.id, "type": "private", "first_name": self.name} | {k: v for k, v in more.items() if v}


def message_json(message: Message, chat: Chat, sender: Json | None) -> Json:
    """A message as the bot receives it, in updates and as the result of a call."""
    body: Json = {"message_id": message.id, "date": stamp(message.date), "chat": chat.as_json()}
    if sender is not None:
        body["from"] = sender
    body |= _content(message)
    if message.edited is not None:
        body["edit_date"] = stamp(message.edited)
    if message.buttons:
        body["reply_markup"] = {"inline_keyboard": [[b.as_json() for b in row] for row in message.buttons]}
    if message.protected:
        body["has_protected_content"] = True
    return body | dict(message.extra)


def gone_json(message_id: int, chat: Chat) -> Json:
    """A message that the bot can no longer see: `date` 0 and nothing else."""
    return {"message_id": message_id, "date": 0, "chat": chat.as_json()}


def _content(message: Message) -> Json:
    entities = [entity.as_json() for entity in message.entities]
    if message.kind == "text":
        return {"text": message.text} | ({"entities": entities} if entities else {})
    body: Json = {message.kind: _file(message.kind, message.file)} if message.file else {}
    if message.text:
        body |= {"caption": message.text} | ({"caption_entities": entities} if entities else {})
    return body


def _file(kind: str, file: File) -> object:
    common: Json = {"file_id": file.id, "file_unique_id": file.id[-15:], "file_size": len(file.data)}
    wide, high = file.size
    if kind == "photo":
        return [common | {"width": wide, "height": high}]
    if kind == "sticker":
        shape: Json = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
        return common | shape | {"emoji": "👍"}
    return common | ({"duration": 3} if kind == "voice" else {"file_name": file.name})


def stamp(moment: datetime) -> int:
    """Seconds since 1970, as Telegram writes dates."""
    return int(moment.timestamp())
