"""A replay over check-ins that nobody answered: they are read too, when they end."""

from bot.domain.replay import Moment, Replay, moments
from bot.domain.signals.catalogue import settings
from tests.support.histories import answered, end


def test_a_check_in_without_any_reply_is_read_at_its_end() -> None:
    history = answered("-")
    assert moments(history) == [Moment(end(history), "c0")]


def test_silence_is_found_in_a_replay() -> None:
    replayed = Replay(answered("aaaaaaaa----"), settings("therapy")).run()
    assert "silence" in {one.signal.rule for one in replayed.held}
