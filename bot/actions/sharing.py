"""The client's choice of how the worker shall hear of a low answer, with *Undo* for a minute.

The question is about one check-in, and so are its buttons: what is chosen for one says nothing about another.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.actions import alerts, delivery, duty, evidence, matters, people, prompts, said_back, wishes
from bot.actions.desk import Turn
from bot.actions.wishes import Unsaid
from bot.domain.alerts import NO_TAP, UNDO, AlertState, Kind, Wish
from bot.domain.checkins import CheckIn
from bot.domain.errors import Refusal
from bot.domain.matters import Alert
from bot.domain.people import Client
from bot.domain.words import Severity

STALE = "errors.stale_button"


async def choose(turn: Turn, client: Client, check_in_id: str, wish: Wish) -> None:
    """Tell / I'll say it myself / someone else. It always has its effect, also where the rule rests."""
    check_in = await _own(turn, client, check_in_id)
    found = await wishes.unsaid(turn, client.id, check_in.id)
    if found is None or wish is Wish.NONE:
        raise Refusal(STALE)
    if wish is Wish.TELL and not client.worker_may_see(check_in.last_touched_at or check_in.planned_at):
        raise Refusal(STALE)  # the button named the worker they had before
    if wish is Wish.SOMEONE_ELSE:
        if await people.other_person(turn, client) is None:
            raise Refusal(STALE)  # the button is older than the plan: nobody would hear of it
        goes_at = await _to_someone_else(turn, client, check_in, found)
    elif found.alert is None or found.alert.is_open:
        goes_at = await _to_worker(turn, client, check_in, found, wish)
    else:
        raise Refusal(STALE)  # they have talked, or it is closed in another way
    await _settle_check_in(turn, check_in)
    await said_back.chosen(turn, client, check_in.id, wish, duty.promised(turn.plan, goes_at))


async def undo(turn: Turn, client: Client, check_in_id: str) -> None:
    """Within the minute: as if nothing had been tapped, with two hours from now. Later: a kind refusal. What was tapped
    in time and is handled late counts, as long as nothing has left."""
    check_in = await _own(turn, client, check_in_id)
    chosen = await _latest_choice(turn, client, check_in.id)
    if chosen is None or not (chosen.is_open or chosen.kind is Kind.SOMEONE_ELSE):
        raise Refusal(STALE)
    made_at = chosen.chosen_at or turn.now
    gone = chosen.kind is Kind.SOMEONE_ELSE and chosen.sent and chosen.raised_at == made_at
    over = made_at + UNDO
    if turn.heard > over or (turn.now > over and chosen.sent) or gone:
        raise Refusal("client.sharing.undo_too_late", await people.names_for(turn, client))
    await _wish_of(turn, client, check_in.id, Wish.NONE)
    if chosen.kind is Kind.SOMEONE_ELSE:
        await _not_to_someone_else(turn, client, check_in, chosen)
    elif await _came_of_it(turn, chosen) and not chosen.sent:
        await _change(turn, chosen, Wish.NONE, chosen_at=None)
        kept = await turn.m.signals.of_alert(chosen.id)
        await matters.take_back(turn, chosen, "client")
        await turn.m.signals.change([one.id for one in kept], alert_id=None)  # resting, or for the digest, as before
    else:
        await _not_to_worker(turn, client, chosen)
    await turn.m.checkins.change(check_in.id, asks_about=check_in.id)
    await alerts.post_choice(turn, client, check_in.id, "undone")


async def _own(turn: Turn, client: Client, check_in_id: str) -> CheckIn:
    check_in = await turn.m.checkins.by_id(check_in_id, lock=True)
    if check_in is None or check_in.client_id != client.id:
        raise Refusal(STALE)
    return check_in


async def _latest_choice(turn: Turn, client: Client, check_in_id: str) -> Alert | None:
    every = await turn.m.alerts.of_client(client.id)
    made = [one for one in every if one.check_in_id == check_in_id and one.chosen_at is not None]
    latest = max(made, key=lambda one: one.chosen_at or one.raised_at, default=None)
    return await turn.m.alerts.get(latest.id, lock=True) if latest else None


async def _wish_of(turn: Turn, client: Client, check_in_id: str, wish: Wish) -> None:
    """What this check-in showed may be told as the client wishes; what was settled for others stays settled."""
    kept = await turn.m.signals.from_source(client.id, check_in_id)
    await turn.m.signals.change([one.id for one in kept if evidence.is_asked_about(one)], wish=wish)


async def _change(turn: Turn, alert: Alert, wish: Wish, **more: Any) -> Alert:
    severity = await wishes.severity_of(turn, replace(alert, **more))
    await turn.m.alerts.change(alert.id, wish=wish, severity=severity, **more)
    await turn.m.alerts.note(alert.id, turn.now, f"wish_{wish}", "client")
    changed = await turn.m.alerts.get(alert.id)
    assert changed is not None
    if not changed.sent and changed.ladder:
        ends = duty.rung_ends(turn.plan, changed, changed.step, changed.goes_at)
        await turn.m.alerts.change(alert.id, step_due_at=ends)
    return changed


# ---------------------------------------------------------------- to the worker


async def _to_worker(turn: Turn, client: Client, check_in: CheckIn, found: Unsaid, wish: Wish) -> datetime:
    """With everything, or only that time to talk is wanted. Returns when it leaves."""
    alert = found.alert or await wishes.speak_up(turn, client, check_in.id, found, "client")
    await _wish_of(turn, client, check_in.id, wish)
    at = turn.now + UNDO
    goes_at = alert.goes_at if alert.sent else at
    changed = await _change(turn, alert, wish, check_in_id=check_in.id, chosen_at=turn.now, goes_at=goes_at)
    order = list(Severity)
    ring = order.index(changed.severity) < order.index(alert.severity)
    await matters.show(turn, changed, client, ring=ring, at=at)
    return at


async def _not_to_worker(turn: Turn, client: Client, alert: Alert) -> None:
    await delivery.withdraw(turn, alert_id=alert.id, why="undone")
    goes_at = alert.goes_at if alert.sent else turn.now + NO_TAP
    alert = await _change(turn, alert, Wish.NONE, chosen_at=None, goes_at=goes_at)
    await matters.show(turn, alert, client, at=None if alert.sent else goes_at)


async def _came_of_it(turn: Turn, alert: Alert) -> bool:
    """Was it the client who made it an alert, where a resting rule would have kept quiet?"""
    first = next(iter(await turn.m.alerts.history(alert.id)), None)
    return first is not None and first.by == "client"


# ---------------------------------------------------------------- to somebody else


async def _to_someone_else(turn: Turn, client: Client, check_in: CheckIn, found: Unsaid) -> datetime:
    """A matter of its own, on no surface of the worker. What the worker has seen before stays theirs."""
    await _wish_of(turn, client, check_in.id, Wish.SOMEONE_ELSE)
    if found.alert is not None and found.alert.is_open and not found.alert.sent:
        await _without(turn, client, found.alert, check_in.id)
    await alerts.raise_someone_else(turn, client)
    matter = await turn.m.alerts.open_of(client.id, Kind.SOMEONE_ELSE, lock=True)
    assert matter is not None
    if matter.raised_at == turn.now:  # an older one goes its own way
        matter = replace(matter, goes_at=turn.now + UNDO)
        await turn.m.alerts.change(matter.id, goes_at=matter.goes_at)
    await _change(turn, matter, Wish.SOMEONE_ELSE, check_in_id=check_in.id, chosen_at=turn.now)
    if matter.raised_at == turn.now:
        await matters.show(turn, matter, client, at=matter.goes_at)
    return matter.goes_at


async def _without(turn: Turn, client: Client, alert: Alert, check_in_id: str) -> None:
    """Nobody has seen it yet: it goes, or goes on with what rests on other evidence."""
    kept = await turn.m.signals.of_alert(alert.id)
    if any(one.holds and one.signal.source != check_in_id for one in kept):
        await turn.m.alerts.change(alert.id, severity=await wishes.severity_of(turn, alert))
        await matters.show(turn, alert, client)
    else:
        await matters.take_back(turn, alert, "client")


async def _not_to_someone_else(turn: Turn, client: Client, check_in: CheckIn, matter: Alert) -> None:
    """Take back the matter, if this choice made it, and give the worker back what they would have heard."""
    made_at = matter.chosen_at
    await turn.m.alerts.change(matter.id, chosen_at=None)
    if matter.raised_at == made_at and matter.is_open:
        await turn.m.signals.change([one.id for one in await turn.m.signals.of_alert(matter.id)], holds=False)
        await matters.take_back(turn, matter, "client")
    found = await wishes.unsaid(turn, client.id, check_in.id)
    if found is not None and found.alert is None and await _was_taken_back(turn, found, made_at):
        await wishes.speak_up(turn, client, check_in.id, found, "bot")


async def _was_taken_back(turn: Turn, found: Unsaid, at: datetime | None) -> bool:
    """Was there an alert, which this choice took back; or did its rule rest?"""
    ids = {one.alert_id for one in found.signals if one.alert_id is not None}
    alerts_then = [await turn.m.alerts.get(alert_id) for alert_id in sorted(ids)]
    return any(one is not None and one.state is AlertState.WITHDRAWN and one.closed_at == at for one in alerts_then)


# ---------------------------------------------------------------- the check-in


async def _settle_check_in(turn: Turn, check_in: CheckIn) -> None:
    """The check-in has had its last question."""
    if check_in.running:
        await prompts.finish(turn, check_in, await turn.m.answers.of_check_in(check_in.id))
    await turn.m.checkins.change(check_in.id, asks_about=None)
