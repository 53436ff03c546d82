"""People with phones, against a bot that may die at any moment: clients who tap or type, staff who take what rings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from bot.actions.desk import Desk
from bot.domain.people import Client
from bot.rehearsal.telegram import Message, Phone
from storage import tables as t
from tests.support.ledger import account as account
from tests.support.ledger import settled as settled
from tests.support.seats import ask as ask
from tests.support.seats import asks, is_card
from tests.support.seats import seat as seat

LOW, USUAL = 1, 8
PATIENCE = 4.0
"""Seconds after which somebody taps again, when nothing happens."""
ANSWERS = (LOW, USUAL, USUAL)
GOT_IT = "I've got it"
AGAIN = 20.0
"""Seconds after which staff tap again."""


# ---------------------------------------------------------------- clients


async def play(
    desk: Desk, client: Client, phone: Phone, rounds: int, enough: asyncio.Event, patience: float = 60
) -> None:
    """Answer check-in after check-in by tapping."""
    await Player(desk, client, phone, enough, patience=patience).play(rounds)


@dataclass
class Player:
    """One client, who answers check-in after check-in, low on the first question."""

    desk: Desk
    client: Client
    phone: Phone
    enough: asyncio.Event
    """The last kill: from then on something must come within `patience` seconds, longer than any lease."""
    types: bool = False
    patience: float = 60

    async def play(self, rounds: int) -> None:
        for number in range(rounds):
            if self.enough.is_set():
                return
            seen = self.phone.revision
            await ask(self.desk, self.client, f"s{number}")
            shown = await self._asked(seen)
            if shown is not None:
                await (self._type(shown) if self.types else self._tap(shown))

    async def _asked(self, seen: int) -> Message | None:
        """The card, once it is there; None when nobody can know whether it came, and the bot has said so."""
        async for _ in self._patiently():
            shown = await _sees(self.phone, is_card, seen)
            if shown is not None or await self._in_doubt():
                return shown
        raise AssertionError(f"{self.client.ref} is never asked\n{self.phone.transcript}\n{await self._on_record()}")

    async def _on_record(self) -> str:
        """What the database knows of the newest check-ins, for whoever has to find out why nothing came."""
        kept = (
            (t.timetable, t.timetable.c.next_due_at),
            (t.check_in, t.check_in.c.planned_at),
            (t.outbox, t.outbox.c.number),
        )
        async with self.desk.glance() as m:
            found = [
                await m.con.execute(
                    sa.select(table).where(table.c.client_id == self.client.id).order_by(newest.desc()).limit(8)
                )
                for table, newest in kept
            ]
        return "\n".join(str(dict(row._mapping)) for rows in found for row in rows)

    async def _patiently(self) -> AsyncIterator[None]:
        """Again and again, until patience is at its end."""
        left = self.patience
        while left > 0:
            yield
            left -= PATIENCE * self.enough.is_set()

    async def _in_doubt(self) -> bool:
        """End the window of a check-in whose question was given up, the first or a later one, as a day would, so that
        the next check-in can be asked. What was typed has been read by then, as it would have been in a day.
        """
        if self.phone.unread or await self._waits():
            return False
        o, k = t.outbox.c, t.check_in.c
        newest = sa.select(o.state).where(o.check_in_id == k.id).order_by(o.number.desc()).limit(1).scalar_subquery()
        running = (k.client_id == self.client.id, k.state.in_(("planned", "open")), newest == "dead")
        async with self.desk.turn() as turn:
            over = t.check_in.update().where(*running, k.expires_at > turn.now).values(expires_at=turn.now)
            return (await turn.m.con.execute(over)).rowcount > 0

    async def _waits(self) -> bool:
        async with self.desk.glance() as m:
            return await m.inbox.waits_from(self.phone.chat_id)

    async def _tap(self, shown: Message | None) -> None:
        """Until nothing more of it can be tapped, on whatever copy of the card it stands."""
        about = asks(shown) if shown is not None else None
        while shown is not None and about is not None:
            now = await self._until_it_changes(shown)
            shown = now if is_card(now) else self._copy(about.args[0])

    def _copy(self, check_in: str) -> Message | None:
        cards = [(one, asks(one)) for one in self.phone.messages]
        return next((one for one, about in reversed(cards) if about is not None and about.args[0] == check_in), None)

    async def _until_it_changes(self, shown: Message) -> Message:
        async for _ in self._patiently():
            now = self._as_it_stands(shown)
            if now.revision > shown.revision or now.id != shown.id:
                return now
            self.phone.tap(_says(shown), shown.id)
            changed = await _sees(self.phone, lambda message: message.id == shown.id, shown.revision)
            if changed is not None:
                return changed
        raise AssertionError(f"nothing comes of {self.client.ref}'s taps on {shown}")

    def _as_it_stands(self, shown: Message) -> Message:
        """A busy computer shows a change after one has given up waiting for it; and one copy too many is taken away."""
        return next((message for message in self.phone.messages if message.id == shown.id), self.phone.last)

    async def _type(self, shown: Message) -> None:
        """Each number once: what is typed waits at Telegram for a day, and is lost by nobody. The next question may
        come on another copy of the card than the one that was seen first, or on none that anybody can be sure of.
        """
        about = asks(shown)
        while about is not None:
            before, check_in, item = self.phone.revision, about.args[0], int(about.args[1])
            self.phone.text(_says(shown))
            after = await self._until_it_follows(partial(_follows, check_in, item, shown.id), before)
            if after is None:
                return
            shown, about = after, asks(after)

    async def _until_it_follows(self, follows: Callable[[Message], bool], before: int) -> Message | None:
        async for _ in self._patiently():
            shown = await _sees(self.phone, follows, before)
            if shown is not None or await self._in_doubt():
                return shown
        raise AssertionError(f"nothing comes of what {self.client.ref} typed\n{self.phone.transcript}")


async def _sees(phone: Phone, what: Callable[[Message], bool], after: int) -> Message | None:
    """What is newer than revision `after` and fits, or None when it does not come soon."""
    try:
        return await phone.expect(what, PATIENCE, after=after)
    except AssertionError:
        return None


def _follows(check_in: str, item: int, card: int, message: Message) -> bool:
    """Is this what comes after that item: the next one, or the end, on this card or a later copy of it? What stands on
    older ones is about check-ins before.
    """
    about = asks(message)
    if about is None:
        return item == len(ANSWERS) - 1 and not message.buttons and message.id >= card
    return about.args[:2] == (check_in, str(item + 1))


def _says(shown: Message) -> str:
    """The label that this client taps: low on the first question, the first option where there are no numbers."""
    tap = asks(shown)
    assert tap is not None
    return str(ANSWERS[int(tap.args[1])]) if "10" in shown.labels else shown.labels[0]


# ---------------------------------------------------------------- staff


async def takes_alerts(phone: Phone, enough: Callable[[], bool]) -> None:
    """Tap *I've got it* on whatever rings, and again when nothing comes of it, until there has been enough."""
    tapped: dict[int, float] = {}
    clock = asyncio.get_running_loop().time
    while not enough():
        for message in phone.messages:
            if GOT_IT in message.labels and clock() - tapped.get(message.id, -AGAIN) >= AGAIN:
                tapped[message.id] = clock()
                phone.tap(GOT_IT, message.id)
        await _something_new(phone)


async def _something_new(phone: Phone) -> None:
    seen = phone.revision
    try:
        await phone.until(lambda: phone.revision > seen, 1.0)
    except AssertionError:
        return
