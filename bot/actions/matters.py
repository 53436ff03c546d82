"""Raising an alert, adding to it, taking it back: always in the transaction of what caused it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.actions import cards, delivery, evidence, ladder, people
from bot.actions.desk import Turn
from bot.domain.alerts import UNDO, AlertEvent, AlertState, Kind, Wish, for_supervision, leaves_at, severity, step
from bot.domain.delivery import Post, Urgency
from bot.domain.ladder import HIGHER, Rung
from bot.domain.matters import DANGER_AGAIN, URGENT, Alert
from bot.domain.people import Client, Person
from bot.domain.words import Role, Severity, Tier


async def raise_alert(
    turn: Turn,
    client: Client,
    kind: Kind,
    tier: Tier,
    signal_ids: Sequence[str],
    *,
    raised_at: datetime,
    waits: bool = False,
    last_tap: datetime | None = None,
    check_in_id: str | None = None,
    keep_from_worker: bool = False,
    higher: bool = False,
    by: str = "bot",
) -> Alert:
    """A new alert with its first card; `higher`: the manager's, for supervision, and the worker's beside it.

    `waits`: the client is asked how the worker shall hear. The card waits two hours from `last_tap` for that; without
    one it leaves at once, and shows what needs no asking.
    `by`: who made it one, `client` where a resting rule would have kept quiet.
    """
    worker = await people.worker_of(turn, client)
    told = worker.ref if worker and not keep_from_worker else None
    concerned = worker.ref if worker and keep_from_worker else None
    steps = ladder.steps_for(turn.plan, kind, told, keep_from=(concerned,) if concerned else ())
    first = ladder.first_step(kind, steps)
    if higher:
        steps, first = ladder.for_supervision(turn.plan, told)
    held = waits and last_tap is not None
    goes_at = max(turn.now, leaves_at(raised_at, last_tap or turn.now, waits=held))
    alert_id = await turn.m.alerts.add(
        client_id=client.id,
        worker_id=worker.id if worker and told else None,
        kind=kind,
        state=AlertState.RAISED,
        severity=severity(tier, Wish.NONE, waits=held),
        wish=Wish.NONE,
        waits=waits,
        check_in_id=check_in_id,
        raised_at=raised_at,
        goes_at=goes_at,
        ladder=steps,
        step=first,
    )
    await turn.m.alerts.note(alert_id, raised_at, AlertState.RAISED, by)
    turn.count("alerts_raised")
    await turn.m.signals.change(signal_ids, alert_id=alert_id)
    return await first_cards(turn, alert_id, client, goes_at)


async def first_cards(turn: Turn, alert_id: str, client: Client, goes_at: datetime) -> Alert:
    """To the rung that it stands on, and to those who are told beside them."""
    alert = await turn.m.alerts.get(alert_id)
    assert alert is not None
    now = await ladder.take(turn, alert, client, alert.step, at=goes_at)
    for ref in dict.fromkeys(one.ref for one in alert.ladder[: alert.step]):  # those told beside the first
        person = await turn.m.people.by_ref(ref)
        if person is not None:
            await cards.post(turn, now, client, person, at=goes_at)
    return now


async def add(turn: Turn, alert: Alert, client: Client, signal_ids: Sequence[str], now: Severity) -> Alert:
    """New evidence for an open alert. Only what is worse rings again; the rest is a silent edit.

    Of what the client is asked about first nothing is shown yet, and so nothing is edited where a card stands.
    """
    # It may be taken at this very moment, in another transaction: what that did must not be written over.
    alert = await turn.m.alerts.get(alert.id, lock=True) or alert
    await turn.m.signals.change(signal_ids, alert_id=alert.id)
    worse = list(Severity).index(now) < list(Severity).index(alert.severity)
    urgent = alert.kind in URGENT
    await turn.m.alerts.change(
        alert.id,
        severity=now if worse else alert.severity,
        state=AlertState.RAISED if urgent else alert.state,  # danger waits to be taken anew
        step_due_at=turn.now + DANGER_AGAIN if urgent else alert.step_due_at,
    )
    await turn.m.alerts.note(alert.id, turn.now, "more", "bot")
    changed = await turn.m.alerts.get(alert.id)
    assert changed is not None
    new = [one for one in await turn.m.signals.of_alert(alert.id) if one.id in signal_ids]
    if for_supervision(one.signal for one in new) and rung_now(changed) not in HIGHER:
        return await one_step_higher(turn, changed, client)
    if not alert.sent or any(evidence.may_show(changed, one) for one in new):
        await show(turn, changed, client, ring=worse or urgent)
    return changed


def rung_now(alert: Alert) -> Rung | None:
    """The rung that has been reached."""
    return alert.ladder[alert.step].rung if alert.ladder else None


async def one_step_higher(turn: Turn, alert: Alert, client: Client, **changes: Any) -> Alert:
    """A talk did not mend it: to the manager, for supervision. The worker keeps their own card, or has it beside."""
    worker = await people.worker_of(turn, client)
    steps, first = ladder.for_supervision(turn.plan, worker.ref if worker else None)
    await delivery.withdraw(turn, alert_id=alert.id, why="one step higher")
    forgotten = ("holder_id", "acknowledged_at", "talked_at", "closed_at", "ask_client_at", "snoozed_until")
    anew: dict[str, Any] = dict.fromkeys(forgotten) | {"state": AlertState.RAISED, "ladder": steps, "rang_step": -1}
    await turn.m.alerts.change(alert.id, **anew | changes)
    now = await turn.m.alerts.get(alert.id)
    assert now is not None
    at = _not_before(now, turn.now) or turn.now
    now = await ladder.take(turn, now, client, first, at=at)
    if worker is not None and await _has_it(turn, now, worker):
        await cards.post(turn, now, client, worker, reply=now.sent, at=None if now.sent else at)
    return now


async def show(turn: Turn, alert: Alert, client: Client, *, ring: bool = False, at: datetime | None = None) -> None:
    """Bring the alert up to date wherever it stands or is about to; `ring` for whoever has it, or whose turn it is."""
    due = at or _not_before(alert, turn.now)
    for ref in sorted(alert.reached):
        person = await turn.m.people.by_ref(ref)
        if person is None or not await _has_it(turn, alert, person):
            continue
        fresh = ring and alert.sent and (_has_the_turn(alert, person) or alert.kind in URGENT)
        await cards.post(turn, alert, client, person, fresh=fresh, at=due)


def _not_before(alert: Alert, now: datetime) -> datetime | None:
    """Nothing leaves while the client may still choose, or undo what they chose."""
    until = [alert.goes_at] if not alert.sent else []
    until += [alert.chosen_at + UNDO] if alert.chosen_at else []
    latest = max(until, default=now)
    return latest if latest > now else None


def _has_the_turn(alert: Alert, person: Person) -> bool:
    """Whoever took it; as long as nobody has, whoever was told last."""
    return person.id == alert.holder_id if alert.holder_id is not None else person.ref == alert.holder_ref


async def _has_it(turn: Turn, alert: Alert, person: Person) -> bool:
    """Does it stand in their chat, or is it on its way there? Whoever was passed over has nothing to edit.

    Until a matter for supervision has left, it is also on its way to the worker, who is told beside the manager.
    """
    if alert.kind in URGENT or _has_the_turn(alert, person):
        return True
    if not alert.sent and person.id == alert.worker_id and rung_now(alert) in HIGHER:
        kept = await turn.m.signals.of_alert(alert.id)
        return for_supervision(one.signal for one in kept)
    return await turn.m.messages.standing(person.id, cards.surface(alert.id)) is not None


async def take_back(turn: Turn, alert: Alert, by: str) -> None:
    """The answer was changed before anybody could see the alert. Raises Refusal once somebody could."""
    state = step(alert.state, AlertEvent.WITHDRAW, sent=alert.sent)
    await delivery.withdraw(turn, alert_id=alert.id, why="taken back")
    await turn.m.alerts.change(alert.id, state=state, closed_at=turn.now, step_due_at=None)
    await turn.m.alerts.note(alert.id, turn.now, state, by)


async def move(turn: Turn, client_id: str) -> None:
    """The client has another worker now: what is open goes along, and the former worker's card is emptied.

    What was kept from the former worker does not climb to the new one either: they are the worker now.
    """
    client = await people.client(turn, client_id)
    worker = await people.worker_of(turn, client)
    for kind in (Kind.SOMEONE_ELSE, Kind.HARM):
        alert = await turn.m.alerts.open_of(client_id, kind)
        if alert is not None and worker is not None and worker.ref not in alert.reached:
            await turn.m.alerts.change(alert.id, ladder=[one for one in alert.ladder if one.ref != worker.ref])
    for kind in (Kind.ALLIANCE, Kind.DANGER):
        alert = await turn.m.alerts.open_of(client_id, kind)
        if alert is not None and worker is not None and alert.worker_id not in (worker.id, None):
            await _move(turn, alert, client, worker)


async def _move(turn: Turn, alert: Alert, client: Client, worker: Person) -> None:
    former = await turn.m.people.by_id(alert.worker_id) if alert.worker_id else None
    steps = ladder.steps_for(turn.plan, alert.kind, worker.ref)
    first = ladder.first_step(alert.kind, steps)
    holder = await turn.m.people.by_id(alert.holder_id) if alert.holder_id else None
    theirs = [at for at, one in enumerate(steps) if holder is not None and one.ref == holder.ref]
    await delivery.withdraw(turn, alert_id=alert.id, why="another worker")
    await turn.m.alerts.note(alert.id, turn.now, "moved", worker.ref)
    await turn.m.alerts.change(alert.id, worker_id=worker.id, ladder=steps, step=max((first, *theirs)), rang_step=-1)
    if alert.kind in URGENT and theirs:  # whoever looks after the danger goes on doing so
        now = await turn.m.alerts.get(alert.id)
        assert now is not None
        await cards.post(turn, now, client, worker)
    else:
        await turn.m.alerts.change(
            alert.id, state=AlertState.RAISED, holder_id=None, acknowledged_at=None, snoozed_until=None, step=first
        )
        now = await first_cards(turn, alert.id, client, alert.goes_at)
    gone = former is not None and former.ref not in now.reached
    if former and gone and await turn.m.messages.standing(former.id, cards.surface(alert.id)) is not None:
        await tell_taken(turn, now, client, former, worker)


async def tell_taken(turn: Turn, alert: Alert, client: Client, other: Person, by: Person) -> None:
    """In place of the card: somebody else has it, nothing is left to do."""
    edition = await turn.m.alerts.next_edition(alert.id)
    post = Post(
        to=other.id,
        kind="worker.alert_taken" if other.role is Role.WORKER else "manager.taken",
        key=f"alert:{alert.id}:{edition}",
        facts={"ref": client.ref, "by": by.name},
        surface=cards.surface(alert.id),
        urgency=Urgency.REPLY,
        silent=True,
        client_id=client.id,
        alert_id=alert.id,
    )
    await delivery.post(turn, post)
