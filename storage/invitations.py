"""Invitations by the hash of their code, and wrong codes by the chat that tried them."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.invitations import Invitation
from storage import tables as t
from storage.sealing import Seal


def new_code() -> str:
    """32 random bytes in 43 characters that a link can carry."""
    return secrets.token_urlsafe(32)


class Invitations:
    """At most one open invitation per person."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self._con = con

    async def add(self, person_id: str, code_hash: str, made_by: str, now: datetime, expires_at: datetime) -> str:
        """A new one; the person's older ones end."""
        await self.end(person_id, "replaced")
        invitation_id = t.new_id()
        await self._con.execute(
            t.invitation.insert().values(
                id=invitation_id,
                person_id=person_id,
                code_hash=code_hash,
                made_by=made_by,
                made_at=now,
                expires_at=expires_at,
            )
        )
        return invitation_id

    async def by_hash(self, code_hash: str) -> Invitation | None:
        row = (await self._con.execute(sa.select(t.invitation).where(t.invitation.c.code_hash == code_hash))).first()
        return _invitation(row._mapping) if row else None

    async def latest(self, person_id: str) -> Invitation | None:
        """The one made last, whatever became of it."""
        query = sa.select(t.invitation).where(t.invitation.c.person_id == person_id)
        row = (await self._con.execute(query.order_by(t.invitation.c.made_at.desc()).limit(1))).first()
        return _invitation(row._mapping) if row else None

    async def last_used(self, person_id: str) -> datetime | None:
        """When this person's chat was last opened with a link; None = never."""
        i = t.invitation.c
        found: datetime | None = await self._con.scalar(sa.select(sa.func.max(i.used_at)).where(i.person_id == person_id))
        return found

    async def use(self, invitation_id: str, now: datetime) -> bool:
        """Mark as used; False when somebody else was first."""
        i = t.invitation.c
        unused = (i.id == invitation_id, i.used_at.is_(None), i.ended.is_(None))
        done = await self._con.execute(t.invitation.update().where(*unused).values(used_at=now))
        return done.rowcount == 1

    async def end(self, person_id: str, why: str) -> None:
        """None of the person's open invitations counts any more."""
        i = t.invitation.c
        still_open = (i.person_id == person_id, i.used_at.is_(None), i.ended.is_(None))
        await self._con.execute(t.invitation.update().where(*still_open).values(ended=why))

    async def note_wrong(self, chat_id: int, now: datetime) -> None:
        await self._con.execute(t.wrong_code.insert().values(chat_id=chat_id, at=now))

    async def wrong_since(self, chat_id: int, since: datetime) -> tuple[int, int]:
        """How many wrong codes have been tried after `since`: from this chat, and from all together."""
        w = t.wrong_code.c
        query = sa.select(sa.func.count().filter(w.chat_id == chat_id), sa.func.count()).where(w.at > since)
        from_here, from_all = (await self._con.execute(query)).one()
        return from_here, from_all

    async def forget_wrong(self, chat_id: int | None = None, before: datetime | None = None) -> None:
        """Of a chat whose link was right after all, or all that were tried before a moment."""
        w = t.wrong_code.c
        gone = w.chat_id == chat_id if chat_id is not None else w.at < before
        await self._con.execute(t.wrong_code.delete().where(gone))


def _invitation(row: Mapping[Any, Any]) -> Invitation:
    i = t.invitation.c
    return Invitation(
        id=row[i.id],
        person_id=row[i.person_id],
        made_by=row[i.made_by],
        made_at=row[i.made_at],
        expires_at=row[i.expires_at],
        used_at=row[i.used_at],
        ended=row[i.ended],
    )
