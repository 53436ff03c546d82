"""Buttons of a check-in, as they arrive: decoded, checked against the speaker, and answered even when they are forged."""

import pytest

from bot.actions.desk import Desk
from bot.domain.checkins import CheckIn, State
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person
from handlers.callbacks import decode
from handlers.client.checkins import TAPS
from handlers.client.remarks import TAPS as REMARK_TAPS
from handlers.context import Talk
from tests.support.checkins import MESSAGE, answers_of, asked, carried_out, kinds, latest, move
from tests.support.people import a_client, a_worker

EVERY_TAP = {**TAPS, **REMARK_TAPS}


@pytest.fixture
async def worker(desk: Desk) -> Person:
    return await a_worker(desk)


@pytest.fixture
async def client(desk: Desk, worker: Person) -> Client:
    return await a_client(desk, worker)


@pytest.fixture
async def check_in(desk: Desk, client: Client) -> CheckIn:
    return await asked(desk, client)


async def taps(desk: Desk, client: Client, data: str, message_id: int = MESSAGE) -> str | None:
    """One tap on a button with this data. Returns the toast."""
    tap = decode(data)
    assert tap is not None
    async with desk.turn() as turn:
        now = await turn.m.people.client(client.id)
        talk = Talk(turn, client.person.chat_id or 0, 1, client.person, now, tap=tap, message_id=message_id)
        await EVERY_TAP[tap.verb].handler(talk)
        return talk.toast


async def test_a_number_is_an_answer(desk: Desk, client: Client, check_in: CheckIn) -> None:
    assert await taps(desk, client, f"1:a:{check_in.id}:0:7") is None
    assert [one.value for one in await answers_of(desk, check_in)] == [7]


async def test_a_change_of_mind_is_confirmed_over_the_tap(desk: Desk, client: Client, check_in: CheckIn) -> None:
    await taps(desk, client, f"1:a:{check_in.id}:0:3")
    assert await taps(desk, client, f"1:a:{check_in.id}:0:8") == "client.question.changed"


async def test_skip_back_and_later_lead_where_they_say(desk: Desk, client: Client, check_in: CheckIn) -> None:
    shown = []
    for data in ("s:{}:0", "b:{}:1", "w:{}:words", "l:{}", "l:{}:hour", "l:{}:back"):
        await taps(desk, client, "1:" + data.format(check_in.id))
        shown += await kinds(desk, client.id)
        await carried_out(desk)
    assert shown == ["client.question"] * 3 + ["client.later", "client.later_set", "client.question"]


async def test_after_the_window_a_toast_says_that_nothing_is_lost(desk: Desk, client: Client, check_in: CheckIn) -> None:
    move(desk, hours=24)
    assert await taps(desk, client, f"1:a:{check_in.id}:0:7") == "client.toast.old"
    assert await answers_of(desk, check_in) == []


FORGED = (
    "a:{}",
    "a:{}:0",
    "a:{}:0:11",
    "a:{}:0:7.3",
    "a:{}:0:nan",
    "a:{}:0:inf",
    "a:{}:0:=yes",
    "a:{}:0:",
    "a:{}:-1:7",
    "a:{}:²:7",
    "a:{}:0:7:7",
    "a:nothing:0:7",
    "b:{}",
    "s:{}:x",
    "w:{}:poems",
    "l:{}:never",
    "r:{}:y",
    "q:{}:shout",
)


@pytest.mark.parametrize("data", FORGED)
async def test_forged_data_is_refused_kindly_and_stores_nothing(
    desk: Desk, client: Client, check_in: CheckIn, data: str
) -> None:
    with pytest.raises(Refusal):
        await taps(desk, client, "1:" + data.format(check_in.id))
    assert await answers_of(desk, check_in) == []
    assert await kinds(desk) == []


@pytest.mark.parametrize("data", ["a:{}:0:7", "s:{}:0", "b:{}:1", "l:{}", "l:{}:hour", "w:{}:words", "q:{}:keep"])
async def test_another_persons_button_is_refused_and_shows_nothing(
    desk: Desk, client: Client, check_in: CheckIn, worker: Person, data: str
) -> None:
    other = await a_client(desk, worker, ref="R-119", chat_id=1002)
    before = await latest(desk, client)
    with pytest.raises(Refusal):
        await taps(desk, other, "1:" + data.format(check_in.id))
    assert await latest(desk, client) == before
    assert await kinds(desk) == []


async def test_keep_it_as_it_is_says_when_the_next_one_comes(desk: Desk, client: Client, check_in: CheckIn) -> None:
    await taps(desk, client, f"1:q:{check_in.id}:keep")
    assert await kinds(desk, client.id) == ["client.about_kept"]


@pytest.mark.parametrize("choice", ["less_often", "other_time", "just_one", "break", "no_more"])
async def test_each_change_opens_its_page_of_the_menu(desk: Desk, client: Client, check_in: CheckIn, choice: str) -> None:
    await taps(desk, client, f"1:q:{check_in.id}:{choice}")
    assert await kinds(desk, client.id) == ["client.menu"]


async def test_an_item_that_a_check_in_does_not_have_is_stale(desk: Desk, client: Client, check_in: CheckIn) -> None:
    assert await taps(desk, client, f"1:s:{check_in.id}:99") == "client.toast.old"
    assert (await latest(desk, client)).state is State.OPEN
