"""The life of a check-in and what a tap means, as rules without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.checkins import (
    ASKED_ABOUT,
    STEPS,
    Answer,
    CheckIn,
    Event,
    Item,
    Means,
    Past,
    State,
    asks_about_questions,
    ended,
    half_done_at,
    holding,
    item_before,
    means,
    next_item,
    scales_done,
    step,
    untouched,
    untouched_run,
    with_answer,
)
from bot.domain.later import Later, later_times
from bot.domain.next_in import next_in
from bot.domain.questions import Value
from bot.domain.schedules import Calendar
from bot.domain.words import Hours
from tests.support.plans import BANK, OFFICE

NOW = datetime(2026, 5, 12, 13, 0, tzinfo=UTC)
OVER = {State.COMPLETED, State.PARTIAL, State.SKIPPED, State.EXPIRED, State.CANCELLED, State.MISSED_BY_US}
CALENDAR = Calendar(Hours(time(20), time(9)), frozenset(), OFFICE, "Europe/London")


def a_check_in(state: State = State.OPEN, questions: tuple[str, ...] = ("B1", "G1", "T1")) -> CheckIn:
    return CheckIn(
        id="c",
        client_id="p",
        worker_id="w",
        schedule="twice a week",
        local_date=date(2026, 5, 12),
        slot="day",
        state=state,
        items=tuple(Item(one) for one in questions),
        planned_at=NOW,
        sent_at=NOW,
        expires_at=NOW + timedelta(hours=24),
    )


def answered(*values: float | None) -> list[Answer]:
    """One current answer per item, in order; None skips."""
    return [Answer(n, "B1", "bond", NOW, value=value) for n, value in enumerate(values)]


# ---------------------------------------------------------------- the table


@given(st.lists(st.sampled_from(Event)))
def test_whatever_happens_a_check_in_that_is_over_never_opens_again(events: list[Event]) -> None:
    state, was_over = State.PLANNED, False
    for event in events:
        state = step(state, event)
        assert not (was_over and state in (State.PLANNED, State.OPEN))
        was_over = state in OVER


@given(st.lists(st.sampled_from(Event)), st.sampled_from(Event))
def test_the_same_event_twice_is_the_same_as_once(events: list[Event], event: Event) -> None:
    state = State.PLANNED
    for one in events:
        state = step(state, one)
    once = step(state, event)
    assert step(once, event) is once


@given(st.sampled_from(sorted(OVER - {State.COMPLETED, State.SKIPPED, State.PARTIAL})), st.sampled_from(Event))
def test_expired_cancelled_and_missed_are_final(state: State, event: Event) -> None:
    assert step(state, event) is state


def test_every_state_can_be_reached() -> None:
    assert {State.PLANNED, *STEPS.values()} == set(State)


# ---------------------------------------------------------------- a tap

VALUES = st.one_of(st.none(), st.integers(0, 10))
TAPS = st.lists(st.tuples(st.integers(0, 2), VALUES), max_size=12)


def play(taps: list[tuple[int, Value | None]]) -> tuple[CheckIn, list[Answer]]:
    """Taps in this order, kept as the action keeps them."""
    check_in, kept = a_check_in(), list[Answer]()
    for item, said in taps:
        meant = means(check_in, kept, item, said, BANK, NOW)
        if meant is not Means.SAME:
            kept = with_answer(kept, Answer(item, "B1", "bond", NOW, value=None if said is None else float(said)))
        event = ended(check_in, kept, BANK, window_over=False)
        check_in = replace(check_in, state=step(check_in.state, event)) if event else check_in
    return check_in, kept


@given(TAPS)
def test_the_last_tap_on_each_item_holds(taps: list[tuple[int, Value | None]]) -> None:
    _, kept = play(taps)
    assert {item: one.said for item, one in holding(kept).items()} == dict(taps)


@given(TAPS)
def test_each_tap_doubled_keeps_not_one_version_more(taps: list[tuple[int, Value | None]]) -> None:
    doubled = [tap for one in taps for tap in (one, one)]
    assert play(doubled) == play(taps)


@given(TAPS)
def test_it_is_over_exactly_when_every_item_was_touched(taps: list[tuple[int, Value | None]]) -> None:
    check_in, kept = play(taps)
    whole = {item for item, _ in taps} == {0, 1, 2}
    some = any(said is not None for said in dict(taps).values())
    expected = State.OPEN if not whole else State.COMPLETED if some else State.SKIPPED
    assert check_in.state is expected
    assert (untouched(check_in.items, kept, BANK) == ()) is whole


@given(TAPS)
def test_done_is_said_once_and_only_for_the_last_missing_item(taps: list[tuple[int, Value | None]]) -> None:
    said, kept = [], list[Answer]()
    for item, value in taps:
        meant = means(a_check_in(), kept, item, value, BANK, NOW)
        said.append(meant)
        if meant is not Means.SAME:
            kept = with_answer(kept, Answer(item, "B1", "bond", NOW, value=None if value is None else float(value)))
    assert said.count(Means.DONE) == ({item for item, _ in taps} == {0, 1, 2})


@pytest.mark.parametrize("state", [State.EXPIRED, State.CANCELLED, State.MISSED_BY_US])
def test_a_tap_on_one_that_is_gone_is_stale(state: State) -> None:
    assert means(a_check_in(state), [], 0, 8, BANK, NOW) is Means.STALE


def test_the_window_ends_on_the_minute() -> None:
    end = NOW + timedelta(hours=24)
    assert means(a_check_in(), [], 0, 8, BANK, end - timedelta(seconds=1)) is Means.NEXT
    assert means(a_check_in(), [], 0, 8, BANK, end) is Means.STALE


def test_an_answer_may_be_changed_after_the_thanks() -> None:
    assert means(a_check_in(State.COMPLETED), answered(8, 8, 8), 1, 3, BANK, NOW) is Means.CHANGED


@pytest.mark.parametrize("item", [-1, 3, 99])
def test_an_item_that_it_does_not_have_is_stale(item: int) -> None:
    assert means(a_check_in(), [], item, 8, BANK, NOW) is Means.STALE


# ---------------------------------------------------------------- moving on


def test_the_next_item_is_the_first_untouched_one_behind_and_else_the_first_at_all() -> None:
    check_in = a_check_in()
    assert next_item(check_in, answered(8), BANK, after=0) == 1
    assert next_item(check_in, [Answer(2, "T1", "tasks", NOW, value=8)], BANK, after=2) == 0
    assert next_item(check_in, answered(8, 8, 8), BANK, after=2) is None


def test_a_question_that_has_left_the_bank_is_asked_no_more() -> None:
    check_in = a_check_in(questions=("B1", "gone", "T1"))
    assert next_item(check_in, answered(8), BANK, after=0) == 2
    assert item_before(check_in, 2, BANK) == 0


def test_there_is_nothing_before_the_first_item() -> None:
    assert item_before(a_check_in(), 0, BANK) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((8, 8, 8), Event.ALL_ANSWERED),
        ((None, 8, None), Event.ALL_ANSWERED),
        ((None, None, None), Event.ALL_SKIPPED),
        ((8,), Event.RAN_OUT_ANSWERED),
        ((None,), Event.RAN_OUT),
        ((), Event.RAN_OUT),
    ],
)
def test_what_the_end_of_the_window_makes_of_it(values: tuple[float | None, ...], expected: Event) -> None:
    assert ended(a_check_in(), answered(*values), BANK) is expected


def test_half_done_is_read_half_an_hour_after_the_last_tap() -> None:
    assert half_done_at(a_check_in(), answered(2), BANK, NOW) == NOW + timedelta(minutes=30)
    assert half_done_at(a_check_in(), answered(None), BANK, NOW) is None
    assert half_done_at(a_check_in(), answered(8, 8, 8), BANK, NOW) is None
    assert scales_done(a_check_in(), answered(8, None, 8), BANK)


# ---------------------------------------------------------------- misses in a row

MISS = Past(State.EXPIRED, touched=False)
TAPPED = Past(State.EXPIRED, touched=True)
NOT_SENT = Past(State.CANCELLED, touched=False, reason="break")
ASKED = Past(State.CANCELLED, touched=False, reason=ASKED_ABOUT)
OURS = Past(State.MISSED_BY_US, touched=False)
AWAY = replace(MISS, excused=True)


@pytest.mark.parametrize(
    ("past", "run"),
    [
        ([], 0),
        ([MISS, MISS], 2),
        ([MISS, TAPPED, MISS], 1),
        ([Past(State.SKIPPED, touched=True), MISS], 0),
        ([OURS, NOT_SENT, MISS, AWAY, MISS], 2),
    ],
)
def test_only_what_was_sent_and_never_touched_makes_a_run(past: list[Past], run: int) -> None:
    assert untouched_run(past) == run


@pytest.mark.parametrize(
    ("past", "asks"),
    [
        ([MISS], False),
        ([MISS, MISS], True),
        ([OURS, MISS, NOT_SENT, MISS], True),
        ([ASKED, MISS, MISS], False),
        ([OURS, ASKED, MISS, MISS], False),
        ([MISS, ASKED, MISS, MISS], False),
        ([MISS, MISS, TAPPED, ASKED, MISS, MISS], True),
    ],
)
def test_the_question_about_the_questions_comes_once_in_a_run(past: list[Past], asks: bool) -> None:
    assert asks_about_questions(past) is asks


# ---------------------------------------------------------------- later, and who is in


@given(st.integers(0, 2 * 365 * 24 * 60), st.integers(1, 72))
def test_later_never_leads_into_quiet_hours_or_behind_the_window(minutes: int, hours: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    closes = now + timedelta(hours=hours)
    for at in later_times(now, closes, "America/New_York", CALENDAR).values():
        assert now + timedelta(hours=1) <= at <= closes - timedelta(minutes=30)
        assert at.astimezone(ZoneInfo("America/New_York")).time() not in CALENDAR.quiet_hours


def test_at_three_in_the_afternoon_all_three_times_are_offered() -> None:
    now = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)
    times = later_times(now, now + timedelta(hours=24), "Europe/London", CALENDAR)
    assert list(times) == [Later.HOUR, Later.TONIGHT, Later.TOMORROW]
    assert times[Later.TONIGHT] == datetime(2026, 5, 12, 18, 0, tzinfo=UTC)
    assert times[Later.TOMORROW] == datetime(2026, 5, 13, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "away_until", "day"),
    [
        (datetime(2026, 5, 12, 12, 0, tzinfo=UTC), None, date(2026, 5, 12)),
        (datetime(2026, 5, 12, 17, 0, tzinfo=UTC), None, date(2026, 5, 13)),
        (datetime(2026, 5, 15, 17, 0, tzinfo=UTC), None, date(2026, 5, 18)),
        (datetime(2026, 5, 12, 12, 0, tzinfo=UTC), datetime(2026, 5, 20, 8, 0, tzinfo=UTC), date(2026, 5, 20)),
    ],
    ids=["in today", "after hours", "before the weekend", "away for a week"],
)
def test_who_is_next_in_when(now: datetime, away_until: datetime | None, day: date) -> None:
    assert next_in(now, CALENDAR, away_until) == day


def test_closed_days_are_nobodys_days() -> None:
    closed = replace(CALENDAR, closed_dates=frozenset({date(2026, 5, 13)}))
    assert next_in(datetime(2026, 5, 12, 17, 0, tzinfo=UTC), closed) == date(2026, 5, 14)
