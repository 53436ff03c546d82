"""The values that the stand-in keeps and shows: messages, buttons, lines of the transcript, calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entity:
    """Formatting of a part of a text; `offset` and `length` in UTF-16 units, as Telegram counts."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None

    def as_json(self) -> Json:
        more = {"url": self.url, "language": self.language}
        return {"type": self.type, "offset": self.offset, "length": self.length} | {k: v for k, v in more.items() if v}


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button: `data` goes to the bot when tapped, `url` opens a page."""

    text: str
    data: str | None = None
    url: str | None = None

    def as_json(self) -> Json:
        return {"text": self.text} | ({"callback_data": self.data} if self.data is not None else {"url": self.url})


Keyboard: TypeAlias = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class File:
    """Something that was uploaded; `data` are its bytes."""

    id: str
    name: str
    kind: str
    data: bytes
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands now. `text` is plain; for a photo or document it is the caption."""

    id: int
    chat_id: int
    from_bot: bool
    date: datetime
    text: str
    entities: tuple[Entity, ...] = ()
    html: str = ""
    buttons: Keyboard = ()
    file: File | None = None
    kind: str = "text"
    sender: int = 0
    edited: datetime | None = None
    silent: bool = False
    protected: bool = False
    revision: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def photo(self) -> bytes | None:
        """The picture's bytes, if it is one."""
        return self.file.data if self.file is not None and self.kind == "photo" else None

    @property
    def labels(self) -> list[str]:
        """What stands on its buttons, in order."""
        return [button.text for row in self.buttons for button in row]

    def button(self, label_or_data: str) -> Button | None:
        """The button with this label, else the one with this data."""
        every = [button for row in self.buttons for button in row]
        named = [b for b in every if b.text == label_or_data] or [b for b in every if b.data == label_or_data]
        return named[0] if named else None


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One thing that happened in a chat. `kind`: said, sent, edited, deleted, tapped, toast, blocked, unblocked."""

    at: datetime
    chat_id: int
    name: str
    kind: str
    text: str
    buttons: tuple[tuple[str, ...], ...] = ()
    message_id: int = 0

    def __str__(self) -> str:
        keys = "".join(" | " + " ".join(f"[{label}]" for label in row) for row in self.buttons)
        return f"{self.at:%a %d %b %H:%M:%S} {self.name:<10} {self.kind:<8} {self.text}{keys}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot. `steady` is the monotonic clock; `status` 0 means that no answer left."""

    at: datetime
    steady: float
    method: str
    chat_id: int | None
    params: Mapping[str, Any]
    status: int


@dataclass(frozen=True, slots=True)
class Toast:
    """What answered a tap: a short text over the chat, or a box to be closed (`alert`)."""

    text: str
    alert: bool = False
