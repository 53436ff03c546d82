"""Budgets let through what they promise and never more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pacing import MANY, TELEGRAMS_LIMIT, Budget, Pace, Pacing

paces = st.builds(Pace, rate=st.sampled_from([0.5, 1, 5, 20, 25, 28]), burst=st.integers(1, 5))
gaps = st.lists(st.floats(0, 3), min_size=1, max_size=120)


def leave_as_soon_as_allowed(budget: Budget, wishes: list[float]) -> list[float]:
    """Messages that want to leave at these moments, each leaving when the budget is ready."""
    left: list[float] = []
    for wish in wishes:
        at = max(wish, budget.ready_at, left[-1] if left else wish)
        budget = budget.taken(at)
        left.append(at)
    return left


def moments(gaps: list[float]) -> list[float]:
    now, found = 1000.0, []
    for gap in gaps:
        now += gap
        found.append(now)
    return found


@given(pace=paces, gaps=gaps)
def test_no_stretch_of_time_sees_more_than_rate_times_length_plus_burst(pace: Pace, gaps: list[float]) -> None:
    left = leave_as_soon_as_allowed(Budget(pace), moments(gaps))
    for first in range(len(left)):
        for last in range(first, len(left)):
            assert last - first + 1 <= pace.rate * (left[last] - left[first]) + pace.burst + 1e-6


@given(pace=paces, gaps=gaps)
def test_nothing_waits_longer_than_the_pace_demands(pace: Pace, gaps: list[float]) -> None:
    """Whoever comes last leaves at once, or exactly 1/rate after the message `burst` places before."""
    wishes = moments(gaps)
    left = leave_as_soon_as_allowed(Budget(pace), wishes)
    full = 1000.0
    for wish, at in zip(wishes, left, strict=True):
        earliest = full - (pace.burst - 1) / pace.rate
        assert at == pytest.approx(max(wish, earliest))
        full = max(full, at) + 1 / pace.rate


@given(rate=st.floats(0.1, 29))
def test_any_second_of_the_whole_bot_stays_below_telegrams_limit(rate: float) -> None:
    left = leave_as_soon_as_allowed(Budget(Pace.for_whole_bot(rate)), [0.0] * 100)
    for first in left:
        assert sum(first <= at < first + 1 for at in left) <= TELEGRAMS_LIMIT


def test_25_a_second_take_40_seconds_for_1000() -> None:
    left = leave_as_soon_as_allowed(Pacing.of(25).whole, [0.0] * 1000)
    assert 39 < left[-1] <= 40


def test_a_rate_of_zero_switches_the_limit_off() -> None:
    assert leave_as_soon_as_allowed(Budget(Pace(0)), [7.0] * 500) == [7.0] * 500


def test_a_closed_budget_opens_when_its_time_has_passed_and_an_earlier_longer_order_stands() -> None:
    budget = Budget(Pace(25)).closed(60.0).closed(30.0)
    assert budget.ready_at == 60.0


def test_closing_holds_with_the_limit_switched_off() -> None:
    assert Budget(Pace(0)).closed(9.0).taken(1.0).ready_at == 9.0


def test_one_chat_takes_three_at_once_and_then_one_a_second_while_others_are_free() -> None:
    pacing = Pacing.of(messages_per_second=0)
    for _ in range(3):
        assert pacing.ready_in(1, 10.0) == 0
        pacing = pacing.taken(1, 10.0)
    assert pacing.ready_in(1, 10.0) == pytest.approx(1.0)
    assert pacing.chat_ready_in(1, 10.5) == pytest.approx(0.5)
    assert pacing.ready_in(2, 10.0) == 0


def test_closing_one_chat_leaves_the_others_open() -> None:
    pacing = Pacing.of().closed(50.0, chat_id=1)
    assert pacing.ready_in(1, 20.0) == pacing.chat_ready_in(1, 20.0) == 30.0
    assert pacing.ready_in(2, 20.0) == pacing.chat_ready_in(2, 20.0) == pacing.closed_for(20.0) == 0


def test_closing_the_whole_bot_closes_every_chat_and_those_without_one() -> None:
    pacing = Pacing.of().closed(50.0)
    assert [pacing.ready_in(7, 20.0), pacing.chat_ready_in(7, 20.0), pacing.chat_ready_in(None, 20.0)] == [30.0] * 3
    assert pacing.closed_for(20.0) == 30.0


def test_a_busy_bot_does_not_count_as_closed() -> None:
    pacing = Pacing.of()
    for chat in range(50):
        pacing = pacing.taken(chat, 10.0)
    assert pacing.ready_in(99, 10.0) > 1
    assert pacing.chat_ready_in(99, 10.0) == pacing.closed_for(10.0) == 0


def test_fractions_that_do_not_quite_meet_count_as_met() -> None:
    pacing = Pacing.of().closed(0.1 + 0.2)
    assert pacing.ready_in(1, 0.3) == 0


def test_chats_that_are_full_again_are_forgotten_and_closed_ones_are_not() -> None:
    pacing = Pacing.of(0).closed(1e9, chat_id=-1)
    for chat in range(2 * MANY):
        pacing = pacing.taken(chat, now=10.0 * chat)
    assert len(pacing.chats) <= MANY + 1
    assert pacing.ready_in(-1, 0.0) == 1e9
