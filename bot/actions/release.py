"""Releasing what is due: one unit takes up to a hundred rows of the timetable, reads what they need in a handful of
queries, decides each with `schedules.decide`, and writes check-ins, posts and the next due times together.

What is skipped or missed leaves a check-in too, cancelled or missed by us, with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.actions import choosing, delivery, menu, people, prompts
from bot.actions.desk import Turn
from bot.actions.prompts import Around
from bot.actions.timetable import last_of, meetings
from bot.domain.asked import Asked, Own
from bot.domain.asking import Standing, goal_for, offers_other_wording, questions_for, takes_turns
from bot.domain.checkins import ASKED_ABOUT, MISSES_BEFORE_ASKING, CheckIn, Item, State, asks_about_questions
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.goals import Goal
from bot.domain.people import Client, Person, Status, worker_name_for
from bot.domain.plan import Plan
from bot.domain.questions import Asks
from bot.domain.schedules import (
    Decision,
    Due,
    Missed,
    Schedule,
    Send,
    Skip,
    Wait,
    Why,
    decide,
    expires_at,
    latest_send,
    next_due,
)
from bot.domain.turns import Round
from storage.tables import new_id
from storage.timetable import Overtaken, Slot
from storage.unit_of_work import is_trouble

log = structlog.get_logger()

PUSHED_AWAY = timedelta(hours=1)
"""A row that could not be decided is looked at again after this long, so that it stops nobody else."""
GONE = (Status.LEFT, Status.DISCHARGED, Status.DECLINED)


@dataclass(slots=True)
class _Known:
    """Everything that one batch of due rows needs, read once."""

    live: bool
    clients: dict[str, Client]
    workers: dict[str, Person]
    others: list[Person]
    goals: dict[str, list[Goal]]
    latest: dict[str, list[CheckIn]]
    standing: dict[str, Standing]
    meetings: Mapping[str, Sequence[datetime]]
    asks_about: set[str]


@dataclass(slots=True)
class _Decided:
    """What a batch comes to."""

    moves: list[tuple[Slot, Slot | None]] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)


async def release_due(turn: Turn, limit: int = 100) -> int:
    """Decide every check-in whose time has come, at most `limit`. Returns how many rows of the timetable were due.

    Safe to call from several replicas and again after any failure: an occasion is unique, and so is its post. Where
    the batch can't be kept for one row's sake, each row is decided by itself.
    """
    due = await turn.m.timetable.due(turn.now, limit)
    if not due:
        return 0
    try:
        async with turn.m.apart():
            await _release_all(turn, due)
    except Exception as broken:
        if isinstance(broken, Overtaken) or is_trouble(broken):
            raise
        for slot in due:
            await _release_one(turn, slot)
    return len(due)


async def _release_one(turn: Turn, slot: Slot) -> None:
    try:
        async with turn.m.apart():
            await _release_all(turn, [slot])
    except Exception as broken:
        if isinstance(broken, Overtaken) or is_trouble(broken):
            raise
        log.error("check_in_not_decided", person=slot.client_id, error=type(broken).__name__)
        await turn.m.timetable.move([(slot, replace(slot, next_due_at=turn.now + PUSHED_AWAY))])


async def _release_all(turn: Turn, due: Sequence[Slot]) -> None:
    known, decided = await _read(turn, due), _Decided()
    for slot in due:
        try:
            _release(turn, slot, known, decided)
        except (ValueError, KeyError, LookupError) as wrong:
            log.error("check_in_not_decided", person=slot.client_id, error=type(wrong).__name__)
            decided.moves.append((slot, replace(slot, next_due_at=turn.now + PUSHED_AWAY)))
    await turn.m.timetable.move(decided.moves)
    await turn.m.checkins.add(decided.check_ins)
    await delivery.post_all(turn, decided.posts)


async def _read(turn: Turn, due: Sequence[Slot]) -> _Known:
    ids = sorted({slot.client_id for slot in due})
    clients = await turn.m.people.clients_by_id(ids)
    workers = await turn.m.people.many({one.worker_id for one in clients.values() if one.worker_id})
    latest, goals = dict(await turn.m.checkins.latest(ids, turn.now)), await turn.m.goals.live_of(ids)
    quiet = [one for one in ids if sum(map(_is_missed, latest[one])) >= MISSES_BEFORE_ASKING]
    asks_about = {one for one in quiet if asks_about_questions(await turn.m.checkins.past(latest[one]))}
    return _Known(
        live=not people.lacks(turn) and not await people.contacts_missing(turn),
        clients=clients,
        workers=workers,
        others=await people.others(turn),
        goals=goals,
        latest=latest,
        standing=await choosing.standings(turn, list(clients.values()), goals),
        meetings=await meetings(turn, list(clients.values())),
        asks_about=asks_about,
    )


def _release(turn: Turn, slot: Slot, known: _Known, decided: _Decided) -> None:
    client, schedule = known.clients[slot.client_id], turn.plan.schedule(slot.schedule)
    if client.person.status in GONE:
        decided.moves.append((slot, None))
        return
    if schedule is None:  # of a plan that another process goes by already; what is gone for good went with `replan_all`
        decided.moves.append((slot, replace(slot, next_due_at=turn.now + PUSHED_AWAY)))
        return
    decision = _decision(turn, slot, client, schedule, known)
    if isinstance(decision, Wait):
        decided.moves.append((slot, replace(slot, next_due_at=decision.until)))
        return
    following = next_due(
        schedule,
        turn.plan.calendar,
        client.person.timezone,
        slot.due.at,
        known.meetings[client.id],
        Own.from_json(client.own_times),
        slot.due.local_date,
    )
    decided.moves.append((slot, Slot(client.id, schedule.name, following, following.at) if following else None))
    if decision == Skip(Why.REPEATED) or any(_is(one, slot) for one in known.latest[client.id]):
        return  # this very occasion is on record already
    check_in = _check_in(turn, slot, client, schedule, decision, known)
    known.latest[client.id].insert(0, check_in)
    decided.check_ins.append(check_in)
    if check_in.reason == ASKED_ABOUT:
        known.asks_about.discard(client.id)
        decided.posts.append(_about_questions(check_in, client, known, following))
    elif check_in.state is State.PLANNED:
        decided.posts.append(_question(turn, check_in, client, schedule, known))
        _remember(turn, check_in, schedule, known)


def _remember(turn: Turn, check_in: CheckIn, schedule: Schedule, known: _Known) -> None:
    """Another schedule of the same client may be due in this very batch."""
    before = known.standing[check_in.client_id]
    now = Round(check_in.id, check_in.planned_at, check_in.items, takes_turns(schedule, turn.plan.bank))
    known.standing[check_in.client_id] = replace(before, rounds=(now, *before.rounds))


def _decision(turn: Turn, slot: Slot, client: Client, schedule: Schedule, known: _Known) -> Decision:
    last = last_of(known.latest[client.id], schedule.name)
    asked = Asked.of(
        client,
        live=known.live,
        consent_version=people.consent_version(turn.plan, client.person.language),
        open_check_in=any(
            one.running and (one.expires_at or one.planned_at) > turn.now for one in known.latest[client.id]
        ),
    )
    asked = replace(
        asked, last_local_date=last.local_date if last else None, last_due_at=last.planned_at if last else None
    )
    return decide(asked, schedule, turn.plan.calendar, slot.due.at, slot.due.local_date, turn.now)


def _is_missed(one: CheckIn) -> bool:
    return one.state is State.EXPIRED and one.last_touched_at is None


def _is(one: CheckIn, slot: Slot) -> bool:
    return (one.schedule, one.local_date, one.slot) == (slot.schedule, slot.due.local_date, slot.due.slot)


def _check_in(turn: Turn, slot: Slot, client: Client, schedule: Schedule, decision: Decision, known: _Known) -> CheckIn:
    items = _items(turn.plan, client, schedule, slot.due, known) if isinstance(decision, Send) else ()
    state, reason = _outcome(decision, client, items, known)
    over = state is not State.PLANNED
    return CheckIn(
        id=new_id(),
        client_id=client.id,
        worker_id=client.worker_id,
        schedule=schedule.name,
        local_date=slot.due.local_date,
        slot=slot.due.slot,
        state=state,
        reason=reason,
        items=items,
        plan_version=turn.plan.version,
        planned_at=slot.due.at,
        finished_at=turn.now if over else None,
        expires_at=expires_at(schedule, slot.due.at),
    )


def _outcome(decision: Decision, client: Client, items: Sequence[Item], known: _Known) -> tuple[State, str | None]:
    if isinstance(decision, Missed):
        return State.MISSED_BY_US, decision.reason.value
    if isinstance(decision, Skip):
        return State.CANCELLED, decision.reason.value
    if client.worker_id not in known.workers:
        return State.CANCELLED, "no_worker"
    if client.id in known.asks_about:
        return State.CANCELLED, ASKED_ABOUT
    return (State.PLANNED, None) if items else (State.CANCELLED, "nothing_to_ask")


def _items(plan: Plan, client: Client, schedule: Schedule, due: Due, known: _Known) -> tuple[Item, ...]:
    standing = known.standing[client.id]
    goal = goal_for(known.goals[client.id], standing.rounds)
    return tuple(
        Item(one, goal.id if goal and _is_about_goal(plan, one) else None)
        for one in questions_for(schedule, plan.bank, standing, due.at)
    )


def _is_about_goal(plan: Plan, question: str) -> bool:
    return plan.bank[question].quotes_goal or plan.bank[question].asks is Asks.GOAL_PROGRESS


def _question(turn: Turn, check_in: CheckIn, client: Client, schedule: Schedule, known: _Known) -> Post:
    other = people.other_than_worker(known.others, client)
    near = Around(known.workers[client.worker_id or ""], other, {goal.id: goal for goal in known.goals[client.id]})
    offers = offers_other_wording(known.standing[client.id], check_in.planned_at, client.person.timezone)
    facts = prompts.question_facts(client, check_in, (), turn.plan, near, offers=offers)
    return Post(
        to=client.id,
        kind="client.question",
        key=prompts.ask_key(check_in),
        facts=facts,
        surface=check_in.surface,
        urgency=Urgency.QUESTION,
        guard=Guard.ASKED,
        expires_at=latest_send(schedule, check_in.planned_at),
        client_id=client.id,
        check_in_id=check_in.id,
    )


def _about_questions(check_in: CheckIn, client: Client, known: _Known, following: Due | None) -> Post:
    worker = known.workers[client.worker_id or ""]
    return Post(
        to=client.id,
        kind="client.about_questions",
        key=f"{check_in.surface}:about",
        facts={
            "check_in": check_in.id,
            "worker": worker_name_for(client, worker),
            "day": people.local(client.person, following.at) if following else None,
        },
        surface=menu.SURFACE,
        fresh=True,
        urgency=Urgency.QUESTION,
        guard=Guard.ASKED,
        expires_at=check_in.expires_at,
        client_id=client.id,
    )
