"""What people type: answers, words that always work, words of danger."""

import re
import unicodedata

import pytest
from hypothesis import strategies as st

from bot import bank
from bot.bank.risk import scan, word_lists
from bot.bank.typed import control_words
from bot.domain.answers import OutOfRange, is_number, read
from bot.domain.questions import Scale, is_valid
from bot.domain.signals.risk import LISTS, plain
from bot.domain.typed import Control
from tests.parsers.cases import made_up
from tests.parsers.shapes import mixed, texts

SHIPPED = bank.shipped()
SPOKEN = bank.spoken("en")
RATINGS = sorted(name for name, one in SHIPPED.items() if one.scale is Scale.NUMBERS)
WORDS = (
    "seven",
    "7",
    "10",
    "ten",
    "out of",
    "/10",
    "about",
    "maybe",
    "-",
    "half",
    "0",
    "11",
    "Yes",
    "A bit",
    "So-so",
    "½",
)
DANGER = ("want to die", "kill myself", "overdose", "hits me", "suicide", "od'd")


@made_up("typed_answers", text=st.one_of(mixed(*WORDS), texts), question=st.sampled_from(sorted(SHIPPED)))
def test_an_answer_that_is_read_is_one_of_its_question(text: str, question: str) -> None:
    found = read(text, SHIPPED[question], "en", SPOKEN)
    assert found is None or isinstance(found, OutOfRange) or is_valid(SHIPPED[question], found)


@made_up(
    "typed_numbers",
    number=st.one_of(st.integers(0, 10), st.integers(11, 10**6)),
    around=st.tuples(
        st.sampled_from(["", " ", "  ", "\n"]), st.sampled_from(["", " ", ".", "!", " /10", "/10", " out of 10", "\n"])
    ),
    question=st.sampled_from(RATINGS),
)
def test_a_number_is_that_number_and_no_other(number: int, around: tuple[str, str], question: str) -> None:
    text = f"{around[0]}{number}{around[1]}"
    found = read(text, SHIPPED[question], "en", SPOKEN)
    assert found == (number if number <= 10 else OutOfRange())
    assert is_number(text, SPOKEN)


@made_up("typed_words", text=st.one_of(mixed("stop", "please", "MENU", "help", "hide", "fuck off", "me", "!"), texts))
def test_a_word_that_always_works_is_found_or_not(text: str) -> None:
    for words in control_words("en"):
        for found in (words.whole_message(text), words.inside(text)):
            assert found is None or isinstance(found, Control)
        assert words.whole_message(plain(text)) == words.whole_message(text)


@made_up(
    "danger_words",
    before=st.one_of(mixed("so", "I", "a b c"), texts),
    after=st.one_of(mixed("so", "I", "a b c"), texts),
    phrase=st.sampled_from(DANGER),
)
def test_words_of_danger_are_found_whatever_stands_around_them(before: str, after: str, phrase: str) -> None:
    """And whatever is typed, the scan ends with names of lists."""
    assert scan(before, ["en"]) <= set(LISTS)
    assert scan(f"{before}\n{phrase}\n{after}", ["en"]) >= scan(phrase, ["en"]) > frozenset()
    assert scan(f"{before} {phrase.upper()} {after}", ["en"]) > frozenset()


@pytest.mark.parametrize("text", ["a " * 3000, "aa " * 3000, "d" * 9000, "o\u0301" * 4000, "ﷺ" * 500, "a a a aa " * 900])
def test_a_long_text_is_scanned_in_a_moment(text: str) -> None:
    """No pattern goes back over what it has seen again and again: ten times the text takes about ten times as long."""
    assert scan(f"{text} want to die", ["en"])
    lists = word_lists("en")
    assert lists is not None
    assert all(isinstance(pattern, re.Pattern) for _, pattern in lists.patterns)
    assert unicodedata.is_normalized("NFKD", plain(text))
