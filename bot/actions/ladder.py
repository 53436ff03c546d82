"""Who is told next when nobody takes an alert: every rung is a row of history and a message, until somebody acts.

`escalate_due` is called again and again. What became of a message on its way comes in through `arrivals`.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog

from bot.actions import cards, crisis, duty, people, presence
from bot.actions.desk import Turn
from bot.domain.alerts import Kind
from bot.domain.ladder import Rung, Step, after, ladder, next_person
from bot.domain.matters import AWAY, UNREACHABLE, URGENT, Alert
from bot.domain.people import Client
from bot.domain.plan import Plan
from bot.domain.signals.history import Happening

TIMES_EACH = 2
"""A notice of danger is sent this often before the next person is told as well."""
AGAIN_AFTER = timedelta(minutes=10)
"""An alert that could not be taken further is tried again after this, and keeps no other waiting."""

log = structlog.get_logger()


def steps_for(plan: Plan, kind: Kind, worker: str | None, *, keep_from: Collection[str] = ()) -> tuple[Step, ...]:
    """The snapshot for a new alert. `worker`: the assigned worker's ref, None where they are not told as the worker.

    Danger begins with worker and duty contact, both told first; harm stays with the safeguarding contact, and the wish
    for somebody else with `complaints_to` without the worker concerned. `keep_from`: the refs of those it may be about;
    they stand on no rung, whatever else they are here.
    """
    if kind is Kind.ALLIANCE:
        return ladder(worker, plan.alerts.cover.get(worker) if worker else None, plan.alerts.escalate_to)
    if kind is Kind.DANGER:
        duty, above = _but(keep_from, plan.safety.duty), _but(keep_from, plan.alerts.escalate_to)
        first = [Step(worker, Rung.FIRST)] if worker and worker not in duty[:1] else []
        rest = ladder(duty[0], None, duty[1:] + above) if duty else ()
        others = [step for step in rest if step.rung is not Rung.REMINDER and step.ref != worker]
        return (*first, *others) or ladder(worker, None, above)
    if kind is Kind.SOMEONE_ELSE:
        left = _but(keep_from or ((worker,) if worker else ()), plan.alerts.complaints_to)
    else:  # the only contact may be the worker concerned: then whoever comes next in this place
        left = _but(keep_from, plan.safety.safeguarding_contact)
        left = left or _but(keep_from, plan.safety.duty + plan.alerts.escalate_to)
    return ladder(left[0], None, left[1:]) if left else ()


def for_supervision(plan: Plan, worker: str | None) -> tuple[tuple[Step, ...], int]:
    """The snapshot for what a talk did not mend, and the rung that it begins on: the manager's. The worker has it too."""
    first = (Step(worker, Rung.FIRST),) if worker else ()
    managers = steps_for(plan, Kind.ALLIANCE, None)
    steps = (*first, *(one for one in managers if one.ref != worker))
    return steps, max(0, min(len(first), len(steps) - 1))


def _but(kept_from: Collection[str], refs: Sequence[str]) -> tuple[str, ...]:
    return tuple(one for one in refs if one not in kept_from)


async def steps_now(turn: Turn, alert: Alert, client: Client) -> tuple[Step, ...]:
    """The snapshot as it would be taken now. Whoever it may be about, the worker then or now, stands on no rung."""
    worker, then = await people.worker_of(turn, client), await people.worker_then(turn, client, alert.raised_at)
    if alert.kind in (Kind.ALLIANCE, Kind.DANGER) and (alert.worker_id is not None or worker is None):
        return steps_for(turn.plan, alert.kind, worker.ref if worker else None)
    return steps_for(turn.plan, alert.kind, None, keep_from=[one.ref for one in (worker, then) if one is not None])


def first_step(kind: Kind, steps: tuple[Step, ...]) -> int:
    """Danger reaches everybody of the first rung at once; all else begins with one person."""
    first = sum(step.rung is Rung.FIRST for step in steps)
    return max(0, first - 1) if kind is Kind.DANGER else 0


# ---------------------------------------------------------------- taking a rung


async def take(turn: Turn, alert: Alert, client: Client, step: int, *, at: datetime) -> Alert:
    """Tell the person on rung `step`, not before `at`; past all who can't be reached. Returns the alert as it is now."""
    if not alert.ladder:
        return alert
    step = await _reachable_from(turn, alert, step)
    ends = duty.rung_ends(turn.plan, alert, step, max(at, turn.now))
    await turn.m.alerts.change(alert.id, step=step, step_due_at=ends)
    if alert.ladder[step].rung is not Rung.FIRST:
        await turn.m.alerts.note(alert.id, turn.now, alert.ladder[step].rung.value, alert.ladder[step].ref)
        turn.count("alerts_passed_on")
    now = await turn.m.alerts.get(alert.id)
    assert now is not None
    person = await turn.m.people.by_ref(now.ladder[step].ref)
    if person is not None:
        await cards.post(turn, now, client, person, fresh=now.sent, at=max(at, turn.now))
    if now.kind in URGENT and not now.sent and not await _anybody(turn, now):
        await tell_client(turn, now, sent=False)
    turn.ring(turn.desk.bells.escalate)
    return now


async def _reachable_from(turn: Turn, alert: Alert, step: int) -> int:
    """This rung, or the next one whose person can be reached; the last one if nobody can."""
    while True:
        person = await turn.m.people.by_ref(alert.ladder[step].ref)
        if person is not None and person.is_there(turn.now):
            return step
        following = next_person(alert.ladder, step)
        if following == step:
            return step
        away = person is not None and person.reachable
        await turn.m.alerts.note(alert.id, turn.now, AWAY if away else UNREACHABLE, alert.ladder[step].ref)
        step = following


async def _anybody(turn: Turn, alert: Alert) -> bool:
    """Is there anybody among those reached whose chat may get through?"""
    people = [await turn.m.people.by_ref(ref) for ref in alert.reached]
    return any(person is not None and person.is_there(turn.now) for person in people)


async def pass_over(turn: Turn, alert: Alert, client: Client) -> None:
    """Whoever's turn it is can't be reached: the next person at once."""
    ref, following = alert.holder_ref or "", next_person(alert.ladder, alert.step)
    if alert.ladder[following].ref == ref:
        await _nobody(turn, alert)
        return
    await turn.m.alerts.note(alert.id, turn.now, UNREACHABLE, ref)
    await take(turn, alert, client, following, at=max(turn.now, alert.goes_at))


async def _nobody(turn: Turn, alert: Alert) -> None:
    """The end of the ladder cannot be reached: say so to a client in danger, and try again when it is due."""
    await turn.m.alerts.note(alert.id, turn.now, UNREACHABLE, alert.holder_ref or "")
    if alert.kind in URGENT and alert.rang_at is None:
        await tell_client(turn, alert, sent=False)


async def tell_client(turn: Turn, alert: Alert, *, sent: bool) -> None:
    """Only after Telegram took the notice does the client read "sent"."""
    client = await turn.m.people.client(alert.client_id)
    kept = await turn.m.signals.of_alert(alert.id)
    typed = any(one.signal.evidence.get("value") == Happening.TEXT for one in kept)
    said = max((one.signal.raised_at for one in kept), default=alert.raised_at)
    if client is not None and await people.is_theirs(turn, client, said):
        page = crisis.MATCHED if typed else crisis.OPENED
        await crisis.passed_on(turn, client, page, sent=sent, harm=alert.kind is Kind.HARM)


# ---------------------------------------------------------------- time


async def escalate_due(turn: Turn, limit: int = 20) -> int:
    """Whatever nobody has taken in time goes one rung up; what was put off comes back. Returns how many."""
    late = await turn.m.alerts.step_due(turn.now, limit)
    for alert in late:
        await _by_itself(turn, alert, _goes_up, "step_due_at")
    back = await turn.m.alerts.snooze_due(turn.now, limit)
    for alert in back:
        await _by_itself(turn, alert, _comes_back, "snoozed_until")
    return len(late) + len(back)


async def _by_itself(turn: Turn, alert: Alert, do: Callable[[Turn, Alert], Awaitable[None]], when: str) -> None:
    """One that fails is undone and tried again later: it must not keep all the others from being told."""
    try:
        async with turn.m.apart():
            await do(turn, alert)
    except Exception as broken:
        log.error("alert_not_taken_further", alert=alert.id, error=type(broken).__name__)
        await turn.m.alerts.change(alert.id, **{when: turn.now + AGAIN_AFTER})


async def _goes_up(turn: Turn, alert: Alert) -> None:
    client = await turn.m.people.client(alert.client_id)
    if client is None:
        raise LookupError(alert.client_id)
    if not alert.sent and alert.goes_at > turn.now:  # the client still chooses how it is told
        ends = duty.rung_ends(turn.plan, alert, alert.step, alert.goes_at)
        await turn.m.alerts.change(alert.id, step_due_at=ends)
    elif await _has_not_left(turn, alert):
        await _wait_for_it(turn, alert, client)
    elif alert.kind in URGENT:
        await _again(turn, alert, client)
    else:
        await take(turn, alert, client, after(alert.ladder, alert.step), at=turn.now)


async def _has_not_left(turn: Turn, alert: Alert) -> bool:
    """Is what should ring for the person on this rung still on its way?"""
    person = await turn.m.people.by_ref(alert.holder_ref) if alert.holder_ref else None
    if person is None:
        return False
    rang_already = alert.rang_step == alert.step
    return await turn.m.outbox.is_on_its_way(alert.id, person.id, new_message=rang_already)


async def _wait_for_it(turn: Turn, alert: Alert, client: Client) -> None:
    """People are told one after another: the time of the next begins when this one was told. That may take an outage.

    But what does not get through although Telegram is heard never will: the next person at once.
    """
    await turn.m.alerts.change(alert.id, step_due_at=turn.now + AGAIN_AFTER)
    if await presence.heard_since(turn, turn.now - AGAIN_AFTER):
        await pass_over(turn, alert, client)


async def _again(turn: Turn, alert: Alert, client: Client) -> None:
    """Danger: everybody who has been told is told again; every second time the next person as well."""
    lines = await turn.m.alerts.history(alert.id)
    repeats = sum(line.state == "again" for line in lines) + 1
    await turn.m.alerts.note(alert.id, turn.now, "again", alert.holder_ref or "")
    await turn.m.alerts.change(
        alert.id, reminded=True, step_due_at=duty.rung_ends(turn.plan, alert, alert.step, turn.now)
    )
    now = await turn.m.alerts.get(alert.id)
    assert now is not None
    for ref in sorted(now.reached):
        person = await turn.m.people.by_ref(ref)
        if person is not None:
            await cards.post(turn, now, client, person, fresh=True)
    following = next_person(now.ladder, now.step)
    if repeats % TIMES_EACH == 0 and following > now.step:
        await take(turn, now, client, following, at=turn.now)


async def _comes_back(turn: Turn, alert: Alert) -> None:
    """Put off by whoever has it, promised to a client, or only taken: it rings for them again, until it is closed."""
    await turn.m.alerts.change(alert.id, snoozed_until=duty.comes_back(turn.plan, alert.kind, turn.now))
    await turn.m.alerts.note(alert.id, turn.now, "back", "bot")
    now, client = await turn.m.alerts.get(alert.id), await turn.m.people.client(alert.client_id)
    holder = await turn.m.people.by_id(alert.holder_id) if alert.holder_id else None
    if now is not None and client is not None and holder is not None:
        await cards.post(turn, now, client, holder, fresh=True)
