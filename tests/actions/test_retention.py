"""What goes by itself: everything of a client some time after discharge, and questions and answers from the chat."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions import alerts, housekeeping, privacy, remarks, retention, roster
from bot.actions.desk import Desk
from bot.app import loops
from bot.domain.delivery import DELETE
from bot.domain.people import Status
from handlers import routes
from storage import tables as t
from storage.unit_of_work import Memory
from tests.support.checkins import move
from tests.support.people import a_client
from tests.support.post_office import at_work, rows
from tests.support.scripted import Scripted
from tests.support.stories import World, a_world

ROSTER = "role,ref,name,worker,status\nclient,R-118,,,{}\n"
AFTER = timedelta(days=90)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def memory(request: pytest.FixtureRequest) -> Memory:
    """Both databases; the server's turn is in the long run."""
    found: Memory = request.getfixturevalue(f"{request.param}_empty")
    return found


@pytest.fixture
async def world(desk: Desk) -> World:
    desk.plan = replace(desk.plan, data=replace(desk.plan.data, after_discharge=AFTER, messages=timedelta(hours=24)))
    return await a_world(desk)


async def status(world: World, word: str) -> None:
    async with world.desk.turn() as turn:
        done = await roster.import_roster(turn, ROSTER.format(word), dry_run=False)
    assert done.problems == ()


async def tidied(world: World) -> None:
    for work in (*retention.WORK, privacy.erase_due, privacy.let_go, housekeeping.forget):
        for _ in range(100):
            async with world.desk.turn() as turn:
                if not await work(turn):
                    break


async def letters(world: World) -> list[tuple[int, str, str]]:
    """(chat, kind, key of a sentence) of everything that leaves now."""
    network = Scripted(world.desk.clock, message_id=7000)
    async with at_work(world.desk, network, routes.HOOKS):
        pass
    return [(one.chat_id, one.kind, str(one.facts.get("key", ""))) for one in network.letters]


async def is_erased(world: World, client_id: str = "") -> bool:
    async with world.desk.glance() as m:
        client = await m.people.client(client_id or world.client.id)
    assert client is not None
    return client.erased_at is not None


# ---------------------------------------------------------------- after discharge


async def test_everything_of_a_client_goes_some_time_after_discharge_and_not_before(world: World) -> None:
    await world.low()
    other = await a_client(world.desk, world.worker, "R-200", "Robin", 1200)
    await status(world, "discharged")
    move(world.desk, days=89)
    await tidied(world)
    assert not await is_erased(world)
    move(world.desk, days=1, minutes=1)
    await tidied(world)
    assert await is_erased(world)
    assert not await is_erased(world, other.id)
    async with world.desk.glance() as m:
        assert await m.checkins.of(world.client.id) == []
        record = [(line.by, line.did) for line in await m.audit.lines() if line.did == "erased"]
        assert await m.tombstones.count() == 1
    assert record == [("retention", "erased")]


@pytest.mark.slow
async def test_nothing_is_written_to_a_chat_that_was_left_long_ago(world: World) -> None:
    await world.low()
    await status(world, "discharged")
    await letters(world)
    move(world.desk, days=91)
    await tidied(world)
    assert await is_erased(world)
    assert [one for one in await letters(world) if one[0] == 1001] == []
    await tidied(world)
    async with world.desk.glance() as m:
        client = await m.people.client(world.client.id)
    assert client is not None
    assert client.person.chat_id is None


@pytest.mark.slow
async def test_whoever_came_back_is_not_deleted(world: World) -> None:
    await status(world, "discharged")
    move(world.desk, days=80)
    await status(world, "invited")
    move(world.desk, days=30)
    await tidied(world)
    assert not await is_erased(world)


@pytest.mark.slow
async def test_it_waits_while_nobody_has_taken_a_notice_of_danger(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_danger(turn, world.client, frozenset({"self_harm"}), "typed")
    await status(world, "discharged")
    move(world.desk, days=91)
    await tidied(world)
    assert not await is_erased(world)


async def test_managers_hear_the_week_before_and_once(world: World) -> None:
    await status(world, "discharged")
    move(world.desk, days=84)
    await tidied(world)
    await tidied(world)
    told = [one for one in await letters(world) if one[2] == "manager.data.soon"]
    assert sorted(chat for chat, _, _ in told) == [3001, 3002]
    shown = [row for row in await rows(world.desk) if row.key.startswith("retention")]
    assert len(shown) == 2
    move(world.desk, days=7)
    await tidied(world)
    assert await is_erased(world)


@pytest.mark.slow
async def test_two_processes_that_look_at_once_say_and_clear_it_once(world: World) -> None:
    """The second one has not seen the mark of the first."""
    await world.low()
    await status(world, "discharged")
    move(world.desk, days=84)
    for _ in range(2):
        async with world.desk.turn() as turn:
            await turn.m.con.execute(t.mark.delete())
            await retention.announce(turn)
    told = [one for one in await letters(world) if one[2] == "manager.data.soon"]
    assert sorted(chat for chat, _, _ in told) == [3001, 3002]


@pytest.mark.slow
async def test_the_line_names_refs_and_the_first_day(world: World) -> None:
    await status(world, "discharged")
    move(world.desk, days=84)
    await tidied(world)
    await world.settle()
    assert "R-118" in world.jo.shows
    assert "1 client" in world.jo.shows


# ---------------------------------------------------------------- the chat


async def deleted(world: World) -> int:
    return len([one for one in await letters(world) if one[:2] == (1001, DELETE)])


async def standing(world: World) -> set[str]:
    """Surfaces that still show something in the client's chat."""
    async with world.desk.glance() as m:
        c = t.message.c
        query = sa.select(c.surface).where(c.person_id == world.client.id, c.surface != "cleared")
        return set(await m.con.scalars(query))


async def test_questions_and_what_was_typed_leave_the_chat_after_their_time(world: World) -> None:
    check_in = await world.low()
    async with world.desk.turn() as turn:
        await turn.m.messages.heard(world.client.id, 1001, 77, turn.now)
        await remarks.keep(turn, world.client, "words", 78)
    await letters(world)
    move(world.desk, hours=23)
    await tidied(world)
    assert await deleted(world) == 0
    assert check_in.surface in await standing(world)
    move(world.desk, hours=3)
    await world.loops()  # the window is over
    await tidied(world)
    assert await deleted(world) == 1  # one call for all of them
    assert not [one for one in await standing(world) if one.startswith(("checkin:", "remark:", "said"))]
    move(world.desk, hours=1)
    await tidied(world)
    assert await deleted(world) == 0


@pytest.mark.slow
async def test_a_question_that_may_still_be_answered_stays(world: World) -> None:
    world.desk.plan = replace(
        world.desk.plan, data=replace(world.desk.plan.data, after_discharge=AFTER, messages=timedelta(hours=2))
    )
    check_in = await world.asked()
    move(world.desk, hours=3)
    await tidied(world)
    assert check_in.surface in await standing(world)
    await world.answers(check_in, 8, 8, 8)
    await tidied(world)
    move(world.desk, minutes=11)
    await tidied(world)
    assert check_in.surface not in await standing(world)


@pytest.mark.slow
async def test_what_is_too_old_for_telegram_to_delete_is_left(world: World) -> None:
    await world.low()
    move(world.desk, hours=48)
    await world.loops()
    await tidied(world)
    assert await deleted(world) == 0


@pytest.mark.slow
async def test_where_they_are_meant_to_stay_they_stay(world: World) -> None:
    world.desk.plan = replace(world.desk.plan, data=replace(world.desk.plan.data, messages=None))
    check_in = await world.low()
    move(world.desk, hours=30)
    await world.loops()
    await tidied(world)
    assert check_in.surface in await standing(world)


# ---------------------------------------------------------------- rows of no use


@pytest.mark.slow
async def test_numbers_of_old_messages_and_updates_set_aside_go_in_the_end(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.messages.heard(world.client.id, 1001, 77, turn.now)
        await turn.m.inbox.keep([(9, 1001, {"text": "broken"}), (10, 5005, {"text": "new"})], turn.now)
        await turn.m.inbox.set_aside(9, turn.now)
    move(world.desk, days=29)
    await tidied(world)
    assert (await left(world)) == ({9, 10}, True)
    move(world.desk, days=2)
    await tidied(world)
    assert (await left(world)) == ({10}, False)


async def left(world: World) -> tuple[set[int], bool]:
    async with world.desk.glance() as m:
        updates = set(await m.con.scalars(sa.select(t.inbox.c.update_id)))
        return updates, await m.messages.knows(1001, 77)


async def test_the_bot_does_it_by_itself(world: World) -> None:
    tidy = next(one for one in loops(world.desk) if one.name == "tidy")
    assert set(retention.WORK) <= set(tidy.work)
    assert (await _status_of(world)) is Status.JOINED


async def _status_of(world: World) -> Status:
    async with world.desk.glance() as m:
        client = await m.people.client(world.client.id)
    assert client is not None
    return client.person.status
