"""A row whose turn has come, and whether it may still go: the last look before something leaves for good."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bot.domain.alerts import OPEN, AlertState, Kind
from bot.domain.delivery import CLEAR, DELETE, REPEATED_WHEN_UNSURE, Guard, Urgency
from bot.domain.ladder import Rung, Step
from bot.domain.people import Asking, Status
from bot.domain.wall import out_of_quiet
from bot.domain.words import Facts, Hours, Role

MESSAGE = "message_id"
"""The fact of a CLEAR or DELETE that is about one certain message instead of a surface."""
ALSO = "also"
"""The fact of a DELETE that takes more messages with it: their ids. Telegram takes a hundred in one call."""
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """What a surface shows now."""

    message_id: int
    has_photo: bool = False
    has_buttons: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One outbox row with the person it is for and what stands on its surface."""

    id: str
    person_id: str
    ref: str
    role: Role
    status: Status
    chat_id: int | None = field(repr=False)
    unreachable: str | None
    language: str
    timezone: str
    surface: str | None
    kind: str
    facts: Facts = field(repr=False)
    urgency: Urgency
    guard: Guard
    fresh: bool = False
    silent: bool = False
    client_id: str | None = None
    check_in_id: str | None = None
    alert_id: str | None = None
    tries: int = 0
    unsure: int = 0
    expires_at: datetime | None = None
    withdrawn: str | None = None
    """Why it was taken back while it was in flight."""
    stands: Shown | None = None
    former: bool = False
    """It goes to a chat that was theirs and is being closed."""
    claimed_by: str | None = None
    """In whose hands it was when it was loaded."""

    @property
    def only_takes_away(self) -> bool:
        return self.kind in (CLEAR, DELETE)

    @property
    def edits(self) -> int | None:
        """The message whose place this takes; None: it becomes a new one."""
        named = self.facts.get(MESSAGE) if self.only_takes_away else None
        if isinstance(named, int):
            return named
        return self.stands.message_id if self.stands and not self.fresh else None

    @property
    def takes_along(self) -> Sequence[int]:
        """The other messages that a DELETE is about."""
        also = self.facts.get(ALSO)
        return [one for one in also if isinstance(one, int)] if isinstance(also, list) else ()

    @property
    def repeats_for_ever(self) -> bool:
        """Whether it is sent again however often nobody can know if it arrived. A repeated edit shows nothing twice."""
        return self.urgency in REPEATED_WHEN_UNSURE or self.edits is not None


@dataclass(frozen=True, slots=True)
class AskedNow:
    """The client and the check-in as they are at the last moment."""

    agreed: bool
    asking: Asking
    state: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldNow:
    """The alert as it is at the last moment; `assigned_to` is the client's worker now."""

    kind: Kind
    state: AlertState
    ladder: Sequence[Step]
    step: int
    assigned_to: str | None


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing is against it."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """Not true any more."""

    why: str


Answer: TypeAlias = Go | Later | Drop
UNREACHABLE = "unreachable"
NOT_ASSIGNED = "not_assigned"
SENTENCE = "sentence"
"""One text: all that staff who have left are still told, namely that they have."""


def for_person(out: Outgoing, now: datetime) -> Answer:
    """The chat is theirs and alive, and the row is neither withdrawn nor too late.

    A reply goes to whoever has just spoken, joined or not: the chat has proved itself.
    """
    if out.withdrawn is not None:
        return Drop(out.withdrawn)
    if out.expires_at is not None and now >= out.expires_at:
        return Drop("too_late")
    if out.chat_id is None:
        return Drop("no_chat")
    if out.only_takes_away and out.edits is None:
        return Drop("nothing_there")
    if out.former:
        return Go()
    if out.urgency is Urgency.REPLY:
        left = out.role is not Role.CLIENT and out.status is Status.DISCHARGED
        return Drop(out.status.value) if left and out.kind != SENTENCE and not out.only_takes_away else Go()
    if out.unreachable is not None:
        return Drop(UNREACHABLE)
    return Go() if out.status is Status.JOINED or out.only_takes_away else Drop(out.status.value)


def for_asked(out: Outgoing, client: AskedNow | None, quiet: Hours, now: datetime) -> Answer:
    """The client takes part and is not on a break, the check-in is open inside its window, and it is no quiet hour."""
    if client is None or not client.agreed:
        return Drop("no_consent")
    if client.asking is not Asking.ON:
        return Drop(client.asking.value)
    if client.state is not None and client.state not in ("planned", "open"):
        return Drop(client.state)
    ends = [moment for moment in (client.expires_at, out.expires_at) if moment is not None]
    if ends and now >= min(ends):
        return Drop("too_late")
    free = out_of_quiet(now, quiet, ZoneInfo(out.timezone))
    if free == now:
        return Go()
    return Drop("quiet") if ends and free >= min(ends) else Later(free)


def for_holder(out: Outgoing, alert: HeldNow | None) -> Answer:
    """The alert is open, this person stands on the part of its ladder that is reached, and is not a former worker."""
    if alert is None or alert.state not in OPEN:
        return Drop("closed")
    rungs = {one.rung for one in alert.ladder[: alert.step + 1] if one.ref == out.ref}
    if not rungs:
        return Drop("not_reached")
    as_worker = alert.kind is Kind.ALLIANCE and rungs <= {Rung.FIRST, Rung.REMINDER}
    return Drop(NOT_ASSIGNED) if as_worker and alert.assigned_to != out.person_id else Go()


def for_worker(out: Outgoing, theirs: Collection[str], leaves_at: datetime | None, now: datetime) -> Answer:
    """Everybody whom it names (the fact `about`) is still this worker's, and it is the worker's working time."""
    about = out.facts.get("about")
    if not isinstance(about, list) or not {str(one) for one in about} <= set(theirs):
        return Drop(NOT_ASSIGNED)
    if leaves_at is None:
        return Drop("never_at_work")
    return Go() if leaves_at <= now else Later(leaves_at)
