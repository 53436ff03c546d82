"""The last look before something leaves, and what becomes of a row afterwards. One transaction each."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import structlog

from bot.actions import arrivals, delivery
from bot.actions.desk import Turn
from bot.domain.delivery import CLEAR, DELETE, Guard, Post, PostState, Urgency, again_after
from bot.domain.digest import leaves_at
from bot.domain.outgoing import (
    MESSAGE,
    NOT_ASSIGNED,
    UNREACHABLE,
    Answer,
    Drop,
    Go,
    Later,
    Outgoing,
    Shown,
    for_asked,
    for_holder,
    for_person,
    for_worker,
)
from bot.domain.plan import Plan
from bot.domain.words import Role
from bot.ports import Gone, Refused, Sent, TryLater, Unreachable, Unsure, Verdict
from storage.stores import Stores

log = structlog.get_logger()

WhenSent: TypeAlias = Callable[[Turn, Outgoing, int], Awaitable[None]]
"""Called with the id of the message that shows it now."""
WhenNot: TypeAlias = Callable[[Turn, Outgoing, str], Awaitable[None]]
"""Called with the reason, such as `too_late`, `unsure_twice`, `bot was blocked by the user`."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the features do, in the settling transaction, when their messages arrive or never will. Keys are kinds."""

    sent: Mapping[str, WhenSent] = field(default_factory=dict)
    whatever_was_sent: WhenSent | None = None
    unsent: Mapping[str, WhenNot] = field(default_factory=dict)
    doubtful: Mapping[str, WhenNot] = field(default_factory=dict)
    """Taken back while it was on its way, and nobody knows whether it arrived. It is not sent again."""
    unreachable: WhenNot | None = None
    """Every row that a person's dead chat keeps from arriving: tell the next one at once."""
    refused: WhenNot | None = None
    """Telegram will never take it: tell an administrator."""


class HookFailed(Exception):
    """A feature could not do its part; nothing was settled."""


async def look(m: Stores, out: Outgoing, plan: Plan, now: datetime) -> Answer:
    """May it still go?"""
    answer = for_person(out, now)
    if not isinstance(answer, Go):
        return answer
    if out.former and not out.only_takes_away and await m.people.by_chat(out.chat_id or 0) is not None:
        return Drop("not_theirs")  # somebody else joined in that account meanwhile
    if out.guard is Guard.ASKED:
        client = await m.sending.asked_now(out.client_id or out.person_id, out.check_in_id)
        return for_asked(out, client, plan.calendar.quiet_hours, now)
    if out.guard is Guard.ASSIGNED:
        client_now = await m.people.client(out.client_id or "")
        return answer if client_now and client_now.worker_id == out.person_id else Drop(NOT_ASSIGNED)
    if out.guard is Guard.HOLDER:
        return for_holder(out, await m.sending.held_now(out.alert_id))
    if out.guard is Guard.AT_WORK:
        worker = await m.people.by_id(out.person_id)
        theirs = [one.id for one in await m.people.caseload(out.person_id) if one.erased_at is None]
        away = worker.away_until if worker else None
        return for_worker(out, theirs, leaves_at(now, plan.calendar, out.timezone, away), now)
    return answer


async def look_again(turn: Turn, row: Outgoing, hooks: Hooks) -> Outgoing | None:
    """It was not to go. With everybody concerned locked it is looked at once more: the row, if it may go after all."""
    await _lock(turn, row, ends_chat=True)
    for _, out in await turn.m.sending.load([row.id]):
        answer = await look(turn.m, out, turn.plan, turn.now)
        if isinstance(answer, Go):
            return out
        await _hold_back(turn, out, answer, hooks)
        log.info("held_back", row=out.id, kind=out.kind, state=type(answer).__name__)
    return None


async def _lock(turn: Turn, out: Outgoing, *, ends_chat: bool) -> None:
    """Before the row itself is written: the clients first, the same order as whoever acts on them, or both would wait.
    `ends_chat`: nothing more may get through to this person. Then whatever else waits for a member of staff goes on.
    """
    if ends_chat and out.role is not Role.CLIENT:
        await arrivals.lock_open(turn, *([out.client_id] if out.client_id else ()))
    else:
        await turn.m.people.lock([one for one in (out.client_id, out.person_id) if one is not None])


async def _hold_back(turn: Turn, out: Outgoing, answer: Later | Drop, hooks: Hooks) -> None:
    """It may not go now, or never."""
    if isinstance(answer, Later):
        await turn.m.sending.back(out, answer.until, turn.now, tried=False, unsure=False)
        return
    await turn.m.sending.end(out, PostState.DROPPED, turn.now, answer.why)
    if answer.why == UNREACHABLE:
        await _call(hooks.unreachable, turn, out, out.unreachable or answer.why)
    await _call(hooks.unsent.get(out.kind), turn, out, answer.why)


async def settle(turn: Turn, out: Outgoing, verdict: Verdict, hooks: Hooks) -> None:
    """Write down what Telegram said. Raises HookFailed if a feature's part of it failed.

    Whoever was cut off from the database may find that the row was taken for lost, and is in other hands by now. Then
    only that it did arrive is still news.
    """
    await _lock(turn, out, ends_chat=isinstance(verdict, Unreachable))
    if not isinstance(verdict, Sent) and not await turn.m.sending.holds(out):
        log.info("in_other_hands", row=out.id, kind=out.kind)
        return
    match verdict:
        case Sent():
            await _sent(turn, out, verdict, hooks)
        case TryLater(after=after, whole_bot=whole):
            if after:
                await turn.m.marks.close(None if whole else out.chat_id, turn.now + after)
            await turn.m.sending.back(out, turn.now + after, turn.now, tried=False, unsure=False)
        case Unsure():
            await _unsure(turn, out, hooks)
        case Gone():
            await _gone(turn, out, hooks)
        case Unreachable(why=why):
            await _unreachable(turn, out, why, hooks)
        case Refused(why=why):
            await _dead(turn, out, why, hooks, hooks.refused)


async def _sent(turn: Turn, out: Outgoing, sent: Sent, hooks: Hooks) -> None:
    if not await turn.m.sending.end(out, PostState.SENT, turn.now, None, sent.message_id):
        state = await turn.m.sending.arrived(out, turn.now, sent.message_id)
        if state is not PostState.WAITING:
            await _one_too_many(turn, out, sent, state)
            return
    await _stands(turn, out, sent)
    for hook in (hooks.sent.get(out.kind), hooks.whatever_was_sent):
        if hook is not None:
            try:
                await hook(turn, out, sent.message_id)
            except Exception as broken:
                raise HookFailed(out.kind) from broken


async def _stands(turn: Turn, out: Outgoing, sent: Sent) -> None:
    """What the chat shows now."""
    assert out.chat_id is not None
    if out.kind == DELETE:
        for one in (sent.message_id, *out.takes_along):
            await turn.m.messages.falls(out.chat_id, one)
    elif out.kind == CLEAR:
        await turn.m.messages.bare(out.chat_id, sent.message_id)
    elif out.surface is not None:
        shows = Shown(sent.message_id, sent.has_photo, sent.has_buttons)
        if out.stands != shows:
            for older in await turn.m.messages.stand(out, shows, turn.now):
                await _tidy_older(turn, out, older)


async def _one_too_many(turn: Turn, out: Outgoing, sent: Sent, state: PostState) -> None:
    """While nothing was heard of it, it was sent again, or settled otherwise: there must not be two of it."""
    log.info("in_other_hands", row=out.id, kind=out.kind, state=state.value)
    if out.surface is None or out.only_takes_away or sent.message_id == out.edits:
        return
    stands = await turn.m.messages.standing(out.person_id, out.surface)
    if state is PostState.SENDING or (state is PostState.REPLACED and stands is None):
        await _stands(turn, out, sent)  # what is on its way takes its place
    elif stands != sent.message_id:  # else a tap has told where it stands
        shows = Shown(sent.message_id, sent.has_photo, sent.has_buttons)
        await turn.m.messages.note(out, shows, turn.now, current=False)
        await _tidy_older(turn, out, shows)


async def _tidy_older(turn: Turn, out: Outgoing, older: Shown) -> None:
    """What stood there before: gone if this was meant to take its place, else without buttons."""
    if not out.fresh:
        await _take_away(turn, out, DELETE, older.message_id)
    elif older.has_buttons:
        await _take_away(turn, out, CLEAR, older.message_id)


async def _take_away(turn: Turn, out: Outgoing, kind: str, message_id: int) -> None:
    key = f"{kind}:{out.chat_id}:{message_id}"
    facts = {MESSAGE: message_id}
    await delivery.post(turn, Post(out.person_id, kind, key, facts, urgency=Urgency.REPLY, client_id=out.client_id))


async def _unsure(turn: Turn, out: Outgoing, hooks: Hooks) -> None:
    if out.unsure == 0 or out.repeats_for_ever:
        again = turn.now + again_after(out.urgency, out.unsure + 1)
        state = await turn.m.sending.back(out, again, turn.now, tried=True, unsure=True)
        if state is PostState.DROPPED:
            await _call(hooks.doubtful.get(out.kind), turn, out, "unsure")
    else:
        await _dead(turn, out, "unsure_twice", hooks, None)


async def _gone(turn: Turn, out: Outgoing, hooks: Hooks) -> None:
    old = out.edits
    if old is None or out.chat_id is None:
        await _dead(turn, out, "gone, but nothing was edited", hooks, hooks.refused)
        return
    await turn.m.messages.falls(out.chat_id, old)
    if not out.only_takes_away:
        await turn.m.sending.back(out, turn.now, turn.now, tried=False, unsure=False)
        return
    await turn.m.sending.end(out, PostState.DROPPED, turn.now, "nothing_there")
    if out.kind == DELETE:  # older than 48 hours: it stays, but without its buttons
        await _take_away(turn, out, CLEAR, old)


async def _unreachable(turn: Turn, out: Outgoing, why: str, hooks: Hooks) -> None:
    """The chat is dead. Where it is not theirs any more, the row waits for the chat that they have now."""
    if out.former:
        await _dead(turn, out, why, Hooks(), None)
    elif await turn.m.people.dead_chat(out.person_id, out.chat_id or 0, why[:40], turn.now):
        await _dead(turn, out, why, hooks, hooks.unreachable)
    else:
        await turn.m.sending.back(out, turn.now, turn.now, tried=True, unsure=False)


async def _dead(turn: Turn, out: Outgoing, why: str, hooks: Hooks, hook: WhenNot | None) -> None:
    await turn.m.sending.end(out, PostState.DEAD, turn.now, why)
    await _call(hook, turn, out, why)
    await _call(hooks.unsent.get(out.kind), turn, out, why)


async def _call(hook: WhenNot | None, turn: Turn, out: Outgoing, why: str) -> None:
    if hook is None:
        return
    try:
        await hook(turn, out, why)
    except Exception as broken:
        raise HookFailed(out.kind) from broken
