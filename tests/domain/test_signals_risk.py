"""Word lists: recall first, and harm by somebody else on a way of its own."""

import tomllib
from importlib.resources import files

import pytest

from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import evaluate
from bot.domain.signals.history import HARM_BY_OTHERS, Happening, History, Signal
from bot.domain.signals.risk import LISTS, WordLists, compile_lists, hits, plain
from bot.domain.words import Tier
from tests.support.histories import MONDAY, event

SHIPPED = tomllib.loads(files("bot.bank").joinpath("risk.en.toml").read_text(encoding="utf-8"))
ENGLISH = compile_lists(SHIPPED)


@pytest.mark.parametrize(
    "text",
    [
        "I want to kill myself",
        "i wanna DIE",
        "I don’t want to be here any more.",
        "dont want to\nbe here",
        "thinking about suicide",
        "SUICIDAL again",
        "I'm going to end it...",
        "kill---myself",
        "kiiiill myself",
        "s u i c i d e",
        "k m s",
        "I can't go on!!",
        "súicidal",
        "I self-harmed last night",
        "ｋｉｌｌ ｍｙｓｅｌｆ",
        "kill\u200b myself",
        "ki\u00adll mys\u200belf",
    ],
)
def test_harm_to_oneself_is_hit(text: str) -> None:
    assert "self_harm" in ENGLISH.hits(text)


@pytest.mark.parametrize("text", ["I've overdosed", "took too many tablets", "he won't wake up", "cant breathe", "OD'd"])
def test_a_body_in_danger_is_hit(text: str) -> None:
    assert "medical" in ENGLISH.hits(text)


@pytest.mark.parametrize("text", ["he hits me", "she hit me again", "I was raped", "not safe at home", "he hurt my kids"])
def test_harm_by_somebody_is_hit(text: str) -> None:
    assert HARM_BY_OTHERS in ENGLISH.hits(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "felt told off",
        "thanks, that was good",
        "the bus was late",
        "I met my sister",
        "we played a game of skill",
        "7",
    ],
)
def test_everyday_words_are_not_hit(text: str) -> None:
    assert ENGLISH.hits(text) == frozenset()


def test_the_shipped_lists_are_the_three_that_the_rules_know() -> None:
    assert sorted(SHIPPED) == sorted(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_every_shipped_phrase_hits_its_own_list(name: str) -> None:
    missed = [phrase for phrase in SHIPPED[name] if name not in ENGLISH.hits(f"well, {phrase.replace('*', '')}?")]
    assert missed == []


def test_phrases_match_whole_words_only_unless_they_end_in_a_star() -> None:
    lists = compile_lists({"self_harm": ["od", "harm*"]})
    assert lists.hits("body") == frozenset()
    assert lists.hits("harming") == {"self_harm"}


def test_all_languages_of_the_service_are_tried() -> None:
    polish = compile_lists({"self_harm": ["zabić się"]})
    assert hits("chcę się ZABIC SIE", [ENGLISH, polish]) == {"self_harm"}


def test_an_empty_list_hits_nothing() -> None:
    assert compile_lists({"self_harm": []}).hits("anything") == frozenset()


def test_a_phrase_without_letters_is_refused() -> None:
    with pytest.raises(ValueError, match="no letters"):
        compile_lists({"self_harm": ["* !"]})


def test_what_is_compared() -> None:
    assert plain("I CAN’T  go\non!") == "i cant go on"


def test_five_thousand_characters_are_read_quickly_enough_to_answer() -> None:
    assert isinstance(ENGLISH, WordLists)
    assert ENGLISH.hits("a b " * 1250 + "kill myself") == {"self_harm"}


def signals(*lists: str, kind: Happening = Happening.TEXT) -> list[Signal]:
    history = History(events=(event(kind, MONDAY, lists=lists),))
    return list(evaluate(history, settings("therapy"), MONDAY).signals)


def test_a_hit_is_passed_on_now() -> None:
    (signal,) = signals("self_harm", "medical")
    assert (signal.rule, signal.tier) == ("risk_text", Tier.NOW)
    assert signal.evidence["lists"] == ["medical", "self_harm"]
    assert signal.evidence["keep_from_worker"] is False


def test_harm_by_others_is_a_signal_of_its_own() -> None:
    (signal,) = signals(HARM_BY_OTHERS)
    assert signal.evidence["lists"] == [HARM_BY_OTHERS]


def test_where_somebody_is_said_to_do_harm_the_worker_hears_of_none_of_it() -> None:
    danger, harm = signals("self_harm", HARM_BY_OTHERS)
    assert (danger.evidence["lists"], harm.evidence["lists"]) == (["self_harm"], [HARM_BY_OTHERS])
    assert danger.evidence["keep_from_worker"] is harm.evidence["keep_from_worker"] is True


def test_asking_to_be_contacted_is_passed_on_now() -> None:
    (signal,) = signals(kind=Happening.CONTACT_ME)
    assert signal.tier is Tier.NOW


def test_words_without_a_hit_are_no_signal() -> None:
    assert signals() == []


def test_risk_text_cannot_be_switched_off() -> None:
    assert settings("therapy", {"risk_text": {"enabled": False}})["risk_text"].enabled
