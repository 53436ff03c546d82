"""The roster: who is here, and what a file changes about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from bot.actions import accounts, prompts, reassigning, renewing, timetable
from bot.actions.desk import Turn
from bot.domain import roster
from bot.domain.people import Asking, Client, Person, Status
from bot.domain.plan import Plan
from bot.domain.roster import Entry, Known, Problem
from bot.domain.roster_changes import Change, Changes, changes, write
from bot.domain.words import OPERATOR, Role
from storage.stores import Stores

ROSTER = "roster"
"""Who did it, where a file said so: for the record."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file did, or would do; nothing at all if it has problems."""

    problems: tuple[Problem, ...]
    changes: Changes


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the roster as staff read it; `joined` and `asking` say how far things have come."""

    entry: Entry
    joined: datetime | None
    reachable: bool
    asking: Asking | None


async def import_roster(turn: Turn, text: str, *, dry_run: bool) -> Imported:
    """Bring the roster in line with a file, all of it or, if anything in it is wrong, nothing."""
    there = {one.entry.ref: one.entry for one in await listed(turn.m)}
    sheet = roster.read(text, _known(turn.plan, there))
    default = turn.plan.service.languages[0]
    found = changes(sheet.entries, there, default, turn.plan.service.timezone)
    if not sheet.problems and not dry_run:
        await _apply(turn, found)
    return Imported(sheet.problems, found)


async def listed(m: Stores) -> list[Listed]:
    """Everybody on the roster, by ref."""
    refs = {person.id: person.ref for person in await m.people.everybody()}
    clients = {client.id: client for client in await m.people.clients()}
    return [_listed(person, clients.get(person.id), refs) for person in await m.people.everybody()]


async def export_roster(m: Stores) -> str:
    """The roster as a file that imports as it is."""
    return write(one.entry for one in await listed(m))


def _known(plan: Plan, there: Mapping[str, Entry]) -> Known:
    roles = {ref: entry.role for ref, entry in there.items()}
    return Known(roles, plan.service.languages, plan.service.timezone, available_timezones())


def _listed(person: Person, client: Client | None, refs: Mapping[str, str]) -> Listed:
    entry = Entry(
        role=person.role,
        ref=person.ref,
        name=person.name if person.name != person.ref else None,
        worker=refs.get(client.worker_id) if client and client.worker_id else None,
        language=person.language,
        timezone=person.timezone,
        next_session=client.next_session if client else None,
        status=person.status,
    )
    return Listed(entry, person.joined_at, person.reachable, client.asking if client else None)


async def _apply(turn: Turn, found: Changes) -> None:
    await turn.m.people.lock_all()  # whoever leaves may have anybody's alerts in their hands
    for entry in found.new:
        await turn.m.people.add(entry.role, entry.ref, entry.name, entry.language or "", entry.timezone or "", turn.now)
    ids = {person.ref: person.id for person in await turn.m.people.everybody()}
    for entry in found.new:
        await _settle(turn, ids, entry, tuple(name for name in ("worker", "next_session") if getattr(entry, name)))
        if entry.ended:
            await _end(turn, ids[entry.ref], entry.role)
    for change in sorted(found.changed, key=lambda one: one.ends):  # first whoever takes over what they had
        await _change(turn, ids, change)
    await renewing.all_open(turn)
    await turn.m.audit.note_each(turn.now, OPERATOR, "roster_new", [one.ref for one in found.new])
    await turn.m.audit.note_each(turn.now, OPERATOR, "roster_changed", [one.after.ref for one in found.changed])


async def _change(turn: Turn, ids: Mapping[str, str], change: Change) -> None:
    person_id, after = ids[change.after.ref], change.after
    given = {name: getattr(after, name) for name in ("name", "language", "timezone") if name in change.fields}
    if given:
        await turn.m.people.change(person_id, **given)
    await _settle(turn, ids, after, change.fields)
    if change.ends:
        await _end(turn, person_id, after.role)
    elif change.comes_back:
        await _come_back(turn, person_id, after.role)
    elif after.role is Role.CLIENT and {"timezone", "next_session"} & set(change.fields):
        await timetable.plan_for(turn, person_id)


async def _settle(turn: Turn, ids: Mapping[str, str], entry: Entry, fields: tuple[str, ...]) -> None:
    """What only clients have: their worker and their next session."""
    if "worker" in fields and entry.worker is not None:
        await reassigning.give(turn, ids[entry.ref], ids[entry.worker])
    if "next_session" in fields:
        before = await turn.m.people.client(ids[entry.ref])
        if before is not None and before.next_session is not None and before.next_session <= turn.now:
            await turn.m.sessions.keep(before.id, before.next_session, ROSTER, turn.now)
        await turn.m.people.change_client(ids[entry.ref], next_session=entry.next_session)


async def _end(turn: Turn, person_id: str, role: Role) -> None:
    """Discharge ends the prompts; what was said stays until `retention.after_discharge` is over. What staff had in their
    hands goes on with `renewing`."""
    await turn.m.people.change(person_id, status=Status.DISCHARGED, expects=None, expects_until=None)
    await turn.m.invitations.end(person_id, "discharged")
    if role is Role.CLIENT:
        ends = {"asking": Asking.NO_MORE, "asking_since": turn.now, "paused_until": None, "discharged_at": turn.now}
        await turn.m.people.change_client(person_id, **ends)
        await prompts.stop_asking(turn, person_id, "discharged")


async def _come_back(turn: Turn, person_id: str, role: Role) -> None:
    """As somebody new: a new link, and for a client a new yes."""
    person = await turn.m.people.by_id(person_id)
    if person is not None:
        await accounts.close(turn, person, ROSTER, takes_leave=False)
        await turn.m.people.change(person_id, status=Status.INVITED)
    if role is Role.CLIENT:
        anew = {"asking": Asking.NOT_YET, "consent_version": None, "consent_at": None, "join_screen": 0}
        await turn.m.people.change_client(person_id, discharged_at=None, **anew)
