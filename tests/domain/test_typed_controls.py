"""Words that always work, in any mood, and never by accident."""

import pytest

from bot.bank.typed import control_words
from bot.domain.typed import Control

(WORDS,) = control_words("en")


@pytest.mark.parametrize(
    "said",
    [
        "stop",
        "STOP!!!",
        "Please stop.",
        "stop it now",
        "stop you stupid bot",
        "No more messages",
        "unsubscribe",
        "enough",
    ],
)
def test_stop_as_the_whole_message_in_any_mood(said: str) -> None:
    assert WORDS.whole_message(said) is Control.STOP


@pytest.mark.parametrize("said", ["oh fuck off you bot", "just leave me alone please i hate this", "Go away!! I mean it"])
def test_a_short_outburst_counts_wherever_the_phrase_stands(said: str) -> None:
    assert (WORDS.whole_message(said) or WORDS.inside(said)) is Control.STOP


@pytest.mark.parametrize(
    "said",
    [
        "I want to stop drinking",
        "stopped by the shop",
        "they told me to go away and I did and now I feel a lot better about it",
        "7",
        "the menu at the cafe was nice",
        "nothing to hide",
        "I need help with my goal",
    ],
)
def test_a_story_is_no_command(said: str) -> None:
    assert WORDS.whole_message(said) is None
    assert WORDS.inside(said) is None


@pytest.mark.parametrize(
    ("said", "does"), [("Menu", "menu"), ("help!", "help"), ("hide it", "hide"), ("HELP ME", "help")]
)
def test_the_other_words(said: str, does: str) -> None:
    assert WORDS.whole_message(said) == does


def test_a_language_without_words_of_its_own_understands_english() -> None:
    assert control_words("xx") == (WORDS,)
