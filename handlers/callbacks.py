"""What a button carries: `1:verb:arg:arg`, at most 64 bytes: ids, numbers and words of ours, nothing
about anybody. A button lives for ever.

The leading number is the version of this format. Whatever this module would not have written, or is of another version,
is `None`, and the person gets the one kind answer for buttons that have had their time.
"""

import re
from dataclasses import dataclass

VERSION = "1"
MAX_BYTES = 64
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Tap:
    """A decoded button: what it means and about what."""

    verb: str
    args: tuple[str, ...] = ()


def encode(verb: str, *args: str | int) -> str:
    """Raises ValueError for what would not be read back as it is: too long, a colon inside, signs that do not print."""
    parts = tuple(str(arg) for arg in args)
    data = ":".join((VERSION, verb, *parts))
    if decode(data) != Tap(verb, parts):
        raise ValueError(f"no button data: {verb} with {len(parts)} parts")
    return data


def decode(data: str | None) -> Tap | None:
    if data is None or not data.isprintable() or len(data.encode()) > MAX_BYTES:
        return None
    version, _, rest = data.partition(":")
    verb, *args = rest.split(":")
    return Tap(verb, tuple(args)) if version == VERSION and verb else None


def whole(written: str) -> int | None:
    """A whole number of at most four digits as `encode` writes it; None for anything else. The one that is longer, the
    moment on the button that closes a chat, is read where it is used."""
    return int(written) if _WHOLE.fullmatch(written) else None
