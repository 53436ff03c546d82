"""Exchanging the encryption key while the bot runs: no row is sealed with a key before every process has it.

    a new key behind the old one   →  every running process has it, and opens with it
    the new key in front           →  every running process closes with it
    every value sealed anew, a few at a time; all opened once with the new key alone
    the old key out of use           →  whoever slept through all of it keeps nothing closed with it (`Unit.key_holds`)

Each process says in a mark which keys it has (`tell_keys`). A mark names the new key from before it is written anywhere,
so that whatever is cut off at any moment goes on with the same key at the next try.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from bot.actions.desk import Desk, Turn
from bot.config.keys import keys_in, put
from bot.domain.words import OPERATOR
from storage.resealing import COLUMNS, Batch
from storage.sealing import new_key, number_of
from storage.stores import Stores

HAS_KEYS = "keys:"
TOLD_EVERY, ALIVE = timedelta(seconds=20), timedelta(seconds=75)
"""How often a process says which keys it has, and for how long it is believed to be there after that."""
REMEMBERED = timedelta(days=1)
GOING_ON, DONE = "rotation", "rotated"
"""Marks: the new key while it is not yet everywhere; when that was so last."""
MOST_NUMBERS = 8
"""So many keys fit into a mark."""
AT_ONCE = 100
"""Values sealed anew in one transaction: some milliseconds in which nobody else writes on SQLite."""
ROUNDS = 20
"""How often rows that somebody was working on are come back to."""
BREATH = timedelta(milliseconds=10)
SETTLED = timedelta(minutes=2)
"""Longer than any transaction may take: what was sealed with the old key just before is on record by then."""

Step = Callable[[], None]
log = structlog.get_logger()


async def tell_keys(turn: Turn) -> int:
    """Look whether there are other keys, and say which ones this process has."""
    seal, name = turn.m.seal, f"{HAS_KEYS}{turn.desk.process}"
    seal.look_again()
    await turn.m.key_holds()  # who slept and has nothing to close shall notice as well
    if seal.refused is not None:
        log.error("keys_not_taken", why=seal.refused)
    told, has = await turn.m.marks.get(name), ",".join(seal.numbers[:MOST_NUMBERS])
    if told is None or told.value != has or abs(turn.now - told.at) >= TOLD_EVERY:
        await turn.m.marks.set(name, turn.now, has)
        every = await turn.m.marks.named(HAS_KEYS)
        await turn.m.marks.drop(*(one for one, mark in every.items() if turn.now - mark.at > REMEMBERED))
    return 0


async def without(m: Stores, number: str, now: datetime, *, closing: bool = False) -> int:
    """How many running processes do not have the key with this number, or do not close with it yet."""
    alive = [one for one in (await m.marks.named(HAS_KEYS)).values() if abs(now - one.at) <= ALIVE]
    has = [(one.value or "").split(",") for one in alive]
    return sum(number not in (one[:1] if closing else one) for one in has)


async def learnt(desk: Desk, number: str, *, closing: bool = False) -> bool:
    """Wait until every running process has the key; False if one still has not when it should."""
    begun = desk.clock.monotonic()
    while True:
        async with desk.glance() as m:
            if not await without(m, number, desk.clock.now(), closing=closing):
                return True
        if desk.clock.monotonic() - begun > (ALIVE + TOLD_EVERY).total_seconds():
            return False
        await desk.clock.wait(asyncio.Event(), timedelta(milliseconds=300))


# ---------------------------------------------------------------- a new key, and the end of an old one


async def take_into_use(desk: Desk, file: Path) -> bool:
    """A new key, or the one that was begun: behind the others until every process has it, then in front.

    False: a running process does not get it. Raises OSError where the file can't be replaced.
    """
    there, seal = keys_in(file), desk.memory.seal
    async with desk.glance() as m:
        begun = await m.marks.get(GOING_ON)
    new = next((key for key in there if begun is not None and number_of(key) == begun.value), None)
    if new is None:
        new = new_key()
        async with desk.turn() as turn:
            await turn.m.marks.set(GOING_ON, turn.now, number_of(new))
        there = [*there, new]
        put(file, there)
    seal.look_again()
    if there[0] != new:
        if not await learnt(desk, number_of(new)):
            return False
        put(file, [new, *(key for key in there if key != new)])
        seal.look_again()
    return await learnt(desk, number_of(new), closing=True)


async def end(desk: Desk) -> None:
    """The new key is in use everywhere, and nothing needs another."""
    async with desk.turn() as turn:
        await turn.m.marks.drop(GOING_ON)
        await turn.m.marks.set(DONE, turn.now, turn.m.seal.number)
        await turn.m.audit.note(turn.now, OPERATOR, "keys_rotated")
        turn.m.overwrites = True  # on SQLite: what the old key closed is not left behind in the log


async def settled(desk: Desk) -> bool:
    """Is it long enough ago that nothing sealed with an older key can be on its way to the disk?"""
    async with desk.glance() as m:
        done, going = await m.marks.get(DONE), await m.marks.get(GOING_ON)
        now = desk.clock.now()
        running = any(abs(now - one.at) <= ALIVE for one in (await m.marks.named(HAS_KEYS)).values())
    return going is None and (not running or (done is not None and now - done.at > SETTLED))


async def forbid(desk: Desk, numbers: Sequence[str]) -> None:
    """From now on nobody keeps what was closed with these keys; whoever was about to has done so."""
    async with desk.turn() as turn:
        await turn.m.marks.take_out_of_use(numbers, turn.now, turn.m.seal.number)


async def allow(desk: Desk, numbers: Sequence[str]) -> None:
    """They stay for now."""
    async with desk.turn() as turn:
        await turn.m.marks.back_into_use(numbers)


async def drop_older(desk: Desk, file: Path) -> None:
    """Only the first key stays in the file. Raises OSError where it can't be replaced."""
    put(file, keys_in(file)[:1])
    desk.memory.seal.look_again()
    async with desk.turn() as turn:
        await turn.m.audit.note(turn.now, OPERATOR, "keys_dropped")


# ---------------------------------------------------------------- sealing anew


async def left(desk: Desk) -> int:
    """How many values an older key has closed."""
    async with desk.glance() as m:
        return await m.resealing.left()


async def every(desk: Desk) -> int:
    async with desk.glance() as m:
        return await m.resealing.every()


async def reseal(desk: Desk, step: Step) -> int:
    """Seal anew whatever an older key closed. How many values are left that no key opens, or that were never free."""
    for _ in range(ROUNDS):
        bad = 0
        for name in COLUMNS:
            async for batch in _through(name, lambda name, after: _some(desk, name, after)):
                bad += batch.bad
                for _ in range(batch.good):
                    step()
                await desk.clock.wait(asyncio.Event(), BREATH)  # whoever waits to write goes first
        remaining = await left(desk)
        if remaining <= bad:
            return remaining
    return remaining


async def _some(desk: Desk, name: str, after: Any) -> Batch:
    async with desk.turn() as turn:
        return await turn.m.resealing.some(name, after, AT_ONCE)


async def verify(desk: Desk, step: Step) -> int:
    """Open everything with the newest key alone. How many values it does not open."""
    bad = 0
    async with desk.glance() as m:
        for name in COLUMNS:
            async for batch in _through(name, lambda name, after: m.resealing.opened(name, after, AT_ONCE)):
                bad += batch.bad
                for _ in range(batch.good):
                    step()
    return bad


async def _through(name: str, some: Callable[[str, Any], Any]) -> AsyncIterator[Batch]:
    after: Any = None
    while True:
        batch: Batch = await some(name, after)
        if batch.last is None:
            return
        yield batch
        after = batch.last
