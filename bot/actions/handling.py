"""What staff do with an alert: take it, say that they have talked, say that it is no concern.

Whoever has been reached on its ladder may act. To anybody else there is no such alert: the same refusal as for a ref
that does not exist.
"""

from datetime import datetime, timedelta

from bot.actions import cards, delivery, duty, matters, people, said_back
from bot.actions.desk import Turn
from bot.domain.alerts import AlertEvent, AlertState, Kind, step
from bot.domain.delivery import CLEAR, DELETE, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.ladder import Rung
from bot.domain.matters import URGENT, Alert
from bot.domain.on_duty import on_duty
from bot.domain.outgoing import MESSAGE
from bot.domain.people import Client, Person

UNKNOWN = "errors.no_alert"
ASK_AFTER = timedelta(hours=20)
"""How long after *We talked* the client is asked: the next day, inside hours."""
WHY_NOT = ("known", "mistake", "not_us", "other")
USEFUL = ("useful", "knew", "not_concern")


# ---------------------------------------------------------------- may they?


async def theirs(turn: Turn, staff: Person, alert_id: str) -> tuple[Alert, Client]:
    """The alert, if this person has been reached by it. Raises the one refusal otherwise."""
    known = await turn.m.alerts.get(alert_id)
    if known is None:
        raise Refusal(UNKNOWN)
    client = await people.locked(turn, known.client_id)
    alert = await turn.m.alerts.get(alert_id)
    if alert is None or not _reached(alert, staff):
        raise Refusal(UNKNOWN)
    if cards.is_former(turn, alert, client, staff):
        raise Refusal(UNKNOWN)
    return alert, client


def _reached(alert: Alert, staff: Person) -> bool:
    return staff.ref in alert.reached or alert.holder_id == staff.id


async def open_for(turn: Turn, staff: Person, ref: str, *, urgent: bool = False) -> Alert:
    """The open alert about a client that this person may act on, for commands; the most urgent first."""
    client = await turn.m.people.client_by_ref(ref)
    for kind in (*URGENT, *(() if urgent else (Kind.ALLIANCE, Kind.SOMEONE_ELSE))):
        alert = await turn.m.alerts.open_of(client.id, kind) if client else None
        if alert is not None and _reached(alert, staff) and (alert.sent or alert.goes_at <= turn.now):
            return alert
    raise Refusal(UNKNOWN)


async def tapped_on(turn: Turn, staff: Person, alert_id: str, message_id: int | None) -> None:
    """A tap proves that this message is there. One that the bot knows nothing of, since nobody could say whether it had
    arrived, loses its buttons: what comes of the tap stands on the card that is known.

    Nothing is done while a card is still on its way: this may be that one.
    """
    alert, client = await theirs(turn, staff, alert_id)
    chat_id, surface = staff.chat_id, cards.surface(alert.id)
    if chat_id is None or message_id is None or await turn.m.messages.knows(chat_id, message_id):
        return
    if await turn.m.outbox.is_on_its_way(alert.id, staff.id, new_message=False):
        return
    await turn.m.messages.adopt(staff.id, chat_id, message_id, surface, turn.now, current=False)
    post = Post(staff.id, CLEAR, f"{CLEAR}:{chat_id}:{message_id}", {MESSAGE: message_id}, client_id=client.id)
    await delivery.post(turn, post)


# ---------------------------------------------------------------- taking it


async def acknowledge(turn: Turn, staff: Person, alert_id: str) -> str:
    """*I've got it*: cancels everything queued, in this transaction. Returns the key of a toast.

    Whoever taps second is told who has it; taking over from a worker who has it is not done by a tap.
    """
    alert, client = await theirs(turn, staff, alert_id)
    if alert.state is AlertState.ACKNOWLEDGED and alert.holder_id is not None:
        await cards.post(turn, alert, client, staff, reply=True)  # says who has it
        return "worker.toast.done"
    state = step(alert.state, AlertEvent.ACKNOWLEDGE)
    await delivery.withdraw(turn, alert_id=alert.id, why="acknowledged")
    await turn.m.alerts.change(
        alert.id,
        state=state,
        holder_id=staff.id,
        acknowledged_at=turn.now,
        step_due_at=None,
        snoozed_until=_asks_again(turn, alert),
        rang_at=alert.rang_at or turn.now,
    )
    await _note_taken(turn, alert, staff)
    await show_everywhere(turn, alert.id, client, staff)
    turn.ring(turn.desk.bells.escalate)
    worker = await people.worker_of(turn, client)
    by = None if worker and worker.id == staff.id else staff.name
    told = await said_back.picked_up(turn, client, alert, by)
    return "worker.toast.taken" if told else "worker.toast.taken_no_client"


async def _note_taken(turn: Turn, alert: Alert, staff: Person) -> None:
    await turn.m.alerts.note(alert.id, turn.now, AlertState.ACKNOWLEDGED, staff.ref)
    turn.count("alerts_acknowledged")
    if alert.ladder and alert.ladder[alert.step].rung is not Rung.FIRST:
        turn.count("alerts_acknowledged_late")


def _asks_again(turn: Turn, alert: Alert) -> datetime:
    """Nothing is forgotten once taken: danger, a promise to a client, and a talk that is still to come."""
    if alert.kind is Kind.SOMEONE_ELSE:
        return duty.promised(turn.plan, alert.goes_at)
    return duty.comes_back(turn.plan, alert.kind, turn.now)


async def show_everywhere(turn: Turn, alert_id: str, client: Client, staff: Person) -> Alert:
    """The card as it is now for whoever acted; for the others, that nothing is left for them to do."""
    alert = await turn.m.alerts.get(alert_id)
    assert alert is not None
    await cards.post(turn, alert, client, staff, reply=True)
    for ref in sorted(alert.reached - {staff.ref}):
        other = await turn.m.people.by_ref(ref)
        if other is not None and await turn.m.messages.standing(other.id, cards.surface(alert.id)) is not None:
            await _nothing_left(turn, alert, client, other, staff)
    return alert


async def _nothing_left(turn: Turn, alert: Alert, client: Client, other: Person, by: Person) -> None:
    mine = other.id == client.worker_id and alert.kind is Kind.ALLIANCE
    if mine:
        await cards.post(turn, alert, client, other, reply=True)
        return
    await matters.tell_taken(turn, alert, client, other, by)


# ---------------------------------------------------------------- talked


async def talked(turn: Turn, staff: Person, alert_id: str) -> str:
    """*We talked*: the worker is asked once whether the alert was useful, the client later whether it helped."""
    alert, client = await theirs(turn, staff, alert_id)
    if alert.state is AlertState.TALKED:
        return "worker.toast.done"
    if alert.kind in URGENT:
        raise Refusal("errors.stale_button")
    state = step(alert.state, AlertEvent.TALKED)
    await delivery.withdraw(turn, alert_id=alert.id, why="talked")
    asks = alert.kind is Kind.ALLIANCE and alert.asked_at is None
    await turn.m.alerts.change(
        alert.id,
        state=state,
        holder_id=alert.holder_id or staff.id,
        acknowledged_at=alert.acknowledged_at or turn.now,
        talked_at=turn.now,
        step_due_at=None,
        snoozed_until=None,
        ask_client_at=ask_client_at(turn) if asks else None,
        closed_at=None if asks else turn.now,
        rang_at=alert.rang_at or turn.now,
    )
    if alert.acknowledged_at is None:
        await _note_taken(turn, alert, staff)
    await turn.m.alerts.note(alert.id, turn.now, state, staff.ref)
    await show_everywhere(turn, alert.id, client, staff)
    if asks:
        await _ask_useful(turn, alert, client, staff)
    turn.ring(turn.desk.bells.escalate)
    return "worker.toast.talked" if asks else "worker.toast.done"


def ask_client_at(turn: Turn) -> datetime:
    """The next working time from the next day on, which is outside everybody's quiet hours by config."""
    wanted = turn.now + ASK_AFTER
    calendar = turn.plan.calendar
    there = on_duty(wanted, calendar.working, calendar.closed_dates, calendar.timezone)
    return wanted if there is None or there.here else there.at


async def _ask_useful(turn: Turn, alert: Alert, client: Client, staff: Person) -> None:
    if alert.usefulness is not None:
        return
    await cards.say(
        turn,
        staff,
        Post(
            to=staff.id,
            kind="worker.useful",
            key=f"useful:{alert.id}",
            facts={"ref": client.ref, "alert": alert.id},
            surface=f"useful:{alert.id}",
            urgency=Urgency.REPLY,
            silent=True,
            client_id=client.id,
        ),
    )


async def useful(turn: Turn, staff: Person, alert_id: str, answer: str) -> None:
    """Useful / knew already / not a concern: stored with the alert, counted per rule."""
    alert, _ = await theirs(turn, staff, alert_id)
    if answer not in USEFUL:
        raise Refusal("errors.stale_button")
    await turn.m.alerts.change(alert.id, usefulness=answer)
    await people.say(turn, staff, "worker.useful.thanks", surface=f"useful:{alert.id}")


# ---------------------------------------------------------------- not a concern


async def dismiss(turn: Turn, staff: Person, alert_id: str, why: str) -> str:
    """*Not a concern*, with the reason in one tap."""
    alert, client = await theirs(turn, staff, alert_id)
    if why not in WHY_NOT or alert.kind is not Kind.ALLIANCE:
        raise Refusal("errors.stale_button")
    state = step(alert.state, AlertEvent.DISMISS)
    await delivery.withdraw(turn, alert_id=alert.id, why="dismissed")
    await turn.m.alerts.change(
        alert.id,
        state=state,
        holder_id=alert.holder_id or staff.id,
        step_due_at=None,
        snoozed_until=None,
        closed_at=turn.now,
        usefulness="not_concern",
    )
    await turn.m.alerts.note(alert.id, turn.now, state, staff.ref)
    await turn.m.alerts.note(alert.id, turn.now, f"why_{why}", staff.ref)
    now = await show_everywhere(turn, alert.id, client, staff)
    await close_more(turn, now, staff)
    return "worker.toast.dismissed"


async def close_more(turn: Turn, alert: Alert, staff: Person) -> None:
    """The choices under *More* have been made: they leave the chat."""
    if await turn.m.messages.standing(staff.id, f"more:{alert.id}") is not None:
        gone = Post(staff.id, DELETE, people.once("gone"), surface=f"more:{alert.id}", urgency=Urgency.REPLY)
        await delivery.post(turn, gone)
