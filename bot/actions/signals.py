"""From answers, silence and requests to signals on record, and from signals to one alert. Replays change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.actions import budget, evidence, matters, people, wishes
from bot.actions.desk import Turn
from bot.domain.alerts import (
    NO_TAP,
    Add,
    Hold,
    Kind,
    Open,
    Raise,
    Wish,
    asks_client,
    by_kind,
    decide,
    for_supervision,
    reconsider,
    severity,
    waits_for_client,
)
from bot.domain.matters import Alert
from bot.domain.people import Client
from bot.domain.plan import Plan
from bot.domain.signals.catalogue import settings_by
from bot.domain.signals.evaluate import evaluate as find
from bot.domain.signals.history import HARM_BY_OTHERS, Event, History, Signal
from bot.domain.signals.settings import Settings
from bot.domain.words import Json, Tier
from storage.signals import Kept, key_of

WAS = "was"
"""Evidence that was changed after somebody could see it keeps the number that they saw."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`sharing`: what the client is now asked about (how shall the worker hear?); None = say thanks.

    The id of an alert, or of the check-in where a resting rule made none.
    """

    sharing: str | None = None


def parameters(plan: Plan) -> Settings:
    """The rules' numbers by the plan in force."""
    return parameters_by(plan.rules)


def parameters_by(rules: Mapping[str, Any]) -> Settings:
    """The same by what was kept of a version (`Plan.rules`)."""
    return settings_by(rules)


async def evaluate(turn: Turn, client_id: str, check_in_id: str | None) -> Outcome:
    """Read the check-in (again) and do what follows. The same answers a second time change nothing."""
    client = await people.client(turn, client_id)
    history = await evidence.history(turn, client)
    kept = await turn.m.signals.from_source(client.id, check_in_id) if check_in_id else []
    told = tuple(one for one in history.told if check_in_id is None or one.source != check_in_id)
    found = find(replace(history, told=told), parameters(turn.plan), turn.now, check_in_id)
    here = [one for one in found.signals if one.source == check_in_id]
    elsewhere = [one for one in found.signals if one.source != check_in_id]
    before = {one.key: one for one in kept if one.holds}
    changed = _changed(client.id, here, before)
    still = {key_of(client.id, one) for one in here}
    gone = [one for key, one in before.items() if key not in still]
    ids = await _put(turn, client.id, [*here, *elsewhere], before)
    alert = await turn.m.alerts.open_of(client.id, Kind.ALLIANCE, lock=True)
    if alert is not None and (gone or changed) and any(one.alert_id == alert.id for one in before.values()):
        await _read_again(turn, client, alert, check_in_id, here, gone, ids)
    else:
        await _drop(turn, gone)
        new = [one for one in found.signals if key_of(client.id, one) not in before]
        await _decide(turn, client, new, found.resting, check_in_id, history, ids)
    return Outcome(await _still_asks(turn, client.id, check_in_id))


async def happened(turn: Turn, client: Client, event: Event) -> dict[Kind, Alert]:
    """Something outside the questions: what it raised, or was added to, by kind of matter. Once per event id."""
    history = await evidence.history(turn, client)
    with_event = replace(history, events=(event,))
    found = find(with_event, parameters(turn.plan), turn.now)
    mine = [one for one in found.signals if one.source == event.id]
    known = {one.key for one in await turn.m.signals.from_source(client.id, event.id)}
    ids = await _put(turn, client.id, mine, {})
    fresh = [one for one in mine if key_of(client.id, one) not in known]
    await _decide(turn, client, fresh, (), None, history, ids)
    open_now = {kind: await turn.m.alerts.open_of(client.id, kind) for kind in by_kind(mine)}
    return {kind: alert for kind, alert in open_now.items() if alert is not None}


# ---------------------------------------------------------------- on record


def _changed(client_id: str, here: Sequence[Signal], before: Mapping[str, Kept]) -> list[Signal]:
    """Found before as well, but on other numbers."""
    known = ((one, before.get(key_of(client_id, one))) for one in here)
    return [one for one, kept in known if kept is not None and _figures(kept.signal) != _figures(one)]


def _figures(signal: Signal) -> dict[str, Json]:
    return {name: value for name, value in signal.evidence.items() if name != WAS}


async def _put(turn: Turn, client_id: str, found: Sequence[Signal], before: Mapping[str, Kept]) -> dict[str, str]:
    """Key → id of every signal found. What somebody may have seen keeps the number that it had then."""
    ids = {}
    for one in found:
        key = key_of(client_id, one)
        kept = before.get(key)
        if kept is not None and kept.alert_id is not None and _figures(kept.signal) != _figures(one):
            alert = await turn.m.alerts.get(kept.alert_id)
            if alert is not None and alert.sent:
                was = kept.signal.evidence.get(WAS, kept.signal.evidence.get("value"))
                one = replace(one, evidence={**one.evidence, WAS: was})
        ids[key] = await turn.m.signals.put(client_id, one, turn.plan.version)
    return ids


async def _drop(turn: Turn, gone: Sequence[Kept]) -> None:
    """The answers that they rested on say so no more."""
    await turn.m.signals.change([one.id for one in gone], holds=False)


# ---------------------------------------------------------------- what follows


async def _decide(
    turn: Turn,
    client: Client,
    new: Sequence[Signal],
    resting: Sequence[Signal],
    check_in_id: str | None,
    history: History,
    ids: Mapping[str, str],
) -> None:
    await _for_digest(turn, client, new, resting, ids)
    first = turn.plan.alerts.ask_client_first and check_in_id is not None
    for kind, signals in by_kind(new).items():
        alert = await turn.m.alerts.open_of(client.id, kind, lock=True)
        decision = decide(kind, await _open(turn, alert), signals, resting)
        asks = asks_client(kind, signals, ask_client_first=first)
        waits = waits_for_client(kind, signals, ask_client_first=first)
        which = [ids[key_of(client.id, one)] for one in signals]
        if isinstance(decision, Hold):
            await turn.m.signals.change(which, held=decision.reason)
        elif isinstance(decision, Raise) and not await budget.has_room(turn, client, signals):
            await turn.m.signals.change(which, held=budget.HELD)
        elif isinstance(decision, Raise):
            await matters.raise_alert(
                turn,
                client,
                kind,
                decision.tier,
                which,
                raised_at=max(one.raised_at for one in signals),
                waits=asks,
                last_tap=_last_tap(turn, history, check_in_id) if waits else None,
                check_in_id=check_in_id,
                higher=for_supervision(signals),
                keep_from_worker=kind is Kind.HARM or any(_kept_from_worker(one) for one in signals),
            )
        elif isinstance(decision, Add) and alert is not None:
            if asks:
                asked = asked_anew(alert, check_in_id, _last_tap(turn, history, check_in_id))
                await turn.m.alerts.change(alert.id, **asked)
                alert = replace(alert, **asked)
            await matters.add(turn, alert, client, which, severity(decision.tier, Wish.NONE, waits=waits))


async def _for_digest(
    turn: Turn, client: Client, new: Sequence[Signal], resting: Sequence[Signal], ids: Mapping[str, str]
) -> None:
    """What is not loud enough for an alert waits for the worker's weekly digest."""
    quiet = [one for one in new if one.tier is Tier.DIGEST and not one.note]
    told = [ids[key_of(client.id, one)] for one in quiet if one not in resting]
    await turn.m.signals.change(told, held="digest")
    await turn.m.signals.change([ids[key_of(client.id, one)] for one in quiet if one in resting], held="resting")


def asked_anew(alert: Alert, check_in_id: str | None, last_tap: datetime) -> dict[str, Any]:
    """New answers: how the worker shall hear of these is asked anew; what was chosen for others stays theirs."""
    goes_at = alert.goes_at if alert.sent or alert.chosen_at else last_tap + NO_TAP
    return {"check_in_id": check_in_id, "chosen_at": None, "goes_at": goes_at, "waits": True}


def _kept_from_worker(signal: Signal) -> bool:
    return bool(signal.evidence.get("keep_from_worker")) or signal.evidence.get("lists") == [HARM_BY_OTHERS]


def _last_tap(turn: Turn, history: History, check_in_id: str | None) -> datetime:
    """From when the client has two hours to say how the worker shall hear. What is handled late is asked about late."""
    taps = (one.last_touched_at for one in history.occasions if one.check_in_id == check_in_id)
    return (next(taps, None) or turn.heard) + (turn.now - turn.heard)


async def _open(turn: Turn, alert: Alert | None) -> Open | None:
    if alert is None:
        return None
    kept = await turn.m.signals.of_alert(alert.id)
    return Open(alert.state, alert.tier, tuple(one.signal for one in kept))


async def _read_again(
    turn: Turn,
    client: Client,
    alert: Alert,
    check_in_id: str | None,
    here: Sequence[Signal],
    gone: Sequence[Kept],
    ids: Mapping[str, str],
) -> None:
    """A changed answer: an alert that nobody has seen changes or goes; one that was seen shows both values."""
    opened = await _open(turn, alert)
    assert opened is not None
    left = reconsider(opened, check_in_id or "", here, sent=alert.sent)
    await _drop(turn, gone)
    if left is None:
        await matters.take_back(turn, alert, "client")
        return
    if not alert.sent:
        await turn.m.signals.change([one.id for one in gone], alert_id=None)
    now = [ids[key_of(client.id, one)] for one in here if one.tier >= Tier.ALERT and not one.note]
    await turn.m.signals.change(now, alert_id=alert.id)
    await turn.m.alerts.note(alert.id, turn.now, "changed", "client")
    if not alert.sent and alert.waits and alert.chosen_at is None:
        alert = replace(alert, goes_at=turn.now + NO_TAP)
        await turn.m.alerts.change(alert.id, goes_at=alert.goes_at)
    await matters.show(turn, alert, client, ring=left.worse)


async def _still_asks(turn: Turn, client_id: str, check_in_id: str | None) -> str | None:
    """Is the client still to say how the worker shall hear of what this check-in showed?

    The id of the alert; that of the check-in itself where its rule rests: only what the client says makes an alert.
    """
    found = await wishes.unsaid(turn, client_id, check_in_id) if check_in_id else None
    if found is None or found.alert is None:
        return check_in_id if found else None
    return found.alert.id if found.alert.is_open else None
