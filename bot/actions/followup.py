"""After *We talked*: the client is asked once whether it was talked about and how it is now. No tap is never "better"."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.actions import alerts, cards, delivery, duty, matters, people, reading
from bot.actions.apart import PUSHED_AWAY, together
from bot.actions.desk import Turn
from bot.domain.alerts import AlertEvent, AlertState, step
from bot.domain.delivery import CLEAR, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.matters import FORGOTTEN, Alert
from bot.domain.people import Asking, Client
from bot.domain.wall import out_of_quiet
from bot.domain.words import Json

STALE = "errors.stale_button"
SAID = ("better", "still_there", "not_yet", "skip")
WISHES = ("try_again", "someone_else", "leave_it")
ASKABLE = (Asking.ON, Asking.BREAK, Asking.GONE_QUIET)
CHOOSES_WITHIN = timedelta(days=1)
LOOKS_AGAIN = timedelta(minutes=10)
"""After a newer alert was to leave."""


def surface(alert_id: str) -> str:
    return f"follow:{alert_id}"


# ---------------------------------------------------------------- asking


async def ask_clients_due(turn: Turn, limit: int = 20) -> int:
    """Ask whoever is due, and stop waiting for those who said nothing for a week. Returns how many."""
    due = await turn.m.alerts.ask_due(turn.now, limit)
    await together(turn, due, _ask_all, _ask_later)
    return len(due)


async def _ask_later(turn: Turn, alert: Alert) -> None:
    await turn.m.alerts.change(alert.id, ask_client_at=turn.now + PUSHED_AWAY)


async def _ask_all(turn: Turn, due: Sequence[Alert]) -> None:
    for alert in due:
        client = await people.client(turn, alert.client_id)
        if alert.state is AlertState.NOT_REPAIRED:
            chosen = "try_again" if alert.client_said == "try_again" else "no_choice"
            await _reopen(turn, alert, client, chosen)
        elif alert.asked_at is not None:
            await _no_answer(turn, alert, client, "bot")
        else:
            await _ask(turn, alert, client)


async def _ask(turn: Turn, alert: Alert, client: Client) -> None:
    free = out_of_quiet(turn.now, turn.plan.calendar.quiet_hours, ZoneInfo(client.person.timezone))
    if free > turn.now:
        await turn.m.alerts.change(alert.id, ask_client_at=free)
        return
    then = await people.worker_then(turn, client, alert.raised_at)
    another = then is not None and then.id != client.worker_id
    if another or not await people.is_theirs(turn, client, alert.raised_at):
        await _no_answer(turn, alert, client, "bot")
        return
    if client.asking not in ASKABLE or client.erase_at is not None or not client.person.reachable:
        await _later_or_never(turn, alert, client)
        return
    await turn.m.alerts.change(alert.id, asked_at=turn.now, ask_client_at=turn.now + FORGOTTEN)
    await turn.m.alerts.note(alert.id, turn.now, "asked", "bot")
    await _show(turn, alert, client, "ask", Urgency.QUESTION)


async def _later_or_never(turn: Turn, alert: Alert, client: Client) -> None:
    if alert.talked_at is not None and turn.now - alert.talked_at > FORGOTTEN:
        await _no_answer(turn, alert, client, "bot")
    else:
        await turn.m.alerts.change(alert.id, ask_client_at=turn.now + timedelta(days=1))


async def _show(turn: Turn, alert: Alert, client: Client, page: str, urgency: Urgency = Urgency.REPLY) -> None:
    """One of the pages `ask`, `how_now`, `wish`, or what is said at the end."""
    facts: dict[str, Json] = {**await people.names_for(turn, client), "alert": alert.id, "page": page}
    facts["offers_other"] = await people.other_person(turn, client) is not None
    facts["day"] = people.local(client.person, duty.promised(turn.plan, turn.now))
    await delivery.post(
        turn,
        Post(
            to=client.id,
            kind="client.followup",
            key=people.once("follow"),
            facts=facts,
            surface=surface(alert.id),
            urgency=urgency,
            client_id=client.id,
        ),
    )


# ---------------------------------------------------------------- answers


async def _mine(turn: Turn, client: Client, alert_id: str, *states: AlertState) -> Alert:
    alert = await turn.m.alerts.get(alert_id, lock=True)
    if alert is None or alert.client_id != client.id or alert.asked_at is None or alert.state not in states:
        raise Refusal(STALE)
    return alert


async def answer(turn: Turn, client: Client, alert_id: str, said: str) -> None:
    """Better / still there / not yet / skip. A late answer is an answer."""
    alert = await _mine(turn, client, alert_id, AlertState.TALKED, AlertState.UNCONFIRMED)
    if said not in SAID or (alert.state is AlertState.UNCONFIRMED and alert.client_said == "skip"):
        raise Refusal(STALE)
    if said == "skip":
        await _no_answer(turn, alert, client, "client", said)
        await _show(turn, alert, client, "skipped")
        return
    better = said == "better"
    state = step(alert.state, AlertEvent.BETTER if better else AlertEvent.STILL_THERE)
    await turn.m.alerts.change(
        alert.id,
        state=state,
        client_said=said,
        closed_at=turn.now if better else None,
        ask_client_at=None if better else turn.now + CHOOSES_WITHIN,
    )
    await turn.m.alerts.note(alert.id, turn.now, state, "client")
    await _tell_staff(turn, alert.id, client)
    await _show(turn, alert, client, "wish" if said == "not_yet" else "how_now")


async def feels(turn: Turn, client: Client, alert_id: str, value: int) -> None:
    """How is it now, 0 = just as bad … 10 = all OK."""
    alert = await _mine(turn, client, alert_id, AlertState.REPAIRED, AlertState.NOT_REPAIRED)
    if not 0 <= value <= 10:
        raise Refusal(STALE)
    await turn.m.alerts.change(alert.id, client_feels=float(value))
    await _show(turn, alert, client, "better" if alert.state is AlertState.REPAIRED else "wish")


async def wish(turn: Turn, client: Client, alert_id: str, chosen: str) -> None:
    """Let the worker try again / someone else / leave it for now, which nobody may go against."""
    alert = await _mine(turn, client, alert_id, AlertState.NOT_REPAIRED)
    if chosen not in WISHES or alert.closed_at is not None:
        raise Refusal(STALE)
    if chosen == "someone_else" and await people.other_person(turn, client) is None:
        raise Refusal(STALE)  # the button is older than the plan: nobody would hear of it
    if chosen == "try_again":
        await _reopen(turn, alert, client, chosen)
    else:
        await turn.m.alerts.change(alert.id, client_said=chosen, closed_at=turn.now, ask_client_at=None)
        line = chosen if chosen == "leave_it" else "wish"
        await turn.m.alerts.note(alert.id, turn.now, line, "client")
        if chosen == "someone_else":
            await alerts.raise_someone_else(turn, client)
        await _tell_staff(turn, alert.id, client)
    await _show(turn, alert, client, chosen)


# ---------------------------------------------------------------- what becomes of it


async def _no_answer(turn: Turn, alert: Alert, client: Client, by: str, said: str = "no_answer") -> None:
    state = step(alert.state, AlertEvent.NO_ANSWER) if alert.state is AlertState.TALKED else alert.state
    await turn.m.alerts.change(alert.id, state=state, client_said=said, closed_at=turn.now, ask_client_at=None)
    await turn.m.alerts.note(alert.id, turn.now, state, by)
    await _tell_staff(turn, alert.id, client)
    stands = await turn.m.messages.standing(client.id, surface(alert.id))
    if by == "bot" and stands is not None:
        facts: dict[str, Json] = {"message_id": stands}
        clear = Post(client.id, CLEAR, people.once("clear"), facts, urgency=Urgency.QUESTION, client_id=client.id)
        await delivery.post(turn, clear)


async def _reopen(turn: Turn, alert: Alert, client: Client, chosen: str) -> None:
    """One step higher: to the manager, for supervision. A newer alert that is open takes it over: there is only one.

    As long as the client may still say how the worker shall hear of the newer one, nothing is said of this one either.
    """
    newer = await turn.m.alerts.open_of(client.id, alert.kind, lock=True)
    if newer is not None and not newer.sent:
        at = max(turn.now, newer.goes_at) + LOOKS_AGAIN
        await turn.m.alerts.change(alert.id, client_said=chosen, ask_client_at=at)
    elif newer is not None:
        await turn.m.alerts.change(alert.id, client_said=chosen, ask_client_at=None, closed_at=turn.now)
        await turn.m.alerts.note(alert.id, turn.now, "joined", "bot")
        await _one_step_higher(turn, newer, client, chosen, AlertState.RAISED)
    else:
        await _one_step_higher(turn, alert, client, chosen, step(alert.state, AlertEvent.REOPEN))


async def _one_step_higher(turn: Turn, alert: Alert, client: Client, chosen: str, state: AlertState) -> None:
    await turn.m.alerts.note(alert.id, turn.now, "reopened", "client" if chosen == "try_again" else "bot")
    await matters.one_step_higher(turn, alert, client, client_said=chosen, state=state)
    await reading.read(turn, client.id)


async def _tell_staff(turn: Turn, alert_id: str, client: Client) -> None:
    """A soundless edit wherever the alert still stands: better, not yet, or no answer; nothing else."""
    alert = await turn.m.alerts.get(alert_id)
    assert alert is not None
    for ref in sorted(alert.reached):
        person = await turn.m.people.by_ref(ref)
        if person is not None and await turn.m.messages.standing(person.id, cards.surface(alert.id)) is not None:
            await cards.post(turn, alert, client, person, reply=True)
