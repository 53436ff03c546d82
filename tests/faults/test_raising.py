"""R21: a handler that raises is tried again in its own chat, and nobody else notices."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.rehearsal.people import asks
from handlers import routes
from handlers.context import Talk
from handlers.verbs import ANSWER
from storage import tables as t
from tests.faults.conftest import Line
from tests.support.post_office import settled_down
from tests.support.town import A_WHILE, Town, answered, words_on

ALEX = 1001


@pytest.fixture
def mistakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """What the handler of answers raises next when Alex taps; with none left it does its work."""
    left: list[Exception] = []
    route = routes.TAPS[ANSWER]

    async def handler(talk: Talk) -> None:
        await route.handler(talk)  # what it has done by then must be undone
        if talk.chat_id == ALEX and left:
            raise left.pop()

    monkeypatch.setitem(routes.TAPS, ANSWER, replace(route, handler=handler))
    return left


async def both_tap(town: Town) -> None:
    card = await town.asked()
    other = await town.bo.expect(asks)
    town.alex.tap("8", card.id)
    town.alex.text("that was not easy")
    before = town.bo.revision
    town.bo.tap("8", other.id)
    await town.bo.expect(lambda one: one.id == other.id, A_WHILE, after=before)


async def values(town: Town, ref: str) -> list[tuple[float, int]]:
    """Each answer of the newest check-in, and how many earlier versions it has."""
    newest = (await town.kept(ref))["check_ins"][-1]
    return [(one["value"], len(one["versions"])) for one in newest["answers"]]


async def remarks(town: Town) -> list[str]:
    async with town.stage.desk.glance() as m:
        client = await m.people.client_by_ref("R-118")
        assert client is not None
        return [one.text for one in await m.remarks.of(client.id)]


async def all_read(town: Town) -> None:
    """Time passes until everything that came in is handled or set aside."""
    new = sa.select(t.inbox.c.update_id).where(t.inbox.c.state == "new").limit(1)
    while True:
        async with town.stage.desk.glance() as m:
            if (await m.con.execute(new)).first() is None:
                break
        town.stage.clock.advance(timedelta(seconds=5))
        await settled_down(4)
    await answered(town.stage)


async def test_what_raises_twice_is_done_once_and_in_order(line: Line, mistakes: list[Exception]) -> None:
    async with line.open() as town:
        mistakes += [KeyError("a mistake of ours")] * 2
        await both_tap(town)
        assert (await values(town, "R-118"), await values(town, "R-204")) == ([], [(8.0, 0)])
        assert await remarks(town) == [], "words typed after the tap wait for it"
        await all_read(town)
        assert await values(town, "R-118") == [(8.0, 0)]
        assert await remarks(town) == ["that was not easy"]
        assert "could not be handled" not in words_on(town.jo)


async def test_what_always_raises_is_set_aside_after_five_times_and_the_manager_is_told(
    line: Line, mistakes: list[Exception]
) -> None:
    async with line.open() as town:
        mistakes += [KeyError("a mistake of ours")] * 5
        await both_tap(town)
        await all_read(town)
        assert await values(town, "R-118") == []
        assert await remarks(town) == ["that was not easy"], "the chat goes on"
        await town.jo.expect("Something could not be handled")
        await town.alex.expect("What you just sent or tapped didn't get through, and nobody has seen it.")
