"""When whom to ask next: the timetable, worked out anew whenever what it depends on has changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.actions.desk import Turn
from bot.domain.asked import Own
from bot.domain.checkins import CheckIn
from bot.domain.people import Asking, Client, Status
from bot.domain.schedules import Due, Schedule, moved, next_due
from storage.timetable import Slot

MOMENT, A_WEEK = timedelta(microseconds=1), timedelta(weeks=1)


# ---------------------------------------------------------------- planning


async def plan_for(turn: Turn, client_id: str) -> datetime | None:
    """Work out anew when this client is asked: after joining, a change of zone or hours, the end of a break.

    Returns when they are first asked; None when they are not asked by the clock. An occasion that has not been
    decided yet keeps its day, so that a change of zone neither doubles nor drops one.
    """
    client = await turn.m.people.client(client_id)
    if client is None:
        return None
    stands = {slot.schedule: slot for slot in await turn.m.timetable.of([client_id])}
    latest = await turn.m.checkins.latest([client_id], turn.now)
    slots = _planned(turn, client, stands, latest[client_id], (await meetings(turn, [client]))[client_id])
    await turn.m.timetable.drop([slot for name, slot in stands.items() if name not in {one.schedule for one in slots}])
    await turn.m.timetable.put(slots)
    turn.ring(turn.desk.bells.release)
    return min((slot.due.at for slot in slots), default=None)


async def replan_all(turn: Turn) -> int:
    """The same for everybody who takes part: a new plan has come into force. Returns how many clients."""
    everybody = [client for client in await turn.m.people.clients() if client.person.status is Status.JOINED]
    rows: dict[str, dict[str, Slot]] = {}
    for slot in await turn.m.timetable.everything():
        rows.setdefault(slot.client_id, {})[slot.schedule] = slot
    new: list[Slot] = []
    for start in range(0, len(everybody), 500):
        some = everybody[start : start + 500]
        latest, met = await turn.m.checkins.latest([one.id for one in some], turn.now, most=3), await meetings(turn, some)
        for client in some:
            new += _planned(turn, client, rows.get(client.id, {}), latest[client.id], met[client.id])
    keys = {(slot.client_id, slot.schedule) for slot in new}
    await turn.m.timetable.drop([s for of in rows.values() for s in of.values() if (s.client_id, s.schedule) not in keys])
    await turn.m.timetable.put(new)
    turn.ring(turn.desk.bells.release)
    return len(everybody)


def _planned(
    turn: Turn, client: Client, stands: dict[str, Slot], latest: Sequence[CheckIn], met: Sequence[datetime]
) -> list[Slot]:
    if client.person.status is not Status.JOINED or client.asking is Asking.NO_MORE:
        return []
    found = []
    for schedule in turn.plan.schedules:
        slot, done = stands.get(schedule.name), last_of(latest, schedule.name)
        due = _due(turn, client, schedule, slot, done, met)
        if due is None:
            continue
        waits = slot is not None and slot.due == due and slot.next_due_at > due.at
        found.append(Slot(client.id, schedule.name, due, slot.next_due_at if slot and waits else due.at))
    return found


def _due(
    turn: Turn,
    client: Client,
    schedule: Schedule,
    slot: Slot | None,
    done: CheckIn | None,
    sessions: Sequence[datetime],
) -> Due | None:
    calendar, zone, own = turn.plan.calendar, client.person.timezone, Own.from_json(client.own_times)
    last = done.local_date if done else None
    if slot is not None:
        same = moved(slot.due, schedule, calendar, zone, own)
        if next_due(schedule, calendar, zone, same.at - MOMENT, sessions, own, last) == same:
            return same
    return next_due(schedule, calendar, zone, turn.now, sessions, own, last)


async def meetings(turn: Turn, clients: Sequence[Client]) -> Mapping[str, Sequence[datetime]]:
    """Client → the meetings that schedules count from: the next one, and those that were a while ago."""
    follows = max((one.after_session for one in turn.plan.schedules if one.after_session is not None), default=None)
    found: dict[str, set[datetime]] = {one.id: {one.next_session} if one.next_session else set() for one in clients}
    if follows is not None:
        since = turn.now - follows - A_WEEK
        for client_id, past in (await turn.m.sessions.taken_place(list(found), since, turn.now)).items():
            found[client_id].update(past)
    return {client_id: sorted(of) for client_id, of in found.items()}


def last_of(latest: Sequence[CheckIn], schedule: str) -> CheckIn | None:
    """The newest check-in of one schedule."""
    return next((one for one in latest if one.schedule == schedule), None)
