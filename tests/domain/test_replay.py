"""A replay decides as the bot decided: at the same moments, by the same rules, with the same rest and budget."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from bot.domain.alerts import NO_TAP
from bot.domain.backtest import Case, run
from bot.domain.budget import Budget, may_wait, strength
from bot.domain.replay import Ledger, Replay, moments
from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import evaluate
from bot.domain.signals.history import WINDOW, Happening, History, Signal, Told
from bot.domain.signals.occasions import LEFT_ALONE, Occasion, Reply, State
from bot.domain.words import ALLIANCE, Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, check_in, end, event, missed, reply, weekly

THERAPY = settings("therapy")
TWICE = timedelta(days=3.5)


def replayed(history: History, **more: object) -> Replay:
    return Replay(history, THERAPY, **more).run()  # any of its fields


def when(history: History) -> list[timedelta]:
    return [one.at - MONDAY for one in moments(history)]


def test_a_check_in_is_read_at_its_last_scale_answer() -> None:
    assert when(History((check_in("c", MONDAY, 8, 8, 8),))) == [timedelta(hours=1)]


def test_a_half_done_one_is_read_half_an_hour_after_the_last_tap_and_at_its_end() -> None:
    at = MONDAY + timedelta(hours=1)
    half = Occasion("c", MONDAY, State.PARTIAL, (reply(2, at),), sent_at=MONDAY, finished_at=MONDAY + A_DAY)
    assert when(History((half,))) == [timedelta(hours=1) + LEFT_ALONE, A_DAY]


def test_a_changed_answer_is_read_again_and_a_missed_one_at_its_end() -> None:
    done = check_in("c", MONDAY, 8, 8, 8)
    late = reply(2, MONDAY + timedelta(hours=3), Construct.BOND)
    changed = replace(done, replies=(*done.replies, late), last_touched_at=late.at)
    gone = missed("d", MONDAY + A_DAY)
    assert when(History((changed, gone))) == [timedelta(hours=1), timedelta(hours=3), 2 * A_DAY]


def test_what_happens_outside_the_questions_is_read_at_once() -> None:
    call = event(Happening.CONTACT_ME, MONDAY + A_DAY)
    found = replayed(History(events=(call,)))
    assert [(one.rules, one.goes_at) for one in found.alerts] == [(("risk_text",), MONDAY + A_DAY)]


def test_an_answer_taken_back_before_anybody_could_see_it_raises_nothing() -> None:
    done = check_in("c", MONDAY, 1, 8, 8)
    better = reply(8, done.replies[0].at + NO_TAP - timedelta(minutes=1), Construct.BOND)
    changed = replace(done, replies=(*done.replies, better), last_touched_at=better.at)
    found = replayed(History((changed,)))
    assert not found.alerts
    assert not found.signals


def test_an_answer_taken_back_later_leaves_the_alert() -> None:
    done = check_in("c", MONDAY, 1, 8, 8)
    better = reply(8, done.replies[0].at + NO_TAP + timedelta(minutes=1), Construct.BOND)
    changed = replace(done, replies=(*done.replies, better), last_touched_at=better.at)
    assert [one.rules for one in replayed(History((changed,))).alerts] == [("item_low",)]


def test_words_that_come_later_change_nothing_of_when_the_numbers_were_read() -> None:
    """Nor does what is changed later: a decision stands on what was there."""
    at, later = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=5)
    words = Reply("D1", Construct.SELF_MANAGEMENT, later, words=4, is_scale=False)
    better = reply(8, later + timedelta(minutes=1), Construct.BOND)
    done = replace(check_in("c", MONDAY, 1, 8, 8, more=(words, better)), last_touched_at=better.at, finished_at=later)
    assert when(History((done,)))[0] == at - MONDAY
    found = replayed(History((done,)))
    assert [(one.rules, one.goes_at) for one in found.alerts] == [(("item_low",), at + NO_TAP)]


def test_what_is_for_the_digest_and_rests_says_so() -> None:
    twice_quiet = [missed(f"c{n}", MONDAY + n * TWICE) for n in (1, 2, 3, 4, 6, 7, 8, 9)]
    between = [check_in(f"c{n}", MONDAY + n * TWICE, 8, 8, 8) for n in (0, 5, 10)]
    found = replayed(History((*twice_quiet, *between)))
    assert {"digest", "resting"} == {one.reason for one in found.held if one.signal.rule == "silence"}


def test_a_steady_ten_alerts_nobody() -> None:
    assert not replayed(weekly(*[10] * 40, every=TWICE)).alerts


def test_the_same_input_twice_gives_the_same_decisions() -> None:
    history = weekly(8, 8, 8, 8, 3, 8, 8, 2, 7, every=TWICE)
    one, other = replayed(history), replayed(replace(history, occasions=(*history.occasions[::-1], *history.occasions)))
    assert [(a.raised_at, a.rules) for a in one.alerts] == [(a.raised_at, a.rules) for a in other.alerts]
    assert one.signals == other.signals
    assert [held.reason for held in one.held] == [held.reason for held in other.held]


def test_signals_of_one_week_are_one_alert() -> None:
    history = weekly(8, 8, 8, 8, 2, 2, every=A_DAY * 2)
    found = replayed(history)
    assert len(found.alerts) == 1
    assert len(found.alerts[0].signals) > len(found.alerts[0].rules)


@effort(max_examples=25, deadline=None)
@given(values=st.lists(st.sampled_from([2, 5, 7, 8, 9, 10, None]), min_size=WINDOW + 1, max_size=WINDOW + 25))
def test_years_of_answers_decide_nothing_that_the_window_does_not(values: list[float | None]) -> None:
    """What storage loads is enough: the whole history and its last check-ins give the same signals and reasons."""
    occasions = [
        check_in(f"c{n:03}", MONDAY + n * TWICE, *[value] * 3)
        if value is not None
        else missed(f"c{n:03}", MONDAY + n * TWICE)
        for n, value in enumerate(values)
    ]
    whole = History(tuple(occasions))
    now = end(whole)
    assert evaluate(whole, THERAPY, now) == evaluate(replace(whole, occasions=whole.occasions[-WINDOW:]), THERAPY, now)


@effort(max_examples=20, deadline=None)
@given(values=st.lists(st.sampled_from([2, 5, 7, 8, 9, 10, None]), min_size=1, max_size=WINDOW + 12))
def test_a_replay_is_what_evaluating_at_each_moment_gives(values: list[float | None]) -> None:
    """One moment after the other, with all that was told so far: the replay's own short cuts change nothing."""
    history = History(
        tuple(
            check_in(f"c{n:03}", MONDAY + n * TWICE, *[value] * len(ALLIANCE))
            if value is not None
            else missed(f"c{n:03}", MONDAY + n * TWICE)
            for n, value in enumerate(values)
        )
    )
    replay = Replay(history, THERAPY)
    everything: set[Told] = set()
    for moment in moments(history):
        known = tuple(one for one in everything if one.source != moment.about)
        plain = evaluate(replace(history, told=known), THERAPY, moment.at, moment.about)
        assert replay.step(moment) == plain
        everything = {one for one in everything if one.source != moment.about} | set(replay.told)


# ---------------------------------------------------------------- budget


def low(at_week: int, n: int = 6) -> History:
    """Six good weeks, then one answer of 2, `at_week` weeks later than the others'."""
    values = [8.0] * n
    good = weekly(*values, start=MONDAY + at_week * A_DAY)
    last = check_in("low", MONDAY + at_week * A_DAY + n * A_WEEK + A_DAY, 2, 8, 8)
    return replace(good, occasions=(*good.occasions, last))


def test_what_is_over_the_budget_goes_to_the_digest() -> None:
    ledger = Ledger(Budget(per_week=1, per_client_per_month=0), caseload=2)
    first, second = (Replay(low(day), THERAPY, ledger=ledger) for day in (0, 1))
    first.run()
    second.run()
    assert len(first.alerts) == 1
    assert not second.alerts
    assert {one.reason for one in second.held} == {"budget"}


def test_of_two_that_nobody_could_see_yet_the_weaker_waits() -> None:
    ledger = Ledger(Budget(per_week=1, per_client_per_month=0), caseload=2)
    weak = Replay(low(0), THERAPY, ledger=ledger)
    worse = replace(low(0), occasions=(*low(0).occasions[:-1], check_in("low", low(0).occasions[-1].planned_at, 0, 0, 0)))
    strong = Replay(worse, THERAPY, ledger=ledger)
    weak.run()
    assert len(weak.alerts) == 1
    strong.run()
    assert not weak.alerts
    assert {one.reason for one in weak.held} == {"budget"}
    assert len(strong.alerts) == 1


def test_what_a_client_says_in_so_many_words_is_never_held() -> None:
    ledger = Ledger(Budget(per_week=0, per_client_per_month=0), caseload=1)
    found = Replay(History(events=(event(Happening.CONTACT_ME, MONDAY),)), THERAPY, ledger=ledger).run()
    assert len(found.alerts) == 1


def test_a_low_start_that_the_client_has_confirmed_in_words_is_never_held() -> None:
    assert not may_wait([Signal("first_low", None, MONDAY, Tier.ALERT, {"answer": "a_bit"})])
    assert may_wait([Signal("first_low", None, MONDAY, Tier.DIGEST, {}), Signal("drop", None, MONDAY, Tier.ALERT, {})])


def test_clients_of_no_worker_share_no_budget() -> None:
    decided = run([Case(f"R-{n}", low(0)) for n in range(5)], THERAPY, Budget(per_week=1, per_client_per_month=0))
    assert [len(one.alerts) for one in decided] == [1] * 5


def test_a_caseload_of_thirty_may_spend_seven_in_four_weeks() -> None:
    budget = Budget(per_week=3, per_client_per_month=0.25)
    assert budget.month(30) == 7
    assert budget.month(4) == 3
    spent = [MONDAY + n * A_DAY * 4 for n in range(7)]
    assert budget.is_spent(spent, 30, spent[-1])
    assert not budget.is_spent(spent[1:], 30, spent[-1])


def test_strength_is_how_many_rules_and_how_far_beyond_the_limit() -> None:
    def signal(rule: str, **evidence: float) -> Signal:
        return Signal(rule, None, MONDAY, Tier.ALERT, evidence)

    deep, shallow = signal("drop", z=-4, limit=-2), signal("drop", z=-2.2, limit=-2)
    assert strength([deep]) > strength([shallow])
    assert strength([shallow, signal("item_low", value=2, usual=8)]) > strength([deep])
