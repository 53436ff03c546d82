"""A client who is asked nothing, or to whom nothing gets through: whoever looks after them has to know, or it is a
silence that nobody notices. No rule has a say in it: it is told because the bot went quiet.
"""

from bot.actions import cards, delivery, people
from bot.actions.desk import Turn
from bot.domain.checkins import untouched_run
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.outgoing import NOT_ASSIGNED, Outgoing
from bot.domain.people import Asking, Client, Status
from bot.domain.words import Facts

KIND = "worker.silence"


async def run_of(turn: Turn, client: Client) -> int:
    """How many check-ins in a row, up to the newest, were sent and never touched."""
    latest = await turn.m.checkins.latest([client.id], turn.now)
    return untouched_run(await turn.m.checkins.past(latest[client.id]))


async def tell(turn: Turn, client: Client, run: int, once_for: str) -> None:
    """Four in a row without a tap: the worker checks by the usual way first. Nobody there: the managers."""
    worker = await people.worker_of(turn, client)
    if worker is None or worker.status is Status.DISCHARGED:
        await _tell_managers(turn, client, run, once_for)
        return
    post = Post(
        to=worker.id,
        kind=KIND,
        key=f"silence:{client.id}:{once_for}",
        facts={"ref": client.ref, "client": client.id, "n": run},
        surface=_surface(client),
        urgency=Urgency.ALERT,
        guard=Guard.ASSIGNED,
        silent=True,
        fresh=True,
        client_id=client.id,
    )
    await delivery.post(turn, post)


async def not_told(turn: Turn, out: Outgoing, why: str) -> None:
    """It never reached the worker. Where another has the client by now, they were told when they took over."""
    client = await turn.m.people.client(out.client_id) if out.client_id is not None else None
    if client is not None and client.asking is Asking.GONE_QUIET and why != NOT_ASSIGNED and out.withdrawn is None:
        await _tell_managers(turn, client, await run_of(turn, client), out.id)


async def taken_over(turn: Turn, client: Client) -> None:
    """A client has another worker, who was told nothing of all this."""
    worker = await people.worker_of(turn, client)
    if worker is None:
        return
    if client.asking is Asking.GONE_QUIET:
        await tell(turn, client, await run_of(turn, client), people.once("taken_over"))
    elif client.asking is Asking.HELD:
        facts: Facts = {"ref": client.ref, "client": client.id}
        post = Post(worker.id, "worker.held", people.once("held"), facts, _surface(client), urgency=Urgency.ALERT)
        await cards.say(turn, worker, post)
    if client.person.unreachable is not None:
        await people.tell_worker(turn, client, "worker.blocked.text", people.once("taken_over"))


async def _tell_managers(turn: Turn, client: Client, run: int, once_for: str) -> None:
    await people.tell_managers(turn, f"silence:{once_for}", "worker.silence.text", ref=client.ref, n=run)


def _surface(client: Client) -> str:
    return f"silence:{client.id}"
