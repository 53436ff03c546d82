"""Two simple marks in texts, and the only door from words to Telegram's HTML.

**bold**   becomes <b>bold</b>
`copy me`  becomes <code>copy me</code>, which Telegram copies at a tap

Marks count only where they stand in a text file. What people typed or what was filled in is escaped, marks and all,
so that a client's "<b>" or "**" stays the letters that they typed.
"""

import html as _html
import re
from collections.abc import Iterable

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_TAG = re.compile(r"</?(?:b|code)>")


class Html(str):
    """Text that Telegram may show with parse mode HTML: everything foreign in it is escaped."""

    __slots__ = ()


def html(words: object) -> Html:
    """Words from anywhere, made safe. What is `Html` already passes as it is."""
    if isinstance(words, Html):
        return words
    return Html(_html.escape(str(words), quote=False))


def marked_up(template: str) -> str:
    """A text's own marks as tags, the rest of it escaped; `{facts}` are left to be filled in."""
    return _CODE.sub(r"<code>\1</code>", _BOLD.sub(r"<b>\1</b>", _html.escape(template, quote=False)))


def unmarked(template: str) -> str:
    """A text without its marks, for places that show no HTML: buttons, toasts, command descriptions."""
    return _CODE.sub(r"\1", _BOLD.sub(r"\1", template))


def seen(text: str) -> str:
    """What stands on the screen: no tags, entities undone. Telegram counts its limits on this."""
    return _html.unescape(_TAG.sub("", text))


def lines(*parts: str | None) -> Html:
    """Parts below each other; those that are None or empty are left out."""
    return _joined("\n", parts)


def blocks(*parts: str | None) -> Html:
    """Parts with an empty line between them; those that are None or empty are left out."""
    return _joined("\n\n", parts)


def _joined(between: str, parts: Iterable[str | None]) -> Html:
    return Html(between.join(html(part) for part in parts if part))
