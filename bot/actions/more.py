"""Behind *More*: put an alert off, pass it on, see all of it, take a line for the notes."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.actions import cards, delivery, evidence, ladder, people
from bot.actions.desk import Turn
from bot.actions.handling import acknowledge, close_more, theirs
from bot.bank.risk import scan
from bot.domain.alerts import AlertState, Kind
from bot.domain.delivery import Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.ladder import Rung, Step
from bot.domain.matters import URGENT, Alert
from bot.domain.outgoing import Outgoing
from bot.domain.people import Client, Person
from bot.domain.plan import Detail
from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import HARM_BY_OTHERS
from bot.domain.words import Json, Role

MORNING = time(9)
TYPED = timedelta(hours=48, minutes=5)
"""A message that was edited until a word list found it was first typed at most so long ago: so long Telegram lets."""
SHOWN_OF_ONE, AFTER_IT, SHOWN_OF_ALL = 3000, 300, 3400
"""Letters: of one long text, of that behind what was found, and of all together; a message holds 4,096."""
LATER = ("tomorrow", "meeting")
PAGES = ("more", "why_not", "pass", "in_touch")


async def more(turn: Turn, staff: Person, alert_id: str, page: str = "more") -> None:
    """The second row of choices, in place of the first: `more`, `why_not`, `pass`, `in_touch`."""
    alert, client = await theirs(turn, staff, alert_id)
    if page not in PAGES:
        raise Refusal("errors.stale_button")
    facts: dict[str, Json] = {"ref": client.ref, "alert": alert.id, "page": page, "kind": alert.kind.value}
    facts["tomorrow"] = _tomorrow(turn).isoformat()
    facts["may_look"] = cards.holds_step(alert, staff)
    facts["to"] = list[Json](await _others(turn, alert, client, staff)) if page == "pass" else []
    await cards.say(
        turn,
        staff,
        Post(
            to=staff.id,
            kind="worker.more",
            key=people.once("more"),
            facts=facts,
            surface=f"more:{alert.id}",
            urgency=Urgency.REPLY,
            silent=True,
            client_id=client.id,
        ),
    )


async def close(turn: Turn, staff: Person, alert_id: str) -> None:
    """*Back*: the choices go, and what they were about stands as before."""
    alert, _ = await theirs(turn, staff, alert_id)
    await close_more(turn, alert, staff)


async def _others(turn: Turn, alert: Alert, client: Client, staff: Person) -> list[dict[str, Json]]:
    """Whom it may be passed to: the rest of its ladder, who have joined."""
    found: list[dict[str, Json]] = []
    for ref in dict.fromkeys(one.ref for one in alert.ladder):
        person = await turn.m.people.by_ref(ref)
        secret = alert.kind is not Kind.ALLIANCE and person is not None and person.id == client.worker_id
        if person is not None and person.id != staff.id and person.reachable and not secret:
            found.append({"id": person.id, "name": person.name})
    return found


def _tomorrow(turn: Turn) -> datetime:
    zone = ZoneInfo(turn.plan.service.timezone)
    local = turn.now.astimezone(zone)
    return datetime.combine(local.date() + timedelta(days=1), MORNING, zone)


async def snooze(turn: Turn, staff: Person, alert_id: str, until: str) -> str:
    """Put it off: until tomorrow 09:00 or the next meeting. Whoever does so has taken it."""
    alert, client = await theirs(turn, staff, alert_id)
    if until not in LATER or not alert.is_open:
        raise Refusal("errors.stale_button")
    at = _tomorrow(turn) if until == "tomorrow" else client.next_session
    if at is None or at <= turn.now:
        raise Refusal("worker.more.next_meeting_unknown")
    if alert.state is AlertState.RAISED:
        await acknowledge(turn, staff, alert_id)
    await turn.m.alerts.change(alert.id, snoozed_until=at)
    await turn.m.alerts.note(alert.id, turn.now, "snoozed", staff.ref)
    await _refresh(turn, alert.id, client, staff)
    turn.ring(turn.desk.bells.escalate)
    return "worker.toast.done"


async def _refresh(turn: Turn, alert_id: str, client: Client, staff: Person) -> None:
    alert = await turn.m.alerts.get(alert_id)
    assert alert is not None
    await cards.post(turn, alert, client, staff, reply=True)
    await close_more(turn, alert, staff)


async def pass_on(turn: Turn, staff: Person, alert_id: str, to_id: str) -> str:
    """Hand it to somebody else on its ladder: it rings there as if newly raised, and waits to be taken."""
    alert, client = await theirs(turn, staff, alert_id)
    to = next((one["id"] for one in await _others(turn, alert, client, staff) if one["id"] == to_id), None)
    person = await turn.m.people.by_id(str(to)) if to else None
    if person is None or not alert.is_open:
        raise Refusal("errors.stale_button")
    rung = Rung.COVER if person.role is Role.WORKER else Rung.MANAGER
    left = tuple(one for one in alert.ladder[alert.step + 1 :] if one.ref != person.ref)
    steps = (*alert.ladder[: alert.step + 1], Step(person.ref, rung), *left)
    await delivery.withdraw(turn, alert_id=alert.id, why="passed on")
    await turn.m.alerts.change(
        alert.id, state=AlertState.RAISED, holder_id=None, acknowledged_at=None, snoozed_until=None, ladder=steps
    )
    await turn.m.alerts.note(alert.id, turn.now, "passed", staff.ref)
    now = await turn.m.alerts.get(alert.id)
    assert now is not None
    now = await ladder.take(turn, now, client, alert.step + 1, at=turn.now)
    await cards.post(turn, now, client, staff, reply=True)
    await close_more(turn, now, staff)
    return "worker.toast.passed"


async def show_whole(turn: Turn, staff: Person, alert_id: str) -> None:
    """Everything there is to show, with the repair card; open to whoever holds the step, and written to the log."""
    alert, client = await theirs(turn, staff, alert_id)
    if not cards.holds_step(alert, staff):
        raise Refusal("errors.not_yours")
    await turn.m.audit.note(turn.now, staff.ref, "read_alert", client.ref)
    if alert.kind in URGENT:
        await _show_words(turn, staff, alert, client)
        return
    facts = await evidence.whole(turn, alert, client)
    facts["offers_more"] = turn.plan.alerts.detail is Detail.DISCREET and alert.is_open
    facts["until"] = (turn.now + cards.SHOWN_FOR).isoformat()
    where = f"card:{alert.id}"
    await cards.say(
        turn,
        staff,
        Post(staff.id, "worker.whole_card", people.once("card"), facts, where, silent=True, client_id=client.id),
    )
    await close_more(turn, alert, staff)


async def _show_words(turn: Turn, staff: Person, alert: Alert, client: Client) -> None:
    """What was typed when a word list found it, for whoever has to act on it."""
    found = [one.signal.raised_at for one in await turn.m.signals.of_alert(alert.id)]
    remarks = await turn.m.remarks.of(client.id)
    near = [one.text for one in remarks if any(at - TYPED <= one.said_at <= at for at in found)]
    said = [text for text in near if _concerns(turn, alert, client, staff, text)]
    words = _newest(_around(text, turn.plan.service.languages) for text in reversed(said))
    until = (turn.now + cards.SHOWN_FOR).isoformat()
    facts: dict[str, Json] = {"ref": client.ref, "alert": alert.id, "words": list[Json](words), "until": until}
    facts["older"] = len(said) - len(words)
    where = f"card:{alert.id}"
    post = Post(staff.id, "danger_words", people.once("card"), facts, where, silent=True, client_id=client.id)
    await cards.say(turn, staff, post)


def _around(text: str, languages: Sequence[str]) -> str:
    """A long text is cut, but never where a word list found something: that part has to be read."""
    if len(text) <= SHOWN_OF_ONE:
        return text
    end = bisect_left(range(len(text) + 1), True, key=lambda upto: bool(scan(text[:upto], languages)))
    last = min(len(text), end + AFTER_IT)
    first = max(0, last - SHOWN_OF_ONE)
    return f"{'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}"


def _newest(texts: Iterable[str]) -> list[str]:
    """As many as one message holds, the newest first; one at least."""
    kept: list[str] = []
    for text in texts:
        if kept and sum(map(len, kept)) + len(text) > SHOWN_OF_ALL:
            break
        kept.append(text)
    return kept


def _concerns(turn: Turn, alert: Alert, client: Client, staff: Person, text: str) -> bool:
    """Only words that a list found, and of harm by others none for the worker: it may be about them."""
    lists = scan(text, turn.plan.service.languages)
    if alert.kind is Kind.HARM:
        return HARM_BY_OTHERS in lists
    return bool(lists - {HARM_BY_OTHERS}) and not (HARM_BY_OTHERS in lists and staff.id == client.worker_id)


async def clear_later(turn: Turn, out: Outgoing, message_id: int) -> None:
    """What *Show* or *Whole card* opened stands in the chat: it is cleared again when its time is over."""
    until = out.facts.get("until")
    if not isinstance(until, str) or out.surface is None:
        return
    facts: dict[str, Json] = {"ref": out.facts.get("ref"), "alert": out.facts.get("alert")}
    post = Post(
        out.person_id,
        "worker.cleared",
        people.once("cleared"),
        facts,
        out.surface,
        urgency=Urgency.DIGEST,
        silent=True,
        not_before=max(datetime.fromisoformat(until), turn.now),
        client_id=out.client_id,
    )
    await delivery.post(turn, post)


async def line_for_notes(turn: Turn, staff: Person, alert_id: str) -> None:
    """Text to copy into the care record."""
    alert, client = await theirs(turn, staff, alert_id)
    if not cards.holds_step(alert, staff):
        raise Refusal("errors.not_yours")
    shown = await evidence.reasons(turn, alert)
    worker = await people.worker_of(turn, client)
    await turn.m.audit.note(turn.now, staff.ref, "read_alert", client.ref)
    facts: dict[str, Json] = {
        "ref": client.ref,
        "lines": [
            {
                "construct": one.construct.value if one.construct else "together",
                "value": one.evidence.get("value"),
                "usual": one.evidence.get("usual"),
                "day": one.raised_at.isoformat(),
                "rule": one.rule,
                "on_scale": RULES[one.rule].on_scale,
                "question": one.evidence.get("question"),
                "answer": one.evidence.get("answer"),
            }
            for one in shown
        ],
        "name": worker.name if worker else client.ref,
        "raised": alert.raised_at.isoformat(),
        "taken": alert.acknowledged_at.isoformat() if alert.acknowledged_at else None,
        "talked": alert.talked_at.isoformat() if alert.talked_at else None,
    }
    where = f"notes:{alert.id}"
    await cards.say(
        turn,
        staff,
        Post(staff.id, "worker.notes", people.once("notes"), facts, where, silent=True, client_id=client.id),
    )
    await close_more(turn, alert, staff)
