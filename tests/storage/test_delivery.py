"""The outbox as rows: whose turn it is, taking it once, and what is left behind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.domain.delivery import LEASE, Post, PostState, Urgency
from bot.domain.words import Role
from storage.delivery import Claim
from storage.unit_of_work import Memory
from tests.support.desks import START

ME, OTHER = Claim("me", START + LEASE), Claim("other", START + LEASE)
LATER = START + timedelta(hours=1)
PLAN = "0" * 15 + "1"


@asynccontextmanager
async def alive(memory: Memory) -> AsyncIterator[str]:
    """A process that holds a line; its name. On SQLite nobody asks who is alive."""
    if memory.is_sqlite:
        yield "me"
        return
    async with memory.lock_line(PLAN) as line:
        yield line.name


async def person(memory: Memory, ref: str, chat_id: int) -> str:
    async with memory.unit() as m:
        person_id = await m.people.add(Role.CLIENT, ref, "Alex", "en", "UTC", START)
        await m.people.change(person_id, chat_id=chat_id)
    return person_id


async def waiting(memory: Memory, *posts: Post) -> list[str]:
    async with memory.unit() as m:
        made = [await m.outbox.add(post, START, fresh=False, claim=None) for post in posts]
    return [row_id for row_id in made if row_id is not None]


async def test_the_heads_are_the_first_row_of_each_person_the_most_urgent_first(memory: Memory) -> None:
    one, two = await person(memory, "R-1", 1), await person(memory, "R-2", 2)
    await waiting(
        memory,
        Post(one, "x", "1-digest", urgency=Urgency.DIGEST),
        Post(one, "x", "1-question", urgency=Urgency.QUESTION),
        Post(two, "x", "2-later", urgency=Urgency.DANGER, not_before=LATER),
        Post(two, "x", "2-alert", urgency=Urgency.ALERT),
        Post(two, "x", "2-alert-too", urgency=Urgency.ALERT),
    )
    async with memory.glance() as m:
        heads = await m.sending.heads(START, 10)
        assert [(head.chat_id, head.urgency) for head in heads] == [(2, Urgency.ALERT), (1, Urgency.QUESTION)]
        assert len(await m.sending.heads(START, 1)) == 1
        assert await m.sending.next_due(START) == LATER
        assert await m.sending.next_due(LATER) is None


async def test_a_row_is_claimed_once_and_not_before_it_is_due(memory: Memory) -> None:
    client = await person(memory, "R-1", 1)
    due, later = await waiting(memory, Post(client, "x", "1"), Post(client, "x", "2", not_before=LATER))
    async with memory.unit() as m:
        assert await m.sending.claim(due, ME, START)
        assert not await m.sending.claim(due, OTHER, START)
        assert not await m.sending.claim(later, ME, START)
        assert await m.sending.claim(later, ME, LATER)


async def test_only_who_holds_a_claim_can_renew_it(memory: Memory) -> None:
    client = await person(memory, "R-1", 1)
    (row,) = await waiting(memory, Post(client, "x", "1"))
    async with memory.unit() as m:
        await m.sending.claim(row, ME, START)
        assert await m.sending.renew(row, ME)
        assert not await m.sending.renew(row, OTHER)


async def test_a_claim_that_ran_out_is_found_and_a_live_one_only_when_asked_for_all(memory: Memory) -> None:
    client = await person(memory, "R-1", 1)
    (row,) = await waiting(memory, Post(client, "x", "1"))
    async with alive(memory) as me, memory.unit() as m:
        await m.sending.claim(row, Claim(me, START + LEASE), START)
        assert await m.sending.run_out(START, [], all_of_them=False) == []
        assert await m.sending.run_out(START, [], all_of_them=True) == [row]
        assert await m.sending.run_out(START + LEASE, [], all_of_them=False) == [row]
        assert await m.sending.run_out(START + LEASE, [row], all_of_them=False) == []


async def test_a_settled_row_cannot_be_settled_again(memory: Memory) -> None:
    client = await person(memory, "R-1", 1)
    (row,) = await waiting(memory, Post(client, "x", "1"))
    async with memory.unit() as m:
        await m.sending.claim(row, ME, START)
        ((_, out),) = await m.sending.load([row])
        assert await m.sending.end(out, PostState.SENT, START, None, 7)
        assert not await m.sending.end(out, PostState.DEAD, START, "late")


async def test_whoever_has_lost_a_row_can_neither_settle_it_nor_push_it_away(memory: Memory) -> None:
    client = await person(memory, "R-1", 1)
    (row,) = await waiting(memory, Post(client, "x", "1"))
    async with memory.unit() as m:
        await m.sending.claim(row, ME, START)
        ((_, mine),) = await m.sending.load([row])
        await m.sending.back(mine, START, START, tried=True, unsure=True)
        await m.sending.claim(row, OTHER, START)
        assert not await m.sending.holds(mine)
        assert not await m.sending.end(mine, PostState.DEAD, START, "late")
        await m.sending.back(mine, LATER, START, tried=True, unsure=True)
        await m.sending.push_away(row, ME.by, START)
        ((_, theirs),) = await m.sending.load([row])
        assert (theirs.claimed_by, theirs.unsure) == (OTHER.by, 1)


async def test_what_a_row_says_is_what_was_posted(memory: Memory) -> None:
    client = await person(memory, "R-1", 1)
    (row,) = await waiting(memory, Post(client, "x", "1", {"words": "Grüße", "list": [1, None, 2.5]}))
    async with memory.unit() as m:
        await m.sending.claim(row, ME, START)
        ((head, out),) = await m.sending.load([row])
    assert (head.id, out.chat_id, out.facts) == (row, 1, {"words": "Grüße", "list": [1, None, 2.5]})
