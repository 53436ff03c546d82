"""A replay over check-ins that nobody answered, and over those who always answer the same."""

from bot.domain.replay import Moment, Replay, moments
from bot.domain.signals.catalogue import settings
from tests.support.histories import answered, end, weekly


def test_a_check_in_without_any_reply_is_read_at_its_end() -> None:
    history = answered("-")
    assert moments(history) == [Moment(end(history), "c0")]


def test_silence_is_found_in_a_replay() -> None:
    replayed = Replay(answered("aaaaaaaa----"), settings("therapy")).run()
    assert {one.signal.rule for one in replayed.held} == {"silence"}


def test_who_always_answers_two_brings_one_alert() -> None:
    assert len(Replay(weekly(*[2.0] * 40), settings("therapy")).run().alerts) == 1


def test_who_always_answers_ten_brings_none() -> None:
    assert Replay(weekly(*[10.0] * 40), settings("therapy")).run().alerts == []
