"""The weekly digest as values: when it may leave, and which lines stand for one client."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.domain.digest import MOST_LINES, DigestLine, Held, leaves_at, lines, week_of, weight
from bot.domain.schedules import Calendar
from bot.domain.signals.history import Signal
from bot.domain.words import DutyHours, Hours, Tier
from tests.support.plans import OFFICE, WORKDAYS, a_plan

CALENDAR = a_plan().calendar
LONDON = "Europe/London"
MONDAY = datetime(2026, 5, 18, 8, tzinfo=UTC)
"""Nine in London."""
HOUR = timedelta(hours=1)


def working(start: int, end: int) -> Calendar:
    return replace(CALENDAR, working=DutyHours(WORKDAYS, Hours(time(start), time(end))))


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        (MONDAY - HOUR, MONDAY),
        (MONDAY, MONDAY),
        (MONDAY + 7.9 * HOUR, MONDAY + 7.9 * HOUR),
        (MONDAY + 8 * HOUR, MONDAY + 24 * HOUR),
        (MONDAY - 48 * HOUR, MONDAY),
    ],
    ids=["early", "at nine", "before five", "after five", "on Saturday"],
)
def test_it_leaves_in_working_hours_alone(now: datetime, leaves: datetime) -> None:
    assert leaves_at(now, CALENDAR, LONDON) == leaves


def test_a_closed_monday_makes_it_tuesday() -> None:
    closed = replace(CALENDAR, closed_dates=frozenset({date(2026, 5, 18)}))
    assert leaves_at(MONDAY, closed, LONDON) == MONDAY + 24 * HOUR


def test_it_waits_for_the_end_of_the_reader_s_own_quiet_hours() -> None:
    assert leaves_at(MONDAY - HOUR, working(7, 17), LONDON) == MONDAY
    assert leaves_at(MONDAY, CALENDAR, "America/New_York") == MONDAY + 5 * HOUR


def test_whoever_is_away_has_it_when_they_are_back_at_work() -> None:
    back = MONDAY + 62 * HOUR  # Wednesday night
    assert leaves_at(MONDAY, CALENDAR, LONDON, back) == MONDAY + 72 * HOUR


def test_where_all_working_time_is_quiet_it_never_leaves() -> None:
    assert leaves_at(MONDAY, working(20, 8), LONDON) is None


def test_a_week_is_the_one_that_the_duty_began_in() -> None:
    assert week_of(MONDAY, CALENDAR).name == "2026-W21"
    assert week_of(MONDAY, CALENDAR).monday == date(2026, 5, 18)
    assert week_of(MONDAY - 8 * HOUR, working(22, 6)).name == "2026-W20"  # in the night to Monday
    assert week_of(datetime(2027, 1, 1, 12, tzinfo=UTC), CALENDAR).name == "2026-W53"


def test_hours_are_those_of_the_plan() -> None:
    assert CALENDAR.working == OFFICE


# ---------------------------------------------------------------- lines


def held(rule: str, tier: Tier = Tier.DIGEST, *, soft: bool = False, budget: bool = False, ago: float = 0) -> Held:
    evidence = {"value": 4.0, "usual": 8.0}
    return Held(Signal(rule, None, MONDAY - ago * HOUR, tier, evidence, "c"), soft, budget)


def test_the_strongest_come_first_and_three_at_most() -> None:
    found = [held("fade"), held("one_sided"), held("slide", Tier.ALERT, budget=True), held("goal_stall")]
    assert [one.says for one in lines(found)] == ["slide", "one_sided", "goal_stall"]
    assert len(lines(found)) == MOST_LINES


def test_one_rule_is_one_line_however_often_it_was_found() -> None:
    found = [held("steady_low"), held("steady_low", Tier.ALERT, budget=True, ago=30)]
    assert lines(found) == (DigestLine("steady_low", held_back=True),)


def test_all_that_is_softened_is_one_and_the_same_line() -> None:
    found = [held("drop", Tier.ALERT, soft=True, budget=True), held("one_sided", soft=True), held("silence")]
    assert lines(found) == (DigestLine("worth_asking", held_back=True), DigestLine("silence", held_back=False))


def test_the_client_with_the_most_behind_it_comes_first() -> None:
    strong, weak = [held("drop", Tier.ALERT), held("slide", Tier.ALERT)], [held("drop", Tier.ALERT)]
    quiet = [held("fade"), held("one_sided"), held("goal_stall")]
    assert sorted([quiet, weak, strong], key=weight) == [strong, weak, quiet]
