"""A card that Telegram took although somebody had decided otherwise by then: it is taken back, and said so.

The last look is right before a card leaves (`courier`). What is decided while Telegram has it can only be mended here.
"""

from bot.actions import arrivals, delivery, duty, matters, people, said_back
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind
from bot.domain.delivery import DELETE, Guard, Post
from bot.domain.matters import SLIPPED, Alert
from bot.domain.outgoing import MESSAGE, Drop, HeldNow, Outgoing, for_holder
from bot.domain.people import Client


async def rang(turn: Turn, out: Outgoing, message_id: int) -> None:
    """Telegram took an alert's card. Does it stand where it should?"""
    alert = await turn.m.alerts.get(out.alert_id, lock=True) if out.alert_id else None
    client = await turn.m.people.client(alert.client_id) if alert is not None else None
    if alert is None or client is None:
        return
    if out.guard is Guard.HOLDER and await _client_chose_otherwise(turn, alert):
        await _take_away(turn, out, message_id)
        await _say_so(turn, alert, client, out)
    elif out.guard is Guard.HOLDER and _is_not_theirs(alert, client, out):
        await _empty(turn, alert, client, out)
    else:
        await arrivals.rang(turn, out, message_id)


async def in_doubt(turn: Turn, out: Outgoing, why: str) -> None:
    """It was taken back while it was on its way, and nobody knows whether it arrived."""
    alert = await turn.m.alerts.get(out.alert_id, lock=True) if out.alert_id else None
    client = await turn.m.people.client(alert.client_id) if alert is not None else None
    if alert is not None and client is not None and await _client_chose_otherwise(turn, alert):
        await _say_so(turn, alert, client, out)


async def _client_chose_otherwise(turn: Turn, alert: Alert) -> bool:
    """Taken back before anybody could see it: by choice, not by a changed answer, which leaves signals without hold."""
    if alert.state is not AlertState.WITHDRAWN:
        return False
    kept = await turn.m.signals.of_alert(alert.id)
    return not kept or any(one.holds for one in kept)


async def _take_away(turn: Turn, out: Outgoing, message_id: int) -> None:
    gone = Post(out.person_id, DELETE, f"{DELETE}:{out.chat_id}:{message_id}", {MESSAGE: message_id})
    await delivery.post(turn, gone)


async def _say_so(turn: Turn, alert: Alert, client: Client, out: Outgoing) -> None:
    """Whoever has the matter, and the client, had read that the worker isn't told."""
    matter = await turn.m.alerts.open_of(client.id, Kind.SOMEONE_ELSE, lock=True)
    if matter is None or alert.check_in_id is None or matter.check_in_id != alert.check_in_id:
        return
    await turn.m.alerts.note(matter.id, turn.now, SLIPPED, out.ref)
    await matters.show(turn, matter, client)
    await said_back.slipped(turn, client, alert.check_in_id, duty.promised(turn.plan, matter.goes_at))


def _is_not_theirs(alert: Alert, client: Client, out: Outgoing) -> bool:
    now = HeldNow(alert.kind, alert.state, alert.ladder, alert.step, client.worker_id)
    return alert.kind is Kind.ALLIANCE and alert.is_open and isinstance(for_holder(out, now), Drop)


async def _empty(turn: Turn, alert: Alert, client: Client, out: Outgoing) -> None:
    """The client has another worker now: in place of the card stands who has it."""
    person, worker = await turn.m.people.by_id(out.person_id), await people.worker_of(turn, client)
    if person is not None and worker is not None:
        await matters.tell_taken(turn, alert, client, person, worker)
