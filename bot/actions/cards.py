"""What staff see of an alert: the card's content, frozen when it is posted, and who gets which form of it.

The worker, and the person who covers, get the card. Managers further up get handling facts only, until they hold the
step and open it (written to the access log). Danger, and the wish for somebody else, have forms of their own.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions import delivery, duty, evidence, people
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind, for_supervision
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.ladder import HIGHER, Rung, next_person
from bot.domain.matters import AWAY, SLIPPED, UNREACHABLE, URGENT, Alert
from bot.domain.moments import localized
from bot.domain.people import Client, Person
from bot.domain.plan import Detail
from bot.domain.signals.history import Signal
from bot.domain.words import Json, Severity, Tier

SHOWN_FOR = timedelta(days=1)
"""What *Show* opened is cleared from the chat after this."""


def surface(alert_id: str) -> str:
    """The place in a staff member's chat where an alert stands."""
    return f"alert:{alert_id}"


# ---------------------------------------------------------------- the reader


async def _staff(turn: Turn, ref: str | None) -> str | None:
    person = await turn.m.people.by_ref(ref) if ref else None
    return person.name if person else ref


async def _name(turn: Turn, person_id: str | None) -> str | None:
    person = await turn.m.people.by_id(person_id) if person_id else None
    return person.name if person else None


async def states(turn: Turn, alert: Alert, reader: Person) -> list[Json]:
    """What has been done so far, as lines that take the place of the buttons that did it."""
    mine = alert.holder_id == reader.id
    by = await _name(turn, alert.holder_id)
    lines: list[Json] = []
    if passed := await _passed(turn, alert):
        lines += await _passed_line(turn, alert, reader, *passed)
    if alert.acknowledged_at:
        lines.append({"text": "taken" if mine else "taken_by", "by": by, "when": alert.acknowledged_at.isoformat()})
    if alert.snoozed_until and alert.is_open and alert.kind is Kind.ALLIANCE:
        lines.append({"text": "snoozed", "until": alert.snoozed_until.isoformat()})
    if alert.talked_at:
        lines.append({"text": _talk(alert, reader), "by": by, "when": alert.talked_at.isoformat()})
    said = {
        AlertState.REPAIRED: "better",
        AlertState.UNCONFIRMED: "no_answer",
        AlertState.NOT_REPAIRED: "leave_it" if alert.client_said == "leave_it" else "still_there",
        AlertState.WITHDRAWN: "withdrawn",
    }.get(alert.state)
    if said:
        lines.append({"text": said})
    if alert.state is AlertState.DISMISSED and alert.closed_at:
        lines.append({"text": "dismissed", "when": alert.closed_at.isoformat()})
    return lines


def _talk(alert: Alert, reader: Person) -> str:
    """What *We talked* or *Done* came to. A talk after the client was asked is not asked about again; a manager gave
    time on it, and talked with nobody."""
    mine, asked, talked = alert.holder_id == reader.id, alert.asked_at, alert.talked_at
    if asked is None or talked is None or talked < asked:
        return "talked" if mine else "talked_by"
    if alert.ladder and alert.ladder[alert.step].rung in HIGHER:
        return "seen_to" if mine else "seen_to_by"
    return "talked_again" if mine else "talked_by"


async def _passed(turn: Turn, alert: Alert) -> tuple[str, str, datetime] | None:
    """Who passed it on to whom and when, as long as nobody has taken it, nor anybody been asked after that."""
    if alert.state is not AlertState.RAISED:
        return None
    lines = await turn.m.alerts.history(alert.id)
    last = next((one for one in reversed(lines) if one.state == "passed"), None)
    to = alert.holder_ref
    if last is None or to is None:
        return None
    asked_since = any(one.state == "rang" and one.by != to and one.at > last.at for one in lines)
    return None if asked_since else (last.by, to, last.at)


async def _passed_line(turn: Turn, alert: Alert, reader: Person, by: str, to: str, at: datetime) -> list[Json]:
    if reader.ref == to:
        return [{"text": "passed_from", "by": await _staff(turn, by), "when": at.isoformat()}]
    return [{"text": "passed", "to": await _staff(turn, to), "when": at.isoformat()}]


async def _was_passed_to(turn: Turn, alert: Alert, reader: Person) -> bool:
    passed = await _passed(turn, alert)
    return passed is not None and passed[1] == reader.ref


def rung_of(alert: Alert, reader: Person) -> Rung:
    """The highest rung on which this person has been reached."""
    found = [step.rung for step in alert.ladder[: alert.step + 1] if step.ref == reader.ref]
    return found[-1] if found else Rung.FIRST


def is_former(turn: Turn, alert: Alert, client: Client, reader: Person) -> bool:
    """Told of it for no other reason than that the client was theirs, neither covering nor on duty; and it is no more."""
    if reader.id == client.worker_id:
        return False
    if alert.kind is Kind.ALLIANCE:
        return reader.ref in alert.reached and rung_of(alert, reader) in (Rung.FIRST, Rung.REMINDER)
    return alert.kind is Kind.DANGER and alert.worker_id == reader.id and reader.ref not in turn.plan.safety.duty


def holds_step(alert: Alert, reader: Person) -> bool:
    """May this person open the content: the worker; whoever has taken it, until it is closed; others while it waits
    and is theirs."""
    if reader.ref not in alert.reached:
        return False
    rung = rung_of(alert, reader)
    if rung in (Rung.FIRST, Rung.REMINDER):
        return True
    if alert.holder_id == reader.id:
        return alert.closed_at is None
    return alert.state is AlertState.RAISED and (rung is Rung.COVER or alert.holder_ref == reader.ref)


async def asked_next(turn: Turn, alert: Alert, rings_at: datetime | None = None) -> tuple[str, datetime] | None:
    """Name of whoever is asked next if nobody acts, and when. Whoever is not there then is passed over, as it will be.

    `rings_at`: when the rung as it is now is told; None where its time runs already.
    """
    runs = alert.rang_step == alert.step and alert.step_due_at is not None
    found = duty.next_other(turn.plan, alert, None if runs and rings_at is None else rings_at or turn.now)
    if found is None:
        return None
    step, at = found
    person = await turn.m.people.by_ref(alert.ladder[step].ref)
    while (person is None or not person.is_there(at)) and (following := next_person(alert.ladder, step)) != step:
        step, person = following, await turn.m.people.by_ref(alert.ladder[following].ref)
    return person.name if person else alert.ladder[step].ref, at


async def facts_for(
    turn: Turn, alert: Alert, client: Client, reader: Person, rings_at: datetime | None = None
) -> tuple[str, dict[str, Json]]:
    """(kind of the view, its facts) for one reader as things stand now, or when it rings."""
    worker = await people.worker_of(turn, client)
    facts: dict[str, Json] = {
        "alert": alert.id,
        "ref": client.ref,
        "name": worker.name if worker else client.ref,
        "state": alert.state.value,
        "severity": alert.severity.value,
        "states": await states(turn, alert, reader),
        "since": (alert.rang_at or alert.goes_at).isoformat(),
    }
    if alert.kind in URGENT:
        return await _danger(turn, alert, client, reader, facts)
    if alert.kind is Kind.SOMEONE_ELSE:
        taken = alert.acknowledged_at.isoformat() if alert.acknowledged_at else None
        day = duty.promised(turn.plan, alert.goes_at).isoformat()
        done = alert.talked_at.isoformat() if alert.talked_at else None
        slipped = any(line.state == SLIPPED for line in await turn.m.alerts.history(alert.id))
        concerned = await people.worker_then(turn, client, alert.raised_at)
        facts["name"] = concerned.name if concerned else client.ref
        facts["overdue"] = alert.is_open and duty.promised(turn.plan, alert.goes_at) <= turn.now
        return "manager.someone_else", facts | {"day": day, "taken": taken, "done": done, "slipped": slipped}
    if rung_of(alert, reader) in HIGHER:
        if alert.client_said in ("try_again", "no_choice"):
            return "manager.still_there", facts | {"chose": alert.client_said}
        if for_supervision(one.signal for one in await turn.m.signals.of_alert(alert.id) if one.holds or alert.sent):
            return "manager.still_there", facts | {"chose": "by_answers"}
        return await _escalation(turn, alert, reader, facts, rings_at)
    return await _worker(turn, alert, client, reader, facts, rings_at)


async def _worker(
    turn: Turn, alert: Alert, client: Client, reader: Person, facts: dict[str, Json], rings_at: datetime | None
) -> tuple[str, dict[str, Json]]:
    rung = rung_of(alert, reader)
    if turn.plan.alerts.detail is Detail.DISCREET:
        facts |= {"discreet": True}
        shown = await evidence.reasons(turn, alert)
        facts["softened"] = not shown
    else:
        facts |= await evidence.content(turn, alert, client)
    facts["unseen"] = alert.check_in_id is None or client.quiet_mode
    following = await asked_next(turn, alert, rings_at)
    if following and alert.state is AlertState.RAISED:
        facts["escalates"] = {"name": following[0], "when": following[1].isoformat()}
    if rung is Rung.REMINDER:
        return "worker.alert_reminder", facts | {"sent": (alert.rang_at or alert.goes_at).isoformat()}
    if rung is Rung.COVER:
        past = [line.state for line in await turn.m.alerts.history(alert.id) if line.by != reader.ref]
        facts["passed"] = await _was_passed_to(turn, alert, reader)
        return "worker.alert_cover", facts | {"unreachable": UNREACHABLE in past, "away": AWAY in past}
    return ("worker.alert_soft" if facts["softened"] else "worker.alert"), facts


async def _escalation(
    turn: Turn, alert: Alert, reader: Person, facts: dict[str, Json], rings_at: datetime | None
) -> tuple[str, dict[str, Json]]:
    """Handling facts only: nothing of what the client answered."""
    tried: list[Json] = []
    unreachable: list[Json] = []
    away: list[Json] = []
    cover = [step.ref for step in alert.ladder if step.rung is Rung.COVER]
    for line in await turn.m.alerts.history(alert.id):
        if line.state == "rang":
            tried.append({"name": await _staff(turn, line.by), "when": line.at.isoformat(), "cover": line.by in cover})
        elif line.state in (UNREACHABLE, AWAY):
            (unreachable if line.state == UNREACHABLE else away).append(await _staff(turn, line.by))
    following = await asked_next(turn, alert, rings_at)
    asked = any(one.signal.rule == "asked_to_talk" for one in await turn.m.signals.of_alert(alert.id))
    facts |= {
        "tried": tried,
        "passed": await _was_passed_to(turn, alert, reader),
        "unreachable": unreachable,
        "away": away,
        "within": int(turn.plan.alerts.acknowledge_within[alert.severity].total_seconds()),
        "what": "asked" if asked else "softened" if alert.severity is Severity.LOW else "is",
        "goes_to": {"name": following[0], "when": following[1].isoformat()} if following else None,
    }
    return "manager.escalation", facts


async def _danger(
    turn: Turn, alert: Alert, client: Client, reader: Person, facts: dict[str, Json]
) -> tuple[str, dict[str, Json]]:
    """Whoever is on duty gets the notice; the assigned worker, where told at all, hears that it is being handled."""
    kept = await turn.m.signals.of_alert(alert.id)
    lines = await turn.m.alerts.history(alert.id)
    lists = sorted({str(name) for one in kept for name in _listed(one.signal)})
    contact = await _staff(turn, duty_ref(alert))
    facts |= {
        "lists": list[Json](lists),
        "when": (kept[0].signal.raised_at if kept else alert.raised_at).isoformat(),
        "place": turn.plan.service.place,
        "duty": contact,
        "tried": list[Json]([line.at.isoformat() for line in lines if line.state == "rang"]),
        "again": alert.reminded,
        "not_meant": any(line.state == "not_meant" for line in lines),
        "in_touch": next((line.at.isoformat() for line in lines if line.state == "in_touch"), None),
        "worker_told": alert.worker_id is not None,
    }
    if reader.id == client.worker_id and alert.holder_id != reader.id and len(alert.reached) > 1:
        return "danger_worker", facts
    return "danger", facts


def _listed(signal: Signal) -> list[Json]:
    found = signal.evidence.get("lists")
    return list(found) if isinstance(found, list) else []


def duty_ref(alert: Alert) -> str | None:
    """The first on the ladder who is there for danger: the last of those who were told first."""
    first = [step.ref for step in alert.ladder if step.rung is Rung.FIRST]
    return first[-1] if first else None


# ---------------------------------------------------------------- posting


async def say(turn: Turn, reader: Person, post: Post) -> None:
    """Post something whose moments the reader finds on their own clock."""
    facts = localized(post.facts, reader.timezone)
    assert isinstance(facts, dict)
    await delivery.post(turn, replace(post, facts=facts))


async def post(
    turn: Turn,
    alert: Alert,
    client: Client,
    reader: Person,
    *,
    fresh: bool = False,
    at: datetime | None = None,
    reply: bool = False,
) -> None:
    """Bring what this reader sees of the alert up to date, or let it ring anew (`fresh`), not before `at`. A former
    worker's card stays as it was."""
    if is_former(turn, alert, client, reader):
        return
    rings_at = max(at or turn.now, turn.now if alert.sent else alert.goes_at) if fresh or not alert.sent else None
    kind, facts = await facts_for(turn, alert, client, reader, rings_at)
    edition = await turn.m.alerts.next_edition(alert.id)
    urgent = alert.kind in URGENT
    open_now = alert.is_open and not reply
    await say(
        turn,
        reader,
        Post(
            to=reader.id,
            kind=kind,
            key=f"alert:{alert.id}:{edition}",
            facts=facts,
            surface=surface(alert.id),
            urgency=Urgency.REPLY if reply else Urgency.DANGER if urgent else Urgency.ALERT,
            guard=Guard.HOLDER if open_now else Guard.PERSON,
            fresh=fresh,
            silent=alert.tier is not Tier.NOW and not duty.on_duty(turn.plan, at or turn.now),
            not_before=at,
            client_id=client.id,
            alert_id=alert.id,
        ),
    )


async def post_to_reached(
    turn: Turn, alert: Alert, client: Client, *, but: str | None = None, reply_to: str | None = None
) -> None:
    """Edit the alert wherever it stands, for everybody who has been reached; `but` is a person id left out."""
    for ref in sorted(alert.reached):
        person = await turn.m.people.by_ref(ref)
        if person is not None and person.id != but:
            await post(turn, alert, client, person, reply=person.id == reply_to)
