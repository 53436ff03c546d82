"""Sealing: what people wrote is unreadable in the database without the key, and bound to its own row.

AES-256-GCM with a random 12-byte nonce. The associated data are a fixed label and the row's id, so that a value
copied into another row does not open. Each sealed value begins with the number of its key, so that keys can be
exchanged while both still open what they closed.
"""

import base64
import hmac
import os
from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES, NONCE_BYTES, NUMBER_BYTES = 32, 12, 4
NOT_A_KEY = "an encryption key is 32 random bytes in base64, 43 or 44 characters, as `openssl rand -base64 32` makes it"
_TO_URL_SAFE = str.maketrans("+/", "-_")


Again: TypeAlias = Callable[[], Sequence[str] | None]
"""Reads the keys anew where they come from; None while nothing has changed there."""


class WrongKey(Exception):
    """None of the keys opens this value. Nothing was changed."""


class KeyGone(Exception):
    """This was closed with a key that has been taken out of use: it would be unreadable. Nothing was kept."""


def new_key() -> str:
    """A fresh key as it stands in a key file: 43 characters of URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).rstrip(b"=").decode()


def _bytes_of(text: str) -> bytes:
    """The 32 bytes of a key, from base64 of either alphabet, padded or not. Raises ValueError, without the key in it."""
    letters = text.strip().rstrip("=").translate(_TO_URL_SAFE)
    try:
        # The library's own decoder for URL-safe base64 skips what it doesn't know: half a key would pass for a key.
        raw = base64.b64decode(letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ValueError(NOT_A_KEY)
    return raw


@dataclass(frozen=True, slots=True)
class _Key:
    number: bytes
    cipher: AESGCM = field(repr=False)
    marking: bytes = field(repr=False)
    """A key of its own for marks, so that a mark tells nothing about the one that seals."""

    @classmethod
    def of(cls, text: str) -> "_Key":
        raw = _bytes_of(text)
        number = sha256(b"number" + raw).digest()[:NUMBER_BYTES]
        return cls(number, AESGCM(raw), hmac.digest(raw, b"marks", "sha256"))

    def mark(self, label: str, text: str) -> str:
        return f"{self.number.hex()}{hmac.digest(self.marking, f'{label}:{text}'.encode(), 'sha256').hex()}"


def _all(keys: Sequence[str]) -> list[_Key]:
    if not keys:
        raise ValueError("no encryption key")
    return [_Key.of(text) for text in keys]


def number_of(key: str) -> str:
    """The number of a key as `Seal.number` tells it. Raises ValueError."""
    return _Key.of(key).number.hex()


class Seal:
    """Opens with every key it was given, closes with the first.

    Keys may be exchanged while it is used: `again` is asked on every beat, and at once when a value was closed with a
    key that is not at hand. What it gives is taken only if the key that closes now is still among them, or is known to
    have been taken out of use: with a file that was replaced by mistake nothing would open any more.
    """

    def __init__(self, keys: Sequence[str], again: Again | None = None) -> None:
        self._keys = _all(keys)
        self._again = again
        self.refused: str | None = None
        """Why keys that were found anew were not taken, until some are."""
        self._not_taken: Sequence[str] | None = None
        """Those keys: `again` tells of them only once."""
        self.closings = 0
        """How often something was closed or marked. As long as this stays, nobody has used the key."""

    def __repr__(self) -> str:
        return f"<Seal with {len(self._keys)} keys>"

    def look_again(self, gone: Collection[str] = ()) -> None:
        """Take the keys that have come to stand where these came from. `gone`: numbers of keys out of use."""
        try:
            found = self._again() if self._again is not None else None
            if found is None:
                found = self._not_taken
            if found is None:
                return
            keys = _all(found)
        except (ValueError, OSError) as why:
            self.refused = str(why) if isinstance(why, ValueError) else type(why).__name__
            return
        if self.number not in {*gone, *(key.number.hex() for key in keys)}:
            self.refused, self._not_taken = "the key that closes now is not among them", found
            return
        self._keys, self.refused, self._not_taken = keys, None, None

    def newest(self) -> "Seal":
        """One that opens only what the first key closed."""
        alone = copy(self)
        alone._keys, alone._again = self._keys[:1], None
        return alone

    @property
    def number(self) -> str:
        """Which key closes now, in a form that tells nothing about it."""
        return self._keys[0].number.hex()

    @property
    def numbers(self) -> Sequence[str]:
        """All keys in that form, the one that closes first."""
        return [key.number.hex() for key in self._keys]

    def has(self, number: bytes) -> bool:
        """Whether the key with this number, which every sealed value begins with, is at hand."""
        return any(key.number == number for key in self._keys)

    def close(self, label: str, row_id: str, text: str) -> bytes:
        key, nonce = self._keys[0], os.urandom(NONCE_BYTES)
        self.closings += 1
        return key.number + nonce + key.cipher.encrypt(nonce, text.encode(), f"{label}:{row_id}".encode())

    def open(self, label: str, row_id: str, sealed: bytes) -> str:
        number, nonce, body = (
            sealed[:NUMBER_BYTES],
            sealed[NUMBER_BYTES : NUMBER_BYTES + NONCE_BYTES],
            sealed[NUMBER_BYTES + NONCE_BYTES :],
        )
        if not self.has(number):
            self.look_again()
        for key in self._keys:
            if key.number == number:
                try:
                    return key.cipher.decrypt(nonce, body, f"{label}:{row_id}".encode()).decode()
                except InvalidTag:
                    break
        raise WrongKey(label)

    def mark(self, label: str, text: str) -> str:
        """Stands for `text` without telling it: the number of the newest key, and a hash that only the key can make."""
        self.closings += 1
        return self._keys[0].mark(label, text)

    def marks(self, label: str, text: str) -> list[str]:
        """The mark of `text` with each key that is at hand."""
        return [key.mark(label, text) for key in self._keys]

    def knows(self, mark: str) -> bool:
        """Whether the key that this mark was made with is at hand."""
        return any(mark.startswith(key.number.hex()) for key in self._keys)
