"""A small service under way, with the real bot and real phones: the town in which the journeys are played.

Sam (W-1) works with Alex (R-118) and Bo (R-204); Kim (W-2) covers for Sam; Jo (M-1) is the manager, Ada (M-2) the last
resort and the safeguarding contact. Everybody has joined, Alex and Bo answered 8, 8, 8 six times. It is Tuesday 12 May
2026, one in the afternoon in London; the next check-in is at two. The clock stands still unless a journey moves it.
"""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import ticks
from bot.actions import checkins
from bot.actions.desk import Desk
from bot.app import open_desk
from bot.config.load import Loaded, Problems, read_text
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.people import asks
from bot.rehearsal.run import TOKEN, Stage, rehearsal
from bot.rehearsal.telegram import Message, Phone, StandIn, Tap
from tests.support.desks import START
from tests.support.exports import export
from tests.support.people import a_client, a_manager, a_worker
from tests.support.stories import earlier_answers

CONFIG = """
[telegram]
messages_per_second = 0
chat_messages_per_second = 0

[service]
name = "The Hill"
place = "the Hill"
profile = "recovery"
timezone = "Europe/London"
languages = ["en"]
quiet_hours = "20:00-09:00"
working_hours = { days = ["mon", "tue", "wed", "thu", "fri"], hours = "09:00-17:00" }
not_shared_with = ["the police", "the courts"]
crisis_text.en = "Call 999 now."

[[schedules]]
name = "twice a week"
days = ["tue", "thu"]
time = "14:00"
questions = ["B1", "G1", "T1"]
max_questions = 3
remind_after = "4h"
expires_after = "24h"

[alerts]
detail = "full"
escalate_to = ["M-1", "M-2"]
complaints_to = "M-1"
cover = { "W-1" = "W-2" }

[safety]
duty = "M-1"
duty_hours = { days = ["mon", "tue", "wed", "thu", "fri"], hours = "09:00-17:00" }
safeguarding_contact = "M-2"
checked_by = "M-1"
checked_on = 2026-05-01
"""
"""Without pacing: nobody waits for a clock that stands still. The journeys about pace switch it on."""

CHATS = {"alex": 1001, "bo": 1002, "sam": 2001, "kim": 2002, "jo": 3001, "ada": 3002}
LOW = (2, 8, 8)
A_WHILE = 10.0
"""Real seconds that a slow machine is given."""
QUIET = 0.02
"""Real seconds without a call, after which the bot has said what it had to say."""

Screen = Callable[[Message], bool]


@dataclass
class Town:
    """The stage, and everybody's phone."""

    stage: Stage
    phones: dict[str, Phone] = field(default_factory=dict)

    @property
    def alex(self) -> Phone:
        return self.phones["alex"]

    @property
    def bo(self) -> Phone:
        return self.phones["bo"]

    @property
    def sam(self) -> Phone:
        return self.phones["sam"]

    @property
    def kim(self) -> Phone:
        return self.phones["kim"]

    @property
    def jo(self) -> Phone:
        return self.phones["jo"]

    @property
    def ada(self) -> Phone:
        return self.phones["ada"]

    @property
    def now(self) -> datetime:
        return self.stage.clock.now()

    def stranger(self, chat_id: int = 9001, name: str = "Nobody") -> Phone:
        """A phone that is on no roster."""
        return self.stage.standin.person(chat_id, name)

    # ------------------------------------------------------------ time

    async def pass_time(self, **by: float) -> None:
        """The clock goes on, and everything that comes of it has happened."""
        await self.pass_until(self.now + timedelta(**by))

    async def pass_until(self, moment: datetime) -> None:
        await answered(self.stage)
        self.stage.clock.advance_to(moment)
        await self.settled()

    async def settled(self) -> None:
        """Nothing waits at Telegram, and the bot has nothing more to do or say."""
        await settled(self.stage)

    # ------------------------------------------------------------ what people do

    async def asked(self, phone: Phone | None = None, ref: str = "R-118") -> Message:
        """The client's next check-in is due, and its first question stands on their phone."""
        phone = phone or self.alex
        before, due = phone.revision, await self.stage.next_check_in(ref)
        assert due is not None
        await self.pass_until(due)
        return await phone.expect(asks, A_WHILE, after=before)

    async def tap(self, phone: Phone, label: str, on: Message | None = None) -> Message:
        """Tap the button whose label begins so; the message as it stands once the bot has answered."""
        message, name = self.button(phone, label, on)
        before = phone.revision
        phone.tap(name, message.id)
        return await phone.expect(lambda now: now.id == message.id, A_WHILE, after=before)

    def button(self, phone: Phone, label: str, on: Message | None = None) -> tuple[Message, str]:
        """Where a button stands whose label begins so, and its whole label."""
        for message in reversed(phone.messages):
            names = [one for one in message.labels if one.startswith(label)]
            if names and (on is None or on.id == message.id):
                return message, names[0]
        raise AssertionError(f"{phone.chat.name} has no button {label!r}\n{self.stage.standin.story(phone.chat_id)}")

    async def answers(self, *values: int | str, phone: Phone | None = None) -> Message:
        """Tap one value after the other on the newest check-in; the message as it stands after the last."""
        phone = phone or self.alex
        shown = next(one for one in reversed(phone.messages) if asks(one))
        for value in values:
            before = phone.revision
            phone.tap(str(value), shown.id)
            shown = await phone.expect(lambda now, card=shown: now.id == card.id, A_WHILE, after=before)
        return shown

    async def says(self, phone: Phone, words: str) -> Message:
        """Type something; what the bot says or changes because of it."""
        before = phone.revision
        phone.text(words)
        return await phone.expect(lambda _: True, A_WHILE, after=before)

    async def told(self, **more: Any) -> Message:
        """Alex answers 2, 8, 8 and lets Sam know; the minute for changing one's mind is over. Sam's alert."""
        await self.asked()
        await self.answers(*LOW)
        await self.tap(self.alex, "Tell")
        before = self.sam.revision
        await self.pass_time(seconds=61)
        return await self.sam.expect(is_alert, A_WHILE, after=before)

    # ------------------------------------------------------------ what is kept

    async def kept(self, ref: str = "R-118") -> dict[str, Any]:
        """What `export` says about one client."""
        async with self.stage.desk.glance() as m:
            found: dict[str, Any] = (await export(m, ref))["clients"][0]
            return found

    async def alerts(self, ref: str = "R-118") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.kept(ref))["alerts"]
        return found

    async def values(self, ref: str = "R-118") -> list[float]:
        """The newest check-in's answers, as they stand."""
        return [one["value"] for one in (await self.kept(ref))["check_ins"][-1]["answers"]]


def is_alert(message: Message) -> bool:
    return "I've got it" in message.labels


def alerts_on(phone: Phone) -> list[Message]:
    return [one for one in phone.messages if one.from_bot and is_alert(one)]


def words_on(phone: Phone) -> str:
    """Everything that the bot has ever shown on this phone, buttons and toasts too."""
    shown = [line for line in phone.transcript if line.kind in ("sent", "edited", "toast")]
    return "\n".join(f"{line.text} {line.buttons}" for line in shown)


async def toast(tap: Tap) -> str:
    return (await tap.answered(A_WHILE)).text


async def settled(stage: Stage) -> None:
    """Return when everything that is due has been looked at, and nothing waits or flies.

    The loops run by themselves, but nobody can tell from outside whether they have looked since the clock was moved:
    so each is made to look once more.
    """
    await answered(stage)
    for loop in stage.bot.loops:
        await ticks.once(stage.desk, loop)
    await answered(stage)


async def answered(stage: Stage) -> None:
    """Return when the bot has said whatever it had to say to what it has heard."""
    await stage.standin.idle(QUIET, A_WHILE)
    await stage.bot.courier.idle()


# ---------------------------------------------------------------- the town, made once and copied


def loaded(folder: Path, config: str = CONFIG, url: str | None = None, today: date | None = None) -> Loaded:
    given = {
        "CHECKIN_TELEGRAM__TOKEN": TOKEN,
        "CHECKIN_DATABASE__URL": url or f"sqlite+aiosqlite:///{folder / 'checkin.db'}",
    }
    found = read_text(config, "town.toml", folder, given, today=today or START.date())
    assert not isinstance(found, Problems), str(found)
    return found


async def prepare(folder: Path, url: str | None = None) -> None:
    """Put everybody into an empty database in `folder`, or at `url`; the key lies in `folder`."""
    found = loaded(folder)
    key = "".join((folder / "checkin.keys").read_text().split()) if (folder / "checkin.keys").exists() else None
    if url is not None:
        assert key is not None, "make the SQLite one first: it makes the key"
        found = loaded(folder, url=url)
    async with open_desk(found.settings, found.plan, RehearsalClock(START), tell=lambda _: None) as desk:
        await people_of_the_town(desk)


async def people_of_the_town(desk: Desk) -> None:
    sam = await a_worker(desk)
    await a_worker(desk, "W-2", "Kim", CHATS["kim"])
    await a_manager(desk)
    await a_manager(desk, "M-2", "Ada", CHATS["ada"])
    for ref, name in (("R-118", "Alex"), ("R-204", "Bo")):
        client = await a_client(desk, sam, ref, name, CHATS[name.lower()])
        await earlier_answers(desk, client, [(8, 8, 8)] * 6)
        async with desk.turn() as turn:
            await checkins.plan_for(turn, client.id)


@asynccontextmanager
async def open_town(
    prepared: Path,
    folder: Path,
    *,
    url: str | None = None,
    clock: RehearsalClock | None = None,
    config: str = CONFIG,
    standin: StandIn | None = None,
    address: str | None = None,
) -> AsyncIterator[Town]:
    """The bot, running on a copy of the prepared database (or at `url`), with everybody's phone.

    A second time with the same folder, clock and `standin` it is the same town after a restart.
    """
    clock = clock or RehearsalClock(START)
    _move_in(prepared, folder)
    there = standin or StandIn(clock, TOKEN)
    there.closing.clear()
    environ = {"CHECKIN_DATABASE__URL": url} if url else {}
    async with rehearsal(folder, clock, config, standin=there, environ=environ, address=address) as stage:
        town = Town(stage, {name: there.phones.get(at) or _phone(there, name) for name, at in CHATS.items()})
        await town.settled()
        yield town


def _move_in(prepared: Path, folder: Path) -> None:
    if not (folder / "checkin.keys").exists():
        for file in prepared.glob("checkin.*"):
            shutil.copy(file, folder / file.name)


def _phone(there: StandIn, name: str) -> Phone:
    """Somebody who opened the bot long ago."""
    phone = there.person(CHATS[name], name.capitalize())
    phone.chat.open = True
    return phone
