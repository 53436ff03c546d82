"""What one message holds, and what is said where there is more. Telegram counts what is seen, not the marks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.texts import Html, blocks, lines, seen

CAPTION, MESSAGE = 1024, 4096
"""Letters under a picture, and in a message of its own."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a message; of those that may be left out the one with the highest `spare` goes first, 0 never."""

    text: str | None
    spare: int = 0


def fitted(parts: Sequence[Block], most: int, left_out: Html) -> Html:
    """The parts below each other in at most so many letters; `left_out` says so where some are missing."""
    kept = list(parts)
    text = _joined(kept)
    while len(seen(text)) > most and any(one.spare for one in kept):
        kept.remove(max(kept, key=lambda one: one.spare))
        text = _joined([*kept, Block(left_out)])
    return text if len(seen(text)) <= most else _joined([one for one in kept if not one.spare][:2])


def as_many(rows: Sequence[Html], most: int, left_out: Callable[[int], Html]) -> Html:
    """The rows from the first on that have room, each on its line; `left_out` says how many have none."""
    shown, text = len(rows), lines(*rows)
    while len(seen(text)) > most and shown:
        shown -= 1
        text = lines(*rows[:shown], left_out(len(rows) - shown))
    return text


def _joined(parts: Sequence[Block]) -> Html:
    return blocks(*(one.text for one in parts))
