"""The access log's end, among the log lines that are kept elsewhere: what was cut off since shows."""

import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.actions import access_log
from bot.actions.desk import Desk
from storage import tables as t
from storage.chain import Why
from tests.support.checkins import move


async def noted_down(desk: Desk) -> list[str]:
    with capture_logs() as said:
        async with desk.turn() as turn:
            assert await access_log.note_down(turn) == 0
    return [f"{one['count']}:{one['noted']}" for one in said if one["event"] == "access_log_stands"]


async def read(desk: Desk, ref: str) -> None:
    async with desk.turn() as turn:
        await turn.m.audit.note(turn.now, "W-1", "read_answers", ref)


async def flaws(desk: Desk, noted: str) -> list[Why]:
    place, _, hash_then = noted.partition(":")
    verdict = await access_log.verify(desk, (int(place), hash_then), lambda: None)
    return [one.why for one in verdict.flaws]


async def test_where_it_ends_is_noted_once_a_day(desk: Desk) -> None:
    assert await noted_down(desk) == []  # it has not begun
    await read(desk, "R-1")
    [first] = await noted_down(desk)
    await read(desk, "R-2")
    assert await noted_down(desk) == []
    move(desk, days=1)
    [second] = await noted_down(desk)
    assert (first.partition(":")[0], second.partition(":")[0]) == ("1", "2")
    assert [await flaws(desk, one) for one in (first, second)] == [[], []]


async def test_newest_lines_that_were_cut_with_an_older_end_put_back_show(desk: Desk) -> None:
    await read(desk, "R-1")
    async with desk.glance() as m:
        older = (await m.con.execute(sa.select(t.audit_head))).one()._mapping
    await read(desk, "R-2")
    [noted] = await noted_down(desk)
    async with desk.turn() as turn:
        await turn.m.con.execute(t.audit.delete().where(t.audit.c.place == 2))
        await turn.m.con.execute(t.audit_head.update().values(**older))
    assert (await access_log.verify(desk, None, lambda: None)).flaws == []
    assert await flaws(desk, noted) == [Why.ANOTHER]
