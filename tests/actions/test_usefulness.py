"""A rule that is seldom useful is proposed to the managers, with a back-test; nothing changes by itself."""

from zoneinfo import ZoneInfo

import pytest

from bot.actions import proposals, reports
from bot.actions.desk import Desk
from bot.actions.people import texts
from bot.domain.usefulness import REVIEWED
from handlers.views.manager_figures import VIEWS
from handlers.views.screen import Voice
from storage import tables as t
from tests.support.checkins import move
from tests.support.stories import World, a_world

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(desk: Desk) -> World:
    """One real alert, and as many closed ones as a review looks at, all on `item_low`, none of them useful."""
    world = await a_world(desk)
    await world.low(3, 8, 8)
    await world.pass_time(hours=3)
    await judged(world, REVIEWED, "knew")
    return world


async def judged(world: World, n: int, said: str) -> None:
    alert = (await world.alerts())[0]
    async with world.desk.turn() as turn:
        await turn.m.alerts.change(alert.id, usefulness=said)
        row = dict((await turn.m.con.execute(t.alert.select().where(t.alert.c.id == alert.id))).one()._mapping)
        signals = [
            dict(one._mapping)
            for one in await turn.m.con.execute(t.signal.select().where(t.signal.c.alert_id == alert.id))
        ]
        for _ in range(n - 1):
            copy = t.new_id()
            await turn.m.con.execute(t.alert.insert().values({**row, "id": copy, "state": "repaired"}))
            for one in signals:
                more = {**one, "id": t.new_id(), "alert_id": copy, "key": t.new_id()}
                await turn.m.con.execute(t.signal.insert().values(more))


async def test_the_manager_is_shown_another_number_with_what_it_would_have_changed(world: World) -> None:
    before = world.desk.plan
    await proposals.review(world.desk)
    await world.settle()
    said = world.jo.shows
    assert said.startswith("A rule worth a look: One low answer")
    assert f"Of the last {REVIEWED} such alerts staff called 0 useful." in said
    assert "I tried level = 2 instead of 3 on those clients' answers: of 1 alerts 1 would not have come." in said
    assert "set level = 2 under [signals.item_low]" in said
    assert world.desk.plan is before


async def test_it_is_said_once_and_again_after_thirty_more(world: World) -> None:
    await proposals.review(world.desk)
    move(world.desk, days=2)
    await proposals.review(world.desk)
    await world.settle()
    assert sum("worth a look" in screen.text for screen in world.jo.screens) == 1


async def test_useful_alerts_bring_no_proposal_and_stand_in_the_report(desk: Desk) -> None:
    world = await a_world(desk)
    await world.low(3, 8, 8)
    await world.pass_time(hours=3)
    await judged(world, REVIEWED, "useful")
    await proposals.review(world.desk)
    await world.settle()
    assert not any("worth a look" in screen.text for screen in world.jo.screens)
    async with desk.glance() as m:
        found = await reports.figures(m, desk.plan, desk.clock.now().replace(year=2020), desk.clock.now())
    assert {"rule": "item_low", "useful": REVIEWED, "knew": 0, "not_concern": 0} in found["usefulness"]


async def test_a_small_caseload_has_no_figures(world: World) -> None:
    async with world.desk.glance() as m:
        found = await reports.figures(
            m, world.desk.plan, world.desk.clock.now().replace(year=2020), world.desk.clock.now()
        )
    assert found["caseloads"] == [{"name": "Sam", "clients": 1, "alerts": None, "floor": reports.FLOOR}]


@pytest.mark.parametrize(
    ("sizes", "without"),
    [
        ([6, 9], ""),
        ([1, 6, 9], "ab"),  # else the whole service's less the others' would be that of the one
        ([3, 2, 7], "ab"),
        ([4, 1, 2], "abc"),
        ([2], "a"),
        ([5, 5], ""),
    ],
)
def test_nobody_works_out_a_small_caseload_from_the_others(sizes: list[int], without: str) -> None:
    found = reports.kept_back(dict(zip("abc", sizes, strict=False)))
    assert "".join(sorted(found)) == without


async def test_a_caseload_that_would_tell_anothers_says_so(world: World) -> None:
    hidden = [{"name": name, "clients": n, "alerts": None, "floor": 5} for name, n in (("Sam", 1), ("Bo", 9))]
    now = world.desk.clock.now()
    async with world.desk.glance() as m:
        figures = await reports.figures(m, world.desk.plan, now, now)
    voice = Voice(texts().for_language("en", zone=ZoneInfo("UTC"), place="Ivy"), world.desk.plan)
    said = VIEWS["manager.report"]({**figures, "caseloads": hidden}, voice).text
    assert "Sam: fewer than 5 clients, so no figures" in said
    assert "Bo: no figures, for they would tell those of a small caseload" in said
