"""The shipped words that do something whenever they are typed: typed.<language>.toml."""

import tomllib
from functools import cache
from importlib.resources import files

from bot.domain.typed import ControlWords

FALL_BACK = "en"


@cache
def control_words(language: str) -> tuple[ControlWords, ...]:
    """Those of a language, then the English ones, which count everywhere."""
    folder = files(__package__)
    found = []
    for code in dict.fromkeys((language, FALL_BACK)):
        file = folder.joinpath(f"typed.{code}.toml")
        if file.is_file():
            found.append(ControlWords.of(tomllib.loads(file.read_text(encoding="utf-8"))))
    return tuple(found)
