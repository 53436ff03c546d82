"""Scales, what answers are worth, the bank, and the shipped questions."""

import re
from dataclasses import replace

import pytest

from bot import bank
from bot.domain.questions import (
    MEANINGS,
    PLACEHOLDERS,
    Asks,
    Bank,
    Option,
    Question,
    Scale,
    is_valid,
    meaning,
    value_0_10,
)
from bot.domain.words import ALLIANCE, Construct

BANK = bank.shipped()
NUMBERS = Question("N", Construct.BOND, Scale.NUMBERS, {"en": "?"})
WORDS = replace(NUMBERS, scale=Scale.WORDS)
YES_NO = replace(NUMBERS, scale=Scale.CHOICE, options=(Option("yes", {"en": "Yes"}), Option("no", {"en": "No"})))
FREE = replace(NUMBERS, scale=Scale.TEXT)


class TestWorth:
    def test_numbers_are_worth_themselves(self) -> None:
        assert [value_0_10(NUMBERS, value) for value in (0, 2.5, 7, 10)] == [0, 2.5, 7, 10]

    @pytest.mark.parametrize("scale", [Scale.WORDS, Scale.FACES])
    def test_five_steps_are_spread_evenly(self, scale: Scale) -> None:
        question = replace(NUMBERS, scale=scale)
        assert [value_0_10(question, step) for step in range(5)] == [0, 2.5, 5, 7.5, 10]

    def test_reversed_items_are_turned_round(self) -> None:
        assert value_0_10(replace(NUMBERS, reverse=True), 2) == 8
        assert value_0_10(replace(WORDS, reverse=True), 0) == 10

    def test_choices_and_texts_are_worth_nothing(self) -> None:
        assert value_0_10(YES_NO, "yes") is None
        assert value_0_10(FREE, "7") is None

    @pytest.mark.parametrize(
        ("question", "value"),
        [
            (NUMBERS, 11),
            (NUMBERS, -1),
            (NUMBERS, 7.3),
            (NUMBERS, "7"),
            (NUMBERS, True),
            (WORDS, 5),
            (WORDS, 2.5),
            (YES_NO, "perhaps"),
            (YES_NO, 1),
            (FREE, " "),
            (FREE, 3),
        ],
    )
    def test_what_is_not_on_the_scale_is_not_valid(self, question: Question, value: object) -> None:
        assert not is_valid(question, value)
        assert value_0_10(question, value) is None


class TestMeaning:
    @pytest.mark.parametrize(
        ("option", "means"), [("a_bit", "a_bit"), ("a_little", "a_bit"), ("Yes", "yes"), ("perhaps", None)]
    )
    def test_options_mean_what_rules_read(self, option: str, means: str | None) -> None:
        assert meaning(replace(YES_NO, asks=Asks.BOTHERED), option) == means

    def test_five_words_about_the_direction_mean_it_too(self) -> None:
        question = replace(WORDS, asks=Asks.DIRECTION)
        assert [meaning(question, step) for step in range(5)] == list(MEANINGS[Asks.DIRECTION])

    def test_without_asks_nothing_is_meant(self) -> None:
        assert meaning(YES_NO, "yes") is None


class TestBank:
    def test_a_service_s_question_with_the_same_id_takes_the_place_of_the_shipped_one(self) -> None:
        ours = Question("B1", Construct.BOND, Scale.FACES, {"en": "How is it?"})
        merged = BANK.with_more([ours, replace(NUMBERS, id="H1")])
        assert merged["B1"] is ours
        assert list(merged) == [*BANK, "H1"]

    def test_it_is_looked_up_by_asks_and_by_pool(self) -> None:
        assert [one.id for one in BANK.by_asks(Asks.GOAL_PROGRESS)] == ["G3"]
        assert [one.id for one in BANK.by_pool("tasks")] == ["T1"]
        assert BANK.pools == ("bond", "goals", "tasks", "rotating")

    def test_an_empty_bank_has_no_pools(self) -> None:
        assert Bank().pools == ()


class TestShipped:
    @pytest.mark.parametrize("language", bank.languages())
    def test_every_language_says_every_question(self, language: str) -> None:
        assert bank.problems(language) == ()
        assert all(language in question.text for question in BANK.values())

    @pytest.mark.parametrize("question", BANK.values(), ids=list(BANK))
    def test_each_question_is_short_and_complete(self, question: Question) -> None:
        for language, text in question.text.items():
            assert len(text.split()) <= 20
            assert set(re.findall(r"\{(\w+)\}", text)) <= PLACEHOLDERS
            if question.is_rating:
                assert question.low[language]
                assert question.high[language]
                assert len(question.words[language]) == 5
                assert len(set(question.words[language])) == 5
            assert all(option.text[language] for option in question.options)

    @pytest.mark.parametrize("question", BANK.by_pool("rotating") + BANK.by_asks(Asks.FIT), ids=lambda one: one.id)
    def test_options_are_those_that_rules_read(self, question: Question) -> None:
        if question.asks in MEANINGS:
            assert tuple(option.id for option in question.options) == MEANINGS[question.asks]

    def test_bond_goals_and_tasks_are_all_asked(self) -> None:
        assert {BANK.by_pool(str(construct))[0].construct for construct in ALLIANCE} == set(ALLIANCE)

    def test_there_is_a_question_for_everything_that_a_rule_may_ask(self) -> None:
        assert {question.asks for question in BANK.values()} - {None} == set(Asks)

    def test_words_with_a_second_meaning_stay_out(self) -> None:
        said = " ".join(text.lower() for question in BANK.values() for text in question.text.values())
        banned = "stop stopping sorted score use using clean dry hit slip lapse fix gear straight habit script test fail"
        assert set(re.findall(r"\w+", said)) & set(banned.split()) == set()
