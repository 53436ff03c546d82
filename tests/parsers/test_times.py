"""Lengths of time, days and clocks, as they stand in the config and as people type them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from bot.actions.people import months
from bot.domain.clocks import by_clock, by_place, read_clock
from bot.domain.dates import read_day
from bot.domain.people import Person, Status
from bot.domain.words import Role, duration
from handlers.worker.sessions import read_moment
from tests.parsers.cases import made_up
from tests.parsers.shapes import mixed, texts

NOW = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
ZONES = ("Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati")
MONTHS = months("en")
digits = st.integers(0, 10**6).map(str)
day_words = st.lists(
    st.one_of(
        st.sampled_from(["may", "May", "sept", "24", "24th", "31", "30", "29 feb", "2027", "9999", "0001", "0000", "of"]),
        st.sampled_from([" ", "-", ".", "/", ", ", "T"]),
        digits,
        texts,
    ),
    max_size=6,
).map("".join)


@made_up(
    "durations",
    text=st.one_of(
        st.builds("{}{}{}".format, digits, st.sampled_from(["", " ", "\n"]), st.sampled_from("mhdwsMy")), texts
    ),
)
def test_a_length_of_time_is_read_or_refused(text: str) -> None:
    try:
        found = duration(text)
    except (ValueError, OverflowError):
        return
    assert found >= timedelta(0)
    assert duration(f"{found // timedelta(minutes=1)}m") == found


@made_up("days", typed=st.one_of(day_words, mixed("may", "24", "2026")))
def test_a_day_is_a_day_that_is_in_the_calendar_or_none(typed: str) -> None:
    for today in (date(2026, 5, 12), date(2028, 2, 29)):
        found = read_day(typed, today, MONTHS)
        assert found is None or isinstance(found, date)
        if found is not None:
            assert read_day(found.isoformat(), today, MONTHS) == found
    for zone in ZONES:
        staff = Person("1", Role.WORKER, "W-1", "Sam", "en", zone, Status.JOINED)
        moment = read_moment(tuple(typed.split()), staff, NOW)
        assert moment is None or moment.astimezone(UTC).astimezone(ZoneInfo(zone)) == moment


@made_up(
    "clocks",
    typed=st.one_of(mixed("9", "14", "05", "am", "PM", "h", "London"), st.builds("{}:{}".format, digits, digits), texts),
)
def test_a_clock_is_a_time_of_day_or_none(typed: str) -> None:
    wall = read_clock(typed)
    if wall is None:
        assert by_place(typed, ZONES) in (None, *ZONES)
        return
    assert read_clock(f"{wall:%H:%M}") == wall
    for home in ZONES:
        zone = by_clock(wall, home, NOW)
        assert zone is None or _apart(NOW.astimezone(ZoneInfo(zone)).time(), wall) <= 8


def _apart(one: time, other: time) -> int:
    """Minutes between two clocks, the shorter way round."""
    minutes = abs((one.hour - other.hour) * 60 + one.minute - other.minute)
    return min(minutes, 24 * 60 - minutes)


@pytest.mark.parametrize("typed", [("31.12.9999",), ("9999-12-31", "23:59"), ("1.1.0001",), ("24", "May", "2126")])
@pytest.mark.parametrize("zone", ZONES)
def test_a_meeting_in_another_century_is_not_understood(typed: tuple[str, ...], zone: str) -> None:
    staff = Person("1", Role.WORKER, "W-1", "Sam", "en", zone, Status.JOINED)
    assert read_moment(typed, staff, NOW) is None
