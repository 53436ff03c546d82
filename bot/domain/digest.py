"""The worker's weekly digest: when it may leave, which week it is for, and what it says of one client.

It says what was held back for it in words without numbers. What a client kept back, or was asked about and has not
answered, is no more than "worth asking"; what they took to somebody else is not in it at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from bot.domain.budget import strength
from bot.domain.on_duty import FAR, on_duty
from bot.domain.schedules import Calendar
from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import Signal
from bot.domain.wall import DAY, out_of_quiet

MOST_LINES = 3
ROOM = 2000
"""Letters for what is said of clients: half of what Telegram takes, since two lists of refs stand there as well."""
WORTH_ASKING = "worth_asking"


# ---------------------------------------------------------------- when


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week, `2026-W20`, and the Monday that it begins with."""

    name: str
    monday: date


def week_of(now: datetime, calendar: Calendar) -> Week:
    """The week that this moment of work belongs to. A duty over midnight belongs to the day on which it starts."""
    local, hours = now.astimezone(ZoneInfo(calendar.timezone)), calendar.working.hours
    over_midnight = hours.start > hours.end and local.time() < hours.end
    day = local.date() - (DAY if over_midnight else timedelta())
    year, week, weekday = day.isocalendar()
    return Week(f"{year}-W{week:02}", day - timedelta(days=weekday - 1))


def leaves_at(now: datetime, calendar: Calendar, reader_zone: str, away_until: datetime | None = None) -> datetime | None:
    """From `now` on, the first moment of working time that is no quiet hour for the reader, who is not away.

    None: there is none in sight, as where all working time lies in quiet hours.
    """
    at, zone = max(now, away_until or now), ZoneInfo(reader_zone)
    for _ in range(FAR):
        duty = on_duty(at, calendar.working, calendar.closed_dates, calendar.timezone)
        if duty is None:
            return None
        begins = at if duty.here else duty.at
        at = out_of_quiet(begins, calendar.quiet_hours, zone)
        if at == begins:
            return at
    return None


# ---------------------------------------------------------------- what


@dataclass(frozen=True, slots=True)
class Held:
    """One signal that waits. `softened`: no more than "worth asking" may be said of it."""

    signal: Signal
    softened: bool
    over_budget: bool


@dataclass(frozen=True, slots=True)
class DigestLine:
    """What is said of a client: the name of a rule or `worth_asking`; `held_back`: as the budget was spent."""

    says: str
    held_back: bool


def lines(held: Iterable[Held]) -> tuple[DigestLine, ...]:
    """At most three, the strongest first: higher tiers, what was said before what was reckoned, then the newest."""
    found: dict[str, bool] = {}
    for one in sorted(held, key=_weight):
        says = WORTH_ASKING if one.softened else one.signal.rule
        found[says] = found.get(says, False) or one.over_budget
    return tuple(DigestLine(says, held_back) for says, held_back in found.items())[:MOST_LINES]


def weight(held: Sequence[Held]) -> tuple[int, int, float]:
    """To put clients in order, the strongest first."""
    rules, beyond = strength([one.signal for one in held])
    return -max(one.signal.tier for one in held), -rules, -beyond


def _weight(one: Held) -> tuple[int, int, float]:
    return -one.signal.tier, list(RULES).index(one.signal.rule), -one.signal.raised_at.timestamp()


def fitting(lengths: Sequence[int]) -> int:
    """How many, from the first on, have room; the others wait for the next digest."""
    return sum(total <= ROOM for total in accumulate(lengths))
