"""A card on its way while the client chooses, or the worker changes: it does not leave, or it is taken back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions import matters, sharing
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState, Kind, Wish
from bot.domain.checkins import CheckIn
from bot.domain.delivery import DELETE
from bot.ports import Letter, TryLater, Unsure, Verdict
from handlers import routes
from storage import tables as t
from tests.support.chats import render
from tests.support.checkins import move
from tests.support.post_office import at_work
from tests.support.scripted import Scripted
from tests.support.stories import World, a_world

CARD = "worker.alert_soft"
Meanwhile = Callable[[], Awaitable[None]]


@dataclass
class Slow(Scripted):
    """Something happens while a card is drawn, or while Telegram has it."""

    while_drawn: Meanwhile | None = None
    while_sent: Meanwhile | None = None
    verdict: Verdict | None = None
    done: list[str] = field(default_factory=list)

    async def prepare(self, letter: Letter) -> Letter:
        if letter.kind == CARD and self.while_drawn is not None and "drawn" not in self.done:
            self.done.append("drawn")
            await self.while_drawn()
        return letter

    async def _answer(self, letter: Letter) -> Verdict:
        if letter.kind == CARD and self.while_sent is not None and "sent" not in self.done:
            self.done.append("sent")
            await self.while_sent()
            if self.verdict is not None:
                return self.verdict
        return await super()._answer(letter)

    def to(self, chat_id: int) -> list[str]:
        return [one.kind for one in self.letters if one.chat_id == chat_id]

    def last(self, desk: Desk, chat_id: int) -> str:
        views = [one for one in self.letters if one.chat_id == chat_id and one.kind in routes.VIEWS]
        return render(desk, views[-1]).text


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def about_to_leave(world: World) -> CheckIn:
    """A low answer, no tap for two hours: the softened card is due."""
    check_in = await world.low()
    move(world.desk, hours=2, seconds=1)
    return check_in


def chooses(world: World, check_in: CheckIn, wish: Wish) -> Meanwhile:
    async def meanwhile() -> None:
        async with world.desk.turn() as turn:
            await sharing.choose(turn, world.client, check_in.id, wish)

    return meanwhile


async def carried(world: World, network: Slow) -> None:
    network.message_id = max(network.message_id, world.last_message)
    async with at_work(world.desk, network, routes.HOOKS):
        pass
    world.last_message = network.message_id


async def after_the_minute(world: World) -> Slow:
    network = Slow(world.desk.clock)
    move(world.desk, seconds=62)
    await carried(world, network)
    return network


async def test_someone_else_while_the_card_is_drawn_keeps_it_from_leaving(world: World) -> None:
    check_in = await about_to_leave(world)
    network = Slow(world.desk.clock, while_drawn=chooses(world, check_in, Wish.SOMEONE_ELSE))
    await carried(world, network)
    assert network.to(2001) == []
    assert "isn't told" in network.last(world.desk, 1001)
    later = await after_the_minute(world)
    assert later.to(2001) == []
    assert "Sam isn't told" in later.last(world.desk, 3002)


async def test_someone_else_while_telegram_has_the_card_takes_it_back_and_everybody_reads_so(world: World) -> None:
    check_in = await about_to_leave(world)
    network = Slow(world.desk.clock, while_sent=chooses(world, check_in, Wish.SOMEONE_ELSE))
    await carried(world, network)
    assert network.to(2001) == [CARD, DELETE]
    said = network.last(world.desk, 1001)
    assert "isn't told" not in said
    assert "had just left" in said
    assert "Undo" not in said
    later = await after_the_minute(world)
    assert later.to(2001) == []
    assert "isn't told" not in later.last(world.desk, 3002)
    assert "may have been seen" in later.last(world.desk, 3002)
    alerts = await world.alerts()
    assert [(one.kind, one.state) for one in alerts] == [
        (Kind.ALLIANCE, AlertState.WITHDRAWN),
        (Kind.SOMEONE_ELSE, AlertState.RAISED),
    ]


async def test_where_nobody_knows_whether_the_card_arrived_the_matter_says_so(world: World) -> None:
    check_in = await about_to_leave(world)
    choice = chooses(world, check_in, Wish.SOMEONE_ELSE)
    network = Slow(world.desk.clock, while_sent=choice, verdict=Unsure("read time-out"))
    await carried(world, network)
    assert network.to(2001) == [CARD], "and it is not sent again"
    later = await after_the_minute(world)
    assert "may have been seen" in later.last(world.desk, 3002)


async def test_what_certainly_did_not_arrive_leaves_no_doubt(world: World) -> None:
    check_in = await about_to_leave(world)
    choice = chooses(world, check_in, Wish.SOMEONE_ELSE)
    network = Slow(world.desk.clock, while_sent=choice, verdict=TryLater(timedelta(seconds=1)))
    await carried(world, network)
    later = await after_the_minute(world)
    assert network.to(2001) + later.to(2001) == [CARD]
    assert "Sam isn't told" in later.last(world.desk, 3002)


async def test_a_choice_that_was_undone_again_leaves_no_stray_card(world: World) -> None:
    check_in = await about_to_leave(world)

    async def back_and_forth() -> None:
        await chooses(world, check_in, Wish.SOMEONE_ELSE)()
        async with world.desk.turn() as turn:
            await sharing.undo(turn, world.client, check_in.id)

    network = Slow(world.desk.clock, while_sent=back_and_forth)
    await carried(world, network)
    assert network.to(2001) == [CARD, DELETE]
    move(world.desk, hours=2, seconds=1)
    await carried(world, network)
    assert network.to(2001) == [CARD, DELETE, CARD]
    assert network.to(3002) == []


async def test_a_card_for_somebody_who_is_no_longer_the_worker_is_emptied(world: World) -> None:
    await about_to_leave(world)

    async def moved() -> None:
        async with world.desk.turn() as turn:
            kim = await turn.m.people.by_ref("W-2")
            assert kim is not None
            await turn.m.people.assign(world.client.id, kim.id, turn.now)
            await matters.move(turn, world.client.id)

    network = Slow(world.desk.clock, while_sent=moved)
    await carried(world, network)
    assert network.to(2001) == [CARD, "worker.alert_taken"]
    assert CARD in network.to(2002)
    async with world.desk.glance() as m:
        standing = await m.con.execute(sa.select(t.message).where(t.message.c.surface.startswith("alert:")))
        assert len({row.person_id for row in standing}) == 2
