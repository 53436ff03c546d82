"""Telling a zone from a clock, a day from what was typed, and who is on duty."""

from datetime import UTC, date, datetime, time
from zoneinfo import available_timezones

import pytest

from bot.domain.asked import Own
from bot.domain.clocks import by_clock, by_place, offered, read_clock
from bot.domain.dates import read_day
from bot.domain.on_duty import on_duty
from bot.domain.rhythm import describe, per_week, slower
from bot.domain.words import Weekday
from tests.support.plans import OFFICE, TWICE_A_WEEK

MAY = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)  # 13:00 in London
MONTHS = {"may": 5, "march": 3, "december": 12, "february": 2}


@pytest.mark.parametrize(
    ("clock", "zone"),
    [("13:02", "Europe/London"), ("14:00", "Europe/Berlin"), ("17:45", "Asia/Kathmandu"), ("08:00", "America/New_York")],
)
def test_the_zone_is_told_by_what_the_clock_shows(clock: str, zone: str) -> None:
    assert by_clock(time.fromisoformat(clock), "Europe/London", MAY) == zone


def test_a_clock_on_the_other_day_counts_as_well() -> None:
    late = datetime(2026, 5, 12, 22, 0, tzinfo=UTC)
    assert by_clock(time(3, 30), "Europe/London", late) == "Asia/Kolkata"


def test_a_clock_that_no_zone_shows_is_not_guessed() -> None:
    assert by_clock(time(13, 20), "Europe/London", MAY) is None


def test_other_clocks_are_offered_without_the_one_that_was_wrong() -> None:
    clocks = [wall for _, wall in offered("Europe/London", "Europe/London", MAY)]
    assert time(14) in clocks
    assert time(13) not in clocks
    assert clocks == sorted(clocks)


def test_a_city_names_its_zone() -> None:
    zones = available_timezones()
    assert by_place(" new york ", zones) == "America/New_York"
    assert by_place("Kathmandu", zones) == "Asia/Kathmandu"
    assert by_place("Nowhere", zones) is None


@pytest.mark.parametrize(
    ("typed", "wall"),
    [("14:05", time(14, 5)), ("2.05 pm", time(14, 5)), ("1405", time(14, 5)), ("12 am", time(0)), ("9", time(9))],
)
def test_clocks_as_people_type_them(typed: str, wall: time) -> None:
    assert read_clock(typed) == wall


@pytest.mark.parametrize("typed", ["25:00", "14:61", "13 pm", "soon", "", "123456"])
def test_what_is_no_clock_is_none(typed: str) -> None:
    assert read_clock(typed) is None


@pytest.mark.parametrize("typed", ["24 May", "may 24th", "24.5.", "24/5/2026", "2026-05-24", "24th of May 2026"])
def test_days_as_people_type_them(typed: str) -> None:
    assert read_day(typed, date(2026, 5, 12), MONTHS) == date(2026, 5, 24)


def test_a_day_without_a_year_is_the_next_one_there_is() -> None:
    assert read_day("3 March", date(2026, 5, 12), MONTHS) == date(2027, 3, 3)
    assert read_day("29 February", date(2026, 5, 12), MONTHS) == date(2028, 2, 29)


@pytest.mark.parametrize("typed", ["31 February 2027", "tomorrowish", "24 Smarch", "24 m"])
def test_what_is_no_day_is_none(typed: str) -> None:
    assert read_day(typed, date(2026, 5, 12), MONTHS) is None


@pytest.mark.parametrize(
    ("now", "here", "at"),
    [
        ("2026-05-12T12:00", True, "2026-05-12T16:00"),
        ("2026-05-12T16:00", False, "2026-05-13T08:00"),
        ("2026-05-15T18:00", False, "2026-05-18T08:00"),
    ],
)
def test_on_duty_until_or_from_when(now: str, here: bool, at: str) -> None:
    found = on_duty(datetime.fromisoformat(now).replace(tzinfo=UTC), OFFICE, frozenset(), "Europe/London")
    assert found is not None
    assert (found.here, found.at) == (here, datetime.fromisoformat(at).replace(tzinfo=UTC))


def test_a_closed_date_is_no_duty() -> None:
    friday = datetime(2026, 5, 15, 18, 0, tzinfo=UTC)
    found = on_duty(friday, OFFICE, {date(2026, 5, 18)}, "Europe/London")
    assert found is not None
    assert found.at == datetime(2026, 5, 19, 8, 0, tzinfo=UTC)


def test_how_often_is_said_as_people_say_it() -> None:
    assert per_week((TWICE_A_WEEK,), Own()) == ("twice", 2)
    assert per_week((TWICE_A_WEEK,), Own(days=frozenset({Weekday.MON}))) == ("week", 1)
    assert per_week((TWICE_A_WEEK,), Own(days=frozenset({Weekday.MON}), every_weeks=2)) == ("two_weeks", 2)
    assert per_week((TWICE_A_WEEK,), Own(days=frozenset(Weekday))) == ("day", 1)


def test_less_often_halves_until_every_fourth_week() -> None:
    own, seen = Own(), []
    while (fewer := slower((TWICE_A_WEEK,), own)) is not None:
        own = fewer
        seen.append(per_week((TWICE_A_WEEK,), own))
    assert seen == [("week", 1), ("two_weeks", 2), ("weeks", 4)]


def test_own_times_are_what_the_sentence_says() -> None:
    said = describe((TWICE_A_WEEK,), Own(time=time(10), days=frozenset({Weekday.FRI})))
    assert said == {"plan": "plan_days", "days": [4], "when": "10:00"}
