"""Who would be asked what, and when, with the reason for every omission."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot import bank
from bot.domain.people import Asking
from bot.domain.preview import Foreseen, Looked, preview, somebody
from bot.domain.schedules import Asked, Calendar, Schedule
from bot.domain.words import Hours
from tests.support.plans import OFFICE, TWICE_A_WEEK, a_plan

MONDAY = datetime(2026, 3, 23, 8, tzinfo=UTC)
PLAN = replace(a_plan(), bank=bank.shipped())


def said(lines: list[Foreseen]) -> list[str]:
    return [f"{one.as_json()['date']} {one.as_json()['time']} {one.outcome}" for one in lines]


class TestPreview:
    def test_without_a_roster_it_is_about_a_made_up_client_in_the_organisation_s_zone(self) -> None:
        lines = preview(PLAN, [somebody(PLAN)], MONDAY, 7)
        assert said(lines) == ["2026-03-24 14:00 ask", "2026-03-26 14:00 ask"]
        assert lines[0].reminder_at == lines[0].at + timedelta(hours=4)

    def test_three_zones_keep_their_wall_time_over_the_change_in_london(self) -> None:
        zones = ("Europe/London", "America/New_York", "Asia/Kathmandu")
        lines = preview(PLAN, [Looked(Asked(zone, zone)) for zone in zones], MONDAY, 14)
        assert {line.as_json()["time"] for line in lines} == {"14:00"}
        at = [line.as_json()["at"] for line in lines if line.ref == "Europe/London"]
        assert at == [
            "2026-03-24T14:00:00Z",
            "2026-03-26T14:00:00Z",
            "2026-03-31T13:00:00Z",
            "2026-04-02T13:00:00Z",
        ]

    def test_every_omission_has_its_reason(self) -> None:
        service = replace(PLAN.service, calendar=replace(PLAN.calendar, closed_dates=frozenset({date(2026, 3, 24)})))
        clients = [Looked(Asked("A", "Europe/London")), Looked(Asked("B", "Europe/London", asking=Asking.BREAK))]
        lines = preview(replace(PLAN, service=service), clients, MONDAY, 7)
        assert [(one.ref, one.outcome) for one in lines] == [
            ("A", "closed"),
            ("B", "break"),
            ("A", "ask"),
            ("B", "break"),
        ]

    def test_a_time_in_quiet_hours_is_shown_where_it_goes(self) -> None:
        plan = replace(PLAN, schedules=(replace(TWICE_A_WEEK, time=time(22)),))
        assert said(preview(plan, [somebody(plan)], MONDAY, 3)) == ["2026-03-24 09:00 ask"]

    def test_questions_come_in_turn_as_they_will(self) -> None:
        lines = preview(PLAN, [somebody(PLAN)], MONDAY, 21)
        assert [line.questions[3] for line in lines] == ["R1", "E3", "R1", "B3", "C1", "E3"]

    def test_a_schedule_after_sessions_follows_those_that_are_known(self) -> None:
        schedule = Schedule("after", after_session=timedelta(hours=20), questions=("R1",))
        plan = replace(PLAN, schedules=(schedule,))
        client = replace(somebody(plan), sessions=(MONDAY + timedelta(hours=5),))
        assert said(preview(plan, [client], MONDAY, 7)) == ["2026-03-24 09:00 ask"]
        assert preview(plan, [somebody(plan)], MONDAY, 7) == []

    def test_a_window_that_is_over_before_the_quiet_hours_are_is_shown_as_skipped(self) -> None:
        quiet = Calendar(Hours(time(13), time(23)), frozenset(), OFFICE, "Europe/London")
        plan = replace(PLAN, service=replace(PLAN.service, calendar=quiet))
        short = replace(plan, schedules=(replace(TWICE_A_WEEK, expires_after=timedelta(hours=4)),))
        assert {line.outcome for line in preview(short, [somebody(short)], MONDAY, 7)} == {"quiet"}
