"""`item_low`, `drop` and `slide`: what a client's numbers say, read against that client's own usual."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import History, Signal, Told
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.words import ALLIANCE, Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, check_in, end, missed, reply, weekly

TRUTH = {"drop": {"mu0": 8.2, "sigma0": 0.8, "kappa0": 0.4, "nu0": 4}}
THERAPY, RECOVERY = settings("therapy"), settings("recovery")


def read(history: History, **more: object) -> Evaluation:
    return evaluate(history, settings("therapy", TRUTH), end(history))


def found(evaluation: Evaluation, rule: str) -> Signal | None:
    return next((one for one in evaluation.signals if one.rule == rule), None)


def test_drop_on_the_truth_series_is_found_with_its_exact_figures() -> None:
    signal = found(read(weekly(8.3, 8.7, 8.0, 8.7, 8.3, 5.7)), "drop")
    assert signal is not None
    assert signal.tier is Tier.ALERT
    assert signal.evidence == {
        "value": 5.7,
        "usual": 8.385,
        "last_three": [8.0, 8.7, 8.3],
        "z": -4.083,
        "m": 8.385,
        "s": 0.604,
        "n": 5,
        "limit": -2.0,
        "limit_is": "usual",
    }


def test_after_the_rupture_the_usual_holds_it_winsorised() -> None:
    why = read(weekly(8.3, 8.7, 8.0, 8.7, 8.3, 5.7, 8.0)).why_not["drop"]
    assert why.figures == {"z": -0.357, "limit": -2.0, "n": 6}


def test_one_bad_answer_cannot_make_a_slide() -> None:
    why = read(weekly(8.3, 8.7, 8.0, 8.7, 8.3, 5.7)).why_not["slide"]
    assert why.figures == {"c": 2.0, "limit": 2.6}


def test_drop_needs_two_closed_intervals() -> None:
    assert read(weekly(8, 2)).why_not["drop"].condition == "too_few"
    assert found(read(weekly(8, 8, 2)), "drop") is not None


def test_while_there_is_little_history_the_limit_of_drop_is_stricter() -> None:
    early = read(weekly(8, 8, 8, 6.4)).why_not["drop"]
    later = found(read(weekly(8, 8, 8, 8, 6.4)), "drop")
    assert early.condition == "z_above_limit"
    assert early.figures["limit"] == -2.3
    assert later is not None
    assert float(str(later.evidence["z"])) > -2.5


def test_the_early_limit_is_never_the_laxer_one() -> None:
    """As after a manager has made `z` stricter and left the other where it was."""
    strict = settings("therapy", {"drop": {"z": -3.0}})
    history = weekly(8, 8, 8, 6.4)
    early = evaluate(history, strict, end(history)).why_not["drop"]
    assert early.figures["limit"] == -3.0


def test_a_wobble_of_less_than_one_point_is_no_drop() -> None:
    why = read(weekly(*[10] * 12, 9.05)).why_not["drop"]
    assert why.condition == "too_small"


def test_three_good_answers_in_a_week_do_not_hide_a_bad_one() -> None:
    history = weekly(8, 8, 8, 8)
    week = [MONDAY + 4 * A_WEEK + n * A_DAY for n in range(4)]
    values = (8, 8, 8, 5)
    more = [check_in(f"w{n}", at, *[value] * 3) for n, (at, value) in enumerate(zip(week, values, strict=True))]
    signal = found(read(replace(history, occasions=(*history.occasions, *more))), "drop")
    assert signal is not None
    assert signal.evidence["n"] == 4  # the present week has not entered yet


def test_several_answers_of_one_interval_enter_the_usual_as_one() -> None:
    days = (0, 7, 8, 9, 14)
    history = History(tuple(check_in(f"c{day}", MONDAY + day * A_DAY, 8, 8, 8) for day in days))
    assert read(history).why_not["drop"].figures["n"] == 2


def test_with_known_sessions_an_interval_runs_from_session_to_session() -> None:
    history = replace(weekly(8, 8, 8, 8), sessions=(MONDAY - A_DAY, MONDAY + 13 * A_DAY))
    assert read(history).why_not["drop"].figures["n"] == 1


def test_a_fortnight_without_a_session_closes_the_interval() -> None:
    history = replace(weekly(8, 8, 8, 8, 8), sessions=(MONDAY,))
    assert read(history).why_not["drop"].figures["n"] == 2


@pytest.mark.parametrize("profile", ["therapy", "recovery"])
def test_the_profile_picks_the_prior(profile: str) -> None:
    history = weekly(8, 8, 8, 8, 6.5)
    fired = found(evaluate(history, settings(profile), end(history)), "drop") is not None
    assert fired is (profile == "therapy")


def test_a_new_worker_starts_a_new_usual() -> None:
    history = replace(weekly(8, 8, 8, 8, 5), assignments=(MONDAY + 4 * A_WEEK,))
    assert read(history).why_not["drop"].figures == {"n": 0}


def test_a_gap_of_more_than_sixty_days_starts_a_new_usual() -> None:
    before = weekly(8, 8, 8, 8)
    back = check_in("back", MONDAY + 3 * A_WEEK + 62 * A_DAY, 5, 5, 5)
    assert read(replace(before, occasions=(*before.occasions, back))).why_not["drop"].figures == {"n": 0}


def test_two_of_three_answers_make_an_observation_and_one_does_not() -> None:
    two = (*weekly(8, 8, 8, 8).occasions, check_in("now", MONDAY + 4 * A_WEEK, 5, 5, None))
    one = (*weekly(8, 8, 8, 8).occasions, check_in("now", MONDAY + 4 * A_WEEK, 5, None, None))
    assert found(read(History(two)), "drop") is not None
    assert found(read(History(one)), "drop") is None


def test_a_missing_answer_is_missing_and_never_zero() -> None:
    occasions = (*weekly(8, 8, 8, 8).occasions, check_in("now", MONDAY + 4 * A_WEEK, 8, 8, None))
    assert found(read(History(occasions)), "drop") is None


def test_slide_is_found_in_steps_none_of_which_stands_out() -> None:
    history = weekly(8, 8, 8, 8, 7.2, 7.0, 6.8, 6.6)
    evaluation = read(history)
    signal = found(evaluation, "slide")
    assert signal is not None
    assert "drop" in evaluation.why_not
    assert float(str(signal.evidence["c"])) >= 2.6


def test_a_first_answer_below_the_prior_is_no_step_down() -> None:
    assert float(str(read(weekly(5, 5, 5)).why_not["slide"].figures["c"])) < 1


def test_an_alert_sets_the_slide_back_but_not_the_usual() -> None:
    history = weekly(8, 8, 8, 8, 7.2, 7.0, 6.8, 6.6)
    alert = Told("said_worse", Construct.BOND, MONDAY + 6 * A_WEEK + 2 * A_DAY, source="elsewhere")
    after = read(replace(history, told=(alert,)))
    assert after.why_not["slide"].condition == "sum_below_limit"
    assert after.why_not["drop"].figures == read(history).why_not["drop"].figures


@pytest.mark.parametrize("rule", ["first_low", "steady_low", "not_repaired", "drop", "slide"])
def test_a_rupture_without_a_construct_of_its_own_sets_the_slide_back(rule: str) -> None:
    alert = Told(rule, None, MONDAY + 6 * A_WEEK + 2 * A_DAY, source="elsewhere")
    assert found(read(replace(weekly(8, 8, 8, 8, 7.2, 7.0, 6.8, 6.6), told=(alert,))), "slide") is None


@pytest.mark.parametrize(
    ("rule", "construct"),
    [("asked_to_talk", Construct.LOGISTICS), ("asked_to_talk", None), ("risk_text", None), ("missed_sessions", None)],
)
def test_what_is_no_rupture_sets_no_slide_back(rule: str, construct: Construct | None) -> None:
    other = Told(rule, construct, MONDAY + 6 * A_WEEK + 2 * A_DAY, source="elsewhere")
    assert found(read(replace(weekly(8, 8, 8, 8, 7.2, 7.0, 6.8, 6.6), told=(other,))), "slide") is not None


def test_a_confirmed_repair_sets_the_slide_back() -> None:
    history = weekly(8, 8, 8, 8, 7.2, 7.0, 6.8, 6.6)
    assert found(read(replace(history, resets=(MONDAY + 6 * A_WEEK + 2 * A_DAY,))), "slide") is None


def test_a_signal_that_alerted_nobody_sets_nothing_back() -> None:
    history = weekly(8, 8, 8, 8, 7.2, 7.0, 6.8, 6.6)
    held = Told("drop", None, MONDAY + 6 * A_WEEK + 2 * A_DAY, source="elsewhere", alerted=False)
    assert found(read(replace(history, told=(held,))), "slide") is not None


def test_one_low_item_is_found_however_good_the_others_are() -> None:
    history = weekly(*[8] * 6, every=timedelta(days=3))
    now = check_in("now", MONDAY + 20 * A_DAY, 2, 8, 8)
    signals = evaluate(replace(history, occasions=(*history.occasions, now)), RECOVERY, end(History((now,)))).signals
    low = next(one for one in signals if one.rule == "item_low")
    assert low.construct is Construct.BOND
    assert (low.evidence["value"], low.evidence["usual"], low.evidence["last_three"]) == (2.0, 8.0, [8.0, 8.0, 8.0])


@pytest.mark.parametrize(
    ("earlier", "value", "fires"),
    [
        ((8, 8, 8), 3, True),
        ((8, 8, 8), 4, False),
        ((6, 6, 6), 3, True),
        ((5, 5, 5), 3, False),
        ((5, 5, 5), 2, True),
        ((8, 8), 3, False),
        ((8, 8), 2, True),
        ((), 2, True),
        ((), 3, False),
    ],
)
def test_edges_of_item_low(earlier: tuple[float, ...], value: float, fires: bool) -> None:
    history = weekly(*earlier)
    now = check_in("now", MONDAY + 5 * A_WEEK, 8, value, 8)
    signals = evaluate(History((*history.occasions, now)), THERAPY, end(History((now,)))).signals
    assert ("item_low" in [one.rule for one in signals]) is fires


def test_each_low_item_is_a_signal_of_its_own() -> None:
    history = History((check_in("now", MONDAY, 1, 8, 0),))
    constructs = [one.construct for one in read(history).signals if one.rule == "item_low"]
    assert constructs == [Construct.BOND, Construct.TASKS]


def test_of_two_low_answers_about_the_same_only_the_lower_is_a_signal() -> None:
    at = MONDAY + timedelta(hours=1)
    two = check_in("now", MONDAY, 2, 8, 8, more=[reply(1, at, question="bond-2")])
    (low,) = [one for one in read(History((two,))).signals if one.rule == "item_low"]
    assert (low.evidence["value"], low.evidence["question"]) == (1.0, "bond-2")


def test_items_are_compared_with_their_own_question_only() -> None:
    other = [check_in(f"o{n}", MONDAY + n * A_WEEK, 8, 8, 8) for n in range(4)]
    at = MONDAY + 5 * A_WEEK
    new = Occasion("now", at, State.COMPLETED, (reply(3, at, question="bond-2"),), sent_at=at, finished_at=at)
    assert found(read(History((*other, new))), "item_low") is None


def half_done(value: float, tapped_for: timedelta) -> tuple[History, Occasion]:
    at = MONDAY + 5 * A_WEEK
    now = Occasion("now", at, State.OPEN, (reply(value, at),), sent_at=at, last_touched_at=at)
    return History((*weekly(8, 8, 8).occasions, now)), now


@pytest.mark.parametrize(("minutes", "fires"), [(29, False), (30, True)])
def test_a_half_done_check_in_is_read_thirty_minutes_after_its_last_tap(minutes: int, fires: bool) -> None:
    history, now = half_done(2, timedelta())
    at = now.started_at + timedelta(minutes=minutes)
    assert (found(evaluate(history, THERAPY, at), "item_low") is not None) is fires


def test_a_check_in_is_read_at_its_last_scale_answer() -> None:
    history, now = half_done(2, timedelta())
    done = replace(history, occasions=(*history.occasions[:-1], replace(now, scales_done=True)))
    assert found(evaluate(done, THERAPY, now.started_at), "item_low") is not None


def test_in_a_replay_a_check_in_counts_as_done_only_from_its_last_scale_answer_on() -> None:
    history, now = half_done(2, timedelta())
    last = reply(8, now.started_at + timedelta(minutes=20), Construct.GOALS)
    later = replace(now, replies=(*now.replies, last), scales_done=True, last_touched_at=last.at)
    open_still = replace(history, occasions=(*history.occasions[:-1], later))
    assert found(evaluate(open_still, THERAPY, now.started_at + timedelta(minutes=10)), "item_low") is None
    assert found(evaluate(open_still, THERAPY, now.started_at + timedelta(minutes=20)), "item_low") is not None


def test_a_changed_answer_is_read_anew() -> None:
    at = MONDAY + 5 * A_WEEK
    first = check_in("now", at, 2, 8, 8)
    later = Reply("bond-1", Construct.BOND, at + timedelta(hours=2), value=8, value_0_10=8)
    changed = replace(first, replies=(*first.replies, later), last_touched_at=later.at)
    history = History((*weekly(8, 8, 8).occasions, changed))
    assert found(evaluate(history, THERAPY, at + timedelta(hours=1)), "item_low") is not None
    assert found(evaluate(history, THERAPY, later.at), "item_low") is None


def test_an_earlier_check_in_can_be_read_again_by_its_name() -> None:
    history = History((*weekly(8, 8, 8).occasions, check_in("low", MONDAY + 4 * A_WEEK, 2, 8, 8)))
    more = replace(history, occasions=(*history.occasions, check_in("ok", MONDAY + 4 * A_WEEK + A_DAY, 8, 8, 8)))
    assert found(evaluate(more, THERAPY, end(more)), "item_low") is None
    assert found(evaluate(more, THERAPY, end(more), about="low"), "item_low") is not None


def test_what_is_on_record_is_not_found_again() -> None:
    history = weekly(8.3, 8.7, 8.0, 8.7, 8.3, 5.7)
    signal = found(read(history), "drop")
    assert signal is not None
    told = Told("drop", None, signal.raised_at, signal.source, z=-4.083)
    assert read(replace(history, told=(told,))).why_not["drop"].condition == "told_already"


def test_old_evidence_is_no_news() -> None:
    history = weekly(8, 8, 8, 8, 2)
    assert evaluate(history, THERAPY, end(history) + 15 * A_DAY).signals == ()


def test_a_rule_can_be_switched_off() -> None:
    history = weekly(8, 8, 8, 8, 2)
    off = settings("therapy", {"drop": {"enabled": False}, "item_low": {"enabled": False}})
    why = evaluate(history, off, end(history)).why_not
    assert why["drop"].condition == why["item_low"].condition == "switched_off"


def test_reply_ids_of_questions_do_not_matter_only_constructs() -> None:
    history = weekly(8, 8, 8, 8)
    at = MONDAY + 4 * A_WEEK
    other = [Reply(f"x{n}", construct, at, value=5, value_0_10=5) for n, construct in enumerate(ALLIANCE)]
    now = Occasion("now", at, State.COMPLETED, tuple(other), sent_at=at, finished_at=at)
    assert found(read(replace(history, occasions=(*history.occasions, now))), "drop") is not None


def test_a_new_worker_s_empty_usual_does_not_judge_an_answer_given_before() -> None:
    """Somebody always answers 2. Another worker takes over, and the next check-in is not answered: that is no news."""
    usual = weekly(8, 8, 8, 2, 2, 2, 2, 2)
    silent = missed("after", end(usual) + 6 * A_DAY)
    taken_over = replace(usual, occasions=(*usual.occasions, silent), assignments=(end(usual) + A_DAY,))
    assert found(evaluate(taken_over, THERAPY, end(taken_over)), "item_low") is None
