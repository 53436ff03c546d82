"""Goals in the client's own words: added, changed, let go; seen by the worker; quoted only when both have said yes."""

from dataclasses import replace
from datetime import timedelta

from bot.actions import delivery, people
from bot.actions.desk import Turn
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.goals import Goal, GoalState, check_new, one_line, renamed
from bot.domain.people import Client, Person
from bot.domain.words import Facts, Json

SURFACE = "goals"
NEW = "goal:new"
RENAME = "goal:rename:"
"""What a client's typed words are for; the second is followed by the goal's id."""
PATIENCE = timedelta(hours=1)


async def show(turn: Turn, client: Client, page: str = "list", *, fresh: bool = False, **more: Json) -> None:
    """The client's live goals. `page`: list, ask, added, rename, ask_rename, renamed, let_go, let_go_ask, let_go_done."""
    if page == "list" and not await turn.m.goals.live(client.id):
        await people.expect(turn, client.person, NEW, turn.now + PATIENCE)
    live: list[Json] = [
        {"id": goal.id, "n": goal.number, "text": goal.text, "quoted": goal.quotable}
        for goal in await turn.m.goals.live(client.id)
    ]
    facts: Facts = {**await people.names_for(turn, client), "page": page, "goals": live, **more}
    post = Post(client.id, "client.goals", people.once("goals"), facts, SURFACE, fresh=fresh, client_id=client.id)
    await delivery.post(turn, post)


async def ask_new(turn: Turn, client: Client) -> None:
    check_new("", await turn.m.goals.live(client.id))
    await people.expect(turn, client.person, NEW, turn.now + PATIENCE)
    await show(turn, client, "ask")


async def add(turn: Turn, client: Client, typed: str) -> Goal:
    """A goal as it was typed. Raises Refusal when it is too long, there already, or one too many."""
    text = one_line(typed)
    check_new(text, await turn.m.goals.live(client.id))
    goal = await turn.m.goals.add(client.id, text, turn.now)
    await people.expect(turn, client.person, None)
    await show(turn, client, "added", fresh=True, n=goal.number)
    await _tell(turn, client, goal, "added")
    return goal


async def ask_rename(turn: Turn, client: Client, goal_id: str) -> None:
    goal = await _own(turn, client, goal_id)
    await people.expect(turn, client.person, RENAME + goal.id, turn.now + PATIENCE)
    await show(turn, client, "ask_rename")


async def rename(turn: Turn, client: Client, goal_id: str, typed: str) -> None:
    """Other words for a goal: they have to be seen and agreed to anew before they are quoted."""
    goal, text = await _own(turn, client, goal_id), one_line(typed)
    others = [one for one in await turn.m.goals.live(client.id) if one.id != goal.id]
    check_new(text, others)
    await people.expect(turn, client.person, None)
    if text != goal.text:
        goal = renamed(goal, text, turn.now)
        await turn.m.goals.put(goal)
        await _tell(turn, client, goal, "renamed")
    await show(turn, client, "renamed", fresh=True)


async def ask_let_go(turn: Turn, client: Client, goal_id: str) -> None:
    goal = await _own(turn, client, goal_id)
    await show(turn, client, "let_go_ask", id=goal.id)


async def let_go(turn: Turn, client: Client, goal_id: str) -> None:
    """It is not asked about any more. A changed mind is fine, and the worker is told just that."""
    goal = await _own(turn, client, goal_id)
    await turn.m.goals.put(replace(goal, state=GoalState.LET_GO, changed_at=turn.now))
    await show(turn, client, "let_go_done")
    await people.tell_worker(turn, client, "worker.goal.let_go", f"let_go:{goal.id}")


# ---------------------------------------------------------------- seen, and quoted


async def seen(turn: Turn, worker: Person, goal_id: str) -> None:
    """The worker has read these words; now their owner is asked whether they may be quoted."""
    known = await turn.m.goals.by_id(goal_id)
    client = await people.locked(turn, known.client_id) if known else None
    goal = await turn.m.goals.by_id(goal_id)
    if goal is None or client is None or client.worker_id != worker.id or not goal.live:
        raise Refusal("errors.stale_button")
    if goal.seen_by_worker_at is None:
        await turn.m.goals.put(replace(goal, seen_by_worker_at=turn.now))
        await _ask_quote(turn, client, goal)
    facts: Facts = {"key": "worker.goal.seen", "facts": {"ref": client.ref}}
    post = Post(worker.id, "sentence", people.once("goal_seen"), facts, surface=_worker_surface(goal))
    await delivery.post(turn, post)


async def _ask_quote(turn: Turn, client: Client, goal: Goal) -> None:
    facts: Facts = {**await people.names_for(turn, client), "page": "agree_ask", "id": goal.id, "n": goal.number}
    key = f"goal_quote:{goal.id}:{goal.changed_at.isoformat()}"
    surface = f"goal_quote:{goal.id}"
    post = Post(client.id, "client.goals", key, facts, surface, Urgency.QUESTION, silent=True, client_id=client.id)
    await delivery.post(turn, post)


async def quote(turn: Turn, client: Client, goal_id: str, *, yes: bool) -> None:
    """The client's answer; it can be changed by tapping the other button for as long as the message stands."""
    goal = await _own(turn, client, goal_id)
    await turn.m.goals.put(replace(goal, quote_agreed_at=turn.now if yes else None))
    facts: Facts = {**await people.names_for(turn, client), "page": "agree_yes" if yes else "agree_no", "n": goal.number}
    surface = f"goal_quote:{goal.id}"
    await delivery.post(turn, Post(client.id, "client.goals", people.once("quote"), facts, surface, client_id=client.id))


async def _own(turn: Turn, client: Client, goal_id: str) -> Goal:
    goal = await turn.m.goals.by_id(goal_id)
    if goal is None or goal.client_id != client.id or not goal.live:
        raise Refusal("errors.stale_button")
    return goal


async def _tell(turn: Turn, client: Client, goal: Goal, what: str) -> None:
    if client.worker_id is None:
        return
    facts: Facts = {"ref": client.ref, "goal": goal.text, "id": goal.id, "what": what}
    key = f"goal_told:{goal.id}:{goal.changed_at.isoformat()}"
    post = Post(client.worker_id, "worker.goal", key, facts, _worker_surface(goal), Urgency.DIGEST, fresh=True)
    await delivery.post(turn, replace(post, guard=Guard.ASSIGNED, client_id=client.id))


def _worker_surface(goal: Goal) -> str:
    return f"goal:{goal.id}"
