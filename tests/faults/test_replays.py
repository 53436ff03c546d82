"""R4: whatever came in comes in again, three times over and in any order: nothing changes, and nobody hears anything."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.actions import inbox
from bot.actions.desk import Desk
from bot.actions.inbox import Reader
from bot.rehearsal.telegram.queue import Update
from tests.faults.conftest import Line
from tests.support.town import LOW, Town, answered

THREE = 3


async def a_story(town: Town) -> None:
    """Answers, one of them changed, words, a goal, the menu, an alert that is taken and talked about."""
    await town.asked()
    card = await town.answers(*LOW)
    town.alex.tap_data(card.id, card.buttons[0][0].data or "")
    await town.tap(town.alex, "Tell")
    await town.says(town.alex, "it was not my day")
    await town.says(town.alex, "/goals")
    await town.says(town.alex, "walk the dog every morning")
    await town.says(town.alex, "menu")
    await town.says(town.bo, "8/10")
    await town.says(town.stranger(), "/start nothing")
    await town.pass_time(minutes=2)
    await town.tap(town.sam, "I've got it")
    await town.tap(town.sam, "We talked")
    await town.settled()


async def everything(town: Town) -> tuple[Any, ...]:
    """What is kept of everybody, and every message on every phone."""
    kept = [await town.kept(ref) for ref in ("R-118", "R-204")]
    phones = town.stage.standin.phones.values()
    return (*kept, [[(one.id, one.html, one.labels) for one in phone.messages] for phone in phones])


def spoken(town: Town) -> int:
    """How many calls have sent, changed or deleted something."""
    return sum(call.method.startswith(("send", "edit", "delete")) for call in town.stage.standin.calls)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of everything that comes in, as often as it does."""
    ids: list[int] = []
    keep = inbox.keep

    async def listen(desk: Desk, updates: Sequence[dict[str, Any]]) -> None:
        ids.extend(update["update_id"] for update in updates)
        await keep(desk, updates)

    monkeypatch.setattr(inbox, "keep", listen)
    return ids


async def test_each_update_handed_out_three_times_more_in_any_order_changes_nothing(
    line: Line, received: list[int]
) -> None:
    """By Telegram itself, as after a confirmation that never arrived."""
    async with line.open() as town:
        await a_story(town)
        before, calls = await everything(town), spoken(town)
        again = [line.standin.handed_out[one] for one in line.standin.handed_out for _ in range(THREE)]
        random.Random(5).shuffle(again)
        for update in again:
            kind = next(key for key in update if key != "update_id")
            until = line.clock.now() + timedelta(hours=1)
            line.standin.queue.waiting.append(Update(update["update_id"], kind, update[kind], until, ("chat", 0)))
        received.clear()
        line.clock.advance(timedelta())  # the long poll looks again
        await answered(town.stage)
        assert sorted(received) == sorted(update["update_id"] for update in again)
        assert len(received) > 30
        await town.settled()
        assert spoken(town) == calls
        assert await everything(town) == before


@pytest.mark.slow
async def test_two_that_handle_the_same_update_at_once_have_one_effect(line: Line) -> None:
    """As two replicas do, each of which has read it before the other one marked it."""
    async with line.open() as town:
        await a_story(town)
        before, calls = await everything(town), spoken(town)
        desk = town.stage.desk
        readers = [Reader(desk, town.stage.bot.ears) for _ in range(2)]
        tap = next(one for one in reversed(list(line.standin.handed_out.values())) if "callback_query" in one)
        fresh = {**tap, "update_id": max(line.standin.handed_out) + 1000}
        async with desk.turn() as turn:
            await turn.m.inbox.keep([(fresh["update_id"], 77, fresh)], turn.now)
            (waiting,) = await turn.m.inbox.next(turn.now, (), 5)
        await asyncio.gather(*(reader.handle(waiting) for reader in readers for _ in range(THREE)))
        await inbox.keep(desk, [fresh])
        await town.settled()
        assert spoken(town) - calls <= 1, "an old button is answered once"
        assert (await everything(town))[:2] == before[:2]
