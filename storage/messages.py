"""What stands in the chats, as far as the bot knows: its own messages, and the numbers of what clients wrote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.delivery import PostState
from bot.domain.outgoing import Outgoing, Shown
from bot.domain.signals.occasions import RUNNING
from storage import tables as t

c = t.message.c
_IN_THEIR_CHAT = c.chat_id == sa.select(t.person.c.chat_id).where(t.person.c.id == c.person_id).scalar_subquery()
"""What stands in a chat that somebody had before says nothing about the one they have now."""
SAID = "said"
"""The surface of what a person wrote. It shows nothing."""
CLEARED = "cleared"
"""The surface of what is being deleted from the chat."""
CHECK_IN = "checkin:"

# Asked for every message that leaves: put together once.
_ELSEWHERE = sa.and_(
    *(c[name] == sa.bindparam(f"the_{name}") for name in ("person_id", "chat_id", "surface")),
    c.current.is_(True),
    c.message_id != sa.bindparam("the_message_id"),
)
"""What stands on a surface besides one message."""
_OTHERS = sa.select(c.message_id, c.has_photo, c.has_buttons).where(_ELSEWHERE)
_OVER = t.message.update().where(_ELSEWHERE).values(current=False, has_buttons=False)


def _stand(dialect: Any) -> Any:
    insert = dialect.insert(t.message)
    shows = {name: insert.excluded[name] for name in ("has_photo", "has_buttons", "surface", "current")}
    return insert.on_conflict_do_update(index_elements=["chat_id", "message_id"], set_=shows)


_STAND = {"sqlite": _stand(sqlite), "postgresql": _stand(postgresql)}


class Messages:
    """Which message shows which surface; the courier writes these rows when it settles what it sent."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    async def standing(self, person_id: str, surface: str) -> int | None:
        """The message that shows this surface now."""
        query = (
            sa.select(c.message_id)
            .where(c.person_id == person_id, c.surface == surface, c.current.is_(True), _IN_THEIR_CHAT)
            .order_by(c.sent_at.desc())
        )
        found: int | None = await self._con.scalar(query.limit(1))
        return found

    async def older(self, person_id: str, surface: str) -> list[int]:
        """Messages that showed this surface before the one that shows it now."""
        theirs = (c.person_id == person_id, c.surface == surface, c.current.is_(False), _IN_THEIR_CHAT)
        query = sa.select(c.message_id).where(*theirs).order_by(c.sent_at)
        return list(await self._con.scalars(query))

    async def knows(self, chat_id: int, message_id: int) -> bool:
        query = sa.select(c.id).where(c.chat_id == chat_id, c.message_id == message_id)
        return (await self._con.execute(query)).first() is not None

    async def adopt(self, person_id: str, chat_id: int, message_id: int, surface: str, now: datetime) -> None:
        """Learn from a tap that this message shows the surface: Telegram took it and nobody could tell the bot."""
        await self._con.execute(
            t.message.insert().values(
                id=t.new_id(),
                person_id=person_id,
                chat_id=chat_id,
                message_id=message_id,
                surface=surface,
                has_buttons=True,
                sent_at=now,
            )
        )

    async def heard(self, person_id: str, chat_id: int, message_id: int, now: datetime) -> None:
        """The person's own message: nothing of it is kept but its number, so that it can be cleared from the chat."""
        if not await self.knows(chat_id, message_id):
            row = {"id": t.new_id(), "person_id": person_id, "chat_id": chat_id, "message_id": message_id}
            await self._con.execute(t.message.insert().values(**row, surface=SAID, current=False, sent_at=now))

    async def since(self, person_id: str, chat_id: int, moment: datetime, *, said: bool = False) -> list[int]:
        """Messages in this chat since `moment`, oldest first: everybody's, or with `said` only the person's own."""
        query = sa.select(c.message_id).where(c.person_id == person_id, c.chat_id == chat_id, c.sent_at >= moment)
        if said:
            query = query.where(c.surface == SAID)
        return list(await self._con.scalars(query.order_by(c.sent_at, c.message_id)))

    # ------------------------------------------------------------ what may leave the chat

    async def to_clear(self, before: datetime, after: datetime, now: datetime, clients: int) -> dict[str, list[int]]:
        """Client → what was asked and said in their chat between `after` and `before` and need not stand there any more.

        Of so many clients at once. What belongs to a check-in that may still be answered is left out; so is everything
        while the client is asked how their worker shall hear of it: then an alert waits until its time has come.
        """
        k, p = t.check_in.c, t.person.c
        its_place = sa.or_(c.surface == CHECK_IN + k.id, c.surface.startswith(CHECK_IN + k.id + ":"))
        answerable = sa.select(k.id).where(
            k.client_id == c.person_id, k.state.in_(RUNNING), k.expires_at > now, its_place
        )
        o = t.outbox.c
        asked = sa.select(o.id).where(
            o.client_id == c.person_id, o.alert_id.is_not(None), o.state == PostState.WAITING, o.not_before > now
        )
        said = sa.or_(c.surface == SAID, c.surface.startswith(CHECK_IN), c.surface.startswith("remark:"))
        query = (
            sa.select(c.person_id, c.message_id)
            .join(t.client, t.client.c.person_id == c.person_id)
            .join(t.person, p.id == c.person_id)
            .where(c.chat_id == p.chat_id, p.unreachable.is_(None), said, ~answerable.exists(), ~asked.exists())
            .where(c.sent_at <= before, c.sent_at > after)
            .order_by(c.person_id, c.sent_at, c.message_id)
        )
        found: dict[str, list[int]] = {}
        for row in await self._con.execute(query):
            if row.person_id not in found and len(found) == clients:
                break
            found.setdefault(row.person_id, []).append(row.message_id)
        return found

    async def cleared(self, person_id: str, message_ids: Sequence[int]) -> None:
        """Their deletion is on its way: they show nothing any more."""
        these = t.message.update().where(c.person_id == person_id, c.message_id.in_(message_ids), _IN_THEIR_CHAT)
        await self._con.execute(these.values(surface=CLEARED, current=False, has_buttons=False))

    async def forget_before(self, before: datetime, limit: int) -> int:
        """Drop the numbers of old messages that show nothing: nobody can delete those any more. Returns how many."""
        useless = sa.or_(c.surface.in_((SAID, CLEARED)), c.current.is_(False) & c.has_buttons.is_(False))
        some = sa.select(c.id).where(c.sent_at < before, useless).limit(limit)
        return (await self._con.execute(t.message.delete().where(c.id.in_(some)))).rowcount

    # ------------------------------------------------------------ what was sent

    async def stand(self, out: Outgoing, now: Shown, at: datetime) -> list[Shown]:
        """This message is what the surface shows from now on. Returns what stood there until now."""
        here = {"the_person_id": out.person_id, "the_chat_id": out.chat_id, "the_surface": out.surface}
        others = {**here, "the_message_id": now.message_id}
        older = [
            Shown(row.message_id, row.has_photo, row.has_buttons) for row in await self._con.execute(_OTHERS, others)
        ]
        if older:
            await self._con.execute(_OVER, others)
        await self.note(out, now, at, current=True)
        return older

    async def note(self, out: Outgoing, now: Shown, at: datetime, *, current: bool) -> None:
        """This message is in the chat; if `current`, it is what its surface shows."""
        assert out.chat_id is not None
        given = {
            "id": t.new_id(),
            "sent_at": at,
            "person_id": out.person_id,
            "chat_id": out.chat_id,
            "surface": out.surface,
            "message_id": now.message_id,
            "has_photo": now.has_photo,
            "has_buttons": now.has_buttons,
            "current": current,
        }
        await self._con.execute(_STAND[self._con.dialect.name], given)

    async def falls(self, chat_id: int, message_id: int) -> None:
        """This message is gone: its surface is empty."""
        await self._con.execute(self._message(chat_id, message_id).values(current=False, has_buttons=False))

    async def bare(self, chat_id: int, message_id: int) -> None:
        """This message has no buttons any more."""
        await self._con.execute(self._message(chat_id, message_id).values(has_buttons=False))

    def _message(self, chat_id: int, message_id: int) -> sa.Update:
        return t.message.update().where(c.chat_id == chat_id, c.message_id == message_id)
