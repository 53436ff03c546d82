"""What a button carries: `1:verb:arg:arg`, at most 64 bytes, ids and numbers only. A button lives for ever.

The leading number is the version of this format. Whatever can't be read, or is of another version, is `None`, and the
person gets the one kind answer for buttons that have had their time.
"""

from dataclasses import dataclass

VERSION = "1"
MAX_BYTES = 64


@dataclass(frozen=True, slots=True)
class Tap:
    """A decoded button: what it means and about what."""

    verb: str
    args: tuple[str, ...] = ()


def encode(verb: str, *args: str | int) -> str:
    data = ":".join((VERSION, verb, *(str(arg) for arg in args)))
    if len(data.encode()) > MAX_BYTES:
        raise ValueError(f"button data over {MAX_BYTES} bytes: {verb}")
    return data


def decode(data: str | None) -> Tap | None:
    version, _, rest = (data or "").partition(":")
    verb, *args = rest.split(":")
    return Tap(verb, tuple(args)) if version == VERSION and verb else None
