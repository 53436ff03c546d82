"""The budget at work: before an alert that was only reckoned rings, is there room for it? What is over waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.actions import matters
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind, Wish
from bot.domain.budget import MONTH, Budget, may_wait, strength
from bot.domain.matters import Alert
from bot.domain.people import Client
from bot.domain.plan import Plan
from bot.domain.signals.history import Signal

HELD = "budget"
"""Why a signal is in the digest and in no alert."""


@dataclass(frozen=True, slots=True)
class _Spent:
    alert: Alert
    signals: tuple[Signal, ...]


def of(plan: Plan) -> Budget:
    """What the plan allows."""
    return Budget(plan.alerts.budget_per_worker_per_week, plan.alerts.budget_per_client_per_month)


async def has_room(turn: Turn, client: Client, signals: Sequence[Signal]) -> bool:
    """May an alert that rests on these ring? If it must wait, or a weaker one that nobody could see yet waits instead,
    the client is asked all the same, and what they wish to be told is told."""
    if client.worker_id is None or not may_wait(signals):
        return True
    spent = await _spent(turn, client.worker_id)
    caseload = len(await turn.m.people.caseload(client.worker_id))
    if not of(turn.plan).is_spent([one.alert.raised_at for one in spent], caseload, turn.now):
        return True
    unseen = [one for one in spent if not one.alert.sent and one.alert.goes_at > turn.now]
    weakest = min(unseen, key=lambda one: strength(one.signals), default=None)
    if weakest is None or strength(weakest.signals) >= strength(signals):
        return False
    if not await turn.m.people.lock_if_free(weakest.alert.client_id):
        return True  # somebody acts on that client just now, and may be waiting for this one: rather one too many
    return await _waits(turn, weakest.alert)


async def _spent(turn: Turn, worker_id: str) -> list[_Spent]:
    """The worker's alerts of four weeks that count: not those that the client wanted told."""
    alerts = await turn.m.alerts.of_worker(worker_id, Kind.ALLIANCE, turn.now - MONTH)
    kept = await turn.m.signals.of_alerts([one.id for one in alerts])
    found = [_Spent(one, tuple(each.signal for each in kept if each.alert_id == one.id)) for one in alerts]
    return [
        one
        for one in found
        if one.alert.state is not AlertState.WITHDRAWN and one.alert.wish is Wish.NONE and may_wait(one.signals)
    ]


async def _waits(turn: Turn, alert: Alert) -> bool:
    """Take back an alert that nobody could see yet. False if somebody has, by now."""
    now = await turn.m.alerts.get(alert.id)
    if now is None or now.sent or now.wish is not Wish.NONE or not now.is_open:
        return False
    kept = await turn.m.signals.of_alert(now.id)
    await turn.m.signals.change([one.id for one in kept], alert_id=None, held=HELD)
    await matters.take_back(turn, now, "bot")
    check_in = await turn.m.checkins.by_id(now.check_in_id) if now.check_in_id else None
    if check_in is not None and check_in.asks_about == now.id:
        await turn.m.checkins.change(check_in.id, asks_about=check_in.id)
    return True
