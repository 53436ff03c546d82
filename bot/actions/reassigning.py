"""A client gets another worker: what is open goes along; what was said to the former one only if the client says so."""

from zoneinfo import ZoneInfo

from bot.actions import delivery, matters, people, quiet
from bot.actions.desk import Turn
from bot.domain.alerts import Kind
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.people import Client, Status, worker_name_for
from bot.domain.wall import out_of_quiet
from bot.domain.words import Facts

SURFACE = "new_worker"


async def give(turn: Turn, client_id: str, worker_id: str) -> None:
    """From now on this worker. They see answers from today on, until the client passes on the older ones."""
    before = await people.locked(turn, client_id)
    await turn.m.people.assign(client_id, worker_id, turn.now)
    if before.worker_id not in (None, worker_id) and before.person.joined_at is not None:
        await turn.m.people.change_client(client_id, worker_sees_from=turn.now)
        # What the former worker had asked to see, and what has not left yet, is theirs no more.
        await delivery.withdraw(turn, client_id=client_id, person_id=before.worker_id, why="another worker")
        await tell_client(turn, await people.client(turn, client_id))
    if before.worker_id != worker_id:
        await quiet.taken_over(turn, await people.client(turn, client_id))
    await matters.move(turn, client_id)


async def tell_client(turn: Turn, client: Client) -> None:
    """Who it is now, and whether they shall see the older answers: once, when the client is being asked at all."""
    worker, since = await people.worker_of(turn, client), client.worker_sees_from
    taking_part = client.person.status is Status.JOINED and client.is_asked and client.consent_at is not None
    if worker is None or since is None or not taking_part:
        return
    facts: Facts = {"new": worker_name_for(client, worker), "worker": worker.id, "said": "text"}
    free = out_of_quiet(turn.now, turn.plan.calendar.quiet_hours, ZoneInfo(client.person.timezone))
    post = Post(
        to=client.id,
        kind="client.new_worker",
        key=f"new_worker:{client.id}:{since.isoformat()}",
        facts=facts,
        surface=SURFACE,
        urgency=Urgency.QUESTION,
        guard=Guard.ASKED,
        fresh=True,
        not_before=free,
        client_id=client.id,
    )
    await delivery.post(turn, post)


async def answer(turn: Turn, client: Client, worker_id: str, *, yes: bool) -> None:
    """Whether this worker may see the older answers. Raises Refusal where it is another worker by now."""
    worker = await people.worker_of(turn, client)
    since = client.worker_sees_from
    if worker is None or worker.id != worker_id or since is None or not client.may_show(since):
        raise Refusal("errors.stale_button")
    if yes:
        await turn.m.people.change_client(client.id, worker_sees_from=None)
        await turn.m.audit.note(turn.now, client.ref, "passed_on", client.ref)
        await _show_more(turn, await people.client(turn, client.id))
    facts: Facts = {"new": worker_name_for(client, worker), "said": "yes" if yes else "no"}
    post = Post(client.id, "client.new_worker", people.once("new_worker"), facts, SURFACE, client_id=client.id)
    await delivery.post(turn, post)


async def _show_more(turn: Turn, client: Client) -> None:
    alert = await turn.m.alerts.open_of(client.id, Kind.ALLIANCE)
    if alert is not None:
        await matters.show(turn, alert, client)
