"""A person's chat ends: the phone is lost, the account is another one, or the link was opened by the wrong one.

One account is one chat (docs/decisions/0010-one-account-one-chat.md). Nothing goes along from one to another by itself:
the old chat is told so, cleared of what Telegram lets a bot delete, and shows nothing more; whoever joins in another
account agrees anew and is shown nothing of before. The assigned worker and the managers hear of every change, and it is
on record.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions import arrivals, delivery, people, prompts
from bot.actions.desk import Turn
from bot.domain.delivery import CAN_DELETE, CLEAR, DELETE, Post
from bot.domain.errors import Refusal
from bot.domain.goals import GoalState
from bot.domain.outgoing import MESSAGE
from bot.domain.people import Asking, Client, Person, Status
from bot.domain.words import Facts, Role

CLOSED = "closed"
"""Why something was withdrawn, and why nobody was asked meanwhile."""
STAYS = (Asking.CRISIS, Asking.HELD)
"""What other people have to end keeps standing; all else is for whoever joins to choose anew."""
TALKED_HERE = (Status.JOINED, Status.LEFT, Status.DISCHARGED)
"""Whoever said no, or was not meant, was promised that nothing more is written."""
SURE_WITHIN = timedelta(minutes=10)
"""A button that closes a chat is good for so long: nobody closes one by a tap on last year's message."""


# ---------------------------------------------------------------- asked for by staff


async def ask(turn: Turn, staff: Person, ref: str) -> None:
    """`/unlink REF`: what it would do, and whether they are sure."""
    person = await turn.m.people.by_ref(ref)
    await _may_close(turn, staff, person)
    assert person is not None
    until = turn.now + SURE_WITHIN
    facts: Facts = {"ref": person.ref, "person": person.id, "until": int(until.timestamp())}
    await delivery.post(turn, Post(staff.id, "staff.unlink", people.once("unlink"), facts, _surface(person.id)))


async def keep(turn: Turn, staff: Person, person_id: str) -> None:
    """*No*: nothing changes."""
    await _may_close(turn, staff, await turn.m.people.by_id(person_id))
    await people.say(turn, staff, "worker.unlink.kept", surface=_surface(person_id))


async def unlink(turn: Turn, staff: Person, person_id: str, until: datetime) -> None:
    """*Yes*: the chat is closed. Raises Refusal when it is not theirs to close, or has been asked long ago."""
    await arrivals.lock_open(turn, person_id)
    person = await turn.m.people.by_id(person_id)
    await _may_close(turn, staff, person)
    assert person is not None
    if turn.now > until:
        raise Refusal("errors.stale_button")
    if await turn.m.inbox.waits_from(person.chat_id):
        raise Refusal("errors.too_fast")  # it may be about danger: that is heard first
    await close(turn, person, staff.ref)
    if person.role is not Role.CLIENT:
        await arrivals.left(turn, person)
    key = "worker.unlink.done" if person.role is Role.CLIENT else "worker.unlink.done_staff"
    await people.say(turn, staff, key, surface=_surface(person.id), ref=person.ref)
    await tell_staff(turn, person, "worker.moved.closed", but=staff, by=staff.name)


async def _may_close(turn: Turn, staff: Person, person: Person | None) -> None:
    """Workers their own clients' chats, managers anybody's but their own."""
    if staff.role is Role.WORKER:
        client = await turn.m.people.client(person.id) if person else None
        if client is None or client.worker_id != staff.id:
            raise Refusal("errors.unknown_ref")
    elif person is None:
        raise Refusal("errors.unknown_ref")
    elif person.id == staff.id:
        raise Refusal("worker.unlink.own")
    if person is None or person.chat_id is None:
        raise Refusal("errors.no_chat")


def _surface(person_id: str) -> str:
    return f"unlink:{person_id}"


# ---------------------------------------------------------------- done


async def close(turn: Turn, person: Person, by: str, *, takes_leave: bool = True) -> None:
    """End the chat that this person has. `by`: a ref, or a word, for the record. `takes_leave`: the chat is told.

    What waits for a client is withdrawn. Alerts that wait for staff stay: they go to the next chat that these have, and
    while they have none, to the next person.
    """
    chat_id = person.chat_id
    if chat_id is None:
        return
    client = await turn.m.people.client(person.id)
    if client is None:
        await delivery.withdraw(turn, person_id=person.id, kinds=(CLEAR, DELETE), why=CLOSED)
    else:
        await _let_be(turn, client)
    status = Status.INVITED if person.status is Status.JOINED else person.status
    bare = {"chat_id": None, "unreachable": None, "unreachable_at": None, "expects": None, "expects_until": None}
    await turn.m.people.change(person.id, status=status, **bare)
    await turn.m.invitations.end(person.id, CLOSED)
    await turn.m.audit.note(turn.now, by, "chat_closed", person.ref)
    if client is not None and client.erased_at is not None:
        await turn.m.erasing.let_go(person.id, chat_id)
    elif takes_leave and person.unreachable is None and person.status in TALKED_HERE:
        await _take_leave(turn, person, chat_id)


async def _let_be(turn: Turn, client: Client) -> None:
    """Nothing is asked of this client, and nothing waits for them, until somebody joins and agrees."""
    await prompts.stop_asking(turn, client.id, CLOSED)
    await delivery.withdraw(turn, person_id=client.id, why=CLOSED)
    stays = client.asking in STAYS or client.person.status is not Status.JOINED
    if not stays:
        await turn.m.people.pause(client.id, CLOSED, turn.now, None)
    await turn.m.people.change_client(
        client.id,
        asking=client.asking if stays else Asking.NOT_YET,
        asking_since=turn.now,
        paused_until=None,
        consent_version=None,
        consent_at=None,
        quiet_mode=False,
        join_screen=0,
        card_explained=False,
    )


async def _take_leave(turn: Turn, person: Person, chat_id: int) -> None:
    """In the chat itself: the last two days go, and one neutral sentence says that it is closed."""
    for message_id in await turn.m.messages.since(person.id, chat_id, turn.now - CAN_DELETE):
        key = f"{CLOSED}:{chat_id}:{message_id}"
        await delivery.post(turn, Post(person.id, DELETE, key, facts={MESSAGE: message_id}, chat_id=chat_id))
    said: Facts = {"key": "client.code.closed", "facts": {"place": turn.plan.service.place}}
    await delivery.post(turn, Post(person.id, "sentence", people.once(CLOSED), facts=said, chat_id=chat_id))


# ---------------------------------------------------------------- told


async def tell_staff(turn: Turn, person: Person, key: str, but: Person | None = None, **facts: str) -> None:
    """The assigned worker and the managers, but whoever did it."""
    once_for = people.once("account")
    client = await turn.m.people.client(person.id)
    if client is not None and (but is None or client.worker_id != but.id):
        await people.tell_worker(turn, client, key, once_for, **facts)
    about = but or (person if person.role is Role.MANAGER else None)
    await people.tell_managers(turn, once_for, key, about, ref=person.ref, **facts)


# ---------------------------------------------------------------- in another account


async def begins_anew(turn: Turn, client: Client) -> None:
    """Agreed in another account than before: what was said there is not shown here, and its goals are not asked about."""
    await turn.m.people.change_client(client.id, shown_from=turn.now)
    for goal in await turn.m.goals.live(client.id):
        await turn.m.goals.put(replace(goal, state=GoalState.LET_GO, changed_at=turn.now))
    await turn.m.audit.note(turn.now, client.ref, "other_account", client.ref)
    await tell_staff(turn, client.person, "worker.moved.joined")


def in_another_account(client: Client) -> bool:
    """Whether this client, who has just agreed, had agreed before in an account that is not this one."""
    before = client.person.joined_at is not None and client.consent_at is None
    return before and client.agreed_chat_id != client.person.chat_id
