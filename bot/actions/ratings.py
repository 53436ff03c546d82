"""The worker's own rating: once a month about each of their clients, without a sound, for their own eyes."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions import delivery, people, reading, signals
from bot.actions.desk import Turn
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.on_duty import on_duty
from bot.domain.people import Person
from bot.domain.rating import WEEK, Together, next_to_rate
from bot.domain.words import Json, Role

LOOKED = "ratings_looked"
LOOKS_EVERY = timedelta(minutes=30)
STALE = "errors.stale_button"
HIGHEST = 10


def surface(client_id: str) -> str:
    """One place for each client: a new asking closes the one of last month."""
    return f"rate:{client_id}"


async def ask_due(turn: Turn) -> int:
    """Ask each worker who is there about the client who has waited longest. In duty hours only, and while live."""
    plan, numbers = turn.plan, signals.parameters(turn.plan)["worker_strain"]
    duty = on_duty(turn.now, plan.calendar.working, plan.calendar.closed_dates, plan.calendar.timezone)
    if not numbers.enabled or duty is None or not duty.here or people.lacks(turn):
        return 0
    looked = await turn.m.marks.get(LOOKED)
    if looked is not None and turn.now - looked.at < LOOKS_EVERY:
        return 0
    await turn.m.marks.set(LOOKED, turn.now)
    caseloads: dict[str, list[Together]] = {}
    for one in await turn.m.ratings.caseloads():
        caseloads.setdefault(one.worker_id, []).append(one)
    asked = await turn.m.ratings.asked_since(turn.now - WEEK)
    workers = await turn.m.people.many(caseloads)
    for worker in workers.values():
        away = worker.away_until is not None and worker.away_until > turn.now
        if worker.role is not Role.WORKER or away or not worker.reachable:
            continue
        about = next_to_rate(caseloads[worker.id], asked.get(worker.id, ()), numbers, turn.now, plan.calendar.timezone)
        if about is not None:
            await _ask(turn, worker, about, until=duty.at)
    return 0


async def _ask(turn: Turn, worker: Person, about: Together, until: datetime) -> None:
    today = turn.now.astimezone(ZoneInfo(turn.plan.calendar.timezone)).date()
    asking_id = await turn.m.ratings.ask(about.client_id, worker.id, today, turn.now)
    if asking_id is None:
        return
    await delivery.post(
        turn,
        Post(
            to=worker.id,
            kind="worker.rating",
            key=f"rate:{asking_id}",
            facts={"ref": about.ref, "asking": asking_id},
            surface=surface(about.client_id),
            urgency=Urgency.DIGEST,
            guard=Guard.ASSIGNED,
            fresh=True,
            silent=True,
            expires_at=until,
            client_id=about.client_id,
        ),
    )


async def rate(turn: Turn, staff: Person, asking_id: str, value: int | None) -> None:
    """A number, or None for Skip. Tapped again it is the newer one that holds; only of a client who is still theirs."""
    known = await turn.m.ratings.by_id(asking_id)
    client = await people.locked(turn, known.client_id) if known else None
    asking = await turn.m.ratings.by_id(asking_id)
    if asking is None or client is None or asking.worker_id != staff.id or client.worker_id != staff.id:
        raise Refusal(STALE)
    if value is not None and not 0 <= value <= HIGHEST:
        raise Refusal(STALE)
    await turn.m.ratings.rate(asking_id, None if value is None else float(value), turn.now)
    facts: dict[str, Json] = {"ref": client.ref, "value": value}
    where = surface(client.id)
    await delivery.post(turn, Post(staff.id, "worker.rated", people.once("rated"), facts, where, client_id=client.id))
    if value is not None:
        await reading.read(turn, client.id)
