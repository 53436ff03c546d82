"""`why`: what the rules found about one client on one day, on which numbers, and for each that did not, what failed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bot.actions import reports
from bot.actions.budget import HELD
from bot.actions.exported import cases
from bot.actions.signals import parameters_by
from bot.domain.backtest import Case
from bot.domain.plan import Plan
from bot.domain.replay import Replay, moments
from bot.domain.signals.history import Signal
from bot.domain.words import Json
from storage.stores import Stores

_Key: TypeAlias = tuple[str, str | None, datetime]


@dataclass(frozen=True, slots=True)
class Look:
    """One moment at which the rules looked: what each found and what became of it, or the condition that failed.

    `read` is the schedule of the check-in that was read; empty where something had happened outside the questions.
    """

    at: datetime
    read: str
    found: tuple[tuple[Signal, str], ...]
    why_not: Mapping[str, tuple[str, Mapping[str, Json]]]


@dataclass(frozen=True, slots=True)
class Why:
    """A day's looks, by the version of the configuration that was in force at its end."""

    ref: str
    day: date
    timezone: str
    version: str
    looks: tuple[Look, ...]


class NoAlert(LookupError):
    """No day was given, and there has been no alert that would name one."""


async def why(m: Stores, plan: Plan, ref: str, day: date | None, now: datetime) -> Why | None:
    """Of the client's own calendar day, or without one of the day of the newest alert. None: there is no such client.

    Raises NoAlert, and OverflowError for a day beyond the calendar.
    """
    clients = [one async for one in reports.export_clients(m, ref)]
    if not clients:
        return None
    case = cases({"format": reports.FORMAT, "clients": clients}, plan.bank, plan.calendar.closed_dates)[0]
    zone = ZoneInfo(case.history.timezone)
    if day is None:
        day = _newest_alert(case).astimezone(zone).date()
    start = datetime.combine(day, time.min, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    in_force = await m.plans.at(min(end, now))
    rules = in_force.rules if in_force else plan.rules
    last = min(end - timedelta(microseconds=1), now)
    replay = Replay(case.history, parameters_by(rules), case.closes, bool(rules["ask_client_first"]))
    looks = _looks(replay, _over_budget(clients[0]), start, last)
    return Why(ref, day, str(zone), in_force.version if in_force else plan.version, looks)


def _over_budget(client: Mapping[str, Any]) -> frozenset[_Key]:
    """What the budget held back, as it stands on record: what the worker's other clients had spent is in no replay of
    one."""
    return frozenset(
        (one["rule"], one["construct"], datetime.fromisoformat(one["raised_at"]))
        for one in client["signals"]
        if one["held"] == HELD
    )


def _newest_alert(case: Case) -> datetime:
    if not case.recorded:
        raise NoAlert
    return max(one.raised_at for one in case.recorded)


def _looks(replay: Replay, over: Collection[_Key], start: datetime, last: datetime) -> tuple[Look, ...]:
    seen = []
    for moment in moments(replay.history):
        if moment.at > last:
            break
        found = replay.step(moment)
        if moment.at >= start:
            seen.append((moment, found))
    return tuple(
        Look(
            at=moment.at,
            read=(moment.about or "").split(":")[0],
            found=tuple((one, _became(one, replay, over)) for one in found.signals),
            why_not={rule: (unmet.condition, unmet.figures) for rule, unmet in found.why_not.items()},
        )
        for moment, found in seen
    )


def _became(signal: Signal, replay: Replay, over: Collection[_Key]) -> str:
    """`alert`, or why it made none: `digest`, `resting`, `budget`, `chart`, `note`."""
    if (signal.rule, signal.construct, signal.raised_at) in over:
        return HELD
    if any(signal in alert.signals for alert in replay.alerts):
        return "alert"
    reason = next((one.reason for one in replay.held if one.signal == signal), None)
    return reason or ("note" if signal.note else "chart")
