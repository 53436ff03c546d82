"""Meetings, as workers enter them: `/met REF`, `/missed REF`, `/next REF DATE [TIME]`."""

from datetime import date, datetime, time, timedelta
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
FARTHEST = timedelta(days=731)
"""Nobody plans a meeting further ahead; a year that is a slip of the finger is no day either."""


async def met(talk: Talk) -> None:
    client = await _client(talk)
    _no_day(talk, "met")
    await sessions.met(talk.turn, access.speaker(talk), client)


async def missed(talk: Talk) -> None:
    client = await _client(talk)
    _no_day(talk, "missed")
    await sessions.missed(talk.turn, access.speaker(talk), client)


def _no_day(talk: Talk, command: str) -> None:
    """Whoever types a day means it: noting another one would be wrong, and quietly."""
    if len(talk.args) > 1:
        raise Refusal("worker.meeting.no_day", {"command": command, "ref": talk.args[0]})


async def next_(talk: Talk) -> None:
    client, staff = await _client(talk), access.speaker(talk)
    at = read_moment(talk.args[1:], staff, talk.turn.now)
    if at is None:
        raise Refusal("worker.meeting.usage")
    await sessions.set_next(talk.turn, staff, client, at)


def read_moment(typed: tuple[str, ...], staff: Person, now: datetime) -> datetime | None:
    """A day, and perhaps a time, on the worker's clock; None when it is not understood, or years away."""
    zone, months = ZoneInfo(staff.timezone), people.months(staff.language)
    today: date = now.astimezone(zone).date()
    wall: time | None = NOON
    day = read_day(" ".join(typed), today, months)
    if day is None and len(typed) > 1:
        day, wall = read_day(" ".join(typed[:-1]), today, months), read_clock(typed[-1])
    if day is None or wall is None or abs(day - today) > FARTHEST:
        return None
    return datetime.combine(day, wall, zone)


async def _client(talk: Talk) -> Client:
    return await access.own_client(talk, talk.args[0] if talk.args else None)


COMMANDS = {
    "met": route(met, Role.WORKER),
    "missed": route(missed, Role.WORKER),
    "next": route(next_, Role.WORKER),
}
