"""The worker's weekly digest: what was held back, in words without numbers, once a week, without a sound.

A digest waits for its reader's working time, and is made anew if a client in it has another worker by then. What it says
counts as told only once Telegram took it; until then it waits for the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from bot.actions import budget, cards, duty, evidence, people, sessions
from bot.actions.desk import Turn
from bot.domain import digest
from bot.domain.alerts import Wish
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.digest import Held, Week
from bot.domain.outgoing import NOT_ASSIGNED, Outgoing
from bot.domain.people import Client, Person, Status
from bot.domain.signals.catalogue import RULES
from bot.domain.words import Json, Role
from storage.signals import Kept
from storage.tables import new_id
from storage.unit_of_work import is_trouble

LOOKED, LOOKS_EVERY = "digest_looked", timedelta(minutes=10)
KIND, SURFACE = "worker.digest", "digest"
REMEMBERED = timedelta(days=92)
"""What has waited longer than this is not news any more."""

log = structlog.get_logger()


# ---------------------------------------------------------------- once a week


async def send_due(turn: Turn) -> int:
    """One worker's digest of this week; called again until nobody waits for theirs. Returns how many."""
    if not duty.on_duty(turn.plan, turn.now):
        return 0
    looked = await turn.m.marks.get(LOOKED)
    if looked is not None and turn.now - looked.at < LOOKS_EVERY:
        return 0
    week = digest.week_of(turn.now, turn.plan.calendar)
    for worker in await _waiting(turn, week):
        if await _made(turn, worker, week):
            return 1
    await turn.m.marks.set(LOOKED, turn.now)
    return 0


async def _waiting(turn: Turn, week: Week) -> list[Person]:
    """Workers who are at work now, were here before this week, and have not been written this week's."""
    workers = [one for one in await turn.m.people.everybody(Role.WORKER) if _is_due(turn, one, week)]
    written = await turn.m.outbox.known([_key(one, week) for one in workers])
    return [one for one in workers if _key(one, week) not in written and await turn.m.people.caseload(one.id)]


def _is_due(turn: Turn, worker: Person, week: Week) -> bool:
    """Whoever joins in the middle of a week has the next one; whoever comes back gets theirs on return."""
    zone = ZoneInfo(turn.plan.calendar.timezone)
    joined = worker.joined_at is not None and worker.joined_at.astimezone(zone).date() < week.monday
    return joined and worker.is_there(turn.now) and leaves_at(turn, worker) == turn.now


def leaves_at(turn: Turn, worker: Person) -> datetime | None:
    """The next moment at which this worker may be written to without need."""
    return digest.leaves_at(turn.now, turn.plan.calendar, worker.timezone, worker.away_until)


def _key(worker: Person, week: Week) -> str:
    return f"digest:{worker.id}:{week.name}"


async def _made(turn: Turn, worker: Person, week: Week) -> bool:
    """One that can't be made keeps no other worker waiting; it is tried again at the next look."""
    try:
        async with turn.m.apart():
            await _post(turn, worker, _key(worker, week))
    except Exception as broken:
        if is_trouble(broken):
            raise
        log.error("digest_not_made", person=worker.id, error=type(broken).__name__)
        return False
    return True


async def _post(turn: Turn, worker: Person, key: str) -> None:
    post = Post(
        to=worker.id,
        kind=KIND,
        key=key,
        facts=await _facts(turn, worker),
        surface=SURFACE,
        urgency=Urgency.DIGEST,
        guard=Guard.AT_WORK,
        fresh=True,
        silent=True,
    )
    await cards.say(turn, worker, post)


async def show(turn: Turn, worker: Person) -> None:
    """`/digest`: what waits for the next one, at any time. It stays in that one."""
    await turn.m.audit.note(turn.now, worker.ref, "read_digest")
    facts = {**await _facts(turn, worker), "so_far": True}
    await cards.say(turn, worker, Post(worker.id, KIND, people.once("digest"), facts, silent=True))


# ---------------------------------------------------------------- what became of it


async def sent(turn: Turn, out: Outgoing, message_id: int) -> None:
    """Telegram took it: what it says has been told."""
    told = out.facts.get("told")
    if isinstance(told, list) and not out.facts.get("so_far"):
        await turn.m.signals.change([str(one) for one in told], digested_at=turn.now)


async def not_sent(turn: Turn, out: Outgoing, why: str) -> None:
    """A client in it had another worker when it was about to leave: it is made anew."""
    worker = await turn.m.people.by_id(out.person_id)
    if why == NOT_ASSIGNED and out.guard is Guard.AT_WORK and worker is not None:
        await _post(turn, worker, f"digest:{worker.id}:{new_id()}")


# ---------------------------------------------------------------- what it says


async def _facts(turn: Turn, worker: Person) -> dict[str, Json]:
    """Of the worker's own clients alone; covered ones have open alerts and nothing else.

    `about` are the ids of everybody who is named, `told` those of the signals that count as told once this has arrived.
    """
    mine = {one.id: one for one in await turn.m.people.caseload(worker.id) if one.erased_at is None}
    waiting: dict[str, list[Kept]] = {}
    for one in await turn.m.signals.for_digest(list(mine), turn.now - REMEMBERED):
        waiting.setdefault(one.client_id, []).append(one)
    held = {one: await _held(turn, worker, mine[one], kept) for one, kept in waiting.items()}
    order = sorted((one for one in held if held[one]), key=lambda one: (digest.weight(held[one]), mine[one].ref))
    said = [_client(mine[one], held[one]) for one in order]
    shown = order[: digest.fitting([_length(turn, worker, one) for one in said])]
    joined = [one for one in mine.values() if one.person.status is Status.JOINED]
    low = [one for one in joined if evidence.gives_the_same(turn, await evidence.shown_history(turn, one))]
    is_open = [one for one in mine.values() if await sessions.open_since(turn, one) is not None]
    not_asked = [one for one in mine.values() if await sessions.rests(turn, one)]
    return {
        "day": turn.now.isoformat(),
        "clients": list[Json](said[: len(shown)]),
        "left_out": len(order) - len(shown),
        "open": list[Json](one.ref for one in is_open),
        "not_asked": list[Json](one.ref for one in not_asked),
        "low": list[Json](one.ref for one in low),
        "of": len(joined),
        "about": list[Json](sorted({*shown, *(one.id for one in (*low, *is_open, *not_asked))})),
        "told": list[Json](one.id for client in shown for one in waiting[client]),
    }


def _client(client: Client, held: Sequence[Held]) -> dict[str, Any]:
    return {"ref": client.ref, "lines": [asdict(one) for one in digest.lines(held)]}


def _length(turn: Turn, worker: Person, said: Mapping[str, Any]) -> int:
    """How many letters it takes to say that, with the ends of the lines."""
    say = people.texts().for_language(worker.language, turn.plan.texts)
    lines = [say.plain(f"worker.digest.{one['says']}") for one in said["lines"]]
    more = [
        say.plain(f"worker.digest.{'line_held_back' if one['held_back'] else 'line'}", what="") for one in said["lines"]
    ]
    return len("\n".join([said["ref"], *lines, *more])) + len("\n\n")


async def _held(turn: Turn, worker: Person, client: Client, kept: Sequence[Kept]) -> list[Held]:
    """What may be said of it at all: nothing said to another worker, nothing that the client took to somebody else."""
    mine = [starts for who, starts, _ in await turn.m.people.assignments(client.id) if who == worker.id]
    took_over = max(mine, default=None)
    every = await turn.m.signals.of_client(client.id)
    elsewhere = {one.signal.source for one in every if one.wish is Wish.SOMEONE_ELSE} - {None}
    apart = await evidence.kept_back(turn, client)
    return [
        Held(
            one.signal,
            softened=RULES[one.signal.rule].client_is_asked and one.signal.source in apart,
            over_budget=one.held == budget.HELD,
        )
        for one in kept
        if evidence.was_said_to_them(client, one)
        and one.signal.source not in elsewhere
        and not (RULES[one.signal.rule].private and took_over is not None and one.signal.raised_at <= took_over)
    ]
