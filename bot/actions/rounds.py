"""What comes due in a running check-in: the reminder, a half-done one that is read, the end of its window.

Each round takes a limited number of rows and returns how many there were, so that the loop knows whether to go on.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.actions import answers, delivery, people, prompts, quiet
from bot.actions.apart import PUSHED_AWAY, together
from bot.actions.desk import Turn
from bot.actions.people import local
from bot.actions.presence import heard_until
from bot.actions.reading import read
from bot.domain.checkins import (
    MISSES_BEFORE_QUIET,
    CheckIn,
    Event,
    State,
    ended,
    holding,
    step,
    untouched,
)
from bot.domain.delivery import DELETE, Guard, Post, Urgency
from bot.domain.later import in_quiet_hours
from bot.domain.outgoing import MESSAGE, UNREACHABLE
from bot.domain.people import Asking, Client

PAGE = 500
"""Check-ins that are offered again with one round of queries."""


async def remind_due(turn: Turn, limit: int = 100) -> int:
    """Remind once, without sound; or show the question again to whoever tapped *Later*. In quiet hours: dropped."""
    due = await turn.m.checkins.to_remind(turn.now, limit)
    await together(turn, due, _remind, _remind_later)
    return len(due)


async def _remind(turn: Turn, due: Sequence[CheckIn]) -> None:
    clients = await turn.m.people.clients_by_id(sorted({one.client_id for one in due}))
    for check_in in due:
        client = clients[check_in.client_id]
        await turn.m.checkins.change(check_in.id, remind_at=None, comes_back=False)
        quiet = in_quiet_hours(turn.now, client.person.timezone, turn.plan.calendar)
        if quiet or client.asking is not Asking.ON or not check_in.running or not check_in.takes_answers(turn.now):
            continue
        if check_in.comes_back and check_in.asks_about is None:
            await _show_again(turn, client, check_in)
        elif not check_in.comes_back and check_in.last_touched_at is None and not client.quiet_mode:
            await delivery.post(turn, _reminder(turn, client, check_in))


async def _remind_later(turn: Turn, check_in: CheckIn) -> None:
    await turn.m.checkins.change(check_in.id, remind_at=turn.now + PUSHED_AWAY)


async def _show_again(turn: Turn, client: Client, check_in: CheckIn) -> None:
    given = await turn.m.answers.of_check_in(check_in.id)
    await prompts.show(
        turn, client, check_in, given, fresh=True, silent=True, urgency=Urgency.QUESTION, guard=Guard.ASKED
    )


def _reminder(turn: Turn, client: Client, check_in: CheckIn) -> Post:
    return Post(
        to=client.id,
        kind="client.reminder",
        key=prompts.reminder_key(check_in),
        facts={
            "n": len(untouched(check_in.items, (), turn.plan.bank)),
            "until": local(client.person, check_in.expires_at or turn.now),
        },
        surface=prompts.reminder_key(check_in),
        urgency=Urgency.QUESTION,
        guard=Guard.ASKED,
        silent=True,
        expires_at=check_in.expires_at,
        client_id=client.id,
        check_in_id=check_in.id,
    )


async def evaluate_due(turn: Turn, limit: int = 20) -> int:
    """Read what was left half done for a while; the client may then be asked how the worker shall hear."""
    due = await turn.m.checkins.to_evaluate(turn.now, limit)
    await together(turn, due, _evaluate, _evaluate_later)
    return len(due)


async def _evaluate(turn: Turn, due: Sequence[CheckIn]) -> None:
    for check_in in due:
        await turn.m.checkins.change(check_in.id, evaluate_at=None)
        sharing = await read(turn, check_in.client_id, check_in.id)
        client = await turn.m.people.client(check_in.client_id)
        if sharing and check_in.running and client is not None and client.asking is Asking.ON:
            await answers.ask_wish(turn, client, check_in, sharing)


async def _evaluate_later(turn: Turn, check_in: CheckIn) -> None:
    await turn.m.checkins.change(check_in.id, evaluate_at=turn.now + PUSHED_AWAY)


async def expire_due(turn: Turn, limit: int = 50) -> int:
    """End every check-in whose window is over: no buttons any more, the answers that there are count.

    While we can't hear, none ends: a tap may be waiting at Telegram, and silence would be ours. Nor does one end before
    everything has been handled that its client sent in time.
    """
    until = await heard_until(turn)
    if until is None:
        return 0
    await turn.m.inbox.all_in()
    due = await turn.m.checkins.to_expire(min(until, turn.now), limit)
    await together(turn, due, _expire_all, _just_end)
    return len(due)


async def _expire_all(turn: Turn, due: Sequence[CheckIn]) -> None:
    for check_in in due:
        await _expire(turn, check_in)


async def _just_end(turn: Turn, check_in: CheckIn) -> None:
    """A window that is over stays over. Without looking at anything else: what it comes to is read again later."""
    event = Event.RAN_OUT if check_in.last_touched_at is None else Event.RAN_OUT_ANSWERED
    await turn.m.checkins.change(
        check_in.id,
        state=step(check_in.state, event),
        finished_at=check_in.expires_at,
        remind_at=None,
        evaluate_at=turn.now + PUSHED_AWAY,
        comes_back=False,
    )


async def _expire(turn: Turn, check_in: CheckIn) -> None:
    given = await turn.m.answers.of_check_in(check_in.id)
    event = ended(check_in, given, turn.plan.bank)
    assert event is not None
    over = replace(check_in, state=step(check_in.state, event), finished_at=check_in.expires_at)
    never_left = over.state is State.MISSED_BY_US
    await turn.m.checkins.change(
        over.id,
        state=over.state,
        reason=(check_in.reason or "late") if never_left else check_in.reason,
        finished_at=over.finished_at,
        remind_at=None,
        evaluate_at=None,
        comes_back=False,
    )
    await prompts.take_back(turn, over, "too_late")
    client = await turn.m.people.client(over.client_id)
    if client is None or never_left:
        return
    if over.state is State.EXPIRED and over.last_touched_at is None:
        client = await _gone_quiet(turn, client, over)
    sharing = await read(turn, over.client_id, over.id)
    if sharing is not None and over.asks_about is None and client.asking is Asking.ON:
        await answers.ask_wish(turn, client, over, sharing)
    elif sharing is None and over.asks_about is None:
        await _take_down(turn, client, over, touched=bool(holding(given)))


async def _take_down(turn: Turn, client: Client, check_in: CheckIn, *, touched: bool) -> None:
    """What stands in the chat says that it has gone; where other people see the phone it is cleared."""
    stands = await turn.m.messages.standing(client.id, check_in.surface)
    if stands is None or not client.person.reachable:
        return
    if client.quiet_mode and touched:
        key = f"{check_in.surface}:delete:end"
        facts = {MESSAGE: stands}
        await delivery.post(turn, Post(client.id, DELETE, key, facts, urgency=Urgency.QUESTION, client_id=client.id))
    else:
        await prompts.gone(turn, client, check_in)


async def _gone_quiet(turn: Turn, client: Client, over: CheckIn) -> Client:
    """Four in a row without a tap: nothing more is asked until the worker has checked by the usual way."""
    run = await quiet.run_of(turn, client) if client.asking is Asking.ON else 0
    if run < MISSES_BEFORE_QUIET:
        return client
    await turn.m.people.change_client(client.id, asking=Asking.GONE_QUIET, asking_since=turn.now)
    await quiet.tell(turn, client, run, over.id)
    return replace(client, asking=Asking.GONE_QUIET, asking_since=turn.now)


async def reoffer_open(turn: Turn, away_since: datetime) -> int:
    """After an absence: what was open before it is offered once more, by a soundless edit, since taps may be lost.

    Inside hours only, and never in quiet mode. The same absence a second time changes nothing. Returns how many.
    """
    offered, last = 0, ""
    while some := await turn.m.checkins.open_before(away_since, turn.now, PAGE, after=last):
        offered += await _offer_again(turn, some, away_since)
        last = some[-1].id
    return offered


async def _offer_again(turn: Turn, check_ins: Sequence[CheckIn], away_since: datetime) -> int:
    clients = await turn.m.people.clients_by_id(sorted({one.client_id for one in check_ins}))
    workers = await turn.m.people.many(one.worker_id for one in clients.values() if one.worker_id)
    goals = await turn.m.goals.live_of(list(clients))
    given = await turn.m.answers.of_check_ins([one.id for one in check_ins])
    others, posts = await people.others(turn), []
    for check_in in check_ins:
        client = clients[check_in.client_id]
        if not _may_be_offered(turn, client, check_in):
            continue
        near = prompts.Around(
            workers.get(client.worker_id or ""),
            people.other_than_worker(others, client),
            {goal.id: goal for goal in goals[client.id]},
        )
        facts = prompts.question_facts(client, check_in, given[check_in.id], turn.plan, near, away=True)
        post = prompts.question_post(client, check_in, facts, silent=True, urgency=Urgency.QUESTION, guard=Guard.ASKED)
        posts.append(replace(post, key=f"{check_in.surface}:again:{away_since.isoformat()}"))
    await delivery.post_all(turn, posts)
    return len(posts)


def _may_be_offered(turn: Turn, client: Client, check_in: CheckIn) -> bool:
    asked = client.asking is Asking.ON and not client.quiet_mode and not check_in.asks_about
    quiet = in_quiet_hours(turn.now, client.person.timezone, turn.plan.calendar)
    return asked and not check_in.comes_back and not quiet


OURS = frozenset({"too_late", "unsure_twice", "quiet"})
"""Reasons for not sending that are ours to answer for."""
A_WORD = re.compile(r"[a-z_]{1,24}")


async def undeliverable(turn: Turn, check_in_id: str, why: str, *, may_stand: bool = False) -> None:
    """The question will never arrive. Ours to answer for when it was too late or lost, else taken back. Idempotent.

    `may_stand`: an earlier try may have arrived. Then it stays answerable until its window is over: a tap proves it.
    """
    check_in = await turn.m.checkins.by_id(check_in_id, lock=True)
    if check_in is None or check_in.state is not State.PLANNED:
        return
    if may_stand and why in OURS:
        await turn.m.checkins.change(check_in.id, reason=why)
        return
    event = Event.TOO_LATE if why in OURS else Event.TAKEN_BACK
    reason = why if A_WORD.fullmatch(why) and why != UNREACHABLE else "blocked"
    await turn.m.checkins.change(check_in.id, state=step(check_in.state, event), reason=reason, finished_at=turn.now)
