"""Meetings, as workers enter them: `/met REF`, `/missed REF`, `/next REF DATE [TIME]`."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.actions import people, sessions
from bot.domain.clocks import read_clock
from bot.domain.dates import read_day
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person
from bot.domain.words import Role
from handlers import access
from handlers.context import Talk, route

NOON = time(12)
"""Where no time is given."""


async def met(talk: Talk) -> None:
    await sessions.met(talk.turn, access.speaker(talk), await _client(talk))


async def missed(talk: Talk) -> None:
    await sessions.missed(talk.turn, access.speaker(talk), await _client(talk))


async def next_(talk: Talk) -> None:
    client, staff = await _client(talk), access.speaker(talk)
    at = read_moment(talk.args[1:], staff, talk.turn.now)
    if at is None:
        raise Refusal("worker.meeting.usage")
    await sessions.set_next(talk.turn, staff, client, at)


def read_moment(typed: tuple[str, ...], staff: Person, now: datetime) -> datetime | None:
    """A day, and perhaps a time, on the worker's clock; None when it is not understood."""
    zone, months = ZoneInfo(staff.timezone), people.months(staff.language)
    today: date = now.astimezone(zone).date()
    if day := read_day(" ".join(typed), today, months):
        return datetime.combine(day, NOON, zone)
    if len(typed) < 2:
        return None
    day, wall = read_day(" ".join(typed[:-1]), today, months), read_clock(typed[-1])
    return datetime.combine(day, wall, zone) if day and wall else None


async def _client(talk: Talk) -> Client:
    return await access.own_client(talk, talk.args[0] if talk.args else None)


COMMANDS = {
    "met": route(met, Role.WORKER),
    "missed": route(missed, Role.WORKER),
    "next": route(next_, Role.WORKER),
}
