"""R1, R2, R17: twenty-four days in the life of a bot that nobody looks after.

A partition each week, a full disk, a locked database, a second receiver, a clock that is set. At the end everything
that was answered is there once, and no alert is lost.
"""

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.rehearsal.telegram import Kind, Phone, Rule
from storage import engine
from storage import tables as t
from storage.unit_of_work import Memory
from tests.faults.conftest import Line, hours
from tests.support.ledger import Account, Shown, answers, two_open
from tests.support.players import GOT_IT
from tests.support.seats import Seated, is_card
from tests.support.town import CONFIG, Town

DAYS = 24
EVERY_DAY = CONFIG.replace('days = ["tue", "thu"]', 'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]')
LOOPS = {"receive", "inbox", "deliver", "release", "escalate", "tidy"}
TALKED, TELL = "We talked", "Tell"


@dataclass
class Life:
    """Everybody in the town, two hours at a time. `trouble` says that nothing may get through just now."""

    town: Town
    dice: random.Random = field(default_factory=lambda: random.Random(24))
    trouble: bool = False

    async def pass_hours(self, many: int) -> None:
        for _ in range(0, many, 2):
            self.town.stage.clock.advance(timedelta(hours=2))
            await self.rest()
            await self.people_act()

    async def rest(self) -> None:
        """The bot has done what there was to do; in times of trouble it has had the time for it."""
        await (hours(self.town, 1 / 60) if self.trouble else self.town.settled())

    async def people_act(self) -> None:
        for phone in (self.town.alex, self.town.bo):
            for _ in range(4):
                if self.dice.random() < 0.8 and self._answers(phone):
                    await self.rest()
        for phone in (self.town.sam, self.town.kim, self.town.jo, self.town.ada):
            if self.dice.random() < 0.4 and self._takes(phone):
                await self.rest()

    def _answers(self, phone: Phone) -> bool:
        """Alex taps, one time in three a low number, and tells Sam; Bo types."""
        card = next((one for one in reversed(phone.messages) if one.from_bot and one.buttons), None)
        if card is None:
            return False
        if is_card(card) and "10" in card.labels:
            number = self.dice.choice("288") if phone is self.town.alex else self.dice.choice("789")
            phone.tap(number, card.id) if phone is self.town.alex else phone.text(number)
            return True
        tell = next((label for label in card.labels if label.startswith(TELL)), None)
        if tell is not None:
            phone.tap(tell, card.id)
        return tell is not None

    def _takes(self, phone: Phone) -> bool:
        """Take what rings; talk about what was taken."""
        for message in reversed(phone.messages):
            for label in (GOT_IT, TALKED):
                if message.from_bot and label in message.labels:
                    phone.tap(label, message.id)
                    return True
        return False


# ---------------------------------------------------------------- what goes wrong


@asynccontextmanager
async def faults(life: Life, *rules: Rule) -> AsyncIterator[None]:
    life.town.stage.standin.faults.add(*rules)
    yield
    life.town.stage.standin.faults.clear()


@asynccontextmanager
async def full_disk(life: Life) -> AsyncIterator[None]:
    """SQLite may not make its file any longer: by one connection, which is the one that writes."""
    memory = life.town.stage.desk.memory
    await _most_pages(memory, 1)  # it is never less than the file has
    yield
    await _most_pages(memory, 2**31)


async def _most_pages(memory: Memory, pages: int) -> None:
    async with memory.unit() as m:
        await m.con.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


@asynccontextmanager
async def locked(life: Life, line: Line) -> AsyncIterator[None]:
    other = sqlite3.connect(line.folder / "checkin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


async def through(life: Life, what: AbstractAsyncContextManager[None], many: int) -> None:
    """So many hours of it, then one in which the line and the pauses end."""
    life.trouble = True
    async with what:
        await life.pass_hours(many)
    await hours(life.town, 0.5, step=1 / 60)
    life.trouble = False
    await life.rest()


# ---------------------------------------------------------------- the account


async def all_loops_live(town: Town) -> None:
    """Each loop gets through once more, however long this computer takes for what falls due just now."""
    town.stage.desk.progress.at.clear()
    for _ in range(20):
        town.stage.clock.advance(timedelta(minutes=1))
        await town.settled()
        if set(town.stage.desk.progress.at) >= LOOPS:
            return
    raise AssertionError(f"dead: {LOOPS - set(town.stage.desk.progress.at)}")


async def accounted(town: Town, line: Line, shown: Shown) -> Account:
    found = Account()
    async with town.stage.desk.glance() as m:
        clients = [await m.people.client_by_ref(ref) for ref in ("R-118", "R-204")]
        known = {(row.chat_id, row.message_id) for row in await m.con.execute(sa.select(t.message))}
        alerts = list(await m.con.execute(sa.select(t.alert)))
    seated = Seated()
    seated.update({client: phone for client, phone in zip(clients, (town.alex, town.bo), strict=True) if client})
    seated.typing = {town.bo.chat_id}
    await answers(town.stage.desk, line.standin, seated, found)
    for phone in seated.values():
        found.open_keyboards += two_open(phone, known)
    found.alerts = len(alerts)
    found.alerts_lost = [one.id for one in alerts if one.rang_at is None and one.state != "withdrawn"]
    found.doubled += [str(place) for place, at in shown.copies.items() if len(at) > 2]
    return found


@pytest.mark.slow
@pytest.mark.timeout(200)
async def test_twenty_four_days_need_no_hand(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 20)
    with capture_logs() as log:
        found, states = await twenty_four_days(line)
    print(f"{DAYS} days: {found}, {states}")
    assert found.faults == []
    assert found.taps > 20
    assert found.typed > 20
    assert found.alerts > 2
    assert states.count("completed") >= DAYS // 3
    assert "open" not in states[:-1]
    assert "clock_jumped" in [one["event"] for one in log]


async def twenty_four_days(line: Line) -> tuple[Account, list[str]]:
    """What came of them, and how each of Alex's check-ins ended."""
    line.standin.listeners.append(shown := Shown(line.standin))
    began = line.clock.now()
    async with line.open(config=EVERY_DAY) as town:
        life = Life(town)
        await life.pass_hours(24)
        await through(life, faults(life, Rule(Kind.PARTITION, seconds=20 * 3600)), 20)
        await life.pass_hours(50)
        await through(life, full_disk(life), 8)
        await life.pass_hours(60)
        await through(life, faults(life, Rule(Kind.PARTITION, seconds=30 * 3600)), 30)
        await life.pass_hours(40)
        await through(life, locked(life, line), 6)
        await life.pass_hours(30)
        line.clock.advance(timedelta(days=2), steady=timedelta())
        await life.pass_hours(40)
        ill = (Rule(kind, times=None, probability=0.5) for kind in (Kind.UNAUTHORIZED, Kind.CONFLICT, Kind.BAD_GATEWAY))
        await through(life, faults(life, *ill), 6)
        await life.pass_hours(60)
        line.clock.set_back(timedelta(hours=1))
        await through(life, faults(life, Rule(Kind.PARTITION, seconds=10 * 3600)), 10)
        while line.clock.now() < began + timedelta(days=DAYS):
            await life.pass_hours(2)
        await all_loops_live(town)
        found = await accounted(town, line, shown)
        return found, [one["state"] for one in (await town.kept())["check_ins"][6:]]
