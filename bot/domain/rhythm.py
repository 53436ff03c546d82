"""How often and when somebody is asked, as facts that a text can say: "twice a week", "Tuesdays at two"."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.asked import Own
from bot.domain.schedules import Schedule
from bot.domain.words import Json, Weekday


def per_week(schedules: Sequence[Schedule], own: Own) -> tuple[str, int]:
    """(key under `client.often`, its n): how often somebody is asked, all schedules with days together."""
    by_day = [one for one in schedules if not one.follows_sessions]
    if not by_day:
        return "meeting", 1
    rates = [(len(_days(one, own)), own.every_weeks or one.every_weeks) for one in by_day]
    a_week = sum(days / weeks for days, weeks in rates)
    if a_week >= 7:
        return "day", 1
    if a_week < 1:
        weeks = max(2, round(1 / a_week)) if a_week else 2
        return ("two_weeks", 2) if weeks == 2 else ("weeks", weeks)
    n = round(a_week)
    return {1: "week", 2: "twice"}.get(n, "times"), n


def describe(schedules: Sequence[Schedule], own: Own) -> dict[str, Json]:
    """Which of the sentences `client.join.plan_*` is true, and its days and time."""
    first = next((one for one in schedules if not one.follows_sessions), None)
    if first is None:
        before = any(one.before_session is not None for one in schedules)
        return {"plan": "plan_before" if before else "plan_after", "days": [], "when": None}
    wall = own.time or first.time
    days: list[Json] = [int(day) for day in sorted(_days(first, own))]
    return {"plan": "plan_days", "days": days, "when": f"{wall:%H:%M}" if wall else None}


def _days(schedule: Schedule, own: Own) -> frozenset[int]:
    return frozenset(int(day) for day in (own.days if own.days is not None else schedule.days))


SLOWEST = 4
"""Weeks between two check-ins of one schedule, at most."""


def slower(schedules: Sequence[Schedule], own: Own) -> Own | None:
    """About half as often: fewer days first, then every second, then every fourth week. None: not any slower."""
    first = next((one for one in schedules if not one.follows_sessions), None)
    if first is None:
        return None
    days, weeks = _days(first, own), own.every_weeks or first.every_weeks
    if len(days) > 1:
        fewer = frozenset(Weekday(day) for day in sorted(days)[: (len(days) + 1) // 2])
        return replace(own, days=fewer)
    return replace(own, every_weeks=min(SLOWEST, weeks * 2)) if weeks < SLOWEST else None
