"""The organisation's duty hours applied to alerts: when a rung's time is over, who is asked next, when to be silent."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.ladder import Duty, after, due
from bot.domain.matters import DAILY, DANGER_AGAIN, URGENT, Alert
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


def next_other(plan: Plan, alert: Alert, since: datetime) -> tuple[str, datetime] | None:
    """Ref of the next person on the ladder who is somebody else, and when they are asked if nobody acts."""
    step, at = alert.step, since
    while (following := after(alert.ladder, step)) != step:
        at = rung_ends(plan, alert, step, at)
        if alert.ladder[following].ref != alert.ladder[step].ref:
            return alert.ladder[following].ref, at
        step = following
    return None


def promised(plan: Plan, since: datetime) -> datetime:
    """By when the person who hears the wish for somebody else gets in touch: the longest time allowed here."""
    return due(since, plan.alerts.acknowledge_within[Severity.LOW], of(plan))
