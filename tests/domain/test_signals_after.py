"""`not_repaired` after a talk, and `worker_strain`, which is the worker's own."""

from dataclasses import replace

import pytest

from bot.domain.alerts import by_kind
from bot.domain.signals.beside import Rating, Repair
from bot.domain.signals.catalogue import RULES, settings
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import History, Told
from bot.domain.signals.reading import prior
from bot.domain.usual import after, walk
from bot.domain.words import Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, check_in, end, found, rated, weekly

THERAPY = settings("therapy")
TALKED = MONDAY + 4.5 * A_WEEK
ASKED = TALKED + A_DAY


def at(history: History) -> Evaluation:
    return evaluate(history, THERAPY, max(end(history), ASKED))


def talk(said: str = "better", feels: float | None = 5, left_alone: bool | None = None) -> Repair:
    return Repair("alert", TALKED, said, feels, ASKED, left_alone, None if left_alone is None else ASKED)


def since(*values: float, repair: Repair | None = None) -> History:
    """Four weeks at 8, one at 4, the talk, and then these."""
    return replace(weekly(8, 8, 8, 8, 4, *values), repairs=(repair or talk(),))


LIMIT = (lambda usual: usual.m - 0.5 * usual.s)(
    after(walk([8, 8, 8, 8, 4, 7], prior(THERAPY["drop"])), prior(THERAPY["drop"]))
)


@pytest.mark.parametrize(
    ("values", "condition"),
    [
        ((), "no_observation"),
        ((5,), "too_early"),
        ((7, LIMIT - 0.05), None),
        ((7, LIMIT + 0.05), "back"),
        ((5, 9), "back"),
    ],
)
def test_two_answers_after_a_talk_that_did_not_make_it_well(values: tuple[float, ...], condition: str | None) -> None:
    evaluation = at(since(*values))
    signal = found(evaluation, "not_repaired")
    assert (None if signal else evaluation.why_not["not_repaired"].condition) == condition
    assert signal is None or (signal.tier, signal.note) == (Tier.ALERT, False)


def test_one_answer_is_enough_after_two_weeks() -> None:
    history = since()
    late = check_in("late", ASKED + 14 * A_DAY, 5, 5, 5)
    assert found(at(replace(history, occasions=(*history.occasions, late))), "not_repaired") is not None


@pytest.mark.parametrize(
    ("repair", "condition"),
    [
        (talk(feels=7), "repaired"),
        (talk(feels=6), None),
        (talk(feels=None), "not_asked"),
        (talk("no_answer", None), "not_asked"),
        (talk(left_alone=True), "left_alone"),
        (talk("still_there", 3, left_alone=True), "left_alone"),
        (talk("still_there", 3), "not_chosen"),
    ],
)
def test_what_the_client_said_after_the_talk(repair: Repair, condition: str | None) -> None:
    evaluation = at(since(5, 5, repair=repair))
    why = evaluation.why_not.get("not_repaired")
    assert (why.condition if why else None) == condition


def test_the_same_question_in_a_check_in_counts_as_well() -> None:
    history = since(5, 5, repair=Repair("alert", TALKED))
    asked = check_in("r3", ASKED, more=[rated("repair", 4, ASKED, Construct.BOND)])
    assert at(history).why_not["not_repaired"].condition == "not_asked"
    assert found(at(replace(history, occasions=(*history.occasions, asked))), "not_repaired") is not None


@pytest.mark.parametrize("said", ["still_there", "not_yet"])
def test_still_there_is_on_record_and_opens_no_second_alert(said: str) -> None:
    history = since(repair=talk(said, 3, left_alone=False))
    (signal,) = [one for one in evaluate(history, THERAPY, ASKED).signals if one.rule == "not_repaired"]
    assert (signal.tier, signal.note, signal.source, signal.raised_at) == (Tier.ALERT, True, "alert", ASKED)
    assert by_kind([signal]) == {}


def test_it_is_told_once_for_each_talk() -> None:
    history = since(5, 5, 5)
    before = Told("not_repaired", None, TALKED + 10 * A_DAY, "x")
    assert at(replace(history, told=(before,))).why_not["not_repaired"].condition == "told_already"
    earlier = replace(before, raised_at=TALKED - A_DAY)
    assert found(at(replace(history, told=(earlier,))), "not_repaired") is not None


def test_a_talk_with_another_worker_is_not_this_ones() -> None:
    assert at(replace(since(5, 5), assignments=(ASKED,))).why_not["not_repaired"].condition == "not_talked"


# ---------------------------------------------------------------- worker_strain


@pytest.mark.parametrize(
    ("rating", "theirs", "strain"),
    [(5, 8, True), (6, 8, False), (6, 9, True), (9, 6, True), (8, 6, False), (6, None, False), (5, None, True)],
)
def test_a_low_rating_or_one_far_from_the_clients(rating: float, theirs: float | None, strain: bool) -> None:
    history = weekly(theirs, theirs) if theirs is not None else History()
    when = MONDAY + 2 * A_WEEK
    signal = found(evaluate(replace(history, ratings=(Rating(when, rating),)), THERAPY, when), "worker_strain")
    assert (signal is not None) is strain
    assert signal is None or (signal.tier, signal.evidence["client"]) == (Tier.DIGEST, theirs)


def test_only_the_newest_rating_counts_and_only_while_it_is_news() -> None:
    ratings = (Rating(MONDAY, 3), Rating(MONDAY + A_WEEK, 8))
    assert found(evaluate(History(ratings=ratings), THERAPY, MONDAY + A_WEEK), "worker_strain") is None
    assert found(evaluate(History(ratings=ratings[:1]), THERAPY, MONDAY + 15 * A_DAY), "worker_strain") is None


def test_the_clients_mean_is_that_of_the_four_weeks_before_with_this_worker() -> None:
    history = weekly(2, 8, 8)
    when = MONDAY + 3 * A_WEEK
    mine = replace(history, ratings=(Rating(when, 6),), assignments=(MONDAY + A_WEEK,))
    assert found(evaluate(mine, THERAPY, when), "worker_strain") is None
    old = replace(history, ratings=(Rating(MONDAY, 3),), assignments=(MONDAY + A_DAY,))
    assert evaluate(old, THERAPY, MONDAY + 2 * A_DAY).why_not["worker_strain"].condition == "not_rated"


def test_it_is_private() -> None:
    assert [rule.name for rule in RULES.values() if rule.private] == ["worker_strain"]
