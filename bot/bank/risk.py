"""The shipped word lists, risk.<language>.toml: words that a person should see at once."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from bot.domain.signals.risk import WordLists, compile_lists, hits

FALL_BACK = "en"


@cache
def word_lists(language: str) -> WordLists | None:
    """One language's lists, compiled; None where there are none."""
    file = files(__package__).joinpath(f"risk.{language}.toml")
    return compile_lists(tomllib.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def scan(text: str, languages: Sequence[str]) -> frozenset[str]:
    """The names of the lists that a text hits in any language of the service, or in English: people switch."""
    known = (word_lists(language) for language in dict.fromkeys((*languages, FALL_BACK)))
    return hits(text, [lists for lists in known if lists is not None])
