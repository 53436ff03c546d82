"""Somebody has been in touch after danger; a client's messages are held, or start again."""

from bot.actions import cards, delivery, handling, people, prompts
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState
from bot.domain.delivery import Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.matters import URGENT, Alert
from bot.domain.people import Asking, Client, Person
from bot.domain.words import Facts


async def in_touch(turn: Turn, staff: Person, alert_id: str) -> str:
    """A person has been in touch after danger: audited; the client is asked whether to start again."""
    alert, client = await handling.theirs(turn, staff, alert_id)
    if alert.kind not in URGENT:
        raise Refusal(handling.UNKNOWN)
    if alert.closed_at is not None:
        return "worker.toast.done"
    await delivery.withdraw(turn, alert_id=alert.id, why="in touch")
    await turn.m.alerts.change(
        alert.id,
        state=AlertState.UNCONFIRMED,
        holder_id=alert.holder_id or staff.id,
        acknowledged_at=alert.acknowledged_at or turn.now,
        step_due_at=None,
        closed_at=turn.now,
        rang_at=alert.rang_at or turn.now,
    )
    await turn.m.alerts.note(alert.id, turn.now, "in_touch", staff.ref)
    await turn.m.audit.note(turn.now, staff.ref, "in_touch", client.ref)
    await handling.show_everywhere(turn, alert.id, client, staff)
    await _ask_to_start_again(turn, client, alert)
    return "worker.toast.done"


async def _ask_to_start_again(turn: Turn, client: Client, alert: Alert) -> None:
    """From here on the client's own word is enough; nothing is asked before it."""
    others = [await turn.m.alerts.open_of(client.id, kind) for kind in URGENT]
    if any(others) or client.asking is not Asking.CRISIS:
        return
    await _ask_whether_to_go_on(turn, client, alert.id)


async def _ask_whether_to_go_on(turn: Turn, client: Client, about: str) -> None:
    """Nothing is asked before the client has said that it may be."""
    await turn.m.people.change_client(client.id, asking=Asking.QUIETED, asking_since=turn.now)
    post = Post(
        client.id,
        "client.after_crisis",
        f"after_crisis:{about}",
        await people.names_for(turn, client),
        "menu",
        urgency=Urgency.QUESTION,
        fresh=True,
        client_id=client.id,
    )
    await delivery.post(turn, post)


async def hold(turn: Turn, staff: Person, client: Client) -> None:
    """Hold a client's messages; no reason is asked (hospital, death, custody)."""
    await _may_hold(staff, client)
    if client.asking is Asking.HELD:
        raise Refusal("worker.hold.already", {"ref": client.ref})
    await turn.m.people.change_client(client.id, asking=Asking.HELD, asking_since=turn.now, paused_until=None)
    await turn.m.people.pause(client.id, Asking.HELD.value, turn.now, None)
    await prompts.stop_asking(turn, client.id, Asking.HELD.value)
    await turn.m.audit.note(turn.now, staff.ref, "held", client.ref)
    facts: Facts = {"ref": client.ref, "client": client.id}
    await cards.say(turn, staff, Post(staff.id, "worker.held", people.once("held"), facts, f"silence:{client.id}"))


async def write_again(turn: Turn, staff: Person, client: Client) -> None:
    """After a hold, or after the bot has gone quiet: ask again from the next time on."""
    await _may_hold(staff, client)
    if client.asking not in (Asking.HELD, Asking.GONE_QUIET):
        raise Refusal("errors.already_done")
    own_wish = await _had_asked_for_quiet(turn, client)
    await turn.m.people.change_client(client.id, asking=Asking.ON, asking_since=turn.now)
    await turn.m.people.resume(client.id, turn.now)
    await turn.m.audit.note(turn.now, staff.ref, "write_again", client.ref)
    if own_wish:
        await turn.m.people.pause(client.id, Asking.QUIETED.value, turn.now, None)
        await _ask_whether_to_go_on(turn, client, people.once("held"))
        await people.say(turn, staff, "worker.hold.asks", surface=f"silence:{client.id}", ref=client.ref)
        return
    at = people.next_asked(turn, client)
    key = "worker.hold.resumed" if at else "worker.meeting.noted"
    day = {"day": people.local(staff, at)} if at else {}
    await people.say(turn, staff, key, surface=f"silence:{client.id}", ref=client.ref, **day)
    turn.ring(turn.desk.bells.release)


async def _had_asked_for_quiet(turn: Turn, client: Client) -> bool:
    """Was it the client's own break, or their stop, that the hold took the place of? Only they can end that."""
    held_since = client.asking_since
    own = (Asking.BREAK.value, Asking.QUIETED.value)
    ended = [(why, ends) for why, _, ends in await turn.m.people.pauses(client.id) if why in own and ends is not None]
    return client.asking is Asking.HELD and any(ends == held_since for _, ends in ended)


async def _may_hold(staff: Person, client: Client) -> None:
    if client.worker_id != staff.id:
        raise Refusal("errors.unknown_ref")
    if client.asking in (Asking.NO_MORE, Asking.NOT_YET, Asking.CRISIS):
        raise Refusal("errors.already_done")
