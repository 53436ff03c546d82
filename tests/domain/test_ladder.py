"""Who is told next, and when: duty hours, working days, closed dates, and the two nights when the clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from bot.domain.ladder import Duty, Rung, Step, after, due, ladder, next_person
from bot.domain.words import DutyHours, Hours, Weekday, duration

LONDON = ZoneInfo("Europe/London")
WORKDAYS = frozenset(list(Weekday)[:5])
OFFICE = Duty(DutyHours(WORKDAYS, Hours(time(9), time(17))), frozenset({date(2026, 5, 25)}), "Europe/London")
NIGHTS = Duty(DutyHours(frozenset(Weekday), Hours(time(22), time(6))), frozenset(), "Europe/London")
NOBODY = Duty(DutyHours(frozenset(), Hours(time(9), time(17))), frozenset(), "Europe/London")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def test_the_whole_way_up() -> None:
    assert ladder("W-1", "W-2", ["M-1", "M-2"]) == (
        Step("W-1", Rung.FIRST),
        Step("W-1", Rung.REMINDER),
        Step("W-2", Rung.COVER),
        Step("M-1", Rung.MANAGER),
        Step("M-2", Rung.LAST_RESORT),
    )


def test_without_cover_the_manager_is_next_and_a_single_one_is_the_last_resort() -> None:
    assert [step.rung for step in ladder("W-1", None, ["M-1"])] == [Rung.FIRST, Rung.REMINDER, Rung.LAST_RESORT]


def test_without_a_worker_it_starts_at_cover() -> None:
    assert ladder(None, "W-2", ["M-1"])[0] == Step("W-2", Rung.COVER)


def test_everybody_is_asked_once_apart_from_the_reminder() -> None:
    assert [step.ref for step in ladder("W-1", "M-1", ["M-1", "W-1", "M-2"])] == ["W-1", "W-1", "M-1", "M-2"]


def test_the_last_rung_is_repeated() -> None:
    steps = ladder("W-1", None, ["M-1"])
    assert [after(steps, taken) for taken in range(3)] == [1, 2, 2]


def test_whoever_cannot_be_reached_is_passed_over_with_their_reminder() -> None:
    steps = ladder("W-1", "W-2", ["M-1"])
    assert steps[next_person(steps, 0)].ref == "W-2"
    assert steps[next_person(steps, 3)].ref == "M-1"


@pytest.mark.parametrize(
    ("since", "within", "until"),
    [
        ("2026-05-12 10:00", "30m", "2026-05-12 10:30"),
        ("2026-05-12 16:45", "30m", "2026-05-13 09:15"),
        ("2026-05-12 16:30", "30m", "2026-05-12 17:00"),
        ("2026-05-12 20:00", "30m", "2026-05-13 09:30"),
        ("2026-05-12 03:00", "30m", "2026-05-12 09:30"),
        ("2026-05-15 16:45", "30m", "2026-05-18 09:15"),
        ("2026-05-22 16:45", "30m", "2026-05-26 09:15"),
        ("2026-05-12 10:00", "20h", "2026-05-14 14:00"),
        ("2026-05-12 15:02", "1d", "2026-05-13 15:02"),
        ("2026-05-15 15:02", "1d", "2026-05-18 15:02"),
        ("2026-05-22 15:02", "1d", "2026-05-26 15:02"),
        ("2026-05-16 12:00", "1d", "2026-05-19 09:00"),
        ("2026-05-12 10:00", "3d", "2026-05-15 10:00"),
        ("2026-05-12 10:00", "36h", "2026-05-14 14:00"),
        ("2026-05-12 10:00", "1w", "2026-05-21 10:00"),
    ],
)
def test_the_acknowledge_clock_counts_duty_hours_and_from_a_day_on_working_days(
    since: str, within: str, until: str
) -> None:
    assert due(local(since), duration(within), OFFICE) == local(until)


def test_tier_three_counts_real_time() -> None:
    assert due(local("2026-05-16 03:00"), duration("30m"), OFFICE, real_time=True) == local("2026-05-16 03:30")


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-03-27 16:45", "2026-03-30 09:15"), ("2026-10-23 16:45", "2026-10-26 09:15")],
)
def test_a_weekend_with_a_clock_change_ends_at_the_same_wall_time(since: str, until: str) -> None:
    assert due(local(since), duration("30m"), OFFICE) == local(until)


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-03-27 15:00", "2026-03-30 15:00"), ("2026-10-23 15:00", "2026-10-26 15:00")],
)
def test_a_working_day_keeps_its_wall_time_over_a_clock_change(since: str, until: str) -> None:
    assert due(local(since), duration("1d"), OFFICE) == local(until)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-03-28 22:00", "2026-03-29 23:00"),  # seven hours until 06:00, the eighth in the next night
        ("2026-10-24 22:00", "2026-10-25 05:00"),
        ("2026-06-01 22:00", "2026-06-02 06:00"),
    ],
)
def test_hours_on_duty_are_real_hours_in_the_night_of_a_clock_change(since: str, until: str) -> None:
    """A night shift from 22:00 to 06:00 has an hour less in March and one more in October; eight hours stay eight."""
    assert due(local(since), timedelta(hours=8), NIGHTS) == local(until)


def test_if_nobody_is_ever_on_duty_real_time_counts() -> None:
    assert due(local("2026-05-16 03:00"), duration("30m"), NOBODY) == local("2026-05-16 03:30")


moments = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@effort(deadline=None)
@given(moments, st.integers(1, 3000))
def test_a_rung_never_runs_out_before_its_time_nor_outside_duty(since: datetime, minutes: int) -> None:
    within = timedelta(minutes=minutes)
    until = due(since, within, OFFICE)
    wall = until.astimezone(LONDON)
    assert until >= since + min(within, timedelta(hours=23))
    assert wall.weekday() < 5
    assert time(9) <= wall.time() <= time(17)
