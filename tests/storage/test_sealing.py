"""What people wrote opens only with a right key, and only in its own row."""

import base64

import pytest

from storage.sealing import Seal, WrongKey, new_key

WORDS = "felt told off – “again”"
RAW = bytes(range(224, 256))
"""A key whose two ways of writing differ: it has + and / in one, - and _ in the other."""


def test_what_was_closed_opens_again() -> None:
    seal = Seal([new_key()])
    assert seal.open("remark", "r1", seal.close("remark", "r1", WORDS)) == WORDS


def test_closed_words_show_nothing_and_never_look_the_same_twice() -> None:
    seal = Seal([new_key()])
    once, again = seal.close("remark", "r1", WORDS), seal.close("remark", "r1", WORDS)
    assert WORDS.encode() not in once
    assert once != again


@pytest.mark.parametrize(("label", "row"), [("remark", "r2"), ("goal", "r1")])
def test_a_value_copied_into_another_row_or_column_does_not_open(label: str, row: str) -> None:
    seal = Seal([new_key()])
    with pytest.raises(WrongKey):
        seal.open(label, row, seal.close("remark", "r1", WORDS))


def test_a_changed_byte_does_not_open() -> None:
    seal = Seal([new_key()])
    sealed = bytearray(seal.close("remark", "r1", WORDS))
    sealed[-1] ^= 1
    with pytest.raises(WrongKey):
        seal.open("remark", "r1", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"1234", b"1234" + bytes(12)])
def test_half_a_value_is_the_same_clear_error(sealed: bytes) -> None:
    with pytest.raises(WrongKey):
        Seal([new_key()]).open("remark", "r1", sealed)


def test_a_wrong_key_is_one_clear_error_that_tells_neither_words_nor_key() -> None:
    wrong = new_key()
    sealed = Seal([new_key()]).close("remark", "r1", WORDS)
    with pytest.raises(WrongKey) as raised:
        Seal([wrong]).open("remark", "r1", sealed)
    assert WORDS not in str(raised.value)
    assert wrong not in str(raised.value)


def test_while_keys_are_exchanged_both_open_and_the_new_one_closes() -> None:
    old, new = new_key(), new_key()
    before = Seal([old]).close("remark", "r1", WORDS)
    both = Seal([new, old])
    assert both.open("remark", "r1", before) == WORDS
    assert Seal([new]).open("remark", "r1", both.close("remark", "r1", WORDS)) == WORDS
    assert both.number == Seal([new]).number != Seal([old]).number


@pytest.mark.parametrize(
    "written",
    [
        base64.standard_b64encode(RAW).decode(),
        base64.standard_b64encode(RAW).decode().rstrip("="),
        base64.urlsafe_b64encode(RAW).decode(),
        f"  {base64.urlsafe_b64encode(RAW).decode().rstrip('=')}\n",
    ],
)
def test_a_key_may_be_written_in_either_base64_padded_or_not(written: str) -> None:
    sealed = Seal([base64.urlsafe_b64encode(RAW).decode()]).close("remark", "r1", WORDS)
    assert Seal([written]).open("remark", "r1", sealed) == WORDS


@pytest.mark.parametrize("spoilt", ["*", "\N{EN DASH}", " ", "é", "=", "\n"])
def test_a_key_with_a_wrong_character_is_refused_not_shortened(spoilt: str) -> None:
    key = new_key()
    with pytest.raises(ValueError, match="32 random bytes") as raised:
        Seal([f"{key[:20]}{spoilt}{key[20:]}"])
    assert key[:20] not in str(raised.value)


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        Seal([base64.urlsafe_b64encode(bytes(size)).decode()])


def test_without_any_key_nothing_is_sealed() -> None:
    with pytest.raises(ValueError, match="no encryption key"):
        Seal([])


def test_a_seal_shows_no_key_when_it_is_printed() -> None:
    key = new_key()
    assert key not in repr(Seal([key]))


# ---------------------------------------------------------------- keys that are exchanged while it is used


def test_a_value_of_an_unknown_key_lets_it_look_for_new_keys_at_once() -> None:
    old, new = new_key(), new_key()
    running = Seal([old], lambda: [new, old])
    sealed = Seal([new, old]).close("remark", "r1", WORDS)
    assert running.open("remark", "r1", sealed) == WORDS
    assert running.number == Seal([new]).number


@pytest.mark.parametrize("found", [[], ["half a key"], [new_key()]])
def test_keys_without_the_one_in_use_are_not_taken(found: list[str]) -> None:
    old = new_key()
    running = Seal([old], lambda: found)
    before = running.close("remark", "r1", WORDS)
    running.look_again()
    assert running.refused is not None
    assert running.open("remark", "r1", before) == WORDS
    assert not any(key in running.refused for key in found)


def test_a_file_that_can_t_be_read_now_changes_nothing() -> None:
    def gone() -> list[str]:
        raise FileNotFoundError

    running = Seal([new_key()], gone)
    running.look_again()
    assert running.refused == "FileNotFoundError"


def test_the_newest_key_alone_does_not_open_what_is_older() -> None:
    old, new = new_key(), new_key()
    both = Seal([new, old], lambda: [new, old])
    with pytest.raises(WrongKey):
        both.newest().open("remark", "r1", Seal([old]).close("remark", "r1", WORDS))
    assert both.newest().open("remark", "r1", both.close("remark", "r1", WORDS)) == WORDS
