"""A rule that is seldom useful: the managers are shown another number, with what it would have changed.

Nothing changes by itself: what convinces a manager goes into the file. The back-test runs beside the transactions.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.actions import backtest, delivery, reports
from bot.actions.desk import Desk, Turn
from bot.actions.exported import cases
from bot.actions.signals import parameters
from bot.domain.delivery import Post, Urgency
from bot.domain.plan import Plan
from bot.domain.usefulness import REVIEWED, Judged, Stricter, by_rule, stricter, worth_a_look
from bot.domain.words import Facts, Json, Role
from storage.stores import Stores

LOOKED = "rules_reviewed"
EVERY = timedelta(days=1)


async def review(desk: Desk) -> None:
    """Once a day: propose another number for each rule that is worth a look, once in every thirty judged alerts."""
    now = desk.clock.now()
    async with desk.glance() as m:
        last = await m.marks.get(LOOKED)
        judged = await m.alerts.judged() if last is None or now - last.at >= EVERY else []
        found = {rule: mine for rule, mine in worth_a_look(judged).items() if await _is_new(m, rule, judged)}
    for rule, mine in sorted(found.items()):
        facts = await _facts(desk, rule, mine)
        async with desk.turn() as turn:
            await _tell(turn, rule, facts, _count(rule, judged))
    if last is None or now - last.at >= EVERY:
        async with desk.turn() as turn:
            await turn.m.marks.set(LOOKED, turn.now)


def _count(rule: str, judged: Sequence[Judged]) -> int:
    return sum(rule in one.rules for one in judged)


async def _is_new(m: Stores, rule: str, judged: Sequence[Judged]) -> bool:
    told = await m.marks.get(f"proposed:{rule}")
    return told is None or _count(rule, judged) - int(told.value or 0) >= REVIEWED


async def _facts(desk: Desk, rule: str, mine: Sequence[Judged]) -> Facts:
    """What the message says: how useful the rule was, the other number, and what that would have changed."""
    verdicts, step = by_rule(mine)[rule], stricter(rule, parameters(desk.plan))
    facts: dict[str, Json] = {"rule": rule, "n": verdicts.useful, "of": verdicts.n}
    if step is None:
        return facts
    async with desk.glance() as m:
        refs = {one.client_id for one in mine}
        clients = [
            one
            for client in await m.people.clients()
            if client.id in refs
            async for one in reports.export_clients(m, client.ref)
        ]
    change = await asyncio.to_thread(_tried, clients, desk.plan, step)
    return facts | {"name": step.name, "now": step.now, "then": step.then, **change}


def _tried(clients: Sequence[Json], plan: Plan, step: Stricter) -> dict[str, Json]:
    """The clients of those alerts, by the number in force and by the other one."""
    known = cases({"format": reports.FORMAT, "clients": list(clients)}, plan.bank, plan.calendar.closed_dates)
    other = replace(plan, signals={**plan.signals, step.rule: {**plan.signals.get(step.rule, {}), step.name: step.then}})
    before, after = (backtest.replay(known, one, lambda: None) for one in (plan, other))
    whole = backtest.compared(known, before, after)
    return {name: whole[name] for name in ("before", "lost", "useful_lost")}


async def _tell(turn: Turn, rule: str, facts: Facts, count: int) -> None:
    await turn.m.marks.set(f"proposed:{rule}", turn.now, str(count))
    for manager in await turn.m.people.everybody(Role.MANAGER):
        key = f"proposal:{rule}:{count}:{manager.id}"
        post = Post(manager.id, "manager.proposal", key, facts, urgency=Urgency.DIGEST, silent=True)
        await delivery.post(turn, post)
