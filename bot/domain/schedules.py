"""When whom to ask: next due times on local dates, and what becomes of a check-in when its time has come.

All rules about time stand here, once; releasing, previewing and comparing configurations call the same functions.

    identity    (schedule, local date, slot): a move to another zone changes only the instant (`moved`)
    weeks       `every_weeks` counts whole weeks since Monday 2024-01-01 on local dates
    window      from the due time to `expires_after` later, however late the message left
    late        a check-in may leave late as long as LEAST_TIME, or a quarter of the window where that is
                shorter, is left to answer it; after that, or once the next one is due, it was missed by us
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as Wall
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bot.domain.asked import Asked as Asked
from bot.domain.asked import Own as Own
from bot.domain.people import Asking
from bot.domain.wall import DAY, instant, out_of_quiet
from bot.domain.words import DutyHours, Hours, Weekday

FIRST_WEEK = date(2024, 1, 1)
LEAST_TIME = timedelta(hours=2)
LEAST_GAP = timedelta(hours=6)
"""Two check-ins of one schedule are never closer, whatever zones and date lines do."""
FAR = 366 * 2
"""How many local days ahead a due time is looked for: more than any `every_weeks` allows."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rule of the manager: when to ask, and what. Either `days` with `time`, or a distance from a session."""

    name: str
    days: frozenset[Weekday] = frozenset()
    time: Wall | None = None
    every_weeks: int = 1
    after_session: timedelta | None = None
    before_session: timedelta | None = None
    questions: tuple[str, ...] = ()
    max_questions: int = 4
    remind_after: timedelta | None = None
    expires_after: timedelta = timedelta(hours=24)

    @property
    def follows_sessions(self) -> bool:
        return self.after_session is not None or self.before_session is not None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The organisation's times. Quiet hours and closed dates hold on the client's own wall clock."""

    quiet_hours: Hours
    closed_dates: frozenset[date]
    working: DutyHours
    timezone: str


@dataclass(frozen=True, slots=True)
class Due:
    """One occasion: its identity, and the instant (UTC) at which it may go out."""

    local_date: date
    slot: str
    at: datetime


class Why(StrEnum):
    """Why somebody is not asked."""

    NOT_LIVE = "not_live"
    NOT_JOINED = "not_joined"
    NO_CONSENT = "no_consent"
    UNREACHABLE = "unreachable"
    ERASING = "erasing"
    NOT_YET = "not_yet"
    BREAK = "break"
    QUIETED = "quieted"
    GONE_QUIET = "gone_quiet"
    CRISIS = "crisis"
    HELD = "held"
    NO_MORE = "no_more"
    REPEATED = "repeated"
    TOO_SOON = "too_soon"
    CLOSED = "closed"
    QUIET = "quiet"
    OPEN = "open"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Send:
    """Ask now; what is not answered by `expires_at` is over."""

    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: look again at `until`, with the same due time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """Not this time, for a reason that lies with the client's or the organisation's wishes."""

    reason: Why


@dataclass(frozen=True, slots=True)
class Missed:
    """Not this time, and that was our fault; it counts against nobody."""

    reason: Why


Decision: TypeAlias = Send | Wait | Skip | Missed


def _movable(schedule: Schedule, calendar: Calendar, zone: ZoneInfo, planned: datetime) -> datetime:
    """The planned time moved out of quiet hours; left where it is when its window would be over by then."""
    free = out_of_quiet(planned, calendar.quiet_hours, zone)
    return free if free < planned + schedule.expires_after else planned


def _is_day(schedule: Schedule, own: Own, day: date) -> bool:
    days = own.days if own.days is not None else schedule.days
    weeks = (day - FIRST_WEEK).days // 7
    return Weekday(day.weekday()) in days and weeks % (own.every_weeks or schedule.every_weeks) == 0


def due_on(schedule: Schedule, calendar: Calendar, timezone: str, day: date, own: Own | None = None) -> Due | None:
    """The occasion of a schedule with days and time on one local date, whether or not that day is one of its days."""
    zone = ZoneInfo(timezone)
    wall = (own.time if own else None) or schedule.time
    planned = instant(day, wall, zone) if wall is not None else None
    return Due(day, "day", _movable(schedule, calendar, zone, planned)) if planned else None


def _after_sessions(
    schedule: Schedule, calendar: Calendar, zone: ZoneInfo, sessions: Sequence[datetime]
) -> Iterator[Due]:
    for session in sorted(sessions):
        planned = session - schedule.before_session if schedule.before_session else session
        planned = (planned + (schedule.after_session or timedelta(0))).astimezone(UTC)
        slot = f"session {session.astimezone(zone).date()}"
        yield Due(planned.astimezone(zone).date(), slot, _movable(schedule, calendar, zone, planned))


def occasions(
    schedule: Schedule,
    calendar: Calendar,
    timezone: str,
    after: datetime,
    sessions: Sequence[datetime] = (),
    own: Own | None = None,
) -> Iterator[Due]:
    """Every occasion after an instant, earliest first; closed dates are among them, `decide` skips those."""
    zone, own = ZoneInfo(timezone), own or Own()
    if schedule.follows_sessions:
        yield from (due for due in _after_sessions(schedule, calendar, zone, sessions) if due.at > after)
        return
    # From two days before: a late hour may have moved out of quiet hours, or over the date line, to `after`.
    first = after.astimezone(zone).date() - 2 * DAY
    for day in (first + n * DAY for n in range(FAR)):
        due = due_on(schedule, calendar, timezone, day, own) if _is_day(schedule, own, day) else None
        if due is not None and due.at > after:
            yield due


def next_due(
    schedule: Schedule,
    calendar: Calendar,
    timezone: str,
    after: datetime,
    sessions: Sequence[datetime] = (),
    own: Own | None = None,
    done: date | None = None,
) -> Due | None:
    """The first occasion after an instant whose local date is later than `done`; None when there is none in sight."""
    found = occasions(schedule, calendar, timezone, after, sessions, own)
    later = (due for due in found if done is None or due.local_date > done or schedule.follows_sessions)
    return next(later, None)


def moved(due: Due, schedule: Schedule, calendar: Calendar, timezone: str, own: Own | None = None) -> Due:
    """The same occasion for a client who is now in another zone or chose another hour: same day, other instant.

    It may lie in the past now; then `decide` says whether there is still time. No day is doubled, none is dropped.
    """
    if not schedule.follows_sessions:
        return due_on(schedule, calendar, timezone, due.local_date, own) or due
    return Due(due.local_date, due.slot, _movable(schedule, calendar, ZoneInfo(timezone), due.at))


def expires_at(schedule: Schedule, due_at: datetime) -> datetime:
    """When a check-in closes: counted from its due time, however late it left."""
    return due_at + schedule.expires_after


def latest_send(schedule: Schedule, due_at: datetime) -> datetime:
    """The last moment at which a check-in may still leave, so that there is time to answer it."""
    return expires_at(schedule, due_at) - min(LEAST_TIME, schedule.expires_after / 4)


def reminder_at(
    schedule: Schedule, calendar: Calendar, timezone: str, sent_at: datetime, closes_at: datetime, quiet_mode: bool
) -> datetime | None:
    """When to remind once; None without a reminder, in quiet mode, in quiet hours, or when it would be too late."""
    if schedule.remind_after is None or quiet_mode:
        return None
    at = sent_at + schedule.remind_after
    in_quiet = at.astimezone(ZoneInfo(timezone)).time() in calendar.quiet_hours
    return None if in_quiet or at >= closes_at else at


def standing(client: Asked) -> Why | None:
    """What keeps the bot from asking this client anything, whatever the time."""
    reasons = (
        (not client.live, Why.NOT_LIVE),
        (not client.joined, Why.NOT_JOINED),
        (not client.agreed, Why.NO_CONSENT),
        (not client.reachable, Why.UNREACHABLE),
        (client.erasing, Why.ERASING),
    )
    first = next((why for holds, why in reasons if holds), None)
    # A break ends by the client's tap, not by itself, so `asking` alone says whether it still holds.
    return first or (None if client.asking is Asking.ON else Why(client.asking.value))


def decide(
    client: Asked, schedule: Schedule, calendar: Calendar, due_at: datetime, local_date: date, now: datetime
) -> Decision:
    """What becomes of the check-in that was due at `due_at`, on the client's `local_date`, now."""
    if now < due_at:
        return Wait(due_at)
    reason = standing(client) or _calendar_reason(client, schedule, calendar, due_at, local_date)
    if reason is not None:
        return Skip(reason)
    if now > latest_send(schedule, due_at) or _is_overtaken(client, schedule, calendar, due_at, now):
        return Missed(Why.LATE)
    free = out_of_quiet(now, calendar.quiet_hours, ZoneInfo(client.timezone))
    if free > latest_send(schedule, due_at):
        return Missed(Why.LATE)
    if free > now:
        return Wait(free)
    return Skip(Why.OPEN) if client.open_check_in else Send(expires_at(schedule, due_at))


def _calendar_reason(
    client: Asked, schedule: Schedule, calendar: Calendar, due_at: datetime, local_date: date
) -> Why | None:
    by_day = not schedule.follows_sessions
    if by_day and client.last_local_date is not None and local_date <= client.last_local_date:
        return Why.REPEATED
    if client.last_due_at is not None and abs(due_at - client.last_due_at) < LEAST_GAP:
        return Why.TOO_SOON
    zone = ZoneInfo(client.timezone)
    if local_date in calendar.closed_dates or due_at.astimezone(zone).date() in calendar.closed_dates:
        return Why.CLOSED
    # Only a time that could not be moved inside its window still lies in quiet hours.
    return Why.QUIET if due_at.astimezone(zone).time() in calendar.quiet_hours else None


def _is_overtaken(client: Asked, schedule: Schedule, calendar: Calendar, due_at: datetime, now: datetime) -> bool:
    if schedule.follows_sessions:
        return False
    following = next_due(schedule, calendar, client.timezone, due_at, own=client.own)
    return following is not None and following.at <= now
