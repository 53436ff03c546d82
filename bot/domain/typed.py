"""What typed words ask the bot to do, whatever it was waiting for: `menu`, `help`, `hide`, and "stop" in any mood."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.signals.risk import plain

SHORT = 8
"""A phrase with * counts anywhere in a message of at most so many words; in a longer one it is part of a story."""


class Control(StrEnum):
    """The words that always work."""

    MENU = "menu"
    HELP = "help"
    HIDE = "hide"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class ControlWords:
    """One language's words. `whole` and `within` hold plain phrases; `around` what may stand round a whole one."""

    whole: Mapping[str, Control]
    within: Mapping[str, Control]
    around: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, lists: Mapping[str, Collection[str]]) -> "ControlWords":
        """From lists by the name of what they do; `around` is one of them, `*` ends a phrase that counts anywhere."""
        phrases = [(one, Control(name)) for name, many in lists.items() if name != "around" for one in many]
        return cls(
            {plain(phrase): does for phrase, does in phrases},
            {plain(phrase): does for phrase, does in phrases if phrase.endswith("*")},
            frozenset(plain(one) for one in lists.get("around", ())),
        )

    def whole_message(self, text: str) -> Control | None:
        """What the message asks for when it is nothing but such words."""
        said = plain(text).split()
        while said and " ".join(said) not in self.whole and said[-1] in self.around:
            said.pop()
        while said and " ".join(said) not in self.whole and said[0] in self.around:
            said.pop(0)
        return self.whole.get(" ".join(said))

    def inside(self, text: str) -> Control | None:
        """What a short message asks for with a phrase somewhere in it."""
        said = plain(text)
        if len(said.split()) > SHORT:
            return None
        return next((does for phrase, does in self.within.items() if f" {phrase} " in f" {said} "), None)
