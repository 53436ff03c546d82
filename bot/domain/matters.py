"""One alert as it stands on record, and who on its ladder has been reached."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alerts import OPEN, AlertState, Kind, Wish
from bot.domain.ladder import Step
from bot.domain.words import Severity, Tier

FORGOTTEN = timedelta(days=7)
"""No answer to *was it talked about?* for this long counts as no answer, never as "better"."""
DANGER_AGAIN = timedelta(minutes=10)
"""A notice of danger is repeated this often until somebody takes it."""
DAILY = timedelta(days=1)
"""The last resort is reminded this often until somebody takes it."""
WEEKLY = timedelta(days=7)
"""What somebody has taken and not closed comes back this often: new evidence joins it without a sound."""

SLIPPED = "slipped"
"""A line of history: a card of what the client then took elsewhere was on its way, and may have been seen."""

UNREACHABLE, AWAY = "unreachable", "away"
"""Lines of history: somebody was passed over, as their chat does not get through, or as they are away."""

URGENT = (Kind.DANGER, Kind.HARM)


@dataclass(frozen=True, slots=True)
class Alert:
    """One open or closed matter about one client.

    `ladder` is the snapshot taken when it was raised (`renewing` brings it up to date) and `step` how far up it has come;
    `rang_step` is the last rung whose message Telegram took. `goes_at` is the earliest
    moment for its card, `rang_at` when Telegram first took one. `waits`: the client has been asked how the worker
    shall hear. `check_in_id` is the check-in on whose surface that was asked. `edition` counts cards, for their keys.
    """

    id: str
    client_id: str
    worker_id: str | None
    kind: Kind
    state: AlertState
    severity: Severity
    wish: Wish
    waits: bool
    check_in_id: str | None
    edition: int
    raised_at: datetime
    goes_at: datetime
    ladder: tuple[Step, ...]
    step: int
    rang_step: int = -1
    chosen_at: datetime | None = None
    rang_at: datetime | None = None
    step_due_at: datetime | None = None
    reminded: bool = False
    holder_id: str | None = None
    snoozed_until: datetime | None = None
    acknowledged_at: datetime | None = None
    talked_at: datetime | None = None
    ask_client_at: datetime | None = None
    asked_at: datetime | None = None
    client_said: str | None = None
    client_feels: float | None = None
    usefulness: str | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def sent(self) -> bool:
        """Has anybody been able to see it?"""
        return self.rang_at is not None

    @property
    def tier(self) -> Tier:
        return Tier.NOW if self.severity is Severity.HIGH else Tier.ALERT

    @property
    def reached(self) -> frozenset[str]:
        """Refs of everybody who has been told of it, or is being told now."""
        return frozenset(step.ref for step in self.ladder[: self.step + 1])

    @property
    def not_yet(self) -> bool:
        """Did the client say so after a talk? Whatever is done about it afterwards, they are not asked again."""
        reopened = self.asked_at is not None and self.client_said in ("try_again", "no_choice")
        return self.state is AlertState.NOT_REPAIRED or reopened

    @property
    def holder_ref(self) -> str | None:
        """The ref of the person whose turn it is to act."""
        return self.ladder[self.step].ref if self.ladder else None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of an alert's history: what it became or what was done, when, by whom (a ref, `client` or `bot`)."""

    at: datetime
    state: str
    by: str
