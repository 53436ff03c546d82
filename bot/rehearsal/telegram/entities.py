"""Telegram's HTML: what is allowed, what it becomes, and how it is refused.

Offsets are UTF-16 units; byte offsets in refusals are UTF-8, both as in the real server.
"""

import html
import re
from dataclasses import dataclass, replace

from bot.rehearsal.telegram.refusals import bad
from bot.rehearsal.telegram.shapes import Entity

KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "a": "text_link", "blockquote": "blockquote", "tg-spoiler": "spoiler", "span": "spoiler",
}  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[^<>]*)?)>")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]+|#x[0-9a-fA-F]+);")


@dataclass(frozen=True, slots=True)
class _Open:
    name: str
    kind: str
    start: int
    url: str | None = None


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def read_html(source: str) -> tuple[str, tuple[Entity, ...]]:
    """Plain text and its entities; a 400 as Telegram words it when the markup is broken."""
    reader = _Reader(source)
    reader.run()
    return _trim("".join(reader.plain), reader.entities)


def read_plain(source: str) -> tuple[str, tuple[Entity, ...]]:
    """No markup: only trimmed."""
    return source.strip(), ()


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.plain: list[str] = []
        self.entities: list[Entity] = []
        self.open: list[_Open] = []
        self.at = 0

    def run(self) -> None:
        position = 0
        while position < len(self.source):
            if self.source[position] == "<":
                position = self._tag(position)
            else:
                end = self.source.find("<", position)
                end = len(self.source) if end < 0 else end
                self._words(self.source[position:end])
                position = end
        if self.open:
            raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{self.open[-1].name}\"")

    def _words(self, raw: str) -> None:
        text = _REFERENCE.sub(lambda found: html.unescape(found[0]), raw)
        self.plain.append(text)
        self.at += units(text)

    def _tag(self, position: int) -> int:
        where = len(self.source[:position].encode())
        found = _TAG.match(self.source, position)
        if found is None:
            raise bad(f"can't parse entities: Unclosed start tag at byte offset {where}")
        closing, name, rest = found[1], found[2].lower(), found[3]
        if name not in KINDS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {where}')
        if closing:
            self._close(name, where)
        else:
            self.open.append(_Open(name, KINDS[name], self.at, _attribute(rest, "href")))
        return found.end()

    def _close(self, name: str, where: int) -> None:
        if not self.open:
            raise bad(f"can't parse entities: Unexpected end tag at byte offset {where}")
        opened = self.open.pop()
        if opened.name != name:
            raise bad(
                f"can't parse entities: Unmatched end tag at byte offset {where}, "
                f'expected "</{opened.name}>", found "</{name}>"'
            )
        length = self.at - opened.start
        if length and not (opened.kind == "text_link" and not opened.url):
            self.entities.append(Entity(opened.kind, opened.start, length, opened.url))


def _attribute(rest: str, name: str) -> str | None:
    for found in _ATTRIBUTE.finditer(rest):
        if found[1].lower() == name:
            return html.unescape(found[2] or found[3] or found[4] or "")
    return None


def _trim(text: str, entities: list[Entity]) -> tuple[str, tuple[Entity, ...]]:
    """Telegram cuts blank space off both ends and moves the entities with it."""
    cut = units(text) - units(text.lstrip())
    plain = text.strip()
    end = units(plain)
    kept = []
    for entity in sorted(entities, key=lambda e: (e.offset, -e.length)):
        start, stop = max(0, entity.offset - cut), min(end, entity.offset + entity.length - cut)
        if stop > start:
            kept.append(replace(entity, offset=start, length=stop - start))
    return plain, tuple(kept)


def commands(text: str) -> tuple[Entity, ...]:
    """The entity that Telegram itself puts on a leading /command typed by a person."""
    found = re.match(r"/[A-Za-z0-9_]{1,64}(@\w+)?(?=\s|$)", text)
    return (Entity("bot_command", 0, units(found[0])),) if found else ()
