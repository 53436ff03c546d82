"""Invitations: made for one person, opened once, in one transaction with the chat that they belong to from then on."""

from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.actions import accounts, delivery, joining, people, timetable
from bot.actions.desk import Turn
from bot.domain.consent import DONE, Choice
from bot.domain.delivery import Post
from bot.domain.errors import Refusal
from bot.domain.invitations import LIFE, WRONG_WITHIN, CodeState, Invitation, hash_of, is_code, link, most_wrong
from bot.domain.people import Asking, Client, Person, Status
from bot.domain.words import Role
from storage.invitations import new_code
from storage.stores import Stores

BOT_NAME = "bot_username"
"""The mark under which the running bot keeps what Telegram calls it."""

log = structlog.get_logger()

_WRONG = {
    CodeState.USED: "client.code.used",
    CodeState.ENDED: "client.code.ended",
    CodeState.EXPIRED: "client.code.expired",
}


@dataclass(frozen=True, slots=True)
class Invited:
    """A fresh invitation. The code is told here and never again; `link` is None until the bot's name is known."""

    ref: str
    role: Role
    code: str = field(repr=False)
    link: str | None = field(repr=False)
    expires_at: datetime
    replaces: bool = False
    """They have a chat already: opening it in another account closes that one."""


async def bot_name(m: Stores) -> str | None:
    """What Telegram calls the bot, if it has ever run."""
    mark = await m.marks.get(BOT_NAME)
    return mark.value if mark else None


async def invite(turn: Turn, ref: str, by: str, called: str | None = None) -> Invited:
    """A new invitation for anybody on the roster; their older ones end. Raises Refusal when it cannot be.

    Staff can be invited always, clients only when the bot is live. `called`: the bot's name, where it is known better.
    Whoever opens it in another account than the one that they have closes that chat: who may do so to somebody who has
    joined is for the caller to decide.
    """
    person = await turn.m.people.by_ref(ref)
    if person is None or person.status is Status.DISCHARGED:
        raise Refusal("errors.unknown_ref")
    if person.role is Role.CLIENT and people.lacks(turn):
        raise Refusal("errors.not_live")
    if person.role is Role.CLIENT and (await people.client(turn, person.id)).worker_id is None:
        raise Refusal("errors.no_worker")  # as after an erasing: nobody would see the answers
    code, expires_at = new_code(), turn.now + LIFE
    await turn.m.invitations.add(person.id, hash_of(code), by, turn.now, expires_at)
    await turn.m.audit.note(turn.now, by, "invited", person.ref)
    name = called or await bot_name(turn.m)
    url = link(name, code) if name else None
    return Invited(person.ref, person.role, code, url, expires_at, replaces=_has_joined(person))


def _has_joined(person: Person) -> bool:
    return person.status is Status.JOINED and person.chat_id is not None


async def show_invitation(turn: Turn, staff: Person, ref: str) -> None:
    """An invitation as a message to the member of staff who asked for it. Never quietly one that takes a chat over:
    whoever has joined is unlinked first, which is a step of its own and told to others."""
    person = await turn.m.people.by_ref(ref)
    if person is not None and _has_joined(person):
        raise Refusal("worker.invite.has_joined")
    made = await invite(turn, ref, staff.ref)
    whose = "worker" if made.role is Role.CLIENT else "manager"
    facts = {"ref": made.ref, "link": made.link or made.code, "until": people.local(staff, made.expires_at)}
    await people.say(turn, staff, f"{whose}.invite.text", **facts)


async def open_link(turn: Turn, chat_id: int, code: str) -> Refusal | None:
    """Somebody opened a link. What stands in the way is returned, not raised: wrong codes are counted all the same."""
    from_here, from_all = await turn.m.invitations.wrong_since(chat_id, turn.now - WRONG_WITHIN)
    if from_here >= most_wrong(from_all):
        log.warning("codes_refused", count=from_all)
        return Refusal("client.code.too_many")
    invitation = await turn.m.invitations.by_hash(hash_of(code)) if is_code(code) else None
    if invitation is None:
        return await _wrong(turn, chat_id, "client.code.unknown")
    await turn.m.people.lock([invitation.person_id])
    person = await turn.m.people.by_id(invitation.person_id)
    if person is None:
        return await _wrong(turn, chat_id, "client.code.unknown")
    state = invitation.state(turn.now)
    if state is not CodeState.GOOD:
        return await _not_good(turn, chat_id, person, invitation, state)
    return await _let_in(turn, chat_id, person, invitation)


async def _wrong(turn: Turn, chat_id: int, key: str) -> Refusal:
    log.info("code_wrong", why=key.rpartition(".")[2])
    await turn.m.invitations.note_wrong(chat_id, turn.now)
    return Refusal(key)


async def _not_good(turn: Turn, chat_id: int, person: Person, invitation: Invitation, state: CodeState) -> Refusal | None:
    if state is CodeState.USED and person.chat_id == chat_id:
        return await welcome_back(turn, person)
    client = await turn.m.people.client(person.id)
    if state is CodeState.USED and client is not None:
        await people.tell_worker(turn, client, "worker.invite.refused_again", f"again:{invitation.id}")
    return await _wrong(turn, chat_id, _WRONG[state])


async def welcome_back(turn: Turn, person: Person) -> Refusal | None:
    """The link's own person opened it again: joining goes on where it stood; afterwards nothing changes."""
    client = await turn.m.people.client(person.id)
    if client is not None and client.join_screen not in (0, DONE):
        await joining.show(turn, client, fresh=True)
        return None
    return Refusal("client.code.already" if client is not None else "worker.join.already")


async def _let_in(turn: Turn, chat_id: int, person: Person, invitation: Invitation) -> Refusal | None:
    if person.role is Role.CLIENT and people.lacks(turn):
        return Refusal("client.code.not_ready", {"until": people.local(person, invitation.expires_at)})
    holder = await turn.m.people.by_chat(chat_id)
    if holder is not None and holder.id != person.id and not _makes_room(holder, person):
        return Refusal("client.code.other_phone")
    if not await turn.m.invitations.use(invitation.id, turn.now):
        return await _wrong(turn, chat_id, "client.code.used")
    await turn.m.invitations.forget_wrong(chat_id)
    if holder is not None and holder.id != person.id:
        await accounts.close(turn, holder, invitation.made_by, takes_leave=False)  # the chat goes on, as another's
    if person.chat_id not in (None, chat_id):
        await _moves(turn, person, invitation.made_by)
    client = await turn.m.people.client(person.id)
    if client is None:
        await _bind_staff(turn, chat_id, person)
    else:
        await _bind_client(turn, chat_id, client)
    return None


def _makes_room(holder: Person, person: Person) -> bool:
    """Whether the account that `holder` has may become `person`'s: one account is one person here, but whoever has left
    may come back under another ref, and whoever was discharged as anybody."""
    if holder.status is Status.DISCHARGED:
        return True
    return holder.status is not Status.JOINED and holder.role is person.role


async def _moves(turn: Turn, person: Person, by: str) -> None:
    """The link was opened in another account than the one that they have."""
    await accounts.close(turn, person, by)
    if person.status in accounts.TALKED_HERE:
        await accounts.tell_staff(turn, person, "worker.moved.opened")


async def _bind_client(turn: Turn, chat_id: int, client: Client) -> None:
    if _has_joined(client.person):  # in the account that they have
        if await welcome_back(turn, client.person) is not None:
            await people.say(turn, client.person, "client.code.already")
        return
    await turn.m.people.change(client.id, chat_id=chat_id, unreachable=None, unreachable_at=None, status=Status.INVITED)
    stays = client.asking in accounts.STAYS
    await turn.m.people.change_client(
        client.id,
        join_screen=1,
        asking=client.asking if stays else Asking.NOT_YET,
        asking_since=client.asking_since if stays else turn.now,
        consent_version=None,
        erased_at=None,
    )
    await joining.show(turn, await people.client(turn, client.id), fresh=True)


async def _bind_staff(turn: Turn, chat_id: int, person: Person) -> None:
    await turn.m.people.change(
        person.id,
        chat_id=chat_id,
        unreachable=None,
        unreachable_at=None,
        status=Status.JOINED,
        joined_at=person.joined_at or turn.now,
    )
    if person.chat_id is None:  # of a move they have just heard
        once_for = people.once("staff_joined")
        await people.tell_managers(turn, once_for, "manager.invite.opened", but=person, ref=person.ref)
    await _staff_screen(turn, person, done=False)


async def staff_said_yes(turn: Turn, staff: Person) -> None:
    """The one button of the one screen that staff get."""
    await _staff_screen(turn, staff, done=True)


async def _staff_screen(turn: Turn, staff: Person, *, done: bool) -> None:
    facts = {
        "role": staff.role.value,
        "name": staff.name,
        "place": turn.plan.service.place,
        "done": done,
        "clients": len(await turn.m.people.caseload(staff.id)),
    }
    await delivery.post(turn, Post(staff.id, "staff.join", people.once("join"), facts, joining.SURFACE, fresh=not done))


# ---------------------------------------------------------------- the client's taps


async def tap_screen(turn: Turn, client: Client, tapped_on: int, choice: Choice, value: int | None = None) -> None:
    """A button of the joining screens; the last one sets the first check-in."""
    finished = await joining.tap(turn, client, tapped_on, choice, value)
    if finished is not None:
        await timetable.plan_for(turn, finished.id)
