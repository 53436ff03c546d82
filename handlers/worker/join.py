"""Staff: the one joining screen, and links for others."""

from bot.actions import goals, invitations, people
from bot.domain.errors import Refusal
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route
from handlers.verbs import GOAL_SEEN, STAFF_JOIN


async def yes(talk: Talk) -> None:
    await invitations.staff_said_yes(talk.turn, access.speaker(talk))


async def invite(talk: Talk) -> None:
    """`/invite REF`: workers for their own clients, managers for anybody."""
    staff = access.speaker(talk)
    if not talk.args:
        raise Refusal("errors.ref_missing")
    ref = await people.as_spelt(talk.turn, talk.args[0])
    if staff.role is Role.WORKER:
        await access.own_client(talk, ref)
    await invitations.show_invitation(talk.turn, staff, ref)


async def goal_seen(talk: Talk) -> None:
    """`gs:GOAL`: the worker has read a client's own words."""
    if len(talk.args) != 1:
        raise Refusal("errors.stale_button")
    await goals.seen(talk.turn, access.speaker(talk), talk.args[0])


TAPS = {STAFF_JOIN: route(yes, Role.WORKER, Role.MANAGER), GOAL_SEEN: route(goal_seen, Role.WORKER, Role.MANAGER)}
COMMANDS = {"invite": route(invite, Role.WORKER, Role.MANAGER)}
