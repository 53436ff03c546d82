"""The outbox as rows: whose turn it is, taking it once, and what is left behind."""

from datetime import timedelta

from bot.domain.delivery import LEASE, Post, PostState, Urgency
from bot.domain.words import Role
from storage.delivery import Claim
from storage.unit_of_work import Memory
from tests.support.desks import START

ME, OTHER = Claim("me", START + LEASE), Claim("other", START + LEASE)
LATER = START + timedelta(hours=1)


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
    async with memory.unit() as m:
        await m.sending.claim(row, ME, START)
        assert await m.sending.run_out(START, [], all_of_them=False) == []
        assert await m.sending.run_out(START, [], all_of_them=True) == [row]
        assert await m.sending.run_out(START + LEASE, [], all_of_them=False) == [row]
        assert await m.sending.run_out(START + LEASE, [row], all_of_them=False) == []


async def test_a_settled_row_cannot_be_settled_again(memory: Memory) -> None:
    client = await person(memory, "R-1", 1)
    (row,) = await waiting(memory, Post(client, "x", "1"))
    async with memory.unit() as m:
        await m.sending.claim(row, ME, START)
        assert await m.sending.end(row, PostState.SENT, START, None, 7)
        assert not await m.sending.end(row, PostState.DEAD, START, "late", None)


async def test_what_a_row_says_is_what_was_posted(memory: Memory) -> None:
    client = await person(memory, "R-1", 1)
    (row,) = await waiting(memory, Post(client, "x", "1", {"words": "Grüße", "list": [1, None, 2.5]}))
    async with memory.unit() as m:
        await m.sending.claim(row, ME, START)
        ((head, out),) = await m.sending.load([row])
    assert (head.id, out.chat_id, out.facts) == (row, 1, {"words": "Grüße", "list": [1, None, 2.5]})
