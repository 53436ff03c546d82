"""What can go wrong, and what the person should read.

Refusal          somebody asked for something that is not theirs, not possible or not understood;
                 carries the key of one kind sentence, never the sentence and never what was typed
Unreadable       what came in is no update at all; there is nobody to answer, and it will be none next time either
NotUsable        the program can't be started like this; for whoever looks after the computer
"""

from bot.domain.words import Facts


class Refusal(Exception):
    """Said to the person as the text with this key. Nothing that the action did before it is kept."""

    def __init__(self, key: str, facts: Facts | None = None) -> None:
        super().__init__(key)
        self.key = key
        self.facts: Facts = facts or {}


class Unreadable(Exception):
    """Says which way it is broken, never what stood in it."""


class NotUsable(Exception):
    """Something is missing or wrong around the program. Says what, and what to do, on a terminal."""
