"""What clients say and do in so many words: `said_bothered`, `said_worse`, `asked_to_talk`, `blocked`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.questions import MEANINGS, Asks
from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import Happening, History, TalkAbout
from bot.domain.signals.occasions import Occasion
from bot.domain.signals.said import NO, SAME, WORSE, YES
from bot.domain.words import Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, check_in, chose, end, event

THERAPY = settings("therapy")


def asked(asks: str, *choices: str) -> History:
    def one(n: int, choice: str) -> Occasion:
        at = MONDAY + n * A_WEEK
        return check_in(f"c{n}", at, 8, 8, 8, more=[chose(asks, choice, at + timedelta(minutes=5))])

    return History(tuple(one(n, choice) for n, choice in enumerate(choices)))


def rules(history: History) -> list[str]:
    return [one.rule for one in evaluate(history, THERAPY, end(history)).signals]


def at(history: History) -> Evaluation:
    return evaluate(history, THERAPY, end(history))


@pytest.mark.parametrize(
    ("choices", "fires"),
    [
        (("yes",), True),
        (("a_bit",), False),
        (("no",), False),
        (("a_bit", "a_bit"), True),
        (("a_bit", "no", "a_bit"), True),
        (("a_bit", "no", "no", "a_bit"), False),
        (("a_bit", "a_bit", "no"), False),
        (("yes", "no"), False),
        (("yes", "no", "a_bit"), True),
    ],
)
def test_bothered_yes_once_or_a_bit_in_two_of_the_last_three(choices: tuple[str, ...], fires: bool) -> None:
    assert ("said_bothered" in rules(asked("bothered", *choices))) is fires


@pytest.mark.parametrize(
    ("asks", "choice", "rule"),
    [
        ("bothered", "a_bit", "said_bothered"),
        ("direction", "bit_worse", "said_worse"),
        ("stopping", "now_and_then", "said_stopping"),
    ],
)
def test_what_was_said_of_another_worker_is_not_added(asks: str, choice: str, rule: str) -> None:
    history = asked(asks, choice, choice)
    assert rule in rules(history)
    assert rule not in rules(replace(history, assignments=(MONDAY + A_DAY,)))


@pytest.mark.parametrize(
    ("choices", "fires"),
    [
        (("worse",), True),
        (("bit_worse",), False),
        (("bit_worse", "bit_worse"), True),
        (("worse", "bit_worse"), True),
        (("bit_worse", "same", "bit_worse"), False),
        (("worse", "same"), False),
        (("better",), False),
    ],
)
def test_worse_once_or_a_bit_worse_twice_running(choices: tuple[str, ...], fires: bool) -> None:
    assert ("said_worse" in rules(asked("direction", *choices))) is fires


def test_the_rules_use_the_meanings_that_the_bank_gives_to_options() -> None:
    assert {YES, NO} <= set(MEANINGS[Asks.BOTHERED])
    assert {SAME, *WORSE} <= set(MEANINGS[Asks.DIRECTION])


def test_a_question_not_asked_lately_says_nothing_today() -> None:
    history = asked("bothered", "yes")
    later = check_in("later", MONDAY + 20 * A_DAY, 8, 8, 8)
    assert rules(replace(history, occasions=(*history.occasions, later))) == []


def test_choices_do_not_count_into_the_scores() -> None:
    history = asked("bothered", "yes", "yes")
    signal = next(one for one in at(history).signals if one.rule == "said_bothered")
    assert signal.evidence["value"] == "yes"
    assert at(history).why_not["item_low"].condition == "not_low"


@pytest.mark.parametrize(
    ("about", "construct"),
    [
        (TalkAbout.HOW_WE_WORK, Construct.BOND),
        (TalkAbout.WHAT_WE_WORK_ON, Construct.GOALS),
        (TalkAbout.TIMES_AND_PLACE, Construct.LOGISTICS),
        (TalkAbout.SOMEONE_ELSE, None),
    ],
)
def test_each_way_of_the_talk_route_is_an_alert(about: TalkAbout, construct: Construct | None) -> None:
    history = History(events=(event(Happening.TALK, MONDAY, about),))
    (signal,) = evaluate(history, THERAPY, MONDAY).signals
    assert (signal.rule, signal.construct, signal.tier) == ("asked_to_talk", construct, Tier.ALERT)
    assert signal.evidence["about"] == about


def test_blocked_is_a_neutral_note() -> None:
    history = History(events=(event(Happening.BLOCKED, MONDAY), event(Happening.RETURNED, MONDAY + A_DAY)))
    signals = evaluate(history, THERAPY, MONDAY + A_DAY).signals
    assert [(one.rule, one.note, one.tier) for one in signals] == [("blocked", True, Tier.CHART)] * 2


def test_where_silence_is_urgent_blocked_is_an_alert_and_coming_back_a_note() -> None:
    history = History(events=(event(Happening.BLOCKED, MONDAY), event(Happening.RETURNED, MONDAY + A_DAY)))
    urgent = settings("recovery", silence_is_urgent=True)
    signals = evaluate(history, urgent, MONDAY + A_DAY).signals
    assert [(one.note, one.tier) for one in signals] == [(False, Tier.ALERT), (True, Tier.CHART)]
