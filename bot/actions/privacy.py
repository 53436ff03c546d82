"""Deleting everything: asked for, called off, done, and told with one receipt.

What is deleted stands in `storage.erasing`. A person without a name stays, so that the ref is known as erased; so do
audit lines, which hold no content. Whoever is in danger and has not been taken by anybody is not erased before
somebody has them: an alert is never lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.actions import cards, delivery, erasures, followup, menu, people, prompts, reassigning
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState
from bot.domain.delivery import CAN_DELETE, CLEAR, DELETE, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.matters import URGENT, Alert
from bot.domain.outgoing import MESSAGE
from bot.domain.people import Asking, Client, Status, Style
from bot.domain.schedules import Why
from bot.domain.wall import out_of_quiet
from bot.domain.words import Facts
from storage.stores import Stores

RECEIPT = "erased"
"""The surface of the one message that stays."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasing did. `number` is the audit line, which staff can look up; None if there was nothing left to do."""

    ref: str
    at: datetime
    number: int | None
    rows: Mapping[str, int] = field(default_factory=dict)
    messages: int = 0
    """Messages that are being deleted from chats."""


# ---------------------------------------------------------------- what the client asks for


async def ask_erase(turn: Turn, client: Client, *, fresh: bool = False) -> None:
    """Before anything happens: what goes and what stays. Whoever has asked already sees the day, and a way back."""
    if client.erase_at is not None:
        await _show_day(turn, client, client.erase_at, fresh=fresh)
    else:
        await menu.show(turn, client, "erase", fresh=fresh)


async def erase_later(turn: Turn, client: Client) -> None:
    """On a day that is told, with a way back until then; meanwhile nothing is asked. A second tap moves nothing."""
    day = client.erase_at or turn.now + turn.plan.data.erase_delay
    if client.erase_at is None:
        await turn.m.people.change_client(client.id, erase_at=day)
        await prompts.stop_asking(turn, client.id, Why.ERASING.value)
    await _show_day(turn, client, day)


async def call_off(turn: Turn, client: Client) -> None:
    """Nothing is deleted, and whoever was asked before is asked again from the next time on."""
    await turn.m.people.change_client(client.id, erase_at=None)
    await menu.show(turn, client, "erase_kept")
    await reassigning.tell_client(turn, await people.client(turn, client.id))


async def _show_day(turn: Turn, client: Client, day: datetime, *, fresh: bool = False) -> None:
    page = "erase_set" if day > turn.now else "erase_now"
    await menu.show(turn, client, page, fresh=fresh, when=people.local(client.person, day))


# ---------------------------------------------------------------- when it is due


async def erase_due(turn: Turn) -> int:
    """Erase the first client whose day has come and who may be erased; those who must wait are told once why."""
    if not erasures.may_begin(turn.desk):
        return 0
    for client_id in await turn.m.erasing.due(turn.now):
        client = await people.client(turn, client_id)
        waits = await waits_for(turn, client)
        if waits is None:
            await erase(turn, client_id)
            return 1
        if waits == UNTAKEN:
            await _tell_waiting(turn, client)
    return 0


UNTAKEN, UNREAD = "untaken", "unread"
"""Why an erasing waits: nobody has taken a notice of danger; a message of theirs has not been read."""


async def waits_for(turn: Turn, client: Client) -> str | None:
    """Why this client cannot be erased yet; None if they can."""
    alerts = await turn.m.alerts.of_client(client.id, URGENT)
    if any(one.state is AlertState.RAISED for one in alerts):
        return UNTAKEN
    return UNREAD if await turn.m.inbox.waits_from(client.person.chat_id) else None


async def _tell_waiting(turn: Turn, client: Client) -> None:
    post = Post(
        to=client.id,
        kind="sentence",
        key=f"erase_waits:{client.id}:{client.erase_at}",
        facts={"key": "client.erase.waits", "facts": {}},
        not_before=out_of_quiet(turn.now, turn.plan.calendar.quiet_hours, ZoneInfo(client.person.timezone)),
        client_id=client.id,
    )
    await delivery.post(turn, post)


# ---------------------------------------------------------------- doing it


async def preview(m: Stores, client: Client) -> dict[str, int]:
    """How many rows of which table would go."""
    return await m.erasing.count(client.id)


async def erase(turn: Turn, client_id: str, by: str | None = None, *, tells_client: bool = True) -> Receipt:
    """Delete everything now. `by` is who did it (a ref or a word for the record); None = the client.

    Raises Refusal while somebody in danger has not been taken by anybody, or has written something that nobody has
    read. A second time it does nothing.
    """
    await turn.m.erasing.lock(client_id)
    client = await people.client(turn, client_id)
    if client.erased_at is not None:
        return Receipt(client.ref, client.erased_at, None)
    if await waits_for(turn, client) is not None:
        raise Refusal("client.erase.waits")
    rows, since = await preview(turn.m, client), turn.now - CAN_DELETE
    alerts = await turn.m.alerts.of_client(client.id)
    own = await turn.m.erasing.standing(client.id, since)
    theirs = await turn.m.erasing.elsewhere(client.id, _surfaces(client, alerts), since)
    await turn.m.erasing.everything(client.id, client.person.chat_id, _surfaces(client, alerts))
    await _make_bare(turn, client)
    await turn.m.tombstones.raise_for(client.id, turn.now)
    number = await turn.m.audit.note(turn.now, by or client.ref, "erased", client.ref)
    turn.m.audit.unname(client.ref)
    turn.m.overwrites = True
    in_hand = {cards.surface(one.id) for one in alerts if one.kind in URGENT and one.is_open}
    await _empty_chats(turn, client, own, theirs, in_hand)
    await _tell_worker(turn, client)
    if tells_client:
        await _say_done(turn, client, number)
    return Receipt(client.ref, turn.now, number, rows, len(own) + len(theirs))


async def erase_again(turn: Turn, client_id: str, at: datetime) -> str:
    """Somebody who was erased before, and whom an older backup has brought back: all of it goes, whatever waits, and
    nobody is told once more. Returns the ref.
    """
    client = await people.client(turn, client_id)
    alerts = await turn.m.alerts.of_client(client.id)
    await turn.m.erasing.everything(client.id, client.person.chat_id, _surfaces(client, alerts))
    await _make_bare(turn, client)
    await turn.m.people.change_client(client.id, erased_at=at)
    if client.person.chat_id is not None:
        await turn.m.erasing.unread(client.person.chat_id)
        await turn.m.erasing.let_go(client.id, client.person.chat_id)
    await turn.m.audit.note(turn.now, "operator", "erased_again", client.ref)
    turn.m.audit.unname(client.ref)
    turn.m.overwrites = True
    return client.ref


def _surfaces(client: Client, alerts: Iterable[Alert]) -> list[str]:
    """Where others are told of this client."""
    found = [f"silence:{client.id}"]
    for one in alerts:
        found += [cards.surface(one.id), followup.surface(one.id), f"more:{one.id}", f"useful:{one.id}"]
    return found


async def _make_bare(turn: Turn, client: Client) -> None:
    """A ref that once took part. The chat is forgotten when the receipt has reached it (`let_go`)."""
    status = client.person.status if client.person.status is Status.DISCHARGED else Status.LEFT
    zone = turn.plan.service.timezone
    bare = {"name": None, "status": status, "timezone": zone, "joined_at": None, "expects": None, "expects_until": None}
    await turn.m.people.change(client.id, **bare)
    await turn.m.people.change_client(
        client.id,
        worker_id=None,
        asking=Asking.NO_MORE,
        asking_since=None,
        paused_until=None,
        consent_version=None,
        consent_at=None,
        quiet_mode=False,
        style=Style.NUMBERS,
        join_screen=0,
        card_explained=False,
        own_times=None,
        next_session=None,
        erase_at=None,
        erased_at=turn.now,
        agreed_chat_id=None,
        shown_from=None,
        worker_sees_from=None,
    )


async def _empty_chats(
    turn: Turn, client: Client, own: Sequence[int], theirs: Iterable[tuple[str, str, int]], in_hand: set[str]
) -> None:
    """Delete what was written in the client's chat, and about them elsewhere. A notice of danger that somebody has in
    hand only loses its buttons: the client may be waiting for that person.
    """
    await delivery.take_away(turn, client.id, own, f"erase:{client.id}:own")
    for person_id, surface, message_id in theirs:
        await _take_away(turn, person_id, CLEAR if surface in in_hand else DELETE, message_id)


async def _take_away(turn: Turn, person_id: str, kind: str, message_id: int) -> None:
    await delivery.post(turn, Post(person_id, kind, f"erase:{person_id}:{message_id}", {MESSAGE: message_id}))


async def _tell_worker(turn: Turn, client: Client) -> None:
    """One neutral line, to whom they were assigned until now."""
    if client.worker_id is None:
        return
    said: Facts = {"key": "worker.left.erased", "facts": {"ref": client.ref}}
    post = Post(client.worker_id, "sentence", people.once("erased"), said, urgency=Urgency.DIGEST)
    await delivery.post(turn, post)


async def _say_done(turn: Turn, client: Client, number: int) -> None:
    if client.person.chat_id is None or client.person.unreachable is not None:
        return
    when, place = people.local(client.person, turn.now), turn.plan.service.place
    await people.say(turn, client.person, "client.erase.receipt", RECEIPT, when=when, place=place, receipt=str(number))


async def let_go(turn: Turn) -> int:
    """Forget the chats of those who were erased, once nothing is on its way to them any more."""
    for person_id, chat_id in await turn.m.erasing.still_bound():
        for message_id in await turn.m.erasing.strays(person_id, RECEIPT):
            await _take_away(turn, person_id, DELETE, message_id)
        if not await turn.m.erasing.unsettled(person_id):
            await turn.m.erasing.let_go(person_id, chat_id)
            turn.m.overwrites = True
    return 0
