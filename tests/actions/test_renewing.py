"""Another file or another roster while something is open: it goes to those who are named and there by now."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot import app
from bot.actions import alerts, roster
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState
from bot.domain.ladder import Rung, Step, renewed
from bot.domain.roster import COLUMNS
from bot.domain.signals.history import HARM_BY_OTHERS
from tests.support.people import a_manager
from tests.support.stories import Phone, World, a_world

JO_LEAVES, ADA_LEAVES = "manager,M-1,Jo,,,,,discharged", "manager,M-2,Ada,,,,,discharged"
SAM_LEAVES, KIM_LEAVES = "worker,W-1,Sam,,,,,discharged", "worker,W-2,Kim,,,,,discharged"


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def another_manager(world: World) -> Phone:
    await a_manager(world.desk, "M-3", "Eve", 3003)
    world.phones[3003] = Phone(world.desk, 3003, world=world)
    return world.phones[3003]


async def restarted(world: World, *, safety: Any = (), **of_alerts: Any) -> None:
    """With another file."""
    plan = world.desk.plan
    safety = replace(plan.safety, **dict(safety))
    world.desk.plan = replace(plan, safety=safety, alerts=replace(plan.alerts, **of_alerts))
    await app.prepare(world.desk)
    await world.settle()


async def imported(world: World, *rows: str) -> None:
    async with world.desk.turn() as turn:
        done = await roster.import_roster(turn, "\n".join((",".join(COLUMNS), *rows)), dry_run=False)
    assert done.problems == ()
    await world.settle()


async def working_days(world: World, count: int) -> None:
    for _ in range(count):
        await world.pass_time(days=1, minutes=1)


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("first", ["the file", "the roster"])
async def test_an_alert_climbs_to_the_manager_whom_the_file_names_now(world: World, before: int, first: str) -> None:
    """Also where it waits with the one who leaves."""
    eve = await another_manager(world)
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    await working_days(world, before)
    if first == "the roster":
        await imported(world, JO_LEAVES, KIM_LEAVES)
    safety = {"duty": ("M-3",), "checked_by": "M-3"}
    await restarted(world, safety=safety, escalate_to=("M-3",), cover={})
    if first == "the file":
        await imported(world, JO_LEAVES, KIM_LEAVES)
    await working_days(world, 0 if before else 2)
    assert eve.shows.startswith("R-118 · nobody has picked this up")
    assert "fell to" not in eve.all_words


async def test_danger_goes_on_with_whoever_is_on_duty_now(world: World) -> None:
    eve = await another_manager(world)
    async with world.desk.turn() as turn:
        await alerts.raise_danger(turn, world.client, frozenset({"self_harm"}), "typed")
    await world.settle()
    await restarted(world, safety={"duty": ("M-3",), "checked_by": "M-3"}, escalate_to=("M-3",))
    await imported(world, JO_LEAVES)
    assert len(eve.screens) == 1
    await world.pass_time(minutes=11)
    assert len(eve.screens) == 2


@pytest.mark.parametrize("taken", [False, True])
async def test_the_wish_for_somebody_else_goes_on_with_whoever_hears_it_now(world: World, taken: bool) -> None:
    eve = await another_manager(world)
    async with world.desk.turn() as turn:
        await alerts.raise_someone_else(turn, world.client)
    await world.settle()
    if taken:
        await world.ada.taps("I've got it")
    await restarted(world, safety={"safeguarding_contact": ("M-3",)}, complaints_to=("M-3",))
    await imported(world, ADA_LEAVES)
    assert "Sam isn't told" in eve.shows
    assert world.sam.screens == []


async def test_what_nobody_could_be_told_is_told_once_the_file_names_somebody(world: World) -> None:
    """An older file without contacts: words of harm found nobody, and later ones would have joined them in silence."""
    named = world.desk.plan
    await restarted(world, safety={"duty": (), "safeguarding_contact": ()}, escalate_to=())
    async with world.desk.turn() as turn:
        await alerts.raise_danger(turn, world.client, frozenset({HARM_BY_OTHERS}), "typed")
    await world.settle()
    assert world.ada.screens == []
    world.desk.plan = named
    await app.prepare(world.desk)
    await world.settle()
    assert len(world.ada.screens) == 1
    assert world.sam.screens == world.jo.screens == []


async def test_whoever_leaves_together_with_whoever_took_over_leaves_it_to_no_cover(world: World) -> None:
    """One file says both, in any order of lines."""
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    await world.sam.taps("I've got it")
    await imported(world, SAM_LEAVES, "worker,W-3,Bo,,,,,", "client,R-118,,W-2,,,,")
    assert "please look today, for Sam" not in world.kim.all_words
    (alert,) = await world.alerts()
    assert (alert.state, alert.holder_ref) == (AlertState.RAISED, "W-2")


async def test_starting_again_with_the_same_file_changes_and_says_nothing(world: World) -> None:
    async with world.desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
        await alerts.raise_someone_else(turn, world.client)
        await alerts.raise_danger(turn, world.client, frozenset({"self_harm"}), "typed")
    await world.settle()
    before, said = await world.alerts(), [len(phone.screens) for phone in world.phones.values()]
    await app.prepare(world.desk)
    await app.prepare(world.desk)
    await world.settle()
    assert await world.alerts() == before
    assert [len(phone.screens) for phone in world.phones.values()] == said


async def test_a_wish_that_is_told_anew_is_not_told_to_the_worker_it_was_about(world: World) -> None:
    """Moved to Kim since; and the file names Sam now among those who hear it."""
    async with world.desk.turn() as turn:
        await turn.m.people.assign(world.client.id, world.worker.id, turn.now)
        await alerts.raise_someone_else(turn, world.client)
    await world.settle()
    await world.pass_time(minutes=1)
    await imported(world, "client,R-118,,W-2,,,,")
    await working_days(world, 7)
    await restarted(world, complaints_to=("W-1", "M-2"))
    async with world.desk.turn() as turn:
        client = await turn.m.people.client(world.client.id)
        assert client is not None
        await alerts.raise_someone_else(turn, client)
    await working_days(world, 9)
    assert "R-118" not in world.sam.all_words.replace("Kim has R-118", "")
    assert world.ada.screens != []


FIRST, AGAIN, COVER = Step("W-1", Rung.FIRST), Step("W-1", Rung.REMINDER), Step("W-2", Rung.COVER)
JO, EVE = Step("M-1", Rung.LAST_RESORT), Step("M-3", Rung.LAST_RESORT)


@pytest.mark.parametrize(
    ("reached", "wanted", "then"),
    [
        ([], [FIRST, AGAIN], [FIRST, AGAIN]),
        ([FIRST], [FIRST, AGAIN, COVER, EVE], [FIRST, AGAIN, COVER, EVE]),
        ([FIRST, AGAIN], [FIRST, AGAIN, EVE], [FIRST, AGAIN, EVE]),
        ([FIRST, AGAIN, COVER], [FIRST, AGAIN, COVER, JO], [FIRST, AGAIN, COVER, JO]),
        ([FIRST, AGAIN, JO], [FIRST, AGAIN, COVER, EVE], [FIRST, AGAIN, JO, EVE]),
        ([FIRST, JO], [FIRST, AGAIN, COVER, JO], [FIRST, JO]),  # for supervision: nobody below is asked
    ],
)
def test_a_ladder_goes_on_from_where_it_stands(reached: Sequence[Step], wanted: list[Step], then: list[Step]) -> None:
    assert list(renewed(reached, wanted, only_higher=True)) == then
