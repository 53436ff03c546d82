"""Check-ins, answers, remarks and the timetable as rows."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.actions.desk import Desk
from bot.domain.checkins import Answer, CheckIn, Item, State
from bot.domain.people import Client
from bot.domain.schedules import Due
from storage import tables as t
from storage.timetable import Slot
from tests.support.people import a_client, a_worker

NOW = datetime(2026, 5, 12, 13, 0, tzinfo=UTC)
SECRET = "felt told off by the water cooler"


@pytest.fixture
async def client(desk: Desk) -> Client:
    return await a_client(desk, await a_worker(desk))


def a_check_in(client: Client, n: int = 0, **changes: object) -> CheckIn:
    check_in = CheckIn(
        id=f"{n:016x}",
        client_id=client.id,
        worker_id=client.worker_id,
        schedule="twice a week",
        local_date=date(2026, 5, 12) + timedelta(days=n),
        slot="day",
        state=State.OPEN,
        items=(Item("B1"), Item("G3", None)),
        planned_at=NOW + timedelta(days=n),
        expires_at=NOW + timedelta(days=n + 1),
    )
    return replace(check_in, **changes)


async def test_a_check_in_comes_back_as_it_was_put_in(desk: Desk, client: Client) -> None:
    kept = a_check_in(client)
    async with desk.turn() as turn:
        await turn.m.checkins.add([kept])
    async with desk.glance() as m:
        assert await m.checkins.by_id(kept.id) == kept


async def test_an_occasion_is_unique(desk: Desk, client: Client) -> None:
    with pytest.raises(IntegrityError):
        async with desk.turn() as turn:
            await turn.m.checkins.add([a_check_in(client), replace(a_check_in(client), id="f" * 16)])


async def test_answers_keep_every_version_and_one_that_holds(desk: Desk, client: Client) -> None:
    check_in = a_check_in(client)
    async with desk.turn() as turn:
        await turn.m.checkins.add([check_in])
        for version, value in enumerate((2, 5, 8), start=1):
            answer = Answer(0, "B1", "bond", NOW, value=value, value_0_10=value, version=version)
            await turn.m.answers.add(check_in, answer)
    async with desk.glance() as m:
        found = (await m.answers.of(client.id))[check_in.id]
    assert [(one.value, one.version, one.current) for one in found] == [(2, 1, False), (5, 2, False), (8, 3, True)]


async def test_the_words_of_an_answer_and_of_a_remark_are_sealed(desk: Desk, client: Client) -> None:
    check_in = a_check_in(client)
    async with desk.turn() as turn:
        await turn.m.checkins.add([check_in])
        await turn.m.answers.add(check_in, Answer(0, "B1", "bond", NOW, text=SECRET, chat_message_id=7))
        await turn.m.remarks.add(client.id, check_in.id, 8, SECRET, NOW)
    async with desk.glance() as m:
        raw = [
            bytes(sealed)
            for column in (t.answer.c.text_sealed, t.remark.c.text_sealed)
            for (sealed,) in await m.con.execute(sa.select(column))
        ]
        assert len(raw) == 2
        assert not any(SECRET.encode() in sealed for sealed in raw)
        found = await m.answers.by_message(client.id, 7)
        assert found is not None
        assert found[1].text == SECRET
        assert [one.text for one in await m.remarks.of(client.id)] == [SECRET]


async def test_a_typed_message_of_somebody_else_gives_no_answer(desk: Desk, client: Client) -> None:
    """Message ids are counted per chat, so that two clients may well have the same."""
    check_in = a_check_in(client)
    async with desk.turn() as turn:
        await turn.m.checkins.add([check_in])
        await turn.m.answers.add(check_in, Answer(0, "B1", "bond", NOW, value=8, chat_message_id=7))
    other = await a_client(desk, None, ref="R-119", chat_id=1002)
    async with desk.glance() as m:
        assert await m.answers.by_message(other.id, 7) is None


async def test_the_latest_are_a_few_per_client_newest_first(desk: Desk, client: Client) -> None:
    async with desk.turn() as turn:
        await turn.m.checkins.add([a_check_in(client, n) for n in range(12)])
    async with desk.glance() as m:
        found = await m.checkins.latest([client.id, "nobody"], NOW + timedelta(days=12), most=3)
    assert [one.id for one in found[client.id]] == [f"{n:016x}" for n in (11, 10, 9)]
    assert found["nobody"] == []


async def test_the_timetable_gives_the_earliest_first_and_never_more_than_asked(desk: Desk, client: Client) -> None:
    slots = [
        Slot(client.id, f"s{n}", Due(date(2026, 5, 12), "day", NOW + timedelta(minutes=n)), NOW + timedelta(minutes=n))
        for n in (2, 0, 1, 5)
    ]
    async with desk.turn() as turn:
        await turn.m.timetable.put(slots)
    async with desk.glance() as m:
        assert [one.schedule for one in await m.timetable.due(NOW + timedelta(minutes=2), 10)] == ["s0", "s1", "s2"]
        assert [one.schedule for one in await m.timetable.due(NOW + timedelta(minutes=2), 2)] == ["s0", "s1"]
        assert await m.timetable.next_for(client.id) == NOW


async def test_putting_a_row_again_takes_its_place(desk: Desk, client: Client) -> None:
    first = Slot(client.id, "s", Due(date(2026, 5, 12), "day", NOW), NOW)
    second = replace(first, next_due_at=NOW + timedelta(hours=1))
    async with desk.turn() as turn:
        await turn.m.timetable.put([first])
        await turn.m.timetable.put([second])
    async with desk.glance() as m:
        assert await m.timetable.of([client.id]) == [second]
