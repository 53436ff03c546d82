"""The client's choice of how the worker shall hear of a low answer, with *Undo* for a minute."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.actions import alerts, delivery, duty, ladder, matters, people, prompts
from bot.actions.desk import Turn
from bot.domain.alerts import NO_TAP, UNDO, Kind, Wish, severity
from bot.domain.checkins import surface as checkin_surface
from bot.domain.delivery import DELETE, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.matters import Alert
from bot.domain.next_in import next_in
from bot.domain.outgoing import MESSAGE, Outgoing
from bot.domain.people import Client
from bot.domain.words import Facts, Json, Tier

STALE = "errors.old_button"
SETTLES = timedelta(seconds=1)
"""*Undo* disappears a moment after its minute, so that the last tap in time still counts."""


async def choose(turn: Turn, client: Client, alert_id: str, wish: Wish) -> None:
    """Tell / I'll say it myself / someone else. A second tap on another choice counts like *Undo* and a new one."""
    alert = await _mine(turn, client, alert_id)
    if wish is Wish.NONE or alert.chosen_at is not None:
        raise Refusal(STALE)
    if wish is Wish.SOMEONE_ELSE and await people.other_person(turn, client) is None:
        raise Refusal(STALE)
    alert = await _chosen(turn, client, alert, wish)
    await _settle_check_in(turn, alert)
    await _say(turn, client, alert)


async def undo(turn: Turn, client: Client, alert_id: str) -> None:
    """Within the minute: as if nothing had been tapped, with two hours from now. Later: a kind refusal."""
    alert = await _mine(turn, client, alert_id)
    if alert.chosen_at is None or turn.now > alert.chosen_at + UNDO:
        raise Refusal("client.sharing.undo_too_late", await people.names_for(turn, client))
    if alert.kind is Kind.SOMEONE_ELSE:
        alert = await _for_worker(turn, client, alert)
    elif alert.wish is Wish.SOMEONE_ELSE:
        await _recall(turn, client, alert)
    await _wish_of_signals(turn, alert, Wish.NONE)
    goes_at = alert.goes_at if alert.sent else turn.now + NO_TAP
    alert = await _change(turn, alert, Wish.NONE, chosen_at=None, goes_at=goes_at)
    await matters.show(turn, alert, client, at=None if alert.sent else goes_at)
    if alert.check_in_id is not None:
        await turn.m.checkins.change(alert.check_in_id, asks_about=alert.id)
        await alerts.post_choice(turn, client, alert, checkin_surface(alert.check_in_id), "undone")


async def _mine(turn: Turn, client: Client, alert_id: str) -> Alert:
    alert = await turn.m.alerts.get(alert_id, lock=True)
    if alert is None or alert.client_id != client.id or not alert.is_open or not alert.waits:
        raise Refusal(STALE)
    return alert


# ---------------------------------------------------------------- what the choice does


async def _chosen(turn: Turn, client: Client, alert: Alert, wish: Wish) -> Alert:
    goes_at = turn.now + UNDO
    await _wish_of_signals(turn, alert, wish)
    if wish is Wish.SOMEONE_ELSE:
        return await _for_someone_else(turn, client, alert)
    changed = await _change(turn, alert, wish, chosen_at=turn.now, goes_at=alert.goes_at if alert.sent else goes_at)
    ring = list(type(changed.severity)).index(changed.severity) < list(type(alert.severity)).index(alert.severity)
    await matters.show(turn, changed, client, ring=ring, at=goes_at)
    return changed


async def _wish_of_signals(turn: Turn, alert: Alert, wish: Wish) -> None:
    """What this check-in showed may be told as the client wishes; what was settled before stays settled."""
    kept = await turn.m.signals.of_alert(alert.id)
    await turn.m.signals.change([one.id for one in kept if one.signal.source == alert.check_in_id], wish=wish)


async def _change(turn: Turn, alert: Alert, wish: Wish, **more: Any) -> Alert:
    await turn.m.alerts.change(alert.id, wish=wish, severity=severity(Tier.ALERT, wish, waits=alert.waits), **more)
    await turn.m.alerts.note(alert.id, turn.now, f"wish_{wish}"[:16], "client")
    changed = await turn.m.alerts.get(alert.id)
    assert changed is not None
    if not changed.sent and changed.ladder:
        ends = duty.rung_ends(turn.plan, changed, changed.step, changed.goes_at)
        await turn.m.alerts.change(alert.id, step_due_at=ends)
    return changed


async def _for_someone_else(turn: Turn, client: Client, alert: Alert) -> Alert:
    """It becomes a matter of its own, on no surface of the worker. What the worker has seen before stays theirs."""
    if alert.sent:
        await alerts.raise_someone_else(turn, client)
        await _after_the_minute(turn, client)
        return await _change(turn, alert, Wish.SOMEONE_ELSE, chosen_at=turn.now)
    await delivery.withdraw(turn, alert_id=alert.id, why="someone else")
    return await _becomes(turn, client, alert, Kind.SOMEONE_ELSE, Wish.SOMEONE_ELSE)


async def _after_the_minute(turn: Turn, client: Client) -> None:
    """The matter that was raised just now leaves when it can't be undone any more. An older one goes its own way."""
    matter = await turn.m.alerts.open_of(client.id, Kind.SOMEONE_ELSE)
    if matter is None or matter.raised_at != turn.now or not matter.ladder:
        return
    goes_at = turn.now + UNDO
    ends = duty.rung_ends(turn.plan, matter, matter.step, goes_at)
    await turn.m.alerts.change(matter.id, goes_at=goes_at, step_due_at=ends)
    await matters.show(turn, replace(matter, goes_at=goes_at), client, at=goes_at)


async def _recall(turn: Turn, client: Client, alert: Alert) -> None:
    """The matter that this choice raised, before anybody has seen it."""
    matter = await turn.m.alerts.open_of(client.id, Kind.SOMEONE_ELSE)
    if matter is None or matter.raised_at != alert.chosen_at or matter.sent:
        return
    await turn.m.signals.change([one.id for one in await turn.m.signals.of_alert(matter.id)], holds=False)
    await matters.take_back(turn, matter, "client")


async def _for_worker(turn: Turn, client: Client, alert: Alert) -> Alert:
    await delivery.withdraw(turn, alert_id=alert.id, why="undone")
    return await _becomes(turn, client, alert, Kind.ALLIANCE, Wish.NONE)


async def _becomes(turn: Turn, client: Client, alert: Alert, kind: Kind, wish: Wish) -> Alert:
    worker = await people.worker_of(turn, client)
    steps = ladder.steps_for(turn.plan, kind, worker.ref if worker else None)
    goes_at = turn.now + (UNDO if kind is Kind.SOMEONE_ELSE else NO_TAP)
    first = ladder.first_step(kind, steps)
    chosen = turn.now if wish is not Wish.NONE else None
    changed = await _change(turn, alert, wish, kind=kind, ladder=steps, step=first, goes_at=goes_at, chosen_at=chosen)
    return await ladder.take(turn, changed, client, first, at=goes_at)


# ---------------------------------------------------------------- what the client reads


async def _settle_check_in(turn: Turn, alert: Alert) -> None:
    """The check-in has had its last question."""
    check_in = await turn.m.checkins.by_id(alert.check_in_id, lock=True) if alert.check_in_id else None
    if check_in is None:
        return
    if check_in.running:
        await prompts.finish(turn, check_in, await turn.m.answers.of_check_in(check_in.id))
    await turn.m.checkins.change(check_in.id, asks_about=None)


async def _say(turn: Turn, client: Client, alert: Alert) -> None:
    """What was chosen, with *Undo*."""
    if alert.check_in_id is None:
        return
    facts: dict[str, Json] = {**await people.names_for(turn, client), **await _when(turn, client)}
    facts |= {"alert": alert.id, "wish": alert.wish.value, "undo": True, "until": (turn.now + UNDO).isoformat()}
    facts["day"] = people.local(client.person, duty.promised(turn.plan, alert.goes_at))
    await _post_choice_made(turn, client.id, checkin_surface(alert.check_in_id), facts, turn.now)


async def undo_fades(turn: Turn, out: Outgoing, message_id: int) -> None:
    """The choice stands in the chat: once its minute is over, *Undo* goes; where others see the phone, all of it."""
    until = out.facts.get("until")
    if out.facts.get("undo") and isinstance(until, str) and out.surface is not None:
        at = max(datetime.fromisoformat(until), turn.now) + SETTLES
        if out.facts.get("quiet"):  # other people see this phone: nothing stays
            gone = Post(out.person_id, DELETE, people.once("gone"), surface=out.surface, not_before=at)
            await delivery.post(turn, replace(gone, client_id=out.person_id))
            return
        await _post_choice_made(turn, out.person_id, out.surface, {**out.facts, "undo": False}, at)
    elif out.facts.get("quiet"):
        facts: Facts = {MESSAGE: message_id}
        at = turn.now + prompts.QUIET_CLEARS_AFTER
        key = f"{out.surface}:delete:{out.id}"
        await delivery.post(turn, Post(out.person_id, DELETE, key, facts, not_before=at, client_id=out.client_id))


async def _post_choice_made(turn: Turn, client_id: str, surface: str, facts: Facts, at: datetime) -> None:
    await delivery.post(
        turn,
        Post(
            to=client_id,
            kind="client.sharing_chosen",
            key=people.once("chosen"),
            facts=facts,
            surface=surface,
            urgency=Urgency.REPLY,
            silent=True,
            not_before=at if at > turn.now else None,
            client_id=client_id,
        ),
    )


async def _when(turn: Turn, client: Client) -> Facts:
    """When the worker is next in."""
    worker = await people.worker_of(turn, client)
    day = next_in(turn.now, turn.plan.calendar, worker.away_until if worker else None) if worker else None
    today = turn.now.astimezone(ZoneInfo(turn.plan.calendar.timezone)).date()
    return {"next_in": day.isoformat() if day else None, "is_today": day == today}


async def picked_up(turn: Turn, client: Client, alert: Alert, by: str | None) -> None:
    """A soundless edit of the thanks: somebody has it. `by`: another person's name than the worker's."""
    if alert.check_in_id is None or alert.kind is not Kind.ALLIANCE or client.quiet_mode:
        return  # in quiet mode the thanks have been cleared from the chat
    await delivery.post(
        turn,
        Post(
            to=client.id,
            kind="client.thanks_picked_up",
            key=f"picked_up:{alert.id}",
            facts={**await people.names_for(turn, client), "by": by},
            surface=checkin_surface(alert.check_in_id),
            urgency=Urgency.REPLY,
            silent=True,
            client_id=client.id,
        ),
    )
