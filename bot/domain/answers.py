"""Reading a typed answer: "7", "7/10", "7 out of 10", "seven", "７", "7.", a word's label, a choice's label.

Typed answers count whenever buttons do. What is not clearly an answer is none: a wrong number is worse than a question
asked again.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.domain.questions import STEPS, Question, Scale, Value

FALL_BACK = "en"
_KEYCAPS = {0xFE0F: None, 0x20E3: None, ord("🔟"): " 10 ", ord("’"): "'", ord("‘"): "'"}
_EDGES = " \t\n\r.,;:!?…\"'“”()*_"
_NUMBER = re.compile(r"([-−–]?)\s*(\d+)(?:[.,](\d+))?")
_OUT_OF_TEN = re.compile(r"(.+?)\s*[/⁄]\s*10")


@dataclass(frozen=True, slots=True)
class Spoken:
    """How numbers are said in one language: words for numbers, "out of" between two, and what may stand around one."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    out_of: tuple[str, ...] = ()
    around: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """It is a number, but none of this scale. The sentence that answers says 0 to 10; the number is not kept."""


Reading: TypeAlias = Value | OutOfRange | None


def read(text: str, question: Question, language: str, spoken: Spoken) -> Reading:
    """The answer that `text` is, on the question's own scale; None when it is not understood."""
    if question.scale is Scale.TEXT:
        return text.strip() or None
    said = plain(text)
    if question.scale is Scale.CHOICE:
        return _option(said, question, language)
    step = _step(said, question, language)
    if question.scale is not Scale.NUMBERS:
        return step
    return _number(said, spoken) if step is None else STEPS[step]


def is_number(text: str, spoken: Spoken) -> bool:
    """Whether it is a number, typed for whatever; in range or not."""
    return _number(plain(text), spoken) is not None


def plain(text: str) -> str:
    """Small letters, plain digits and single blanks, without what stands at the edges of what people type."""
    digits = "".join(_digit(one) for one in text.translate(_KEYCAPS))
    return " ".join(digits.casefold().split()).strip(_EDGES)


def labels(question: Question, language: str) -> tuple[str, ...]:
    """The five words of a rating in this language, or in English; empty when it has none."""
    return question.words.get(language) or question.words.get(FALL_BACK, ())


def _digit(letter: str) -> str:
    value = unicodedata.decimal(letter, None)
    return letter if value is None else str(value)


def _step(said: str, question: Question, language: str) -> int | None:
    known = [plain(label) for label in labels(question, language)]
    return known.index(said) if said and said in known else None


def _option(said: str, question: Question, language: str) -> str | None:
    for option in question.options:
        label = option.text.get(language) or option.text.get(FALL_BACK, "")
        if said and said == plain(label):
            return option.id
    return None


def _number(said: str, spoken: Spoken) -> Reading:
    for words in sorted(spoken.out_of, key=len, reverse=True):
        said = re.sub(rf"\s+{re.escape(words)}\s+", " / ", said)
    for word, number in spoken.numbers.items():
        said = re.sub(rf"\b{re.escape(word)}\b", str(number), said)
    around = set(spoken.around)
    said = " ".join(word for word in said.split() if word.strip(_EDGES) not in around).strip(_EDGES)
    if (of_ten := _OUT_OF_TEN.fullmatch(said)) is not None:
        said = of_ten[1].strip()
    return _from_zero_to_ten(said)


def _from_zero_to_ten(said: str) -> Reading:
    found = _NUMBER.fullmatch(said)
    if found is None:
        return None
    digits = found[2].lstrip("0") or "0"
    if len(digits) > 2 or int(digits) > 10 or (found[1] and digits != "0"):
        return OutOfRange()
    return None if (found[3] or "").strip("0") else int(digits)
