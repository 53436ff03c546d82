"""After a backup was put back: what happened since is gone, so nothing is said or asked twice, and nobody comes back.

All of it happens on a copy that nobody works on yet. What it leaves to be sent goes out when the bot starts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.actions import cards, duty, people, privacy
from bot.actions.desk import Desk, Turn
from bot.actions.timetable import meetings
from bot.domain.alerts import AlertState
from bot.domain.asked import Own
from bot.domain.checkins import CheckIn, State
from bot.domain.matters import FORGOTTEN, Alert
from bot.domain.people import Client
from bot.domain.schedules import expires_at, next_due
from bot.domain.words import Tier
from storage.restored import RESTORED
from storage.tables import new_id
from storage.timetable import Slot
from storage.tombstones import Tombstone

BY = "operator"
"""Who did it, in the record."""


@dataclass(frozen=True, slots=True)
class Open:
    """One alert that nobody had closed; it may have been since. What it is about is not for the operator's eyes."""

    ref: str
    urgent: bool
    raised_at: datetime
    taken: bool


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was done about the time that is missing, for whoever puts the backup back."""

    erased: tuple[str, ...]
    """Refs of those who were erased since, and are again."""
    missed: int
    """Check-ins that were due since, or were just being asked: missed by us."""
    dropped: int
    """Messages that were on their way and may have arrived since."""
    invitations: int
    to_be_erased: tuple[tuple[str, datetime], ...]
    """Refs of those who had asked for it, and the day: anew, so that there is time to take it back again."""
    alerts: tuple[Open, ...]


async def settle(desk: Desk, made_at: datetime, stones: Sequence[Tombstone]) -> Aftermath:
    """Work it all off, one thing after the other. `stones`: all tombstones that are known anywhere."""
    async with desk.turn() as turn:
        erased = await erase_again(turn, stones)
    async with desk.turn() as turn:
        dropped = await turn.m.restored.drop_unsent(turn.now)
        missed = await turn.m.restored.miss_planned(turn.now) + await _miss_due(turn)
        await turn.m.restored.no_late_reminders(turn.now)
        await turn.m.restored.asked_already(turn.now, turn.now + FORGOTTEN)
        invitations = await turn.m.restored.end_invitations()
    async with desk.turn() as turn:
        later = await _put_off_erasings(turn)
        alerts = await _ring_again(turn)
        await _tell_managers(turn, made_at)
        await turn.m.audit.note(turn.now, BY, RESTORED)
    return Aftermath(erased, missed, dropped, invitations, later, alerts)


async def erase_again(turn: Turn, stones: Sequence[Tombstone]) -> tuple[str, ...]:
    """Whoever was erased and is here all the same goes again. Returns their refs.

    A tombstone that the database knows has done its work before: whoever came back after it may stay.
    """
    known = {one.id for one in await turn.m.tombstones.everything()}
    new = [one for one in stones if one.id not in known]
    erased = []
    for client_id, stone in sorted((await turn.m.tombstones.whose(new)).items()):
        erased.append(await privacy.erase_again(turn, client_id, stone.at))
    await turn.m.tombstones.add(new)
    return tuple(sorted(erased))


# ---------------------------------------------------------------- what was due


async def _miss_due(turn: Turn) -> int:
    """Occasions since the backup are over: they may have been asked, and the answers are gone."""
    slots = [one for one in await turn.m.timetable.everything() if one.due.at <= turn.now]
    clients = await turn.m.people.clients_by_id(sorted({one.client_id for one in slots}))
    met = await meetings(turn, list(clients.values()))
    missed: list[CheckIn] = []
    following: list[Slot] = []
    for slot in slots:
        over, then = _passed(turn, slot, clients[slot.client_id], met[slot.client_id])
        missed += over
        following += [then] if then else []
    on_record = await _on_record(turn, sorted(clients))
    await turn.m.timetable.drop(slots)
    await turn.m.timetable.put(following)
    new = [one for one in missed if (one.client_id, one.schedule, one.local_date, one.slot) not in on_record]
    await turn.m.checkins.add(new)
    return len(new)


def _passed(turn: Turn, slot: Slot, client: Client, sessions: Sequence[datetime]) -> tuple[list[CheckIn], Slot | None]:
    """The occasions of this row until now, as missed; and where it stands from now on."""
    missed: list[CheckIn] = []
    schedule = turn.plan.schedule(slot.schedule)
    while schedule is not None and slot.due.at <= turn.now:
        missed.append(
            CheckIn(
                id=new_id(),
                client_id=client.id,
                worker_id=client.worker_id,
                schedule=schedule.name,
                local_date=slot.due.local_date,
                slot=slot.due.slot,
                state=State.MISSED_BY_US,
                reason=RESTORED,
                items=(),
                plan_version=turn.plan.version,
                planned_at=slot.due.at,
                finished_at=turn.now,
                expires_at=expires_at(schedule, slot.due.at),
            )
        )
        own, zone = Own.from_json(client.own_times), client.person.timezone
        due = next_due(schedule, turn.plan.calendar, zone, slot.due.at, sessions, own, slot.due.local_date)
        if due is None:
            return missed, None
        slot = replace(slot, due=due, next_due_at=due.at)
    return missed, slot if schedule is not None else None


async def _on_record(turn: Turn, client_ids: Sequence[str]) -> Collection[tuple[object, ...]]:
    latest = await turn.m.checkins.latest(client_ids, turn.now)
    every = (one for some in latest.values() for one in some)
    return {(one.client_id, one.schedule, one.local_date, one.slot) for one in every}


# ---------------------------------------------------------------- whom it concerns


async def _put_off_erasings(turn: Turn) -> tuple[tuple[str, datetime], ...]:
    """Whoever took it back since has not any more: there is the whole time again to do so."""
    found = []
    for client_id, _ in await turn.m.restored.to_be_erased():
        client = await people.client(turn, client_id)
        day = turn.now + turn.plan.data.erase_delay
        await turn.m.people.change_client(client_id, erase_at=day)
        found.append((client.ref, day))
    return tuple(found)


async def _ring_again(turn: Turn) -> tuple[Open, ...]:
    """What nobody had taken rings for all who had been told, as perhaps a repeat; the time of its rung begins anew."""
    found = []
    for alert in await turn.m.alerts.open_ones():
        client = await people.client(turn, alert.client_id)
        taken = alert.state is not AlertState.RAISED
        found.append(Open(client.ref, alert.tier is Tier.NOW, alert.raised_at, taken))
        if not taken:
            await _ring(turn, alert, client)
    return tuple(found)


async def _ring(turn: Turn, alert: Alert, client: Client) -> None:
    at = max(turn.now, alert.goes_at)
    await turn.m.alerts.change(alert.id, step_due_at=duty.rung_ends(turn.plan, alert, alert.step, at))
    await turn.m.alerts.note(alert.id, turn.now, RESTORED, "bot")
    for ref in sorted(alert.reached):
        person = await turn.m.people.by_ref(ref)
        if person is not None:
            await cards.post(turn, alert, client, person, fresh=alert.sent, at=at)
    await turn.m.restored.may_be_old(alert.id)


async def _tell_managers(turn: Turn, made_at: datetime) -> None:
    await people.tell_managers(turn, people.once(RESTORED), "manager.data.restored", when=made_at.isoformat())
