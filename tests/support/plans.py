"""A small service to test with: London, three questions on Tuesdays and Thursdays at two in the afternoon."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from bot.domain.plan import Alerts, Data, Detail, House, Plan, Profile, Safety
from bot.domain.questions import Asks, Bank, Question, Scale
from bot.domain.schedules import Calendar, Schedule
from bot.domain.words import Construct, DutyHours, Hours, Severity, Weekday

WORKDAYS = frozenset({Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI})
OFFICE = DutyHours(WORKDAYS, Hours(time(9), time(17)))


def _rating(name: str, construct: Construct, text: str, low: str, high: str, **more: Any) -> Question:
    return Question(
        id=name,
        construct=construct,
        scale=Scale.NUMBERS,
        text={"en": text},
        low={"en": low},
        high={"en": high},
        words={"en": ("Not at all", "Hardly", "So-so", "Mostly", "Fully")},
        pool=str(construct),
        **more,
    )


BANK = Bank(
    (
        _rating("B1", Construct.BOND, "How easy is {worker} to talk to just now?", "can't talk", "easy"),
        _rating("G1", Construct.GOALS, "Do you and {worker} want the same things for you?", "not at all", "fully"),
        _rating("T1", Construct.TASKS, "Is what you two have planned any help, day to day?", "no help", "big help"),
        _rating(
            "G3", Construct.PROGRESS, "“{goal}”: where are you today?", "nowhere near", "there", asks=Asks.GOAL_PROGRESS
        ),
    )
)

TWICE_A_WEEK = Schedule(
    name="twice a week",
    days=frozenset({Weekday.TUE, Weekday.THU}),
    time=time(14),
    remind_after=timedelta(hours=4),
    expires_after=timedelta(hours=24),
)


def a_plan(**changes: Any) -> Plan:
    """A plan that is live; people are M-1 (manager), M-2, W-1 and W-2."""
    plan = Plan(
        service=House(
            name="Riverside",
            place="Riverside",
            profile=Profile.RECOVERY,
            languages=("en",),
            calendar=Calendar(Hours(time(20), time(9)), frozenset(), OFFICE, "Europe/London"),
            not_shared_with=("police", "courts"),
            crisis_text={"en": "In danger? Call 999 now."},
        ),
        schedules=(TWICE_A_WEEK,),
        bank=BANK,
        signals={},
        alerts=Alerts(
            detail=Detail.FULL,
            ask_client_first=True,
            acknowledge_within={
                Severity.HIGH: timedelta(minutes=30),
                Severity.MEDIUM: timedelta(days=1),
                Severity.LOW: timedelta(days=3),
            },
            escalate_to=("M-1",),
            complaints_to=("M-2",),
            cover={"W-1": "W-2"},
        ),
        safety=Safety(
            duty=("M-1",),
            duty_hours=OFFICE,
            safeguarding_contact=("M-2",),
            checked_by="M-1",
            checked_on=date(2026, 5, 1),
        ),
        data=Data(after_discharge=timedelta(days=90), messages=None, erase_delay=timedelta(days=3)),
    )
    return replace(plan, **changes)
