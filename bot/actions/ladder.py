"""Who is told next when nobody takes an alert: every rung is a row of history and a message, until somebody acts.

`rang` and `not_through` are told by the courier what became of a message; `escalate_due` is called again and again.
"""

from datetime import datetime

from bot.actions import cards, crisis, duty
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind
from bot.domain.ladder import Rung, Step, after, ladder, next_person
from bot.domain.matters import DAILY, URGENT, Alert
from bot.domain.outgoing import Outgoing
from bot.domain.people import Client, Person
from bot.domain.plan import Plan
from bot.domain.signals.history import Happening

KINDS = (
    "worker.alert",
    "worker.alert_soft",
    "worker.alert_reminder",
    "worker.alert_cover",
    "manager.escalation",
    "manager.still_there",
    "manager.someone_else",
    "danger",
)
"""Kinds of posts whose arrival starts the clock of a rung."""
TIMES_EACH = 2
"""A notice of danger is sent this often before the next person is told as well."""


def steps_for(plan: Plan, kind: Kind, worker: str | None) -> tuple[Step, ...]:
    """The snapshot for a new alert. `worker`: the assigned worker's ref, None where they are not to be told.

    Danger begins with worker and duty contact, both told first; harm stays with the safeguarding contact, and the wish
    for somebody else with `complaints_to` without the worker concerned.
    """
    if kind is Kind.ALLIANCE:
        return ladder(worker, plan.alerts.cover.get(worker) if worker else None, plan.alerts.escalate_to)
    if kind is Kind.DANGER:
        first = [Step(worker, Rung.FIRST)] if worker and worker not in plan.safety.duty[:1] else []
        rest = (
            ladder(plan.safety.duty[0], None, plan.safety.duty[1:] + plan.alerts.escalate_to) if plan.safety.duty else ()
        )
        others = [step for step in rest if step.rung is not Rung.REMINDER and step.ref != worker]
        return (*first, *others) or ladder(worker, None, plan.alerts.escalate_to)
    people = plan.safety.safeguarding_contact if kind is Kind.HARM else plan.alerts.complaints_to
    left = [ref for ref in people if ref != worker or kind is Kind.HARM]
    return ladder(left[0], None, left[1:]) if left else ()


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
    now = await turn.m.alerts.get(alert.id)
    assert now is not None
    person = await turn.m.people.by_ref(now.ladder[step].ref)
    if person is not None:
        await cards.post(turn, now, client, person, fresh=now.sent, at=max(at, turn.now))
    if now.kind in URGENT and not now.sent and not await _anybody(turn, now):
        await _tell_client(turn, now, sent=False)
    turn.ring(turn.desk.bells.escalate)
    return now


async def _reachable_from(turn: Turn, alert: Alert, step: int) -> int:
    """This rung, or the next one whose person can be reached; the last one if nobody can."""
    while True:
        person = await turn.m.people.by_ref(alert.ladder[step].ref)
        if person is not None and _is_there(person, turn.now):
            return step
        following = next_person(alert.ladder, step)
        if following == step:
            return step
        await turn.m.alerts.note(alert.id, turn.now, "unreachable", alert.ladder[step].ref)
        step = following


async def _anybody(turn: Turn, alert: Alert) -> bool:
    """Is there anybody among those reached whose chat may get through?"""
    people = [await turn.m.people.by_ref(ref) for ref in alert.reached]
    return any(person is not None and _is_there(person, turn.now) for person in people)


def _is_there(person: Person, now: datetime) -> bool:
    return person.reachable and (person.away_until is None or person.away_until <= now)


# ---------------------------------------------------------------- what the courier says


async def rang(turn: Turn, out: Outgoing, message_id: int) -> None:
    """Telegram took an alert: the time of its rung counts from now. Edits of what has rung already change nothing."""
    alert = await turn.m.alerts.get(out.alert_id, lock=True) if out.alert_id else None
    if alert is None or alert.state is not AlertState.RAISED or alert.holder_ref != out.ref:
        return
    if alert.rang_step == alert.step and alert.kind not in URGENT:
        return
    first = alert.rang_at is None
    await turn.m.alerts.change(
        alert.id,
        rang_at=alert.rang_at or turn.now,
        rang_step=alert.step,
        step_due_at=duty.rung_ends(turn.plan, alert, alert.step, turn.now),
    )
    await turn.m.alerts.note(alert.id, turn.now, "rang", out.ref)
    if first and alert.kind in URGENT:
        await _tell_client(turn, alert, sent=True)


async def not_through(turn: Turn, out: Outgoing, why: str) -> None:
    """A person's chat is dead: whatever waits for them goes to the next person at once."""
    for alert in await turn.m.alerts.open_ones():
        if alert.state is not AlertState.RAISED or alert.holder_ref != out.ref:
            continue
        client = await turn.m.people.client(alert.client_id)
        following = next_person(alert.ladder, alert.step)
        if client is None:
            continue
        if alert.ladder[following].ref == out.ref:
            await _nobody(turn, alert)
            continue
        await turn.m.alerts.note(alert.id, turn.now, "unreachable", out.ref)
        await take(turn, alert, client, following, at=max(turn.now, alert.goes_at))


async def _nobody(turn: Turn, alert: Alert) -> None:
    """The end of the ladder cannot be reached: say so to a client in danger, and try again when it is due."""
    await turn.m.alerts.note(alert.id, turn.now, "unreachable", alert.holder_ref or "")
    if alert.kind in URGENT and alert.rang_at is None:
        await _tell_client(turn, alert, sent=False)


async def _tell_client(turn: Turn, alert: Alert, *, sent: bool) -> None:
    """Only after Telegram took the notice does the client read "sent"."""
    client = await turn.m.people.client(alert.client_id)
    kept = await turn.m.signals.of_alert(alert.id)
    typed = any(one.signal.evidence.get("value") == Happening.TEXT for one in kept)
    if client is not None:
        page = crisis.MATCHED if typed else crisis.OPENED
        await crisis.passed_on(turn, client, page, sent=sent, harm=alert.kind is Kind.HARM)


# ---------------------------------------------------------------- time


async def escalate_due(turn: Turn, limit: int = 20) -> int:
    """Whatever nobody has taken in time goes one rung up; what was put off comes back. Returns how many."""
    late = await turn.m.alerts.step_due(turn.now, limit)
    for alert in late:
        client = await turn.m.people.client(alert.client_id)
        if client is None:
            continue
        if alert.kind in URGENT:
            await _again(turn, alert, client)
        else:
            await take(turn, alert, client, after(alert.ladder, alert.step), at=turn.now)
    back = await turn.m.alerts.snooze_due(turn.now, limit)
    for alert in back:
        await _comes_back(turn, alert)
    return len(late) + len(back)


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
    """Put off by whoever has it, or promised to a client: it rings for them again. Danger does so every day until
    somebody has been in touch."""
    again = turn.now + DAILY if alert.kind in URGENT else None
    await turn.m.alerts.change(alert.id, snoozed_until=again)
    await turn.m.alerts.note(alert.id, turn.now, "back", "bot")
    now, client = await turn.m.alerts.get(alert.id), await turn.m.people.client(alert.client_id)
    holder = await turn.m.people.by_id(alert.holder_id) if alert.holder_id else None
    if now is not None and client is not None and holder is not None:
        await cards.post(turn, now, client, holder, fresh=True)
