"""Posting: what is to be said becomes a row, in the transaction that decided it. `courier` carries the rows out.

await delivery.post(turn, Post(to=person.id, kind="client.thanks", key=f"thanks:{check_in_id}", ...))
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.actions.desk import Turn
from bot.domain.delivery import DELETE, LEASE, Post, PostState, Urgency
from bot.domain.outgoing import ALSO, AT_ONCE, MESSAGE
from bot.domain.words import Facts, Json
from storage.delivery import Ahead, Claim


async def post(turn: Turn, post: Post) -> None:
    """Say something after the commit. The same `key` a second time writes nothing.

    What waits on the same surface is replaced, whenever it was due; a new message that was still owed stays owed
    (`fresh`). In the process that sends, a reply is born claimed and handed over; elsewhere, or behind something
    that has to go out first, it waits like everything else.
    """
    outbox = turn.m.outbox
    ahead = await outbox.ahead_of(post.to, turn.now)
    replaced = [row for row in ahead if _same_place(row, post) and row.state is PostState.WAITING]
    fresh = post.fresh or any(row.fresh for row in replaced)
    hand_over = turn.desk.hand_over if _at_once(turn, post, ahead) else None
    claim = Claim(turn.desk.process, turn.now + LEASE) if hand_over else None
    row_id = await outbox.add(post, turn.now, fresh=fresh, claim=claim)
    if row_id is None:
        return
    if replaced:
        await outbox.replace([row.id for row in replaced], turn.now)
    if hand_over:
        turn.m.after_commit(lambda: hand_over(row_id))
    else:
        turn.call_sender()


async def post_all(turn: Turn, posts: Sequence[Post]) -> None:
    """Say many things at once, none of them a reply, each on a surface where nothing else waits."""
    if posts:
        await turn.m.outbox.add_many(posts, turn.now)
        turn.call_sender()


async def take_away(
    turn: Turn, person_id: str, message_ids: Sequence[int], key: str, *, not_before: datetime | None = None
) -> None:
    """Delete these messages from a person's chat, as many with one call as Telegram takes."""
    for first in range(0, len(message_ids), AT_ONCE):
        some = message_ids[first : first + AT_ONCE]
        facts: Facts = {MESSAGE: some[0], ALSO: list[Json](some[1:])}
        await post(turn, Post(person_id, DELETE, f"{key}:{first}", facts, not_before=not_before, client_id=person_id))


async def withdraw(
    turn: Turn,
    *,
    key: str | None = None,
    key_prefix: str | None = None,
    alert_id: str | None = None,
    check_in_id: str | None = None,
    client_id: str | None = None,
    person_id: str | None = None,
    kinds: Collection[str] | None = None,
    why: str,
) -> int:
    """Take back what has not left yet and fits everything that is given. Returns how many rows."""
    return await turn.m.outbox.withdraw(
        turn.now,
        why,
        key=key,
        key_prefix=key_prefix,
        alert_id=alert_id,
        check_in_id=check_in_id,
        client_id=client_id,
        person_id=person_id,
        kinds=kinds,
    )


def _same_place(row: Ahead, post: Post) -> bool:
    return post.surface is not None and row.surface == post.surface


def _at_once(turn: Turn, post: Post, ahead: list[Ahead]) -> bool:
    """Whether this process may send it right after the commit."""
    due = post.not_before is None or post.not_before <= turn.now
    return due and post.urgency in (Urgency.REPLY, Urgency.DANGER) and not any(_goes_first(row, post) for row in ahead)


def _goes_first(row: Ahead, post: Post) -> bool:
    if _same_place(row, post):
        return row.state is PostState.SENDING  # what waits there is being replaced
    return row.state is PostState.WAITING and row.due and row.urgency <= post.urgency
