"""What became of an alert's message on its way: it rang, it never will, its reader is gone for good."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.actions import cards, duty, ladder
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState
from bot.domain.delivery import Guard
from bot.domain.ladder import next_person
from bot.domain.matters import UNREACHABLE, URGENT, Alert
from bot.domain.outgoing import Outgoing
from bot.domain.people import Client, Person

KINDS = (
    "worker.alert",
    "worker.alert_soft",
    "worker.alert_reminder",
    "worker.alert_cover",
    "manager.escalation",
    "manager.still_there",
    "manager.someone_else",
    "danger",
)
"""Kinds of posts whose arrival starts the clock of a rung."""
NOT_THEIRS = ("closed", "not_reached", "too_late")
"""Reasons for dropping a card that leave nobody untold."""
A_MINUTE = timedelta(minutes=1)


async def rang(turn: Turn, out: Outgoing, message_id: int) -> None:
    """Telegram took an alert: the time of its rung counts from now. Edits of what has rung already change nothing."""
    alert = await turn.m.alerts.get(out.alert_id, lock=True) if out.alert_id else None
    if alert is not None and alert.state is not AlertState.RAISED:
        await _was_taken(turn, alert, out)
        return
    if alert is None or alert.holder_ref != out.ref:
        return
    if alert.rang_step == alert.step and not out.fresh and alert.kind not in URGENT:
        return
    first = alert.rang_at is None
    await turn.m.alerts.change(
        alert.id,
        rang_at=alert.rang_at or turn.now,
        rang_step=alert.step,
        step_due_at=duty.rung_ends(turn.plan, alert, alert.step, turn.now),
    )
    await turn.m.alerts.note(alert.id, turn.now, "rang", out.ref)
    turn.count("alerts_sent")
    await _put_right(turn, alert.id, out)
    if first and alert.kind in URGENT:
        await ladder.tell_client(turn, alert, sent=True)


async def _put_right(turn: Turn, alert_id: str, out: Outgoing) -> None:
    """It left later than it was written for: by when the next person is asked is said as it is now, without a sound."""
    alert, person = await turn.m.alerts.get(alert_id), await turn.m.people.by_id(out.person_id)
    client = await turn.m.people.client(alert.client_id) if alert is not None else None
    said = next((one for one in (out.facts.get("escalates"), out.facts.get("goes_to")) if isinstance(one, Mapping)), None)
    if alert is None or person is None or client is None or said is None:
        return
    following = await cards.asked_next(turn, alert)
    if following is None or abs(following[1] - datetime.fromisoformat(str(said["when"]))) >= A_MINUTE:
        await cards.post(turn, alert, client, person)


async def _was_taken(turn: Turn, alert: Alert, out: Outgoing) -> None:
    """Somebody took it while this was on its way to somebody else: they read so, instead of starting as well."""
    person, client = await turn.m.people.by_id(out.person_id), await turn.m.people.client(alert.client_id)
    if out.guard is Guard.HOLDER and out.person_id != alert.holder_id and person is not None and client is not None:
        await cards.post(turn, alert, client, person, reply=True)


async def lock_open(turn: Turn, *people_ids: str) -> None:
    """Before a chat ends: every client whose alert may go to somebody else by that, and whoever of these is a client."""
    await turn.m.people.lock([*people_ids, *(alert.client_id for alert in await turn.m.alerts.open_ones())])


async def not_through(turn: Turn, out: Outgoing, why: str) -> None:
    """A person's chat is dead: whatever waits for them goes to the next person at once.

    The clients are locked by now (`settling`). An alert that was raised meanwhile finds out by its own first card.
    """
    for alert in await turn.m.alerts.open_ones():
        if await turn.m.people.lock_if_free(alert.client_id):
            await _past(turn, alert.id, out)


async def not_told(turn: Turn, out: Outgoing, why: str) -> None:
    """This one never reaches them, whoever they are by now: its alert goes to the next person at once."""
    person = await turn.m.people.by_id(out.person_id)
    if out.alert_id is None or out.guard is not Guard.HOLDER or out.withdrawn is not None or why in NOT_THEIRS:
        return
    if person is not None and person.unreachable is None:  # else `not_through` has seen to it
        await _past(turn, out.alert_id, out)


async def _past(turn: Turn, alert_id: str, out: Outgoing) -> None:
    """On to the next person, if it was theirs to act."""
    alert = await turn.m.alerts.get(alert_id, lock=True)
    client = await turn.m.people.client(alert.client_id) if alert is not None else None
    if alert is None or client is None:
        return
    if alert.state is AlertState.ACKNOWLEDGED and alert.id == out.alert_id and alert.holder_id == out.person_id:
        if out.guard is Guard.HOLDER:
            await rings_anew(turn, alert, client, out.ref)
        return
    if alert.state is not AlertState.RAISED or alert.holder_ref != out.ref:
        return
    await ladder.pass_over(turn, alert, client)


async def left(turn: Turn, person: Person) -> None:
    """Somebody works here no more: what they had taken is told as if nobody had."""
    for one in await turn.m.alerts.open_ones():
        alert = await turn.m.alerts.get(one.id, lock=True) if one.holder_id == person.id else None
        client = await turn.m.people.client(one.client_id) if alert is not None else None
        if alert is not None and client is not None and alert.state is AlertState.ACKNOWLEDGED:
            await rings_anew(turn, alert, client, person.ref)


async def rings_anew(turn: Turn, alert: Alert, client: Client, ref: str) -> None:
    """Whoever has it (`ref`) can't be reached any more: as if nobody had taken it."""
    await turn.m.alerts.change(
        alert.id, state=AlertState.RAISED, holder_id=None, acknowledged_at=None, snoozed_until=None
    )
    await turn.m.alerts.note(alert.id, turn.now, UNREACHABLE, ref)
    now = await turn.m.alerts.get(alert.id)
    assert now is not None
    step = next_person(now.ladder, now.step) if now.holder_ref == ref else now.step
    await ladder.take(turn, now, client, step, at=turn.now)
