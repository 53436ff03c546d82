"""The account afterwards: what people gave to the bot, what it kept of it, and what stands in the chats."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from bot.actions.desk import Desk
from bot.rehearsal.telegram import Phone, StandIn, TranscriptLine
from handlers.callbacks import decode
from handlers.verbs import ANSWER
from storage import tables as t
from tests.support.seats import Seated, asks, is_card

MOST_COPIES = 2
"""Of one question: the first, and one more where Telegram took it and withheld the answer."""
Place = tuple[str, int]
"""Check-in and item; or chat and message."""


@dataclass(slots=True)
class Account:
    """What was handed to the bot, what it kept, and what stands in the chats. Lists name what should not be."""

    taps: int = 0
    typed: int = 0
    answers: int = 0
    alerts: int = 0
    questions: int = 0
    copies: int = 0
    """Questions that stood in a chat twice."""
    in_doubt: int = 0
    """Questions given up and on record as missed by us: twice nobody could know whether Telegram took them."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    alerts_missing: list[str] = field(default_factory=list)
    """Clients who answered low, and there is no alert."""
    alerts_lost: list[str] = field(default_factory=list)
    """Those, and alerts that nobody took although they looked."""
    questions_lost: list[str] = field(default_factory=list)
    open_keyboards: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.alerts_lost, *self.questions_lost, *self.open_keyboards]


@dataclass
class Shown:
    """Which messages were sent to ask each question of each check-in; put it among the stand-in's listeners."""

    standin: StandIn
    copies: dict[Place, set[int]] = field(default_factory=lambda: defaultdict(set))

    @property
    def check_ins(self) -> set[str]:
        return {check_in for check_in, _ in self.copies}

    def __call__(self, line: TranscriptLine) -> None:
        message = self.standin.chats[line.chat_id].messages.get(line.message_id)
        about = asks(message) if line.kind == "sent" and message is not None else None
        if about is not None:
            self.copies[about.args[0], int(about.args[1])].add(line.message_id)


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


async def account(desk: Desk, standin: StandIn, seated: Seated, shown: Shown | None = None) -> Account:
    """`shown`, where somebody has kept it, tells whether every question was there, and how often."""
    found = Account()
    await answers(desk, standin, seated, found)
    if shown is not None:
        await _questions(desk, shown, found)
    await _alerts(desk, seated, found)
    async with desk.glance() as m:
        known = {(row.chat_id, row.message_id) for row in await m.con.execute(sa.select(t.message))}
    for phone in seated.values():
        found.open_keyboards += two_open(phone, known)
    return found


# ---------------------------------------------------------------- answers


async def answers(desk: Desk, standin: StandIn, seated: Seated, found: Account) -> None:
    """Whatever a getUpdates answer ever carried is kept once."""
    kept, typed, places = await _kept(desk)
    handed = _tapped(standin)
    numbers = _numbers(standin, seated)
    given = Counter(places[at] for at, _ in numbers if at in places)
    touched = {check_in for check_in, _ in (*handed, *given)}
    for place in kept:
        if place[0] in touched and place not in handed and len(kept[place]) != given[place]:
            found.doubled.append(f"{place}: {kept[place]}, given {given[place]} times")
    found.taps = sum(len(values) for values in handed.values())
    found.answers = sum(len(values) for values in kept.values())
    for place, values in handed.items():
        once = [value for n, value in enumerate(values) if n == 0 or values[n - 1] != value]
        if len(kept[place]) < len(once):
            found.lost.append(f"{place}: {once} → {kept[place]}")
        elif kept[place] != once:
            found.doubled.append(f"{place}: {once} → {kept[place]}")
    for at, words in numbers:
        found.typed += 1
        if typed[at] != [words]:
            (found.doubled if len(typed[at]) > 1 else found.lost).append(f"typed {at}: {words} → {typed[at]}")


async def _kept(desk: Desk) -> tuple[dict[Place, list[str]], dict[Place, list[str]], dict[Place, Place]]:
    """Every version of every answer, by check-in and item; the typed ones by chat and message; and which is which."""
    kept: dict[Place, list[str]] = defaultdict(list)
    typed: dict[Place, list[str]] = defaultdict(list)
    places: dict[Place, Place] = {}
    query = sa.select(t.answer, t.person.c.chat_id).join(t.person, t.person.c.id == t.answer.c.client_id)
    async with desk.glance() as m:
        rows = await m.con.execute(query.order_by(t.answer.c.check_in_id, t.answer.c.item, t.answer.c.version))
        for row in rows:
            said = row.choice or str(int(row.value))
            kept[row.check_in_id, row.item].append(said)
            if row.chat_message_id is not None:
                typed[str(row.chat_id), row.chat_message_id].append(said)
                places[str(row.chat_id), row.chat_message_id] = (row.check_in_id, row.item)
    return kept, typed, places


def _tapped(standin: StandIn) -> dict[Place, list[str]]:
    """Check-in and item → the values that were tapped, in the order in which the bot was given them."""
    found: dict[Place, list[str]] = defaultdict(list)
    for _, update in sorted(standin.handed_out.items()):
        tap = decode(update.get("callback_query", {}).get("data"))
        if tap is not None and tap.verb == ANSWER:
            found[tap.args[0], int(tap.args[1])].append(tap.args[2].removeprefix("="))
    return found


def _numbers(standin: StandIn, seated: Seated) -> list[tuple[Place, str]]:
    """Chat and message of every number that was typed and handed to the bot."""
    said = [update["message"] for update in standin.handed_out.values() if "message" in update]
    return [
        ((str(one["chat"]["id"]), one["message_id"]), one["text"])
        for one in said
        if one["chat"]["id"] in seated.typing and one.get("text", "").isdecimal()
    ]


# ---------------------------------------------------------------- questions and alerts


async def _questions(desk: Desk, shown: Shown, found: Account) -> None:
    """Every check-in that was to be asked stood in the chat, or is on record as missed by us and why. Where an earlier
    one is still open, none is asked.
    """
    doubtful = sa.select(t.outbox.c.check_in_id).where(t.outbox.c.state == "dead", t.outbox.c.why == "unsure_twice")
    async with desk.glance() as m:
        in_doubt = set(await m.con.scalars(doubtful))
        check_ins = list(await m.con.execute(sa.select(t.check_in)))
    found.questions = len(check_ins)
    found.copies = sum(len(copies) > 1 for copies in shown.copies.values())
    found.in_doubt = sum(one.id in in_doubt - shown.check_ins for one in check_ins)
    found.doubled += [f"question {one}: {at}" for one, at in shown.copies.items() if len(at) > MOST_COPIES]
    for one in check_ins:
        if one.id not in shown.check_ins | in_doubt and (one.state, one.reason) != ("cancelled", "open"):
            found.questions_lost.append(f"{one.id}: {one.state} {one.reason}")


async def _alerts(desk: Desk, seated: Seated, found: Account) -> None:
    """Who answered low has an alert, and whoever has it says so: it was taken on one of the phones."""
    async with desk.glance() as m:
        alerts = {row.client_id: row for row in await m.con.execute(sa.select(t.alert).order_by(t.alert.c.raised_at))}
        low = set(await m.con.scalars(sa.select(t.answer.c.client_id).where(t.answer.c.item == 0)))
    found.alerts = len(alerts)
    for client in seated:
        alert = alerts.get(client.id)
        if client.id in low and alert is None:
            found.alerts_missing.append(client.ref)
            found.alerts_lost.append(f"{client.ref}: none")
        elif alert is not None and alert.state == "raised":
            found.alerts_lost.append(f"{client.ref}: on its way since {alert.raised_at}")


def two_open(phone: Phone, known: set[tuple[int, int]]) -> list[str]:
    """Clients with buttons to answer with on two messages which the bot knows of: of one check-in, or of an old one."""
    here = [one for one in phone.messages if is_card(one) and (phone.chat_id, one.id) in known]
    return [f"{phone.chat.name}: {[one.id for one in here]}"] if len(here) > 1 else []
