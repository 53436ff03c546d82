"""No alert is lost between two steps: put off and then out of reach, one that cannot be told, a card on its way."""

import pytest

from bot.actions import alerts, handling, ladder, roster
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState
from bot.domain.people import Status
from bot.domain.roster import COLUMNS
from bot.domain.words import Role
from bot.ports import Letter, Refused, Sent, Verdict
from handlers import routes
from storage import tables as t
from tests.support.checkins import move
from tests.support.people import a_client
from tests.support.post_office import at_work
from tests.support.scripted import Scripted
from tests.support.stories import World, a_world


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def a_card(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()


async def test_put_off_and_then_out_of_reach_it_rings_for_the_next_person(world: World) -> None:
    await a_card(world)
    await world.sam.taps("More")
    await world.sam.taps("Tomorrow")
    world.dead.add(2001)
    await world.pass_time(days=1)
    await world.settle()
    (alert,) = await world.alerts()
    assert (alert.state, alert.holder_ref) == (AlertState.RAISED, "W-2")
    assert world.kim.shows.startswith("R-118")


async def test_one_alert_that_cannot_be_taken_further_keeps_no_other_waiting(world: World) -> None:
    bo = await a_client(world.desk, world.worker, ref="R-204", name="Bo", chat_id=1002)
    await a_card(world)
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, bo, "how")
        unreadable = await turn.m.people.add(Role.MANAGER, "M-9", "Nobody", "en", "UTC", turn.now)
        await turn.m.con.execute(t.person.update().where(t.person.c.id == unreadable).values(name_sealed=b"spoilt"))
        spoilt = t.alert.update().where(t.alert.c.client_id == world.client.id)
        rungs = [{"ref": "W-1", "rung": "first"}, {"ref": "M-9", "rung": "last_resort"}]
        await turn.m.con.execute(spoilt.values(ladder=rungs))
    await world.settle()
    await world.pass_time(days=1, minutes=1)
    async with world.desk.glance() as m:
        (other,) = await m.alerts.of_client(bo.id)
    assert other.step == 1
    async with world.desk.turn() as turn:
        assert await ladder.escalate_due(turn) == 0


async def test_whoever_left_before_the_card_did_is_passed_over_at_once(world: World) -> None:
    await world.low()
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.worker.id, status=Status.DISCHARGED)
    await world.pass_time(hours=2, minutes=1)
    assert world.kim.shows.startswith("R-118")


async def test_what_somebody_had_taken_before_they_left_rings_for_the_next_person(world: World) -> None:
    await a_card(world)
    await world.sam.taps("I've got it")
    row = "worker,W-1,Sam,,en,Europe/London,,discharged"
    async with world.desk.turn() as turn:
        done = await roster.import_roster(turn, f"{','.join(COLUMNS)}\n{row}", dry_run=False)
    assert done.problems == ()
    await world.settle()
    (alert,) = await world.alerts()
    assert (alert.state, alert.holder_id, alert.holder_ref) == (AlertState.RAISED, None, "W-2")
    assert world.kim.shows.startswith("R-118")


async def test_a_card_that_telegram_refuses_moves_only_its_own_alert(world: World) -> None:
    bo = await a_client(world.desk, world.worker, ref="R-204", name="Bo", chat_id=1002)
    await a_card(world)
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, bo, "how")
    async with at_work(world.desk, Scripted(world.desk.clock, [Refused("can't parse entities")]), routes.HOOKS):
        pass
    (mine,) = await world.alerts()
    async with world.desk.glance() as m:
        (other,) = await m.alerts.of_client(bo.id)
    assert (mine.holder_ref, other.holder_ref) == ("W-1", "W-2")


async def test_whoever_gets_a_card_that_was_taken_meanwhile_reads_so(world: World) -> None:
    await a_card(world)
    await world.pass_time(days=1, minutes=1)
    move(world.desk, days=1, minutes=1)
    async with world.desk.turn() as turn:
        await ladder.escalate_due(turn)
    (alert,) = await world.alerts()

    async def meanwhile(letter: Letter) -> Verdict:
        if letter.chat_id == 2002 and letter.kind == "worker.alert_cover":
            async with world.desk.turn() as turn:
                await handling.acknowledge(turn, world.worker, alert.id)
        return Sent(letter.edits or 900 + len(network.letters), has_buttons=True)

    network = Scripted(world.desk.clock, [meanwhile] * 9)
    async with at_work(world.desk, network, routes.HOOKS):
        pass
    to_kim = [letter for letter in network.letters if letter.chat_id == 2002]
    assert to_kim[0].kind == "worker.alert_cover"
    assert to_kim[-1].facts["state"] == "acknowledged"
