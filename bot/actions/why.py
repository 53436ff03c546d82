"""`why`: what the rules found about one client on one day, on which numbers, and for each that did not, what failed.

What was found and what became of it stands on record, and the record is what counts. Which condition failed where
nothing was found is on no record: it is worked out again, each look by the configuration that was in force then.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bot.actions import reports
from bot.actions.exported import cases, schedule_of
from bot.actions.signals import parameters_by
from bot.domain.alerts import AlertState
from bot.domain.backtest import Case
from bot.domain.checkins import CheckIn
from bot.domain.matters import Alert
from bot.domain.people import Client
from bot.domain.plan import Plan
from bot.domain.replay import Moment, Replay, moments
from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import HARM_BY_OTHERS, History, Signal
from bot.domain.words import Json
from storage.marks import InForce
from storage.signals import Kept
from storage.stores import Stores

_Key: TypeAlias = tuple[str, str | None, str | datetime, bool]


@dataclass(frozen=True, slots=True)
class Look:
    """One moment at which the rules looked: what each found and what became of it, or the condition that failed.

    `read` is the schedule of the check-in that was read, empty where something had happened outside the questions;
    `version` that of the configuration by which it was read.
    """

    at: datetime
    read: str
    version: str
    found: tuple[tuple[Signal, str], ...]
    why_not: Mapping[str, tuple[str, Mapping[str, Json]]]


@dataclass(frozen=True, slots=True)
class Why:
    """A day's looks; `version` is that of the configuration that was in force at its end."""

    ref: str
    day: date
    timezone: str
    version: str
    looks: tuple[Look, ...]


class NoAlert(LookupError):
    """No day was given, and there has been no alert that would name one."""


async def why(m: Stores, plan: Plan, about: str, day: date | None, now: datetime) -> Why | None:
    """Of one of the client's own calendar days; without one that of the alert, or of the client's newest.

    `about` is a client's ref or an alert's id. None: there is neither. Raises NoAlert, and OverflowError for a day
    beyond the calendar.
    """
    alert = await m.alerts.get(about)
    client = await m.people.client(alert.client_id) if alert else await m.people.client_by_ref(about)
    if client is None:
        return None
    zone = ZoneInfo(client.person.timezone)
    alerts = await m.alerts.of_client(client.id)
    if day is None:
        day = _raised_at(alert, alerts).astimezone(zone).date()
    start = datetime.combine(day, time.min, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    last = min(end - timedelta(microseconds=1), now)
    versions = _Versions(await m.plans.all(), InForce(plan.version, now, plan.rules))
    case = await _case(m, plan, client)
    record = _Record(await m.signals.of_client(client.id), alerts, await m.checkins.of(client.id), case.history)
    looks = _looks(case, record, versions, start, last)
    return Why(client.ref, day, str(zone), versions.at(last).version, _as_on_record(looks, record, start, last))


async def _case(m: Stores, plan: Plan, client: Client) -> Case:
    exported = [one async for one in reports.export_clients(m, client.ref)]
    return cases({"format": reports.FORMAT, "clients": exported}, plan.bank, plan.calendar.closed_dates)[0]


def _raised_at(alert: Alert | None, alerts: Sequence[Alert]) -> datetime:
    if alert is not None:
        return alert.raised_at
    if not alerts:
        raise NoAlert
    return max(one.raised_at for one in alerts)


class _Versions:
    """Which version was in force when; before the first the present one is as good as any."""

    def __init__(self, known: Sequence[InForce], present: InForce) -> None:
        self._known, self._present = known, present
        self._since = [one.since for one in known]

    def at(self, moment: datetime) -> InForce:
        upto = bisect_right(self._since, moment)
        return self._known[upto - 1] if upto else self._present


class _Record:
    """What stands on record about one client. There a check-in has its id; a replay names it by schedule and time."""

    def __init__(
        self, kept: Sequence[Kept], alerts: Sequence[Alert], check_ins: Sequence[CheckIn], history: History
    ) -> None:
        self._withdrawn = {one.id for one in alerts if one.state is AlertState.WITHDRAWN}
        self._check_ins = {one.id: one for one in check_ins}
        ids = {(one.schedule, one.planned_at): one.id for one in check_ins}
        named = {one.check_in_id: ids.get((schedule_of(one), one.planned_at)) for one in history.occasions}
        self._id_of = {name: check_in_id for name, check_in_id in named.items() if check_in_id is not None}
        self._kept = {self._key(one.signal): one for one in kept if not _private(one.signal.rule)}

    def of(self, found: Signal) -> Kept | None:
        """The row of something that a replay found."""
        return self._kept.get(self._key(found))

    def numbers(self, found: Signal) -> Signal:
        """As they stand on record, unless the answer was changed after this look."""
        kept = self.of(found)
        return kept.signal if kept is not None and kept.signal.raised_at == found.raised_at else found

    def between(self, start: datetime, last: datetime) -> list[Kept]:
        return [one for one in self._kept.values() if start <= one.signal.raised_at <= last]

    def schedule(self, source: str | None) -> str:
        """The schedule of the check-in that was read, by either name of it."""
        check_in = self._check_ins.get(self._id_of.get(source or "", source or ""))
        return check_in.schedule if check_in else ""

    def became(self, kept: Kept) -> str:
        """`alert`, `taken_back`, or why it made none: `digest`, `resting`, `budget`, `chart`, `note`."""
        if kept.alert_id is not None and kept.alert_id not in self._withdrawn:
            return "alert"
        if not kept.holds or kept.alert_id is not None:
            return "taken_back"
        return kept.held or ("note" if kept.signal.note else "chart")

    def _key(self, signal: Signal) -> _Key:
        source = self._id_of.get(signal.source or "", signal.source or "")
        where = source if source in self._check_ins else signal.raised_at
        return signal.rule, signal.construct, where, signal.evidence.get("lists") == [HARM_BY_OTHERS]


def _private(rule: str) -> bool:
    """For the worker's own eyes only."""
    return rule in RULES and RULES[rule].private


def _looks(case: Case, record: _Record, versions: _Versions, start: datetime, last: datetime) -> list[Look]:
    settings = {}
    replay = Replay(case.history, parameters_by(versions.at(start).rules), case.closes)
    looks = []
    for moment in moments(replay.history):
        if moment.at > last:
            break
        then = versions.at(moment.at)
        if then.version not in settings:
            settings[then.version] = parameters_by(then.rules)
        replay.settings, replay.ask_client_first = settings[then.version], bool(then.rules["ask_client_first"])
        found = replay.step(moment)
        if moment.at >= start:
            failed = {rule: (unmet.condition, unmet.figures) for rule, unmet in found.why_not.items()}
            looks.append(_look(moment, then.version, found.signals, failed, record))
    return looks


def _look(
    moment: Moment,
    version: str,
    signals: Collection[Signal],
    failed: Mapping[str, tuple[str, Mapping[str, Json]]],
    record: _Record,
) -> Look:
    rows = [(one, record.of(one)) for one in signals]
    by = next((kept.plan_version for _, kept in rows if kept is not None), version)
    found = [(record.numbers(one), record.became(kept) if kept else "not_on_record") for one, kept in rows]
    why_not = {rule: why for rule, why in failed.items() if not _private(rule)}
    return Look(moment.at, record.schedule(moment.about), by, tuple(found), why_not)


def _as_on_record(looks: list[Look], record: _Record, start: datetime, last: datetime) -> tuple[Look, ...]:
    """With what is on record of that day and what no look would find today: because the file was another one, because
    an answer has been changed since, or because it was found only on the next day."""
    shown = {kept.id for look in looks for one, _ in look.found if (kept := record.of(one)) is not None}
    for kept in record.between(start, last):
        if kept.id in shown:
            continue
        one, read = kept.signal, record.schedule(kept.signal.source)
        pair = (one, record.became(kept))
        there = next((n for n, look in enumerate(looks) if look.at >= one.raised_at and look.read == read), None)
        if there is None:
            looks.append(Look(one.raised_at, read, kept.plan_version, (pair,), {}))
        else:
            look = looks[there]
            why_not = {rule: why for rule, why in look.why_not.items() if rule != one.rule}
            looks[there] = replace(look, version=kept.plan_version, found=(*look.found, pair), why_not=why_not)
    return tuple(sorted(looks, key=lambda look: look.at))
