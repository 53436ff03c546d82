"""Who speaks, and whom they may know of."""

from bot.actions import joining, people
from bot.actions.desk import Turn
from bot.domain.consent import DONE
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person, Status
from bot.domain.words import Role
from handlers.context import Talk


async def who(turn: Turn, chat_id: int) -> tuple[Person | None, Client | None]:
    """The person of a private chat, and what only clients have. Staff who have left learn nothing any more.

    A client who speaks is kept for this unit (`People.lock`): whatever they ask for is done to nobody else's beside it.
    """
    person = await turn.m.people.by_chat(chat_id)
    if person is None:
        return None, None
    if person.role is Role.CLIENT:
        await turn.m.people.lock([person.id])
        found = await turn.m.people.client(person.id)
        # Whoever was erased is nobody here any more, from that moment on, though their receipt may still be on its way;
        # and somebody else may have closed the chat while this unit waited for the client.
        here = found is not None and found.erased_at is None and found.person.chat_id == chat_id
        return (found.person, found) if found is not None and here else (None, None)
    if person.status is Status.DISCHARGED:
        raise Refusal("errors.no_longer")
    return person, None


def speaker(talk: Talk) -> Person:
    """Whoever speaks, if they are known here."""
    if talk.speaker is None:
        raise Refusal("client.code.none")
    return talk.speaker


def client(talk: Talk) -> Client:
    """The speaker as a client; a button or command for clients does nothing for anybody else."""
    if talk.client is None:
        raise Refusal("errors.not_yours")
    return talk.client


async def own_chat(talk: Talk) -> Client | None:
    """The speaker as a client who has joined, whether or not they are asked now.

    Whoever is still joining is shown their screen again (None); whoever said no, or was not meant, is only told how
    to come back.
    """
    found = client(talk)
    if found.person.status in (Status.JOINED, Status.LEFT, Status.DISCHARGED):
        return found
    if found.join_screen not in (0, DONE):
        await joining.show(talk.turn, found, fresh=talk.tap is None)
        return None
    raise Refusal("client.code.none")


async def own_client(talk: Talk, ref: str | None) -> Client:
    """The client that a worker named: one of their own.

    Raises the same Refusal for a ref that does not exist and for somebody else's client, and never repeats it.
    """
    if not ref:
        raise Refusal("errors.ref_missing")
    return await people.own(talk.turn, speaker(talk), await people.as_spelt(talk.turn, ref))
