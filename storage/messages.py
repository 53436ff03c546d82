"""What stands in the chats, as far as the bot knows: its own messages, and the numbers of what clients wrote."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t

c = t.message.c
_IN_THEIR_CHAT = c.chat_id == sa.select(t.person.c.chat_id).where(t.person.c.id == c.person_id).scalar_subquery()
"""What stands in a chat that somebody had before says nothing about the one they have now."""
SAID = "said"
"""The surface of what a person wrote. It shows nothing."""


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
