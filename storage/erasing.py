"""Deleting what is held of one client, table by table and by name: nothing cascades here either.

What stays is the bare person (a ref that once took part, and when it was erased), and the audit lines, which hold
no content. On SQLite `secure_delete` overwrites the deleted bytes (`storage.engine`).
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.delivery import PostState
from bot.domain.people import Status
from storage import tables as t

ERASED = "erased"
"""Why a row that was in flight is dropped if it comes back."""
_o, _m, _c = t.outbox.c, t.message.c, t.client.c
_IN_THEIR_CHAT = _m.chat_id == sa.select(t.person.c.chat_id).where(t.person.c.id == _m.person_id).scalar_subquery()
"""A message is named by a number in its chat; in another chat the same number is another message."""

_OF_CLIENT = (
    *(t.signal, t.alert, t.remark, t.answer, t.check_in, t.goal),
    *(t.pause, t.session, t.worker_rating, t.timetable, t.consent, t.assignment),
)
"""Tables with a `client_id`, in an order in which nothing is deleted that another row still needs."""


class Erasing:
    """Everything of one client, to count and to delete."""

    def __init__(self, con: AsyncConnection) -> None:
        self._con = con

    # ------------------------------------------------------------ whose turn

    async def due(self, now: datetime) -> list[str]:
        """Clients whose day has come, the longest waiting first."""
        query = sa.select(_c.person_id).where(_c.erase_at <= now).order_by(_c.erase_at, _c.person_id)
        return list(await self._con.scalars(query))

    async def discharged(self, until: datetime) -> list[tuple[str, datetime]]:
        """(client id, when) of those who were discharged until then and are still here, the first one first."""
        gone = (_c.discharged_at <= until, _c.erased_at.is_(None), t.person.c.status == Status.DISCHARGED)
        query = sa.select(_c.person_id, _c.discharged_at).join(t.person, t.person.c.id == _c.person_id).where(*gone)
        rows = await self._con.execute(query.order_by(_c.discharged_at, _c.person_id))
        return [(row.person_id, row.discharged_at) for row in rows]

    async def lock(self, client_id: str) -> None:
        """Whoever writes about this client at the same moment waits until this unit has ended."""
        await self._con.execute(sa.select(_c.person_id).where(_c.person_id == client_id).with_for_update())

    # ------------------------------------------------------------ what there is

    async def standing(self, person_id: str, since: datetime) -> list[int]:
        """Messages in this person's chat, the bot's and their own, from after `since`."""
        query = sa.select(_m.message_id).where(_m.person_id == person_id, _m.sent_at > since, _IN_THEIR_CHAT)
        return list(await self._con.scalars(query.order_by(_m.sent_at, _m.message_id)))

    async def elsewhere(self, client_id: str, surfaces: Sequence[str], since: datetime) -> list[tuple[str, str, int]]:
        """(person id, surface, message id) of what was sent about the client to others after `since`."""
        theirs = (self._told(client_id, surfaces), _m.person_id != client_id, _m.sent_at > since, _IN_THEIR_CHAT)
        query = sa.select(_m.person_id, _m.surface, _m.message_id).where(*theirs)
        rows = await self._con.execute(query.order_by(_m.sent_at, _m.message_id))
        return [(row.person_id, row.surface, row.message_id) for row in rows]

    async def count(self, client_id: str) -> dict[str, int]:
        """Rows by table, as `everything` would delete them, without what only carried messages."""
        counted = {}
        for table in (*_OF_CLIENT, t.alert_event):
            query = sa.select(sa.func.count()).select_from(table).where(self._of(table, client_id))
            counted[table.name] = int((await self._con.execute(query)).scalar_one())
        return counted

    # ------------------------------------------------------------ deleting

    async def everything(self, client_id: str, chat_id: int | None, surfaces: Sequence[str]) -> None:
        """Delete all that the client said, all that was computed from it, and every message row about it.

        `surfaces` are those on which others were told of the client.
        """
        told = self._told(client_id, surfaces)
        await self._con.execute(t.message.delete().where((_m.person_id == client_id) | told))
        await self._carried(client_id)
        await self._con.execute(t.alert_event.delete().where(self._of(t.alert_event, client_id)))
        for table in _OF_CLIENT:
            await self._con.execute(table.delete().where(self._of(table, client_id)))
        await self._con.execute(t.invitation.delete().where(t.invitation.c.person_id == client_id))
        if chat_id is not None:
            read = (t.inbox.c.chat_key == chat_id) & (t.inbox.c.state != "new")
            await self._con.execute(t.inbox.delete().where(read))
            await self._con.execute(t.wrong_code.delete().where(t.wrong_code.c.chat_id == chat_id))

    async def unread(self, chat_id: int) -> None:
        """What came from this chat and has not been handled."""
        await self._con.execute(t.inbox.delete().where(t.inbox.c.chat_key == chat_id))

    async def _carried(self, client_id: str) -> None:
        """Outbox rows to and about the client. What is in flight loses its content, and does not come back."""
        about = sa.or_(_o.person_id == client_id, self._about(client_id))
        flying = t.outbox.update().where(about, _o.state == PostState.SENDING)
        bare = {"facts_sealed": None, "client_id": None, "check_in_id": None, "alert_id": None, "why": ERASED}
        await self._con.execute(flying.values(**bare))
        await self._con.execute(t.outbox.delete().where(about, _o.state != PostState.SENDING))

    def _about(self, client_id: str) -> sa.ColumnElement[bool]:
        return sa.or_(
            _o.client_id == client_id,
            _o.check_in_id.in_(sa.select(t.check_in.c.id).where(t.check_in.c.client_id == client_id)),
            _o.alert_id.in_(self._alerts(client_id)),
            _o.key.contains(client_id, autoescape=True),
        )

    def _told(self, client_id: str, surfaces: Sequence[str]) -> sa.ColumnElement[bool]:
        """Messages about the client, whatever their surface: the rows that carried them say whom they are about."""
        carried = sa.select(_o.person_id, _o.message_id).where(self._about(client_id), _o.message_id.is_not(None))
        return sa.or_(_m.surface.in_(surfaces), sa.tuple_(_m.person_id, _m.message_id).in_(carried))

    def _of(self, table: sa.Table, client_id: str) -> sa.ColumnElement[bool]:
        if table is t.alert_event:
            return t.alert_event.c.alert_id.in_(self._alerts(client_id))
        return table.c.client_id == client_id

    def _alerts(self, client_id: str) -> sa.Select[tuple[str]]:
        return sa.select(t.alert.c.id).where(t.alert.c.client_id == client_id)

    # ------------------------------------------------------------ the chat itself

    async def still_bound(self) -> list[tuple[str, int]]:
        """(person id, chat id) of those who were erased and whose chat is still known, for the receipt to get there."""
        query = sa.select(t.person.c.id, t.person.c.chat_id).join_from(t.client, t.person, _c.person_id == t.person.c.id)
        rows = await self._con.execute(query.where(_c.erased_at.is_not(None), t.person.c.chat_id.is_not(None)))
        return [(row.id, row.chat_id) for row in rows]

    async def strays(self, person_id: str, receipt: str) -> list[int]:
        """Messages that were in flight during the erasing and have arrived since; the receipt is none of them."""
        query = sa.select(_m.message_id).where(_m.person_id == person_id, _m.surface != receipt, _IN_THEIR_CHAT)
        return list(await self._con.scalars(query))

    async def unsettled(self, person_id: str) -> bool:
        """Whether something is still on its way to this person."""
        on_its_way = _o.state.in_((PostState.WAITING, PostState.SENDING))
        query = sa.select(_o.id).where(_o.person_id == person_id, on_its_way).limit(1)
        return (await self._con.execute(query)).first() is not None

    async def let_go(self, person_id: str, chat_id: int) -> None:
        """Forget which chat it was, and what was carried to it."""
        await self._con.execute(t.outbox.delete().where(_o.person_id == person_id))
        await self._con.execute(t.message.delete().where(_m.person_id == person_id))
        read = (t.inbox.c.chat_key == chat_id) & (t.inbox.c.state != "new")
        await self._con.execute(t.inbox.delete().where(read))
        gone = {"chat_id": None, "unreachable": None, "unreachable_at": None}
        await self._con.execute(t.person.update().where(t.person.c.id == person_id).values(**gone))
