"""`goal_not_mine`, `goal_drop`, `goal_stall`: what clients say about their goals and plans."""

from dataclasses import replace

import pytest

from bot.domain.questions import MEANINGS, Asks
from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.goals import NOT_MINE
from bot.domain.signals.history import History, Told
from bot.domain.words import Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, asked, check_in, chose, end, found, goal, rated

THERAPY = settings("therapy")


def at(history: History) -> Evaluation:
    return evaluate(history, THERAPY, end(history))


@pytest.mark.parametrize(
    ("asks", "choice", "tier"),
    [
        ("goal_still_mine", "no", Tier.ALERT),
        ("goal_still_mine", "change", Tier.DIGEST),
        ("goal_still_mine", "partly", None),
        ("task_sense", "no", Tier.ALERT),
        ("task_sense", "not_sure", None),
        ("task_done", "not_for_me", Tier.ALERT),
        ("task_done", "not_this_time", None),
    ],
)
def test_this_is_not_mine(asks: str, choice: str, tier: Tier | None) -> None:
    construct = Construct.GOALS if asks == "goal_still_mine" else Construct.TASKS
    signal = found(at(asked(asks, choice, construct=construct)), "goal_not_mine")
    assert (signal.tier if signal else None) == tier
    assert signal is None or (signal.construct, signal.evidence["value"]) == (construct, choice)


def test_its_answers_are_meanings_that_the_bank_knows() -> None:
    for asks, refusals in NOT_MINE.items():
        assert set(refusals) <= set(MEANINGS[Asks(asks)])


def test_only_the_newest_answer_counts() -> None:
    assert found(at(asked("task_sense", "no", "yes")), "goal_not_mine") is None


def test_a_goal_and_a_plan_that_are_not_theirs_are_two_signals() -> None:
    more = [
        replace(chose("goal_still_mine", "no", MONDAY), construct=Construct.GOALS),
        replace(chose("task_sense", "no", MONDAY), construct=Construct.TASKS),
        replace(chose("task_done", "not_for_me", MONDAY), construct=Construct.TASKS),
    ]
    signals = [one for one in at(History((check_in("c", MONDAY, 8, 8, 8, more=more),))).signals if one.tier >= Tier.ALERT]
    assert [one.construct for one in signals] == [Construct.GOALS, Construct.TASKS]


def test_of_several_goals_one_that_is_not_theirs_is_enough() -> None:
    more = [
        replace(chose("goal_still_mine", said, MONDAY), construct=Construct.GOALS, about=name)
        for name, said in (("g1", "no"), ("g2", "yes"))
    ]
    signal = found(at(History((check_in("c", MONDAY, 8, 8, 8, more=more),))), "goal_not_mine")
    assert signal is not None
    assert signal.evidence["goal"] == "g1"


@pytest.mark.parametrize(
    ("ratings", "fires"),
    [((7, 4), True), ((7, 5), False), ((3, 7, 5, 4), True), ((7, 8, 9, 9), False), ((2,), False), ((7, 4, 7), False)],
)
def test_progress_that_has_fallen_from_its_best(ratings: tuple[float, ...], fires: bool) -> None:
    signal = found(at(goal(*ratings)), "goal_drop")
    assert (signal is not None) is fires
    assert signal is None or (signal.tier, signal.construct) == (Tier.DIGEST, Construct.PROGRESS)


def test_its_figures_are_this_value_the_usual_the_last_three_and_the_best() -> None:
    signal = found(at(goal(3, 7, 6, 5, 2)), "goal_drop")
    assert signal is not None
    assert signal.evidence == {
        "value": 2.0,
        "usual": 5.5,
        "last_three": [7.0, 6.0, 5.0],
        "best": 7.0,
        "fall": 5.0,
        "goals": 1,
        "question": "goal_progress-1",
        "goal": "g1",
    }


def two_goals(first: tuple[float, float], second: tuple[float, float]) -> History:
    return History(
        tuple(
            check_in(
                f"c{n}",
                MONDAY + n * A_WEEK,
                more=[
                    rated("goal_progress", value, MONDAY + n * A_WEEK, Construct.PROGRESS, name)
                    for name, value in (("g1", first[n]), ("g2", second[n]))
                ],
            )
            for n in range(2)
        )
    )


def test_the_fall_is_the_mean_over_the_clients_goals() -> None:
    assert found(at(two_goals((8, 4), (5, 5))), "goal_drop") is None
    signal = found(at(two_goals((8, 2), (5, 5))), "goal_drop")
    assert signal is not None
    assert (signal.evidence["goal"], signal.evidence["fall"]) == ("g1", 3.0)


def test_a_goal_that_is_rated_for_the_first_time_hides_no_fall() -> None:
    falling = goal(8, 8, 4)
    last = falling.occasions[-1]
    new = rated("goal_progress", 5, last.planned_at, Construct.PROGRESS, "new")
    both = replace(falling, occasions=(*falling.occasions[:-1], replace(last, replies=(*last.replies, new))))
    assert found(at(falling), "goal_drop") is not None
    assert found(at(both), "goal_drop") is not None


def test_a_goal_that_nobody_has_rated_for_two_months_is_out_of_the_mean() -> None:
    old = check_in(
        "old", MONDAY - 70 * A_DAY, more=[rated("goal_progress", 9, MONDAY - 70 * A_DAY, Construct.PROGRESS, "g2")]
    )
    assert found(at(History((old, *goal(7, 4).occasions))), "goal_drop") is not None


@pytest.mark.parametrize(
    ("ratings", "fires"),
    [
        ((4, 4, 4, 4), True),
        ((3, 4, 5, 4), True),
        ((4, 4, 4), False),
        ((5, 5, 5, 5), False),
        ((2, 4, 2, 4), True),
        ((1, 4, 1, 4), False),
        ((9, 3, 3, 3, 3), True),
    ],
)
def test_progress_that_stays_low(ratings: tuple[float, ...], fires: bool) -> None:
    assert (found(at(goal(*ratings)), "goal_stall") is not None) is fires


@pytest.mark.parametrize("rule", ["goal_drop", "goal_stall"])
@pytest.mark.parametrize(("days", "about", "fires"), [(29, "g1", False), (30, "g1", True), (3, "g2", True)])
def test_once_a_month_for_each_goal(rule: str, days: int, about: str, fires: bool) -> None:
    history = goal(9, 3, 3, 3, 3)
    told = Told(rule, Construct.PROGRESS, end(history) - days * A_DAY, "x", tier=Tier.DIGEST, about=about)
    assert (found(at(replace(history, told=(told,))), rule) is not None) is fires


def test_what_is_on_record_knows_which_goal_it_was_about() -> None:
    signal = found(at(goal(7, 4)), "goal_drop")
    assert signal is not None
    assert Told.of(signal, alerted=False).about == "g1"
