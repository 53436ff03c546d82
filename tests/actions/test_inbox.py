"""What comes in is handled once and kept until it is, whoever fails: a handler, the database, the clock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from bot.actions import inbox
from bot.actions.desk import Desk, Turn
from bot.actions.inbox import MOST_ATTEMPTS, Reaction, Reader
from bot.domain.errors import Refusal
from bot.rehearsal.clock import RehearsalClock
from storage import tables as t
from storage.inbox import BODY
from storage.sealing import Seal, new_key
from tests.support.checkins import move

LOCKED: Exception = OperationalError("BEGIN IMMEDIATE", None, Exception("database is locked"))


@dataclass
class Ears:
    """Raises what it is told to, then understands everything."""

    raises: list[Exception] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    senders: list[int] = field(default_factory=list)
    cannot_tell: bool = False

    async def handle(self, turn: Turn, update: Mapping[str, Any], reaction: Reaction) -> None:
        if self.raises:
            raise self.raises.pop(0)
        self.heard.append(update["update_id"])

    async def refuse(self, turn: Turn, update: Mapping[str, Any], reaction: Reaction, refusal: Refusal) -> None:
        raise AssertionError("nothing is refused here")

    async def tell_administrator(self, turn: Turn, update_id: int) -> None:
        if self.cannot_tell:
            raise KeyError("admin.update_set_aside")
        self.told.append(update_id)

    async def tell_sender(self, turn: Turn, update: Mapping[str, Any], chat_id: int, reaction: Reaction) -> None:
        if self.cannot_tell:
            raise KeyError("errors.set_aside")
        self.senders.append(chat_id)


def tap(update_id: int, chat_id: int = 1001) -> dict[str, Any]:
    return {"update_id": update_id, "callback_query": {"id": "1", "from": {"id": chat_id}, "data": "1:a:x:0:7"}}


async def work_off(desk: Desk, ears: Ears, *, pause: float = 600) -> int:
    """Handle whatever is due now, in order; then time passes. Returns how many there were."""
    reader = Reader(desk, ears)
    async with desk.glance() as m:
        due = await m.inbox.next(desk.clock.now(), (), 10)
    for waiting in due:
        await reader.handle(waiting)
    move(desk, seconds=pause)
    return len(due)


async def _reseals(desk: Desk, update_id: int, sealed: bytes) -> None:
    async with desk.turn() as turn:
        row = t.inbox.update().where(t.inbox.c.update_id == update_id)
        await turn.m.con.execute(row.values(body_sealed=sealed))


async def test_one_update_that_no_key_opens_keeps_no_other_chat_waiting(desk: Desk) -> None:
    """Spoilt for ever: set aside with its body, an administrator is told."""
    await inbox.keep(desk, [tap(1, 1001), tap(2, 1002)])
    await _reseals(desk, 1, bytes.fromhex(desk.memory.seal.number) + bytes(40))
    ears = Ears()
    assert await work_off(desk, ears) == 2
    assert (ears.heard, ears.told) == ([2], [1])
    assert sorted(await states(desk)) == ["dead", "done"]


async def test_an_update_whose_key_is_not_here_waits_for_it_and_is_handled_then(desk: Desk) -> None:
    await inbox.keep(desk, [tap(1, 1001), tap(2, 1002)])
    other = Seal([new_key()])
    await _reseals(desk, 1, other.close(BODY, "1", json.dumps(tap(1))))
    ears = Ears()
    for _ in range(MOST_ATTEMPTS + 2):
        await work_off(desk, ears)
    assert (ears.heard, ears.told) == ([2], [])
    await _reseals(desk, 1, desk.memory.seal.close(BODY, "1", json.dumps(tap(1))))
    await work_off(desk, ears)
    assert ears.heard == [2, 1]


async def states(desk: Desk) -> list[str]:
    async with desk.glance() as m:
        return list(await m.con.scalars(sa.select(t.inbox.c.state).order_by(t.inbox.c.update_id)))


async def test_a_database_in_trouble_never_costs_an_answer(desk: Desk) -> None:
    ears = Ears(raises=[LOCKED] * 4 * MOST_ATTEMPTS)
    await inbox.keep(desk, [tap(1)])
    for _ in range(4 * MOST_ATTEMPTS):
        await work_off(desk, ears)
    assert await states(desk) == ["new"]
    await work_off(desk, ears)
    assert (ears.heard, ears.told, await states(desk)) == ([1], [], ["done"])


async def test_what_fails_five_times_is_set_aside_and_the_chat_goes_on(desk: Desk) -> None:
    ears = Ears(raises=[ValueError("a mistake of ours")] * MOST_ATTEMPTS)
    await inbox.keep(desk, [tap(1), tap(2)])
    for _ in range(MOST_ATTEMPTS + 1):
        await work_off(desk, ears)
    assert (ears.told, ears.senders) == ([1], [1001])
    assert (ears.heard, await states(desk)) == ([2], ["dead", "done"])


async def test_what_the_administrator_cannot_be_told_of_is_set_aside_all_the_same(desk: Desk) -> None:
    ears = Ears(raises=[ValueError("a mistake of ours")] * MOST_ATTEMPTS, cannot_tell=True)
    await inbox.keep(desk, [tap(1), tap(2)])
    for _ in range(MOST_ATTEMPTS + 1):
        await work_off(desk, ears)
    assert (ears.heard, await states(desk)) == ([2], ["dead", "done"])


async def test_a_clock_that_is_set_back_an_hour_keeps_nobody_waiting(desk: Desk) -> None:
    ears = Ears()
    await inbox.keep(desk, [tap(1)])
    clock = desk.clock
    assert isinstance(clock, RehearsalClock)
    clock.set_back(timedelta(hours=1))
    await inbox.keep(desk, [tap(2)])
    await work_off(desk, ears)
    await work_off(desk, ears)
    assert ears.heard == [1, 2]


async def test_a_number_that_no_database_can_hold_does_not_stop_what_comes_with_it(desk: Desk) -> None:
    ears = Ears()
    await inbox.keep(desk, [tap(1, chat_id=2**70), tap(2)])
    await work_off(desk, ears)
    assert sorted(ears.heard) == [1, 2]
