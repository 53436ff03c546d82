"""Who is told next when nobody takes an alert: every rung is a row of history and a message, until somebody acts.

`rang` and `not_through` are told by the courier what became of a message; `escalate_due` is called again and again.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.actions import cards, crisis, duty
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind
from bot.domain.delivery import Guard
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
NOT_THEIRS = ("closed", "not_reached", "too_late")
"""Reasons for dropping a card that leave nobody untold."""
AGAIN_AFTER = timedelta(minutes=10)
"""An alert that could not be taken further is tried again after this, and keeps no other waiting."""

log = structlog.get_logger()


def steps_for(plan: Plan, kind: Kind, worker: str | None, *, keep_from: str | None = None) -> tuple[Step, ...]:
    """The snapshot for a new alert. `worker`: the assigned worker's ref, None where they are not told as the worker.

    Danger begins with worker and duty contact, both told first; harm stays with the safeguarding contact, and the wish
    for somebody else with `complaints_to` without the worker concerned. `keep_from`: the ref of whoever it may be about;
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
        left = _but(keep_from or worker, plan.alerts.complaints_to)
    else:  # the only contact may be the worker concerned: then whoever comes next in this place
        left = _but(keep_from, plan.safety.safeguarding_contact)
        left = left or _but(keep_from, plan.safety.duty + plan.alerts.escalate_to)
    return ladder(left[0], None, left[1:]) if left else ()


def _but(ref: str | None, refs: Sequence[str]) -> tuple[str, ...]:
    return tuple(one for one in refs if one != ref)


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
    if alert is not None and alert.state is not AlertState.RAISED:
        await _was_taken(turn, alert, out)
        return
    if alert is None or alert.holder_ref != out.ref:
        return
    if alert.rang_step == alert.step and not out.fresh and alert.kind not in URGENT:
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


async def _was_taken(turn: Turn, alert: Alert, out: Outgoing) -> None:
    """Somebody took it while this was on its way to somebody else: they read so, instead of starting as well."""
    person, client = await turn.m.people.by_id(out.person_id), await turn.m.people.client(alert.client_id)
    if out.guard is Guard.HOLDER and out.person_id != alert.holder_id and person is not None and client is not None:
        await cards.post(turn, alert, client, person, reply=True)


async def not_through(turn: Turn, out: Outgoing, why: str) -> None:
    """A person's chat is dead: whatever waits for them goes to the next person at once."""
    for alert in await turn.m.alerts.open_ones():
        await _past(turn, alert.id, out)


async def not_told(turn: Turn, out: Outgoing, why: str) -> None:
    """This one never reaches them, whoever they are by now: its alert goes to the next person at once."""
    person = await turn.m.people.by_id(out.person_id)
    if out.alert_id is None or out.guard is not Guard.HOLDER or out.withdrawn is not None or why in NOT_THEIRS:
        return
    if person is not None and person.unreachable is None:  # else `not_through` has seen to it
        await _past(turn, out.alert_id, out)


async def _past(turn: Turn, alert_id: str, out: Outgoing) -> None:
    """On to the next person, if it was theirs to act."""
    alert = await turn.m.alerts.get(alert_id, lock=True)
    client = await turn.m.people.client(alert.client_id) if alert is not None else None
    if alert is None or client is None:
        return
    if alert.state is AlertState.ACKNOWLEDGED and alert.id == out.alert_id and alert.holder_id == out.person_id:
        if out.guard is Guard.HOLDER:
            await _rings_anew(turn, alert, client, out.ref)
        return
    if alert.state is not AlertState.RAISED or alert.holder_ref != out.ref:
        return
    following = next_person(alert.ladder, alert.step)
    if alert.ladder[following].ref == out.ref:
        await _nobody(turn, alert)
        return
    await turn.m.alerts.note(alert.id, turn.now, "unreachable", out.ref)
    await take(turn, alert, client, following, at=max(turn.now, alert.goes_at))


async def left(turn: Turn, person: Person) -> None:
    """Somebody works here no more: what they had taken is told as if nobody had."""
    for one in await turn.m.alerts.open_ones():
        alert = await turn.m.alerts.get(one.id, lock=True) if one.holder_id == person.id else None
        client = await turn.m.people.client(one.client_id) if alert is not None else None
        if alert is not None and client is not None and alert.state is AlertState.ACKNOWLEDGED:
            await _rings_anew(turn, alert, client, person.ref)


async def _rings_anew(turn: Turn, alert: Alert, client: Client, ref: str) -> None:
    """Whoever has it (`ref`) can't be reached any more: as if nobody had taken it."""
    await turn.m.alerts.change(
        alert.id, state=AlertState.RAISED, holder_id=None, acknowledged_at=None, snoozed_until=None
    )
    await turn.m.alerts.note(alert.id, turn.now, "unreachable", ref)
    now = await turn.m.alerts.get(alert.id)
    assert now is not None
    step = next_person(now.ladder, now.step) if now.holder_ref == ref else now.step
    await take(turn, now, client, step, at=turn.now)


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
    elif alert.kind in URGENT:
        await _again(turn, alert, client)
    else:
        await take(turn, alert, client, after(alert.ladder, alert.step), at=turn.now)


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
