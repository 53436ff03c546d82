"""Goals in the client's own words, seen by the worker, quoted only after two yeses."""

import pytest

from bot.actions.desk import Desk
from bot.domain.goals import Goal
from bot.domain.people import Person
from tests.support.chats import Chat, render
from tests.support.people import a_client, a_worker


@pytest.fixture
async def worker(desk: Desk) -> Person:
    return await a_worker(desk)


@pytest.fixture
async def chat(desk: Desk, worker: Person) -> Chat:
    await a_client(desk, worker)
    return Chat(desk, 1001)


async def goals(chat: Chat) -> list[Goal]:
    client = await chat.client()
    async with chat.desk.turn() as turn:
        return await turn.m.goals.live(client.id)


async def test_the_first_goal_is_just_typed(chat: Chat) -> None:
    await chat.types("/goals")
    assert chat.shows.startswith("You have no goals here yet.")
    await chat.types("see my  kids\nmore")
    (goal,) = await goals(chat)
    assert (goal.text, goal.number, goal.quotable) == ("see my kids more", 1, False)
    assert 'I call it "goal 1"' in chat.shows


async def test_it_is_quoted_only_after_the_worker_has_seen_it_and_the_client_agreed(chat: Chat, desk: Desk) -> None:
    await chat.types("/goals")
    await chat.types("see my kids more")
    staff = Chat(desk, 2001)
    await chat.types("/goals")  # nothing is quoted by being looked at
    assert not (await goals(chat))[0].quotable
    await staff.taps_data(f"1:gs:{(await goals(chat))[0].id}")
    assert not (await goals(chat))[0].quotable
    await chat.taps_data(f"1:g:yes_quote:{(await goals(chat))[0].id}")
    assert (await goals(chat))[0].quotable


async def test_the_worker_reads_a_new_goal_and_the_client_is_asked_once(chat: Chat, desk: Desk) -> None:
    staff = Chat(desk, 2001)
    await chat.types("/goals")
    await chat.types("see my kids more")
    staff.screens += [render(desk, one) for one in chat.letters if one.kind == "worker.goal"]
    assert "R-118 · a new goal" in staff.shows
    await staff.taps("I've seen it")
    assert [one.kind for one in staff.letters if one.chat_id == 1001] == ["client.goals"]
    await staff.taps("I've seen it")
    assert [one.kind for one in staff.letters if one.chat_id == 1001] == []


async def test_new_words_have_to_be_seen_and_agreed_to_anew(chat: Chat, desk: Desk) -> None:
    await chat.types("/goals")
    await chat.types("see my kids more")
    goal = (await goals(chat))[0]
    await Chat(desk, 2001).taps_data(f"1:gs:{goal.id}")
    await chat.taps_data(f"1:g:yes_quote:{goal.id}")
    await chat.types("/goals")
    await chat.taps("Change the words")
    await chat.taps("1. see my kids")
    await chat.types("see my kids every week")
    (goal,) = await goals(chat)
    assert (goal.text, goal.quotable, goal.seen_by_worker_at) == ("see my kids every week", False, None)


async def test_a_goal_can_be_let_go_and_its_number_is_not_given_again(chat: Chat) -> None:
    await chat.types("/goals")
    await chat.types("see my kids more")
    await chat.taps("Let one go")
    await chat.taps("1. see my kids")
    await chat.taps("Yes, let it go")
    assert await goals(chat) == []
    await chat.types("/goals")
    await chat.types("sleep")
    assert [one.number for one in await goals(chat)] == [2]


async def test_five_at_a_time_none_twice_none_too_long(chat: Chat) -> None:
    await chat.types("/goals")
    await chat.types("goal a")
    for letter in "bcde":
        await chat.taps("Add one")
        await chat.types(f"goal {letter}")
    assert len(await goals(chat)) == 5
    assert (await chat.taps("Add one")).refused == "client.goals.limit"
    await chat.taps("Change the words")
    await chat.taps("1. goal a")
    assert (await chat.types("Goal B")).refused == "client.goals.same"
    assert (await chat.types("long " * 60)).refused == "client.goals.too_long"


async def test_somebody_elses_goal_is_an_old_button(chat: Chat, desk: Desk, worker: Person) -> None:
    await chat.types("/goals")
    await chat.types("see my kids more")
    (goal,) = await goals(chat)
    await a_client(desk, worker, "R-200", chat_id=1002)
    other = Chat(desk, 1002)
    for action in ("ask_rename", "let_go_ask", "yes_let_go", "yes_quote"):
        assert (await other.taps_data(f"1:g:{action}:{goal.id}")).refused == "errors.stale_button"
    await a_worker(desk, "W-2", "Ann", chat_id=2002)
    assert (await Chat(desk, 2002).taps_data(f"1:gs:{goal.id}")).refused == "errors.stale_button"


async def test_a_number_is_never_taken_for_a_goal(chat: Chat) -> None:
    await chat.types("/goals")
    await chat.types("7/10")
    assert await goals(chat) == []
