"""When people are asked: right wall times in every zone, quiet hours, closed dates, lateness, one decision for all."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people import Asking
from bot.domain.schedules import (
    Asked,
    Calendar,
    Due,
    Missed,
    Own,
    Schedule,
    Send,
    Skip,
    Wait,
    Why,
    decide,
    due_on,
    expires_at,
    latest_send,
    moved,
    next_due,
    occasions,
    reminder_at,
)
from bot.domain.wall import instant, out_of_quiet
from bot.domain.words import DutyHours, Hours, Weekday

EVERY_DAY = frozenset(Weekday)
NIGHT = Hours(time(20), time(9))
NEVER_QUIET = Hours(time(0), time(0))
OFFICE = DutyHours(EVERY_DAY, Hours(time(9), time(17)))
LONDON, NEW_YORK, KATHMANDU = "Europe/London", "America/New_York", "Asia/Kathmandu"

CALENDAR = Calendar(NIGHT, frozenset(), OFFICE, LONDON)
ALWAYS = replace(CALENDAR, quiet_hours=NEVER_QUIET)
DAILY = Schedule("daily", days=EVERY_DAY, time=time(14))
TUE_THU = replace(DAILY, name="twice a week", days=frozenset({Weekday.TUE, Weekday.THU}))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(due: Due, zone: str) -> str:
    return f"{due.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def first(schedule: Schedule, after: str, count: int, zone: str = LONDON, calendar: Calendar = CALENDAR) -> list[str]:
    return [local(due, zone) for due in islice(occasions(schedule, calendar, zone, utc(after)), count)]


class TestWallTime:
    """R6: gap → the first valid minute, fold → the first of the two."""

    @pytest.mark.parametrize(
        ("zone", "day", "wall", "expected"),
        [
            (LONDON, date(2026, 3, 29), time(1, 30), "2026-03-29 01:00"),  # 01:00 → 02:00
            (NEW_YORK, date(2026, 3, 8), time(2), "2026-03-08 07:00"),  # 02:00 → 03:00
            (NEW_YORK, date(2026, 3, 8), time(2, 59), "2026-03-08 07:00"),
            (NEW_YORK, date(2026, 3, 8), time(3), "2026-03-08 07:00"),
            (NEW_YORK, date(2026, 11, 1), time(1, 30), "2026-11-01 05:30"),  # comes twice: the first
            ("Africa/Cairo", date(2026, 4, 24), time(0), "2026-04-23 22:00"),  # midnight itself is jumped over
            ("America/Santiago", date(2026, 9, 6), time(0, 30), "2026-09-06 04:00"),
            ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03 15:30"),  # a jump of 30 minutes
            ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), "2026-04-04 14:45"),
            (KATHMANDU, date(2026, 3, 29), time(14), "2026-03-29 08:15"),
        ],
    )
    def test_a_wall_time_has_one_instant(self, zone: str, day: date, wall: time, expected: str) -> None:
        assert instant(day, wall, ZoneInfo(zone)) == utc(expected)

    def test_a_jump_over_the_end_of_a_day_leaves_that_day_its_time(self) -> None:
        """Nuuk goes from Saturday 23:00 to Sunday 00:00: Saturday's 23:30 becomes the first minute that exists."""
        assert instant(date(2024, 3, 30), time(23, 30), ZoneInfo("America/Nuuk")) == utc("2024-03-31 01:00")

    def test_a_day_that_a_zone_never_had_has_no_instant(self) -> None:
        assert instant(date(2011, 12, 30), time(14), ZoneInfo("Pacific/Apia")) is None

    def test_a_day_that_a_zone_never_had_is_left_out(self) -> None:
        found = first(DAILY, "2011-12-29 12:00", 3, "Pacific/Apia")
        assert found == ["2011-12-29 14:00", "2011-12-31 14:00", "2012-01-01 14:00"]

    @pytest.mark.slow
    def test_every_zone_every_change_of_three_years_every_half_hour(self) -> None:
        """Each wall time that exists is met exactly; each that does not is the first minute after the jump."""
        begin, tried = utc("2026-11-20 12:00"), 0
        for name in sorted(available_timezones() - {"localtime"}):
            zone = ZoneInfo(name)
            days = [begin + timedelta(days=n) for n in range(3 * 366)]
            offsets = [day.astimezone(zone).utcoffset() for day in days]
            changes = [day for day, was, then in zip(days[1:], offsets, offsets[1:], strict=False) if was != then]
            for day in changes:
                for half in range(-48, 96):
                    naive = datetime.combine(day.astimezone(zone).date(), time(0)) + timedelta(minutes=30 * half)
                    found = instant(naive.date(), naive.time(), zone)
                    assert found is not None
                    wall = found.astimezone(zone)
                    tried += 1
                    if wall.replace(tzinfo=None) == naive:
                        assert wall.fold == 0
                        continue
                    before = found - timedelta(minutes=1)
                    assert before.astimezone(zone).utcoffset() != wall.utcoffset()
                    assert before.astimezone(zone).replace(tzinfo=None) < naive < wall.replace(tzinfo=None)
        assert tried > 50_000


class TestNextDue:
    def test_three_clients_keep_their_wall_time_over_both_changes(self) -> None:
        """Two in the afternoon stays two in the afternoon, in London, New York and Kathmandu."""
        for zone in (LONDON, NEW_YORK, KATHMANDU):
            for begin in ("2026-03-01 00:00", "2026-10-20 00:00"):
                found = first(TUE_THU, begin, 10, zone)
                assert {one[-5:] for one in found} == {"14:00"}
                assert {datetime.fromisoformat(one).weekday() for one in found} == {1, 3}

    def test_the_instants_differ_by_the_change(self) -> None:
        before = next_due(TUE_THU, CALENDAR, LONDON, utc("2026-03-26 00:00"))
        after = next_due(TUE_THU, CALENDAR, LONDON, utc("2026-03-29 02:00"))
        assert before == Due(date(2026, 3, 26), "day", utc("2026-03-26 14:00"))
        assert after == Due(date(2026, 3, 31), "day", utc("2026-03-31 13:00"))

    def test_a_due_time_is_later_than_the_moment_asked_about(self) -> None:
        due = next_due(DAILY, CALENDAR, LONDON, utc("2026-01-05 14:00"))
        assert due is not None
        assert due.local_date == date(2026, 1, 6)

    def test_every_second_week_counts_from_the_first_monday_of_2024(self) -> None:
        fortnightly = replace(TUE_THU, every_weeks=2, days=frozenset({Weekday.TUE}))
        assert first(fortnightly, "2024-01-01 00:00", 3) == ["2024-01-02 14:00", "2024-01-16 14:00", "2024-01-30 14:00"]

    def test_a_client_s_own_hour_and_days_go_before_the_schedule_s(self) -> None:
        own = Own(time=time(10), days=frozenset({Weekday.SAT}))
        due = next_due(TUE_THU, CALENDAR, LONDON, utc("2026-01-05 00:00"), own=own)
        assert due == Due(date(2026, 1, 10), "day", utc("2026-01-10 10:00"))

    def test_a_time_in_quiet_hours_moves_to_their_end(self) -> None:
        late = replace(DAILY, time=time(22))
        assert due_on(late, CALENDAR, LONDON, date(2026, 1, 5)) == Due(date(2026, 1, 5), "day", utc("2026-01-06 09:00"))

    def test_a_time_whose_window_ends_in_quiet_hours_stays_to_be_skipped(self) -> None:
        short = replace(DAILY, time=time(22), expires_after=timedelta(hours=2))
        due = due_on(short, CALENDAR, LONDON, date(2026, 1, 5))
        assert due is not None
        assert decide(Asked("R-1", LONDON), short, CALENDAR, due.at, due.local_date, due.at) == Skip(Why.QUIET)

    def test_days_already_done_are_not_due_again(self) -> None:
        due = next_due(DAILY, CALENDAR, LONDON, utc("2026-01-05 00:00"), done=date(2026, 1, 6))
        assert due is not None
        assert due.local_date == date(2026, 1, 7)

    def test_after_a_session_by_so_many_hours(self) -> None:
        schedule = Schedule("after", after_session=timedelta(hours=20))
        sessions = [utc("2026-01-12 15:00"), utc("2026-01-05 15:00")]
        due = next_due(schedule, CALENDAR, LONDON, utc("2026-01-06 00:00"), sessions)
        assert due == Due(date(2026, 1, 6), "session 2026-01-05", utc("2026-01-06 11:00"))

    def test_before_a_session_by_so_many_hours(self) -> None:
        schedule = Schedule("before", before_session=timedelta(hours=24))
        due = next_due(schedule, CALENDAR, LONDON, utc("2026-01-06 00:00"), [utc("2026-01-12 15:00")])
        assert due == Due(date(2026, 1, 11), "session 2026-01-12", utc("2026-01-11 15:00"))

    def test_without_a_session_ahead_nothing_is_due(self) -> None:
        schedule = Schedule("before", before_session=timedelta(hours=24))
        assert next_due(schedule, CALENDAR, LONDON, utc("2026-01-06 00:00")) is None


zones = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
naive = datetime.fromisoformat  # Hypothesis adds the zone itself
moments = st.datetimes(naive("2024-01-01"), naive("2030-01-01"), timezones=st.just(UTC))
walls = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))


class TestAnyZone:
    @given(zone=zones, begin=moments, wall=walls, start=walls, end=walls)
    def test_one_per_local_day_in_order_and_never_in_quiet_hours(
        self, zone: str, begin: datetime, wall: time, start: time, end: time
    ) -> None:
        calendar = replace(CALENDAR, quiet_hours=Hours(start, end))
        schedule = replace(DAILY, time=wall, expires_after=timedelta(hours=25))
        found = list(islice(occasions(schedule, calendar, zone, begin), 12))
        dates = [due.local_date for due in found]
        assert dates == sorted(set(dates))
        assert (dates[-1] - dates[0]).days <= 12  # one day may not exist in a zone, never two
        assert [due.at for due in found] == sorted(due.at for due in found)
        for due in found:
            assert due.at > begin
            assert due.at.astimezone(ZoneInfo(zone)).time() not in calendar.quiet_hours

    @given(zone=zones, at=moments, start=walls, end=walls)
    def test_leaving_quiet_hours_never_goes_back_and_ends_outside(
        self, zone: str, at: datetime, start: time, end: time
    ) -> None:
        quiet = Hours(start, end)
        free = out_of_quiet(at, quiet, ZoneInfo(zone))
        assert free >= at
        assert free.astimezone(ZoneInfo(zone)).time() not in quiet
        assert free - at < timedelta(hours=27)

    @given(old=zones, new=zones, at=moments, wall=walls)
    def test_a_move_neither_doubles_nor_drops_a_day(self, old: str, new: str, at: datetime, wall: time) -> None:
        """The pending day stays the pending day; the one after it is the next."""
        schedule = replace(DAILY, time=wall)
        pending = next_due(schedule, ALWAYS, old, at)
        assert pending is not None
        there = moved(pending, schedule, ALWAYS, new)
        after = next_due(schedule, ALWAYS, new, there.at, done=there.local_date)
        assert after is not None
        assert there.local_date == pending.local_date
        assert (after.local_date - there.local_date).days == 1


NOW = utc("2026-01-06 14:00")
TODAY = date(2026, 1, 6)
SOMEBODY = Asked("R-1", LONDON)


def decision(
    client: Asked = SOMEBODY, schedule: Schedule = TUE_THU, calendar: Calendar = CALENDAR, late: timedelta = timedelta(0)
) -> object:
    return decide(client, schedule, calendar, NOW, TODAY, NOW + late)


class TestDecide:
    def test_in_time_it_is_sent_with_the_end_of_its_window(self) -> None:
        assert decision() == Send(NOW + timedelta(hours=24))

    def test_before_its_time_it_waits(self) -> None:
        assert decision(late=-timedelta(minutes=1)) == Wait(NOW)

    @pytest.mark.parametrize(
        ("client", "why"),
        [
            (replace(SOMEBODY, live=False), Why.NOT_LIVE),
            (replace(SOMEBODY, joined=False), Why.NOT_JOINED),
            (replace(SOMEBODY, agreed=False), Why.NO_CONSENT),
            (replace(SOMEBODY, reachable=False), Why.UNREACHABLE),
            (replace(SOMEBODY, open_check_in=True), Why.OPEN),
            (replace(SOMEBODY, last_local_date=TODAY), Why.REPEATED),
            (replace(SOMEBODY, last_due_at=NOW - timedelta(hours=5)), Why.TOO_SOON),
        ],
    )
    def test_what_stands_against_asking_is_named(self, client: Asked, why: Why) -> None:
        assert decision(client) == Skip(why)

    @pytest.mark.parametrize("asking", [one for one in Asking if one is not Asking.ON])
    def test_in_any_mood_but_on_nobody_is_asked(self, asking: Asking) -> None:
        assert decision(replace(SOMEBODY, asking=asking)) == Skip(Why(asking.value))

    def test_on_a_closed_date_nobody_is_asked(self) -> None:
        assert decision(calendar=replace(CALENDAR, closed_dates=frozenset({TODAY}))) == Skip(Why.CLOSED)

    def test_a_time_moved_onto_a_closed_date_is_closed_too(self) -> None:
        calendar = replace(CALENDAR, closed_dates=frozenset({date(2026, 1, 7)}))
        late = replace(TUE_THU, time=time(22))
        due = due_on(late, calendar, LONDON, TODAY)
        assert due is not None
        assert decide(SOMEBODY, late, calendar, due.at, due.local_date, due.at) == Skip(Why.CLOSED)

    def test_late_but_inside_its_window_it_still_goes_out_and_closes_when_planned(self) -> None:
        assert decision(late=timedelta(hours=3)) == Send(NOW + timedelta(hours=24))

    def test_too_late_to_be_answered_it_was_missed_by_us(self) -> None:
        assert decision(late=timedelta(hours=22, minutes=1)) == Missed(Why.LATE)

    def test_a_short_window_leaves_a_quarter_of_itself(self) -> None:
        short = replace(TUE_THU, expires_after=timedelta(hours=4))
        assert latest_send(short, NOW) == NOW + timedelta(hours=3)
        assert expires_at(short, NOW) == NOW + timedelta(hours=4)

    def test_late_into_the_night_it_waits_for_the_morning(self) -> None:
        assert decision(late=timedelta(hours=8)) == Wait(utc("2026-01-07 09:00"))

    def test_when_the_night_outlasts_its_window_it_was_missed_by_us(self) -> None:
        short = replace(TUE_THU, expires_after=timedelta(hours=12))
        assert decision(schedule=short, late=timedelta(hours=8)) == Missed(Why.LATE)

    def test_once_the_next_one_is_due_the_old_one_was_missed_by_us(self) -> None:
        """After three days away one check-in goes out, not three."""
        long = replace(TUE_THU, days=EVERY_DAY, expires_after=timedelta(days=5))
        assert decision(schedule=long, late=timedelta(hours=23)) == Send(NOW + timedelta(days=5))
        assert decision(schedule=long, late=timedelta(hours=25)) == Missed(Why.LATE)

    @given(late=st.integers(0, 60 * 24 * 10), zone=zones, quiet=st.tuples(walls, walls))
    def test_nothing_is_ever_sent_in_quiet_hours_or_after_its_window(
        self, late: int, zone: str, quiet: tuple[time, time]
    ) -> None:
        calendar, now = replace(CALENDAR, quiet_hours=Hours(*quiet)), NOW + timedelta(minutes=late)
        found = decide(replace(SOMEBODY, timezone=zone), DAILY, calendar, NOW, TODAY, now)
        if isinstance(found, Send):
            assert now < found.expires_at
            assert now.astimezone(ZoneInfo(zone)).time() not in calendar.quiet_hours
        if isinstance(found, Wait):
            assert now < found.until <= latest_send(DAILY, NOW)


class TestReminder:
    REMINDED = replace(TUE_THU, remind_after=timedelta(hours=4))

    def reminder(self, sent: str, quiet_mode: bool = False) -> datetime | None:
        at = utc(sent)
        return reminder_at(self.REMINDED, CALENDAR, LONDON, at, at + timedelta(hours=24), quiet_mode)

    def test_it_comes_once_after_its_time(self) -> None:
        assert self.reminder("2026-01-06 14:00") == utc("2026-01-06 18:00")

    def test_in_quiet_hours_it_is_dropped(self) -> None:
        assert self.reminder("2026-01-06 17:00") is None

    def test_in_quiet_mode_there_is_none(self) -> None:
        assert self.reminder("2026-01-06 14:00", quiet_mode=True) is None

    def test_after_the_window_there_is_none(self) -> None:
        at = utc("2026-01-06 10:00")
        assert reminder_at(self.REMINDED, CALENDAR, LONDON, at, at + timedelta(hours=4), False) is None


class TestOwnTimes:
    def test_what_a_client_chose_survives_being_kept(self) -> None:
        own = Own(time(10, 30), frozenset({Weekday.SUN, Weekday.MON}), 2, 1)
        assert Own.from_json(own.as_json()) == own

    @pytest.mark.parametrize("kept", [None, {}, [], "x", {"days": "mon", "time": 7}])
    def test_anything_else_counts_as_not_chosen(self, kept: object) -> None:
        assert Own.from_json(kept) == Own()
