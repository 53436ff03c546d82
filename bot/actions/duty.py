"""The organisation's duty hours applied to alerts: when a rung's time is over, who is asked next, when to be silent."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.alerts import Kind
from bot.domain.ladder import Duty, after, due
from bot.domain.matters import DAILY, DANGER_AGAIN, URGENT, WEEKLY, Alert
from bot.domain.on_duty import on_duty as next_on_duty
from bot.domain.plan import Plan
from bot.domain.words import DutyHours, Severity, Weekday


def of(plan: Plan) -> Duty:
    """When the acknowledge clock runs."""
    return Duty(plan.calendar.working, plan.calendar.closed_dates, plan.service.timezone)


def on_duty(plan: Plan, at: datetime, hours: DutyHours | None = None) -> bool:
    """Is somebody there at this moment? Outside it an alert makes no sound."""
    local = at.astimezone(ZoneInfo(plan.service.timezone))
    when = hours or plan.calendar.working
    return (
        Weekday(local.weekday()) in when.days
        and local.time() in when.hours
        and local.date() not in plan.calendar.closed_dates
    )


def rung_ends(plan: Plan, alert: Alert, step: int, since: datetime) -> datetime:
    """When whoever was told at `since` has let the time pass. The last of all is asked again every working day."""
    if alert.kind in URGENT:
        return since + DANGER_AGAIN
    within = plan.alerts.acknowledge_within[alert.severity]
    if after(alert.ladder, step) == step:
        within = min(within, DAILY)
    return due(since, within, of(plan), real_time=alert.severity is Severity.HIGH)


def due_within(plan: Plan, since: datetime, within: timedelta, *, real_time: bool) -> datetime:
    """When this much duty time has passed."""
    return due(since, within, of(plan), real_time=real_time)


def next_other(plan: Plan, alert: Alert, rings_at: datetime | None) -> tuple[int, datetime] | None:
    """The next rung that is somebody else's, and when they are asked if nobody acts.

    `rings_at`: when this rung is told; None where that has been, and its time runs.
    """
    step, at = alert.step, alert.step_due_at if rings_at is None else rung_ends(plan, alert, alert.step, rings_at)
    while at is not None and (following := after(alert.ladder, step)) != step:
        if alert.ladder[following].ref != alert.ladder[step].ref:
            return following, at
        step, at = following, rung_ends(plan, alert, following, at)
    return None


def comes_back(plan: Plan, kind: Kind, now: datetime) -> datetime:
    """When what somebody has taken rings for them again, as long as it is not closed: on duty, unless it is danger."""
    if kind in URGENT:
        return now + DAILY
    wanted = now + (DAILY if kind is Kind.SOMEONE_ELSE else WEEKLY)
    there = next_on_duty(wanted, plan.calendar.working, plan.calendar.closed_dates, plan.service.timezone)
    return wanted if there is None or there.here else there.at


def promised(plan: Plan, since: datetime) -> datetime:
    """By when the person who hears the wish for somebody else gets in touch: the longest time allowed here."""
    return due(since, plan.alerts.acknowledge_within[Severity.LOW], of(plan))
