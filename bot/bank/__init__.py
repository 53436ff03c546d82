"""The shipped question bank: items.toml says what each question is, questions.<language>.toml how it is put.

shipped()            the Bank, in every language that has a file
spoken("en")         how numbers are typed in words
problems("de")       what a language's file lacks, against English
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from bot.domain.answers import FALL_BACK, Spoken
from bot.domain.questions import PLACEHOLDERS, Asks, Bank, Option, Question, Scale
from bot.domain.words import Construct

_OF_LANGUAGE = "_language"


@cache
def languages() -> tuple[str, ...]:
    """Codes of the languages that the bank is written in, English first."""
    names = (one.name for one in files(__package__).iterdir())
    codes = sorted(name.split(".")[1] for name in names if name.startswith("questions.") and name.endswith(".toml"))
    return (FALL_BACK, *(code for code in codes if code != FALL_BACK))


@cache
def _file(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _wording(language: str) -> Mapping[str, Any]:
    return _file(f"questions.{language}.toml")


@cache
def shipped() -> Bank:
    """Every shipped question, in the order of items.toml."""
    return Bank(tuple(_question(key, item) for key, item in _file("items.toml").items()))


def spoken(language: str) -> Spoken:
    """How numbers are said in a language; English for one that is not there."""
    known = _wording(language if language in languages() else FALL_BACK)[_OF_LANGUAGE]
    return Spoken(known["numbers"], tuple(known["out_of"]), tuple(known["around"]))


def five_words(language: str) -> tuple[str, ...]:
    """Labels for a rating in words that names none of its own."""
    return tuple(_wording(language if language in languages() else FALL_BACK)[_OF_LANGUAGE]["words"])


def _question(key: str, item: Mapping[str, Any]) -> Question:
    def said(part: str) -> dict[str, Any]:
        wordings = {language: _wording(language).get(key, {}) for language in languages()}
        return {language: words[part] for language, words in wordings.items() if part in words}

    labels = said("options")
    return Question(
        id=key,
        construct=Construct(item["construct"]),
        scale=Scale(item["scale"]),
        asks=Asks(item["asks"]) if "asks" in item else None,
        reverse=item.get("reverse", False),
        pool=item.get("pool"),
        text=said("text"),
        low=said("low"),
        high=said("high"),
        words={language: tuple(five) for language, five in said("words").items()},
        options=tuple(
            Option(one, {language: texts[one] for language, texts in labels.items() if one in texts})
            for one in item.get("options", ())
        ),
        note=said("note"),
    )


def problems(language: str) -> tuple[str, ...]:
    """What is missing in, or too much in, a language's file, one line each; empty when it is complete."""
    ours, theirs = _flat(_wording(FALL_BACK)), _flat(_wording(language))
    found = [f"{key}: missing" for key in ours if key not in theirs and ".numbers." not in key]
    found += [f"{key}: not a text of the bank" for key in theirs if key not in ours and ".numbers." not in key]
    for key in ours.keys() & theirs.keys():
        if _quoted(ours[key]) != _quoted(theirs[key]):
            found.append(f"{key}: quotes other things in curly brackets than the English text")
        if key.endswith(".words") and len(theirs[key]) != len(ours[key]):
            found.append(f"{key}: five words are needed")
    return tuple(sorted(found))


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{before}{key}.") if isinstance(value, Mapping) else {f"{before}{key}": value}
    return flat


def _quoted(text: object) -> set[str]:
    return {one for one in PLACEHOLDERS if f"{{{one}}}" in str(text)}
