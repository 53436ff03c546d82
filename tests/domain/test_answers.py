"""What people type, and what it counts as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import bank
from bot.domain.answers import OutOfRange, read
from bot.domain.questions import Question, Scale, is_valid
from bot.domain.words import Construct

BANK, SPOKEN = bank.shipped(), bank.spoken("en")
FACES = Question("F", Construct.BOND, Scale.FACES, {"en": "?"}, words={"en": ("A", "B", "C", "D", "E")})


def typed(text: str, question: str = "B1") -> object:
    return read(text, BANK[question], "en", SPOKEN)


@pytest.mark.parametrize(
    "text",
    [
        "7",
        " 7 ",
        "7.",
        "7!",
        "7/10",
        "7 / 10",
        "7 out of 10",
        "seven out of ten",
        "7 of 10",
        "seven",
        "SEVEN",
        "７",
        "7️⃣",
        "٧",
        "07",
        "7.0",
        "a 7",
        "about seven",
        "maybe 7",
        "I'd say 7",
        "I’d say 7.",
        "(7)",
        "it's a 7",
    ],
)
def test_a_seven_is_seven(text: str) -> None:
    assert typed(text) == 7


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("zero", 0), ("10", 10), ("ten", 10), ("10/10", 10), ("🔟", 10)])
def test_the_ends_of_the_scale_count(text: str, value: int) -> None:
    assert typed(text) == value


@pytest.mark.parametrize("text", ["11", "-3", "100", "eleven", "11/10", "9" * 5000, "−1"])
def test_a_number_that_is_not_on_the_scale_is_told_apart(text: str) -> None:
    assert typed(text) == OutOfRange()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?",
        "I have 2 kids",
        "not 7",
        "7.5",
        "7,5",
        "7-8",
        "7 or 8",
        "½",
        "²",
        "7/5",
        "7%",
        "one hundred",
        "7\n8",
        "at 7",
        "777 Main Street",
        "fine",
        "/7",
        "seventh",
        "x" * 5000,
        "10/7",
    ],
)
def test_what_is_not_clearly_a_number_is_no_answer(text: str) -> None:
    assert typed(text) is None


@pytest.mark.parametrize(("text", "value"), [("Easy", 10), ("mostly ok!", 7.5), ("can’t talk", 0), ("SO-SO", 5)])
def test_a_word_of_the_scale_counts_where_numbers_are_asked(text: str, value: float) -> None:
    assert typed(text) == value


def test_on_faces_and_words_a_word_is_a_step() -> None:
    assert read("d", FACES, "en", SPOKEN) == 3
    assert read("7", FACES, "en", SPOKEN) is None


@pytest.mark.parametrize(
    ("text", "option"), [("A bit", "a_bit"), ("yes.", "yes"), ("NO", "no"), ("maybe", None), ("", None)]
)
def test_a_choice_is_typed_by_its_label(text: str, option: str | None) -> None:
    assert typed(text, "R1") == option


def test_a_label_is_found_in_english_where_the_language_has_none() -> None:
    assert read("Yes", BANK["R1"], "xx", SPOKEN) == "yes"


def test_free_text_is_kept_as_it_was_typed() -> None:
    assert typed("  I rang my sister 2 times ", "D1") == "I rang my sister 2 times"
    assert typed("   ", "D1") is None


@given(text=st.text(), question=st.sampled_from(sorted(BANK)))
def test_whatever_is_read_is_valid_for_its_question(text: str, question: str) -> None:
    found = typed(text, question)
    assert found is None or isinstance(found, OutOfRange) or is_valid(BANK[question], found)
