"""Buttons and commands of an alert. Whoever has been reached by it may use them, workers and managers alike.

ack, talked, more   ALERT
al                  ALERT:WHAT[:WHICH], what stands behind *More* and *Show*
hd                  CLIENT:again or CLIENT:hold
"""

from collections.abc import Awaitable, Callable

from bot.actions import handling, hold, more, people
from bot.actions.desk import Turn
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.verbs import ACK, ACT, HOLD, MORE, TALKED

STALE = "errors.stale_button"
STAFF = (Role.WORKER, Role.MANAGER)


async def ack(talk: Talk) -> None:
    await handling.tapped_on(talk.turn, access.speaker(talk), _one(talk), talk.message_id)
    talk.toast = await handling.acknowledge(talk.turn, access.speaker(talk), _one(talk))


async def talked(talk: Talk) -> None:
    await handling.tapped_on(talk.turn, access.speaker(talk), _one(talk), talk.message_id)
    talk.toast = await handling.talked(talk.turn, access.speaker(talk), _one(talk))


async def show_more(talk: Talk) -> None:
    await more.more(talk.turn, access.speaker(talk), _one(talk))


def _one(talk: Talk) -> str:
    if len(talk.args) != 1:
        raise Refusal(STALE)
    return talk.args[0]


async def act(talk: Talk) -> None:
    """One of the choices behind *More*."""
    turn, staff = talk.turn, access.speaker(talk)
    match talk.args:
        case (alert, "later", until):
            talk.toast = await more.snooze(turn, staff, alert, until)
        case (alert, "not", why):
            talk.toast = await handling.dismiss(turn, staff, alert, why)
        case (alert, "to", person):
            talk.toast = await more.pass_on(turn, staff, alert, person)
        case (alert, "use", answer):
            await handling.useful(turn, staff, alert, answer)
        case (alert, "touched"):
            talk.toast = await hold.in_touch(turn, staff, alert)
        case (alert, "whole" | "show"):
            await more.show_whole(turn, staff, alert)
        case (alert, "notes"):
            await more.line_for_notes(turn, staff, alert)
        case (alert, "hold"):
            await hold.hold(turn, staff, (await handling.theirs(turn, staff, alert))[1])
        case (alert, "close"):
            await more.close(turn, staff, alert)
        case (alert, "more" | "why_not" | "pass" | "in_touch" as page):
            await more.more(turn, staff, alert, page)
        case _:
            raise Refusal(STALE)


async def held(talk: Talk) -> None:
    """*Hold* and *Write again*, for the assigned worker."""
    match talk.args:
        case (client_id, "again"):
            await hold.write_again(talk.turn, access.speaker(talk), await _client(talk, client_id))
        case (client_id, "hold"):
            await hold.hold(talk.turn, access.speaker(talk), await _client(talk, client_id))
        case _:
            raise Refusal(STALE)


async def _client(talk: Talk, client_id: str) -> Client:
    return await people.locked(talk.turn, client_id)


# ---------------------------------------------------------------- commands


async def ack_command(talk: Talk) -> None:
    """`/ack REF`"""
    await _by_ref(talk, handling.acknowledge)


async def in_touch_command(talk: Talk) -> None:
    """`/intouch REF`"""
    await _by_ref(talk, hold.in_touch, urgent=True)


async def hold_command(talk: Talk) -> None:
    """`/hold REF`"""
    client = await access.own_client(talk, talk.args[0] if talk.args else None)
    await hold.hold(talk.turn, access.speaker(talk), client)


async def _by_ref(talk: Talk, do: Callable[[Turn, Person, str], Awaitable[str]], *, urgent: bool = False) -> None:
    if not talk.args:
        raise Refusal("errors.ref_missing")
    staff = access.speaker(talk)
    ref = await people.as_spelt(talk.turn, talk.args[0])
    alert = await handling.open_for(talk.turn, staff, ref, urgent=urgent)
    await do(talk.turn, staff, alert.id)


TAPS = {
    ACK: route(ack, *STAFF),
    TALKED: route(talked, *STAFF),
    MORE: route(show_more, *STAFF),
    ACT: route(act, *STAFF),
    HOLD: route(held, Role.WORKER),
}
COMMANDS = {
    "ack": route(ack_command, *STAFF),
    "intouch": route(in_touch_command, *STAFF),
    "hold": route(hold_command, Role.WORKER),
}
