"""Many clients who tap what they are shown, against a bot that may die at any moment; and the account afterwards."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from bot.actions.desk import Desk
from bot.domain.people import Client
from bot.domain.schedules import Due
from bot.rehearsal.telegram import Message, Phone, StandIn
from handlers.callbacks import Tap, decode
from handlers.views.client_checkins import ANSWER
from storage import tables as t
from storage.timetable import Slot
from tests.support.people import a_client, a_manager, a_worker

LOW, USUAL = 1, 8
PATIENCE = 4.0
"""Seconds after which somebody taps again, when nothing happens."""
ANSWERS = (LOW, USUAL, USUAL)
MOST_TAPS = 60
"""On one check-in: longer than any lease lasts."""


async def seat(desk: Desk, standin: StandIn, count: int) -> dict[Client, Phone]:
    """A service of one worker, one manager and `count` clients, whose phones know the bot."""
    jo, sam = await a_manager(desk), await a_worker(desk)
    for person in (jo, sam):
        assert person.chat_id is not None
        standin.person(person.chat_id, person.name).start()
    seated = {}
    for n in range(count):
        client = await a_client(desk, sam, ref=f"R-{n}", name=f"Client {n}", chat_id=5000 + n)
        phone = standin.person(5000 + n, f"Client {n}")
        phone.start()
        seated[client] = phone
    return seated


async def ask(desk: Desk, client: Client, schedule: str) -> None:
    """Let this client's next check-in by this schedule be due now."""
    async with desk.turn() as turn:
        due = Due(turn.now.date(), "", turn.now)
        await turn.m.timetable.put([Slot(client.id, schedule, due, turn.now - timedelta(seconds=1))])


async def play(
    desk: Desk, client: Client, phone: Phone, rounds: int, enough: asyncio.Event, patience: float = 60
) -> None:
    """Answer check-in after check-in, low on the first question; tap again when nothing happens."""
    for number in range(rounds):
        if enough.is_set():
            return
        seen = phone.revision
        await ask(desk, client, f"s{number}")
        shown = await phone.expect(_is_card, patience, after=seen)
        taps = 0
        while _is_card(shown):
            phone.tap(_says(shown), shown.id)
            shown = await _changes(phone, shown)
            taps += 1
            assert taps < MOST_TAPS, f"nothing comes of {client.ref}'s taps on {shown}"


async def _changes(phone: Phone, shown: Message) -> Message:
    """The message once it has changed, or as it is after a while; what came in its place, if it is gone."""
    try:
        return await phone.expect(lambda message: message.id == shown.id, PATIENCE, after=shown.revision)
    except AssertionError:
        gone = all(message.id != shown.id for message in phone.messages)
        return next((one for one in reversed(phone.messages) if one.from_bot), shown) if gone else shown


def _is_card(message: Message) -> bool:
    """Does it ask something that its buttons answer?"""
    return _asks(message) is not None


def _asks(message: Message) -> Tap | None:
    tap = decode(message.buttons[0][0].data) if message.from_bot and message.buttons else None
    return tap if tap is not None and tap.verb == ANSWER else None


def _says(shown: Message) -> str:
    """The label that this client taps: low on the first question, the first option where there are no numbers."""
    tap = _asks(shown)
    assert tap is not None
    return str(ANSWERS[int(tap.args[1])]) if "10" in shown.labels else shown.labels[0]


@dataclass(slots=True)
class Account:
    """What was handed to the bot, what it kept, and what stands in the chats."""

    taps: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    alerts_missing: list[str] = field(default_factory=list)
    open_keyboards: list[str] = field(default_factory=list)


async def settled(desk: Desk, patience: float = 30) -> None:
    """Wait until nothing waits in the inbox, and no question or reply in the outbox."""
    async with asyncio.timeout(patience):
        while True:
            async with desk.glance() as m:
                waiting = await m.con.scalar(sa.select(sa.func.count()).where(t.inbox.c.state == "new"))
                due = t.outbox.c.state.in_(("waiting", "sending")) & (t.outbox.c.not_before <= desk.clock.now())
                leaving = await m.con.scalar(sa.select(sa.func.count()).where(due))
            if not waiting and not leaving:
                return
            await desk.clock.wait(asyncio.Event(), timedelta(milliseconds=100))


async def account(desk: Desk, standin: StandIn, seated: dict[Client, Phone]) -> Account:
    found = Account()
    handed = _handed_out(standin)
    found.taps = sum(len(values) for values in handed.values())
    async with desk.glance() as m:
        kept: dict[tuple[str, int], list[str]] = defaultdict(list)
        query = sa.select(t.answer).order_by(t.answer.c.check_in_id, t.answer.c.item, t.answer.c.version)
        for row in await m.con.execute(query):
            kept[row.check_in_id, row.item].append(row.choice or str(int(row.value)))
        alerted = set(await m.con.scalars(sa.select(t.alert.c.client_id)))
        known = {(row.chat_id, row.message_id) for row in await m.con.execute(sa.select(t.message))}
    for place, values in handed.items():
        once = [value for n, value in enumerate(values) if n == 0 or values[n - 1] != value]
        if len(kept[place]) < len(once):
            found.lost.append(f"{place}: {once} → {kept[place]}")
        elif kept[place] != once:
            found.doubled.append(f"{place}: {once} → {kept[place]}")
    for client, phone in seated.items():
        if client.id not in alerted:
            found.alerts_missing.append(client.ref)
        found.open_keyboards += _two_open(phone, known)
    return found


def _handed_out(standin: StandIn) -> dict[tuple[str, int], list[str]]:
    """Check-in and item → the values that were tapped, in the order in which the bot was given them."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for _, update in sorted(standin.handed_out.items()):
        tap = decode(update.get("callback_query", {}).get("data"))
        if tap is not None and tap.verb == ANSWER:
            found[tap.args[0], int(tap.args[1])].append(tap.args[2].removeprefix("="))
    return found


def _two_open(phone: Phone, known: set[tuple[int, int]]) -> list[str]:
    """Clients with buttons to answer with on two messages which the bot knows of: of one check-in, or of an old one."""
    here = [one for one in phone.messages if _is_card(one) and (phone.chat_id, one.id) in known]
    return [f"{phone.chat.name}: {[one.id for one in here]}"] if len(here) > 1 else []
