"""Everybody on the roster, and what only clients have."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Asking, Client, Person, Status, Style
from bot.domain.words import Role
from storage import tables as t
from storage.sealing import Seal

NAME = "person.name"

# Asked several times at every tap: putting such a query together takes longer than asking it.
_CLIENTS = (
    sa.select(t.person, t.client)
    .join_from(t.client, t.person, t.client.c.person_id == t.person.c.id)
    .order_by(t.person.c.ref)
)
_PERSON_BY = {
    name: sa.select(t.person).where(t.person.c[name] == sa.bindparam("sought")) for name in ("id", "ref", "chat_id")
}
_CLIENT_BY = {name: _CLIENTS.where(t.person.c[name] == sa.bindparam("sought")) for name in ("id", "ref")}
_ADD_PERSON, _ADD_CLIENT = t.person.insert(), t.client.insert()
_CHANGE_PERSON = t.person.update().where(t.person.c.id == sa.bindparam("sought"))
_CHANGE_CLIENT = t.client.update().where(t.client.c.person_id == sa.bindparam("sought"))


class People:
    """Rows in, people out."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con
        self._seal = seal

    # ------------------------------------------------------------ one person

    async def by_id(self, person_id: str) -> Person | None:
        return await self._one("id", person_id)

    async def by_ref(self, ref: str) -> Person | None:
        return await self._one("ref", ref)

    async def refs(self) -> list[str]:
        """Everybody's, as the roster spells them: no two differ in capitals alone."""
        return list(await self._con.scalars(sa.select(t.person.c.ref).order_by(t.person.c.ref)))

    async def by_chat(self, chat_id: int) -> Person | None:
        return await self._one("chat_id", chat_id)

    async def many(self, person_ids: Iterable[str]) -> dict[str, Person]:
        """People by their ids."""
        query = sa.select(t.person).where(t.person.c.id.in_(set(person_ids)))
        return {row.id: self._person(row._mapping) for row in await self._con.execute(query)}

    async def everybody(self, role: Role | None = None) -> list[Person]:
        query = sa.select(t.person).order_by(t.person.c.ref)
        if role is not None:
            query = query.where(t.person.c.role == role)
        return [self._person(row._mapping) for row in await self._con.execute(query)]

    async def _one(self, by: str, sought: str | int) -> Person | None:
        row = (await self._con.execute(_PERSON_BY[by], {"sought": sought})).first()
        return self._person(row._mapping) if row else None

    def _person(self, row: Mapping[Any, Any]) -> Person:
        c = t.person.c
        sealed = row[c.name_sealed]
        return Person(
            id=row[c.id],
            role=Role(row[c.role]),
            ref=row[c.ref],
            name=self._seal.open(NAME, row[c.id], sealed) if sealed else row[c.ref],
            language=row[c.language],
            timezone=row[c.timezone],
            status=Status(row[c.status]),
            chat_id=row[c.chat_id],
            unreachable=row[c.unreachable],
            joined_at=row[c.joined_at],
            away_until=row[c.away_until],
            expects=row[c.expects],
            expects_until=row[c.expects_until],
        )

    async def add(self, role: Role, ref: str, name: str | None, language: str, timezone: str, now: datetime) -> str:
        """Put somebody on the roster; a client also gets their client row. Returns the new id."""
        person_id = t.new_id()
        row = {
            "id": person_id,
            "role": role,
            "ref": ref,
            "name_sealed": self._seal.close(NAME, person_id, name) if name else None,
            "language": language,
            "timezone": timezone,
            "status": Status.INVITED,
            "created_at": now,
        }
        await self._con.execute(_ADD_PERSON, row)
        if role is Role.CLIENT:
            await self._con.execute(_ADD_CLIENT, {"person_id": person_id})
        return person_id

    async def change(self, person_id: str, **values: Any) -> None:
        """Set columns of a person; `name` is sealed on the way."""
        if "name" in values:
            name = values.pop("name")
            values["name_sealed"] = self._seal.close(NAME, person_id, name) if name else None
        await self._con.execute(_CHANGE_PERSON, {"sought": person_id, **values})

    async def dead_chat(self, person_id: str, chat_id: int, why: str, now: datetime) -> bool:
        """This chat does not get through. False, and nothing noted, if it is not theirs any more."""
        p = t.person.c
        still = t.person.update().where(p.id == person_id, p.chat_id == chat_id)
        return (await self._con.execute(still.values(unreachable=why, unreachable_at=now))).rowcount == 1

    # ------------------------------------------------------------ clients

    async def lock(self, client_ids: Iterable[str]) -> None:
        """Nobody else acts on these clients before this unit ends. Comes before anything else of theirs is locked or
        written, and only once in a unit: then nobody ever waits in a ring. On SQLite units take turns anyway.
        """
        await self._lock(t.client.c.person_id.in_(sorted(set(client_ids))))

    async def lock_all(self) -> None:
        """The same for every client there is."""
        await self._lock(sa.true())

    async def lock_if_free(self, client_id: str) -> bool:
        """The same without waiting, and so at any time. False: somebody else is acting on this client just now."""
        return self._takes_turns or bool(await self._lock(t.client.c.person_id == client_id, skip_locked=True))

    async def _lock(self, which: sa.ColumnElement[bool], *, skip_locked: bool = False) -> int:
        if self._takes_turns:
            return 0
        query = sa.select(t.client.c.person_id).where(which).order_by(t.client.c.person_id)
        # Not the key itself: rows that only refer to the client may still be written.
        locked = query.with_for_update(key_share=True, skip_locked=skip_locked)
        return len((await self._con.execute(locked)).all())

    @property
    def _takes_turns(self) -> bool:
        return self._con.dialect.name == "sqlite"

    async def client(self, client_id: str) -> Client | None:
        return await self._one_client("id", client_id)

    async def client_by_ref(self, ref: str) -> Client | None:
        return await self._one_client("ref", ref)

    async def caseload(self, worker_id: str) -> list[Client]:
        """The clients assigned to one worker, by ref."""
        return await self._clients(t.client.c.worker_id == worker_id)

    async def clients(self) -> list[Client]:
        return await self._clients(sa.true())

    async def clients_by_id(self, client_ids: Sequence[str]) -> dict[str, Client]:
        return {one.id: one for one in await self._clients(t.client.c.person_id.in_(client_ids))}

    async def change_client(self, client_id: str, **values: Any) -> None:
        await self._con.execute(_CHANGE_CLIENT, {"sought": client_id, **values})

    async def assign(self, client_id: str, worker_id: str, now: datetime) -> None:
        """From now on this worker; what was before stays on record."""
        a = t.assignment.c
        still = (a.client_id == client_id, a.ends_at.is_(None))
        await self._con.execute(t.assignment.update().where(*still).values(ends_at=now))
        new = {"id": t.new_id(), "client_id": client_id, "worker_id": worker_id, "starts_at": now}
        await self._con.execute(t.assignment.insert().values(new))
        await self.change_client(client_id, worker_id=worker_id)

    async def assignments(self, client_id: str) -> list[tuple[str, datetime, datetime | None]]:
        """(worker's person id, from, until) in order; until None = now."""
        a = t.assignment.c
        query = sa.select(a.worker_id, a.starts_at, a.ends_at).where(a.client_id == client_id).order_by(a.starts_at)
        return [(row.worker_id, row.starts_at, row.ends_at) for row in await self._con.execute(query)]

    async def agreed_to_others(self, versions: Collection[str], screen: int, limit: int) -> list[Client]:
        """Clients who stand on this joining screen and agreed to something that is in force no more; kept for this unit,
        but for those on whom somebody else is acting."""
        c = t.client.c
        older = c.consent_version.is_not(None) & c.consent_version.not_in(versions)
        here = (c.join_screen == screen) & older & (t.person.c.status == Status.JOINED)
        return (await self._clients(here, lock=True))[:limit]

    async def breaks_over(self, now: datetime) -> list[Client]:
        """Clients whose break has ended by now; kept for this unit, but for those on whom somebody else is acting."""
        return await self._clients((t.client.c.asking == Asking.BREAK) & (t.client.c.paused_until <= now), lock=True)

    async def pause(self, client_id: str, why: str, starts_at: datetime, ends_at: datetime | None) -> None:
        """Keep a stretch in which nobody was asked; an earlier one that is still open ends where this one starts."""
        await self.resume(client_id, starts_at)
        row = {"id": t.new_id(), "client_id": client_id, "why": why, "starts_at": starts_at, "ends_at": ends_at}
        await self._con.execute(t.pause.insert().values(row))

    async def resume(self, client_id: str, now: datetime) -> None:
        """End every stretch that would go on after now."""
        p = t.pause.c
        goes_on = sa.or_(p.ends_at.is_(None), p.ends_at > now)
        await self._con.execute(t.pause.update().where(p.client_id == client_id, goes_on).values(ends_at=now))

    async def pauses(self, client_id: str) -> list[tuple[str, datetime, datetime | None]]:
        """(why, from, until) in order."""
        p = t.pause.c
        query = sa.select(p.why, p.starts_at, p.ends_at).where(p.client_id == client_id).order_by(p.starts_at)
        return [(row.why, row.starts_at, row.ends_at) for row in await self._con.execute(query)]

    async def note_consent(self, client_id: str, version: str, language: str, agreed: bool, now: datetime) -> None:
        row = {"id": t.new_id(), "client_id": client_id, "version": version, "language": language, "agreed": agreed}
        await self._con.execute(t.consent.insert().values(row | {"at": now}))

    async def consents(self, client_id: str) -> list[tuple[str, str, bool, datetime]]:
        """(version, language, agreed, at) in order."""
        c = t.consent.c
        query = sa.select(c.version, c.language, c.agreed, c.at).where(c.client_id == client_id).order_by(c.at)
        return [(row.version, row.language, row.agreed, row.at) for row in await self._con.execute(query)]

    async def has_consenting_client(self) -> bool:
        """Whether anybody takes part, whom alerts and crisis texts must go on for."""
        takes_part = t.client.c.consent_at.is_not(None) & (t.person.c.status == Status.JOINED)
        query = sa.select(t.client.c.person_id).join_from(t.client, t.person, t.client.c.person_id == t.person.c.id)
        return (await self._con.execute(query.where(takes_part).limit(1))).first() is not None

    async def _one_client(self, by: str, sought: str) -> Client | None:
        row = (await self._con.execute(_CLIENT_BY[by], {"sought": sought})).first()
        return self._client(row._mapping) if row else None

    async def _clients(self, where: sa.ColumnElement[bool], *, lock: bool = False) -> list[Client]:
        query = _CLIENTS.where(where)
        if lock:
            query = query.with_for_update(of=t.client, key_share=True, skip_locked=True)
        return [self._client(row._mapping) for row in await self._con.execute(query)]

    def _client(self, row: Mapping[Any, Any]) -> Client:
        c = t.client.c
        return Client(
            person=self._person(row),
            worker_id=row[c.worker_id],
            asking=Asking(row[c.asking]),
            asking_since=row[c.asking_since],
            paused_until=row[c.paused_until],
            consent_version=row[c.consent_version],
            consent_at=row[c.consent_at],
            quiet_mode=row[c.quiet_mode],
            style=Style(row[c.style]),
            join_screen=row[c.join_screen],
            card_explained=row[c.card_explained],
            own_times=row[c.own_times],
            next_session=row[c.next_session],
            erase_at=row[c.erase_at],
            erased_at=row[c.erased_at],
            agreed_chat_id=row[c.agreed_chat_id],
            shown_from=row[c.shown_from],
            worker_sees_from=row[c.worker_sees_from],
        )
