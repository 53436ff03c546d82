"""Data out: the full export, and figures for the manager."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from bot.actions import cards, duty, people, signals
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind
from bot.domain.checkins import AS_IT_WAS, Answer, CheckIn, State
from bot.domain.delivery import Post
from bot.domain.matters import URGENT, Alert
from bot.domain.people import Client, Person, Status
from bot.domain.plan import Plan
from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import Signal
from bot.domain.usefulness import FEWEST, by_rule
from bot.domain.words import Facts, Json, Role, Severity, Tier
from storage.signals import Kept
from storage.stores import Stores

FORMAT = 1
SINCE = timedelta(days=28)
FLOOR = 5
"""Clients of a worker below which figures could tell of one of them."""
FEWEST_WORKERS = 3
"""Figures of workers' own ratings are shown from so many workers on."""


# ---------------------------------------------------------------- export


async def export_clients(m: Stores, ref: str | None = None) -> AsyncIterator[dict[str, Any]]:
    """Everything on record, as bot/bank/codebook.md describes: one client after the other, by ref, or one alone."""
    for client in await m.people.clients():
        if ref is None or client.ref == ref:
            yield await _client(m, client)


async def _client(m: Stores, client: Client) -> dict[str, Any]:
    answers = await m.answers.of(client.id)
    check_ins = await m.checkins.of(client.id)
    signals = await m.signals.of_client(client.id)
    alerts = await m.alerts.of_client(client.id)
    stand = {one.id for one in alerts if one.state is not AlertState.WITHDRAWN}
    refs = await _refs(m)
    return {
        "ref": client.ref,
        "status": client.person.status.value,
        "timezone": client.person.timezone,
        "consents": [
            {"version": version, "language": language, "agreed": agreed, "at": _at(at)}
            for version, language, agreed, at in await m.people.consents(client.id)
        ],
        "goals": [
            {
                "id": goal.id,
                "number": goal.number,
                "text": goal.text,
                "state": goal.state.value,
                "made_at": _at(goal.made_at),
            }
            for goal in await m.goals.of(client.id)
        ],
        "check_ins": [_check_in(one, answers.get(one.id, [])) for one in check_ins],
        "remarks": [
            {"text": one.text, "shown_to": one.shown_to, "said_at": _at(one.said_at)}
            for one in await m.remarks.of(client.id)
        ],
        "signals": [
            {**signal_as_json(one.signal), "held": None if one.alert_id in stand else one.held}
            for one in signals
            if one.holds and not _private(one)
        ],
        "alerts": [await _alert(m, one, signals) for one in alerts],
        "sessions": [
            {"at": _at(one.at), "state": one.state, "said_by": one.said_by, "said_at": _at(one.said_at)}
            for one in await m.sessions.of(client.id)
        ],
        "assignments": [
            {"worker": refs.get(worker, worker), "starts_at": _at(starts), "ends_at": _at(ends)}
            for worker, starts, ends in await m.people.assignments(client.id)
        ],
        "pauses": [
            {"why": why, "starts_at": _at(starts), "ends_at": _at(ends)}
            for why, starts, ends in await m.people.pauses(client.id)
        ],
        "absences": [{"starts_at": _at(s.start), "ends_at": _at(s.end)} for s in await m.histories.absences()],
    }


async def _refs(m: Stores) -> Mapping[str, str]:
    return {one.id: one.ref for one in await m.people.everybody()}


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _check_in(one: CheckIn, versions: Iterable[Answer]) -> dict[str, Any]:
    return {
        "schedule": one.schedule,
        "state": one.state.value,
        "reason": one.reason,
        "planned_at": _at(one.planned_at),
        "sent_at": _at(one.sent_at),
        "first_touched_at": _at(one.first_touched_at),
        "last_touched_at": _at(one.last_touched_at),
        "finished_at": _at(one.finished_at),
        "expires_at": _at(one.expires_at),
        "questions": list(dict.fromkeys(item.question.removesuffix(AS_IT_WAS) for item in one.items)),
        "answers": _answers(list(versions)),
    }


def _answers(versions: list[Answer]) -> list[dict[str, Any]]:
    found = []
    for one in (one for one in versions if one.current):
        earlier = [old for old in versions if old.item == one.item and old.version < one.version]
        found.append(
            {
                "question": one.question,
                "construct": one.construct,
                "asks": one.asks,
                "goal": one.goal_id,
                "value": one.choice if one.choice is not None else one.value,
                "value_0_10": one.value_0_10,
                "text": one.text,
                "skipped": one.skipped,
                "answered_at": _at(one.answered_at),
                "versions": [
                    {
                        "value": old.choice if old.choice is not None else old.value,
                        "value_0_10": old.value_0_10,
                        "text": old.text,
                        "answered_at": _at(old.answered_at),
                    }
                    for old in earlier
                ],
            }
        )
    return found


def _private(one: Kept) -> bool:
    """Is it for the worker's own eyes only, as what they think of working together is?"""
    rule = RULES.get(one.signal.rule)
    return rule is not None and rule.private


def signal_as_json(one: Signal) -> dict[str, Any]:
    """One signal, on record or worked out again."""
    return {
        "rule": one.rule,
        "construct": one.construct.value if one.construct else None,
        "raised_at": _at(one.raised_at),
        "tier": int(one.tier),
        "severity": severity_of(one.tier),
        "note": one.note,
        "evidence": dict(one.evidence),
    }


def severity_of(tier: Tier) -> str | None:
    """How an alert from this tier would be handled; None where it raises none."""
    return {Tier.NOW: Severity.HIGH.value, Tier.ALERT: Severity.MEDIUM.value}.get(tier)


async def _alert(m: Stores, alert: Alert, signals: Iterable[Kept]) -> dict[str, Any]:
    rules = dict.fromkeys(one.signal.rule for one in signals if one.alert_id == alert.id)
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "raised_at": _at(alert.raised_at),
        "severity": alert.severity.value,
        "state": alert.state.value,
        "rules": list(rules),
        "wish": alert.wish.value,
        "client_said": alert.client_said,
        "client_feels": alert.client_feels,
        "useful": alert.usefulness,
        "history": [
            {"at": _at(line.at), "state": line.state, "by": line.by} for line in await m.alerts.history(alert.id)
        ],
    }


# ---------------------------------------------------------------- figures


async def figures(m: Stores, plan: Plan, since: datetime, now: datetime) -> dict[str, Json]:
    """Handling and response since a moment: counts only. The wish for somebody else is in none of them."""
    clients = await m.people.clients()
    check_ins = [one for client in clients for one in await m.checkins.of(client.id, since)]
    sent = [
        one for one in check_ins if one.sent_at is not None and one.state not in (State.CANCELLED, State.MISSED_BY_US)
    ]
    alerts = [
        one
        for one in await m.alerts.all_since(since)
        if one.kind is not Kind.SOMEONE_ELSE and one.state is not AlertState.WITHDRAWN
    ]
    taken = [one for one in alerts if one.acknowledged_at is not None]
    waits = [((one.acknowledged_at or now) - one.goes_at).total_seconds() for one in taken]
    late = [one for one in alerts if one.goes_at <= now and not in_time(plan, one, now)]
    state = [one.state for one in alerts]
    return {
        "since": since.isoformat(),
        "clients": len(clients),
        "joined": sum(one.person.status is Status.JOINED for one in clients),
        "sent": len(sent),
        "answered": sum(one.state in (State.COMPLETED, State.PARTIAL) for one in sent),
        "missed_by_us": sum(one.state is State.MISSED_BY_US for one in check_ins),
        "alerts": len(alerts),
        "high": sum(one.severity is Severity.HIGH for one in alerts),
        "medium": sum(one.severity is Severity.MEDIUM for one in alerts),
        "low": sum(one.severity is Severity.LOW for one in alerts),
        "open": sum(one.is_open for one in alerts),
        "taken": len(taken),
        "in_time": len(taken) - sum(one in late for one in taken),
        "late": sum(one.acknowledged_at is not None or not one.is_open for one in late),
        "waiting": sum(one.acknowledged_at is None and one.is_open for one in late),
        "half_within": max(0.0, median(waits)) if waits else None,
        "talked": sum(one.talked_at is not None for one in alerts),
        "better": state.count(AlertState.REPAIRED),
        "not_yet": sum(one.not_yet for one in alerts),
        "no_answer": state.count(AlertState.UNCONFIRMED),
        "ratings": await _ratings(m, plan, since),
        "usefulness": await _usefulness(m, since),
        "caseloads": await _caseloads(m, alerts),
    }


async def _usefulness(m: Stores, since: datetime) -> list[Json]:
    """Per rule what staff said of its alerts, the most useful first; nothing about a handful."""
    verdicts = by_rule(await m.alerts.judged(since))
    known = {rule: one for rule, one in verdicts.items() if one.n >= FEWEST and rule in RULES}
    order = sorted(known, key=lambda rule: (-known[rule].precision, list(RULES).index(rule)))
    return [
        {"rule": rule, "useful": known[rule].useful, "knew": known[rule].knew, "not_concern": known[rule].not_concern}
        for rule in order
    ]


async def _caseloads(m: Stores, alerts: Sequence[Alert]) -> list[Json]:
    """Alliance alerts per worker; a caseload so small that one client could be known by it has no figures, nor has one
    by which those of the small ones could be worked out from the whole service's."""
    workers = await m.people.everybody(Role.WORKER)
    sizes = {one.id: size for one in workers if (size := len(await m.people.caseload(one.id)))}
    hidden = kept_back(sizes)
    found: list[Json] = []
    for worker in (one for one in workers if one.id in sizes):
        mine = sum(one.worker_id == worker.id and one.kind is Kind.ALLIANCE for one in alerts)
        told = None if worker.id in hidden else mine
        found.append({"name": worker.name, "clients": sizes[worker.id], "alerts": told, "floor": FLOOR})
    return found


def kept_back(sizes: Mapping[str, int]) -> set[str]:
    """Caseloads without figures: the small ones, and the next larger until together they are no small one any more."""
    found: set[str] = set()
    for one in sorted(sizes, key=lambda each: (sizes[each], each)):
        if sizes[one] < FLOOR or 0 < sum(sizes[each] for each in found) < FLOOR:
            found.add(one)
    return found


async def _ratings(m: Stores, plan: Plan, since: datetime) -> dict[str, Json] | None:
    """How workers rate working together, over the whole service; None where so few did that one could be known by it."""
    said = await m.ratings.said_since(since)
    if len({worker for worker, _ in said}) < FEWEST_WORKERS:
        return None
    level = signals.parameters(plan)["worker_strain"]["level"]
    return {"n": len(said), "low": sum(value <= level for _, value in said)}


def in_time(plan: Plan, alert: Alert, now: datetime) -> bool:
    """Was it taken, or is there still time to take it, within what the service allows?"""
    if alert.state is AlertState.DISMISSED and alert.acknowledged_at is None:
        return True
    within = plan.alerts.acknowledge_within[alert.severity]
    real = alert.kind in URGENT or alert.severity is Severity.HIGH
    until = duty.due_within(plan, alert.rang_at or alert.goes_at, within, real_time=real)
    return (alert.acknowledged_at or now) <= until


async def show(turn: Turn, manager: Person) -> None:
    """`/report` in the chat."""
    facts: Facts = await figures(turn.m, turn.plan, turn.now - SINCE, turn.now)
    await turn.m.audit.note(turn.now, manager.ref, "read_figures")
    await cards.say(turn, manager, Post(manager.id, "manager.report", people.once("report"), facts))
