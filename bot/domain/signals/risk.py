"""Words that somebody should see at once. Recall first: a false hit costs a kind text, a missed one may cost more.

Lists are data (`bot/bank/risk.<language>.toml`, editable): plain phrases. Matching looks at letters and digits only, so
that capitals, accents, apostrophes, punctuation and line breaks make no difference. A phrase matches whole words in a
row; `*` at the end of a word stands for any ending. No hit means nothing, and nothing may say otherwise.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.signals.history import HARM_BY_OTHERS, Event, Happening, Signal
from bot.domain.signals.reading import Finding, Reading, Unmet
from bot.domain.signals.settings import Parameters
from bot.domain.signals.talk import happened
from bot.domain.words import Json, Tier

LISTS = ("self_harm", "medical", HARM_BY_OTHERS)
_APOSTROPHES = re.compile(r"[\u0027\u0060\u00b4\u02bc\u2018\u2019\u201b\u2032\uff07]")
_APART = re.compile(r"[\W_]+")
_LONG = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True, slots=True)
class WordLists:
    """One language's lists, compiled."""

    patterns: tuple[tuple[str, re.Pattern[str]], ...]

    def hits(self, text: str) -> frozenset[str]:
        """The names of the lists that a text hits."""
        forms = _forms(text)
        return frozenset(
            name for name, pattern in self.patterns if any(pattern.search(form) is not None for form in forms)
        )


def compile_lists(lists: Mapping[str, Iterable[str]]) -> WordLists:
    """Lists of phrases by name → something to match with. Raises ValueError for a phrase without a letter or digit."""
    return WordLists(tuple((name, _pattern(phrases)) for name, phrases in sorted(lists.items())))


def hits(text: str, languages: Iterable[WordLists]) -> frozenset[str]:
    """The lists that a text hits in any of the languages: people switch, so all that the service speaks are tried."""
    return frozenset().union(*(lists.hits(text) for lists in languages))


def plain(text: str) -> str:
    """Letters and digits in words, one space between: `"I CAN’T  go on!"` → `"i cant go on"`."""
    spread = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
    bare = "".join(sign for sign in spread if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf")
    return _APART.sub(" ", bare.casefold()).strip()


def _forms(text: str) -> tuple[str, ...]:
    """The text; drawn-out letters shortened ("diiiie" → "die", "killl" → "kill"); spelt words joined; "OD'd" apart."""
    words = plain(text)
    joined = re.sub(r"\b(?:\w )+\w\b", lambda found: found[0].replace(" ", ""), words)
    apart = plain(_APOSTROPHES.sub(" ", text))
    return words, _LONG.sub(r"\1", words), _LONG.sub(r"\1\1", words), joined, apart


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    choices = sorted({_phrase(phrase) for phrase in phrases})
    return re.compile(rf"\b(?:{'|'.join(choices)})\b" if choices else r"(?!)")


def _phrase(phrase: str) -> str:
    words = [_word(word) for word in phrase.split()]
    if not any(words):
        raise ValueError(f"no letters in {phrase!r}")
    return r"\s".join(word for word in words if word)


def _word(word: str) -> str:
    found = r"\s".join(re.escape(part) for part in plain(word).split())
    return found + r"\w*" if found and word.endswith("*") else found


def risk_text(reading: Reading, numbers: Parameters) -> Finding:
    """A text that hits a list, or *Ask … to contact me*. Harm by others is a signal of its own, for safeguarding."""
    events = happened(reading, Happening.TEXT, Happening.CONTACT_ME)
    found = tuple(signal for event in events for signal in _signals(event))
    return found or Unmet("no_hit")


def _signals(event: Event) -> list[Signal]:
    """`keep_from_worker`: somebody is said to do harm, it may be anybody, so the worker hears of none of it."""
    harm = HARM_BY_OTHERS in event.lists
    danger = sorted(event.lists - {HARM_BY_OTHERS})
    found = []
    if danger or event.kind is Happening.CONTACT_ME:
        found.append(_signal(event, danger, keep_from_worker=harm))
    if harm:
        found.append(_signal(event, [HARM_BY_OTHERS], keep_from_worker=True))
    return found


def _signal(event: Event, lists: list[str], *, keep_from_worker: bool) -> Signal:
    evidence: dict[str, Json] = {
        "value": event.kind.value,
        "usual": None,
        "last_three": [],
        "lists": list[Json](lists),
        "keep_from_worker": keep_from_worker,
    }
    return Signal("risk_text", None, event.at, Tier.NOW, evidence, event.id)
