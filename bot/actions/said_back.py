"""What a client reads once they have said how the worker shall hear: the choice, *Undo*, and that it was picked up."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions import delivery, people, prompts, wishes
from bot.actions.desk import Turn
from bot.domain.alerts import NO_TAP, UNDO, Kind, Wish
from bot.domain.checkins import surface as checkin_surface
from bot.domain.delivery import DELETE, Post, Urgency
from bot.domain.matters import SLIPPED, Alert
from bot.domain.next_in import next_in
from bot.domain.outgoing import MESSAGE, Outgoing
from bot.domain.people import Client
from bot.domain.words import Facts, Json

SETTLES = timedelta(seconds=1)
"""*Undo* disappears a moment after its minute, so that the last tap in time still counts."""


async def chosen(turn: Turn, client: Client, check_in_id: str, wish: Wish, by: datetime) -> None:
    """What was chosen, with *Undo*. `by`: when whoever else hears of it gets in touch at the latest."""
    facts: dict[str, Json] = {**await people.names_for(turn, client), **await _when(turn, client)}
    facts |= {"check_in": check_in_id, "wish": wish.value, "undo": True, "until": (turn.now + UNDO).isoformat()}
    facts["day"] = people.local(client.person, by)
    await _post(turn, client.id, checkin_surface(check_in_id), facts, turn.now)


async def undo_fades(turn: Turn, out: Outgoing, message_id: int) -> None:
    """The choice stands in the chat: once its minute is over, *Undo* goes; where others see the phone, all of it."""
    person = await turn.m.people.by_id(out.person_id)
    if person is None or person.chat_id != out.chat_id:
        return  # another account has their chat by now
    until = out.facts.get("until")
    if out.facts.get("undo") and isinstance(until, str) and out.surface is not None:
        at = max(datetime.fromisoformat(until), turn.now) + SETTLES
        if out.facts.get("quiet"):  # other people see this phone: nothing stays
            gone = Post(out.person_id, DELETE, people.once("gone"), surface=out.surface, not_before=at)
            await delivery.post(turn, replace(gone, client_id=out.person_id))
            return
        seen = await _slipped(turn, out.person_id, out.facts.get("check_in"))
        facts: Facts = {**out.facts, "undo": False, "slipped": seen}
        await _post(turn, out.person_id, out.surface, facts, turn.now if seen else at)
    elif out.facts.get("quiet"):
        gone_facts: Facts = {MESSAGE: message_id}
        at = turn.now + prompts.QUIET_CLEARS_AFTER
        key = f"{out.surface}:delete:{out.id}"
        await delivery.post(turn, Post(out.person_id, DELETE, key, gone_facts, not_before=at, client_id=out.client_id))


async def slipped(turn: Turn, client: Client, check_in_id: str, by: datetime) -> None:
    """They read that the worker isn't told. A card had just left: that is said as it is."""
    facts: dict[str, Json] = {**await people.names_for(turn, client), "check_in": check_in_id, "undo": False}
    facts |= {"wish": Wish.SOMEONE_ELSE.value, "slipped": True, "day": people.local(client.person, by)}
    await _post(turn, client.id, checkin_surface(check_in_id), facts, turn.now)


async def _slipped(turn: Turn, client_id: str, check_in_id: Json) -> bool:
    matters = await turn.m.alerts.of_client(client_id, (Kind.SOMEONE_ELSE,))
    lines = [await turn.m.alerts.history(one.id) for one in matters if one.check_in_id == check_in_id]
    return any(line.state == SLIPPED for some in lines for line in some)


async def _post(turn: Turn, client_id: str, surface: str, facts: Facts, at: datetime) -> None:
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


def is_seen(alert: Alert, client: Client) -> bool:
    """Does the client read that somebody has it? In quiet mode the thanks have been cleared from the chat."""
    return alert.check_in_id is not None and alert.kind is Kind.ALLIANCE and not client.quiet_mode


async def picked_up(turn: Turn, client: Client, alert: Alert, by: str | None) -> bool:
    """A soundless edit of the thanks: somebody has it. `by`: another person's name than the worker's.

    False: the client does not read it, also where a newer question stands there that they may still answer.
    """
    if not await people.is_theirs(turn, client, alert.raised_at):
        return False  # another account answered
    if alert.check_in_id is None or not is_seen(alert, client) or await _is_choosing(turn, client, alert.check_in_id):
        return False
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
    return True


async def _is_choosing(turn: Turn, client: Client, check_in_id: str) -> bool:
    check_in = await turn.m.checkins.by_id(check_in_id)
    lately = check_in is not None and (check_in.last_touched_at or check_in.planned_at) + NO_TAP > turn.now
    return lately and await wishes.unsaid(turn, client.id, check_in_id) is not None
