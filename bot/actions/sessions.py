"""Meetings of client and worker, and what a worker may see of a client at any time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.actions import cards, evidence, people, reading, timetable
from bot.actions.desk import Turn
from bot.domain.alerts import Kind
from bot.domain.delivery import Post
from bot.domain.errors import Refusal
from bot.domain.matters import Alert
from bot.domain.people import Asking, Client, Person, Status
from bot.domain.picture import facts_in_words, picture
from bot.domain.usual import figure
from bot.domain.words import ALLIANCE, Facts, Json, Role
from storage.sessions import HELD, MISSED, PLANNED

RECENT = timedelta(days=14)
"""`/met` and `/missed` are about the meeting that was to be within this time."""
AT_ONCE = 30
"""Clients of a caseload in one message: with the longest refs and what the shipped texts say of them they fit."""


# ---------------------------------------------------------------- meetings


async def met(turn: Turn, staff: Person, client: Client) -> None:
    """The meeting that was planned, or one just now, was held."""
    await _said(turn, staff, client, HELD, "worker.meeting.met")


async def missed(turn: Turn, staff: Person, client: Client) -> None:
    """It was not held. Logistics, never a mark against anybody."""
    await _said(turn, staff, client, MISSED, "worker.meeting.missed")


async def _said(turn: Turn, staff: Person, client: Client, state: str, key: str) -> None:
    own(staff, client)
    planned = [one.at for one in await turn.m.sessions.of(client.id) if one.state == PLANNED]
    if client.next_session is not None:
        planned.append(client.next_session)
    past = [at for at in planned if turn.now - RECENT <= at <= turn.now]
    at = max(past, default=turn.now)
    await turn.m.sessions.put(client.id, at, state, staff.ref, turn.now)
    await turn.m.audit.note(turn.now, staff.ref, "meeting", client.ref)
    if client.next_session is not None and client.next_session <= turn.now:
        await turn.m.people.change_client(client.id, next_session=None)
    await timetable.plan_for(turn, client.id)
    if state == MISSED:
        await reading.read(turn, client.id)
    await people.say(turn, staff, key, ref=client.ref, day=people.local(staff, at))


async def set_next(turn: Turn, staff: Person, client: Client, at: datetime) -> None:
    """When the two meet next."""
    own(staff, client)
    if at <= turn.now:
        raise Refusal("errors.past_date")
    if client.next_session is not None and client.next_session <= turn.now:
        await turn.m.sessions.keep(client.id, client.next_session, staff.ref, turn.now)
    await turn.m.sessions.drop_planned(client.id, turn.now)
    await turn.m.sessions.put(client.id, at, PLANNED, staff.ref, turn.now)
    await turn.m.audit.note(turn.now, staff.ref, "meeting", client.ref)
    await turn.m.people.change_client(client.id, next_session=at)
    await timetable.plan_for(turn, client.id)
    await people.say(turn, staff, "worker.meeting.next_set", ref=client.ref, when=people.local(staff, at))


def own(staff: Person, client: Client) -> None:
    """Only the assigned worker; to anybody else there is no such client."""
    if client.worker_id != staff.id:
        raise Refusal("errors.unknown_ref")


# ---------------------------------------------------------------- looking


async def caseload(turn: Turn, staff: Person) -> None:
    """The worker's own clients, one line each; of covered ones only what is open. No someone-else matter, ever."""
    await turn.m.audit.note(turn.now, staff.ref, "read_caseload")
    lines: list[Json] = [await _line(turn, client) for client in await turn.m.people.caseload(staff.id)]
    covered: list[Json] = []
    for worker in await turn.m.people.everybody(Role.WORKER):
        away = worker.away_until is not None and worker.away_until > turn.now
        if away and turn.plan.alerts.cover.get(worker.ref) == staff.ref:
            covered += [
                {"ref": one.ref, "name": worker.name}
                for one in await turn.m.people.caseload(worker.id)
                if _since(await turn.m.alerts.open_of(one.id, Kind.ALLIANCE), None)
            ]
    for facts in _messages(lines, covered):
        post = Post(staff.id, "worker.caseload", people.once("caseload"), facts, people.once("list"))
        await cards.say(turn, staff, post)


def _messages(lines: list[Json], covered: list[Json]) -> Iterator[Facts]:
    """A few clients in each message, however many there are; one that says so where there are none."""
    for first in range(0, max(1, len(lines) + len(covered)), AT_ONCE):
        last = first + AT_ONCE
        others = covered[max(0, first - len(lines)) : max(0, last - len(lines))]
        yield {"clients": lines[first:last], "covered": others, "of": len(lines), "first": first == 0}


async def _line(turn: Turn, client: Client) -> dict[str, Json]:
    answered = await turn.m.checkins.last_answered(client.id)
    return {
        "ref": client.ref,
        "status": client.person.status.value,
        "unreachable": client.person.unreachable is not None,
        "asking": (await _asking(turn, client)).value,
        "open": await open_since(turn, client),
        "last": answered.isoformat() if answered else None,
        "next": client.next_session.isoformat() if client.next_session else None,
        "until": client.paused_until.isoformat() if client.paused_until else None,
    }


async def rests(turn: Turn, client: Client) -> bool:
    """Is nothing asked of somebody who has joined, until a person does something? A break comes back by itself."""
    if client.person.status is not Status.JOINED:
        return False
    known = await _asking(turn, client)
    on_break = known is Asking.BREAK and client.paused_until is not None
    return client.person.unreachable is not None or not (known in (Asking.ON, Asking.NOT_YET) or on_break)


async def _asking(turn: Turn, client: Client) -> Asking:
    """Whether the client is asked, as the worker may know it: of harm by somebody only the safeguarding contact hears."""
    if client.asking is not Asking.CRISIS:
        return client.asking
    danger = await turn.m.alerts.latest_of(client.id, Kind.DANGER)
    harm = await turn.m.alerts.latest_of(client.id, Kind.HARM)
    known = danger is not None and (danger.is_open or harm is None or harm.raised_at < danger.raised_at)
    return Asking.CRISIS if known else Asking.ON


async def open_since(turn: Turn, client: Client) -> str | None:
    """Since when something is open about a client that the assigned worker has been told of."""
    alert = await turn.m.alerts.open_of(client.id, Kind.ALLIANCE)
    danger = await turn.m.alerts.open_of(client.id, Kind.DANGER)
    told = danger is not None and danger.worker_id == client.worker_id
    return _since(alert, danger if told else None)


def _since(alert: Alert | None, danger: Alert | None) -> str | None:
    """Since when something is open that the worker has been told of."""
    told = [one.goes_at for one in (alert, danger) if one is not None and one.sent]
    return min(told).isoformat() if told else None


async def look(turn: Turn, staff: Person, client: Client) -> None:
    """One client: the last answers and the chart, but for what the client kept back. Written to the access log."""
    own(staff, client)
    await turn.m.audit.note(turn.now, staff.ref, "read_answers", client.ref)
    known = await evidence.shown_history(turn, client)
    history = known.until(turn.now)
    chart = picture(history, turn.now)
    latest = next((one for one in reversed(history.occasions) if one.scored), None)
    answers: list[Json] = []
    if latest is not None:
        answers = [
            {"construct": one.reply.construct.value, "value": figure(one.value), "day": one.reply.at.isoformat()}
            for one in latest.scored
            if one.reply.construct in ALLIANCE
        ]
    said: list[Json] = [{"text": one.key, **one.facts} for one in facts_in_words(chart)] if chart.lines else []
    facts: dict[str, Json] = {
        **await _line(turn, client),
        "answers": answers,
        "picture": said,
        "chart": chart.as_facts() if chart.lines else None,
        "client": client.id,
        "says_little": evidence.gives_the_same(turn, known),
    }
    where = f"client:{client.id}"
    post = Post(staff.id, "worker.client", people.once("client"), facts, where, fresh=True, client_id=client.id)
    await cards.say(turn, staff, post)
