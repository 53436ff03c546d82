"""People to test with, already on the roster and joined."""

from datetime import timedelta
from typing import Any

from bot.actions import people
from bot.actions.desk import Desk, Turn
from bot.domain.people import Asking, Client, Person, Status
from bot.domain.words import Role

LONDON = "Europe/London"


async def _joined(turn: Turn, role: Role, ref: str, name: str, chat_id: int | None, timezone: str) -> str:
    there = await turn.m.people.by_ref(ref)
    if there is not None:
        await turn.m.people.change(there.id, name=name, chat_id=chat_id)
        return there.id
    person_id = await turn.m.people.add(role, ref, name, "en", timezone, turn.now)
    if chat_id is not None:
        await turn.m.people.change(person_id, chat_id=chat_id, status=Status.JOINED, joined_at=turn.now)
    return person_id


async def a_worker(desk: Desk, ref: str = "W-1", name: str = "Sam", chat_id: int | None = 2001) -> Person:
    """A worker who has joined (with `chat_id=None`: who is only on the roster)."""
    return await _staff(desk, Role.WORKER, ref, name, chat_id)


async def a_manager(desk: Desk, ref: str = "M-1", name: str = "Jo", chat_id: int | None = 3001) -> Person:
    return await _staff(desk, Role.MANAGER, ref, name, chat_id)


async def _staff(desk: Desk, role: Role, ref: str, name: str, chat_id: int | None) -> Person:
    async with desk.turn() as turn:
        person_id = await _joined(turn, role, ref, name, chat_id, LONDON)
        found = await turn.m.people.by_id(person_id)
    assert found is not None
    return found


async def a_client(
    desk: Desk,
    worker: Person | None = None,
    ref: str = "R-118",
    name: str = "Alex",
    chat_id: int | None = 1001,
    timezone: str = LONDON,
    **changes: Any,
) -> Client:
    """A client who agreed to take part and is asked; `changes` are columns of their client row."""
    async with desk.turn() as turn:
        await _contacts(turn)
        person_id = await _joined(turn, Role.CLIENT, ref, name, chat_id, timezone)
        values: dict[str, Any] = {
            "worker_id": worker.id if worker else None,
            "asking": Asking.ON,
            "consent_version": people.consent_version(turn.plan, "en"),
            "consent_at": turn.now - timedelta(days=30),
            "agreed_chat_id": chat_id,
            "join_screen": 7,
            "card_explained": True,
        }
        await turn.m.people.change_client(person_id, **{**values, **changes})
        found = await turn.m.people.client(person_id)
    assert found is not None
    return found


async def contacts(desk: Desk) -> None:
    """Everybody whom the plan names as a contact has joined."""
    async with desk.turn() as turn:
        await _contacts(turn)


async def _contacts(turn: Turn) -> None:
    """Whoever the plan names as a contact has joined: before that, no client is asked."""
    for number, (ref, person) in enumerate(await people.contacts_missing(turn)):
        if person is None:
            await _joined(turn, Role.MANAGER, ref, f"Contact {ref}", 9001 + number, LONDON)
