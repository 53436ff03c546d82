"""Who would be asked what, and when; and why somebody would not be. The same `decide` that asks people decides here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.asking import Standing, questions_for, takes_turns
from bot.domain.checkins import Item
from bot.domain.plan import Plan
from bot.domain.schedules import Asked, Due, Schedule, Send, Skip, Wait, decide, occasions, reminder_at
from bot.domain.turns import Round
from bot.domain.words import Json


@dataclass(frozen=True, slots=True)
class Looked:
    """A client as the preview needs them: what decides about asking, and what the choice of questions depends on.

    `last` is schedule → its last occasion; `open_until` is the end of the check-in that is open now. Later check-ins
    are taken to be answered in time.
    """

    asked: Asked
    standing: Standing = field(default_factory=Standing)
    sessions: Sequence[datetime] = ()
    last: Mapping[str, Due] = field(default_factory=dict)
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One occasion: what would happen. `outcome` is `ask`, or the reason for not asking."""

    ref: str
    schedule: str
    local_date: date
    at: datetime
    timezone: str
    outcome: str
    questions: tuple[str, ...] = ()
    reminder_at: datetime | None = None
    expires_at: datetime | None = None

    def as_json(self) -> Mapping[str, Json]:
        local = self.at.astimezone(ZoneInfo(self.timezone))
        return {
            "client": self.ref,
            "schedule": self.schedule,
            "date": self.local_date.isoformat(),
            "time": f"{local:%H:%M}",
            "timezone": self.timezone,
            "at": _utc(self.at),
            "asked": self.outcome == "ask",
            "reason": None if self.outcome == "ask" else self.outcome,
            "questions": list(self.questions),
            "reminder_at": _utc(self.reminder_at),
            "expires_at": _utc(self.expires_at),
        }


def somebody(plan: Plan) -> Looked:
    """A made-up client in the service's own zone, for when there is no roster yet."""
    return Looked(Asked("somebody", plan.service.timezone), Standing(has_other=bool(plan.alerts.complaints_to)))


def preview(plan: Plan, clients: Iterable[Looked], now: datetime, days: int) -> list[Foreseen]:
    """Everything that would happen from now on, for so many days; earliest first."""
    until = now + timedelta(days=days)
    lines = [line for client in clients for line in _of_client(plan, client, now, until)]
    return sorted(lines, key=lambda line: (line.at, line.ref, line.schedule))


def _of_client(plan: Plan, client: Looked, now: datetime, until: datetime) -> Iterator[Foreseen]:
    due = [(one, schedule) for schedule in plan.schedules for one in _occasions(plan, schedule, client, now, until)]
    for one, schedule in sorted(due, key=lambda pair: (pair[0].at, pair[1].name)):
        line = _line(plan, schedule, client, one)
        yield line
        if line.outcome == "ask":
            client = _after(client, line, one, takes_turns(schedule, plan.bank))


def _after(client: Looked, line: Foreseen, due: Due, in_turn: bool) -> Looked:
    """The same client, once that check-in has been answered."""
    now = Round(f"{due.at.isoformat()} {line.schedule}", due.at, tuple(Item(one) for one in line.questions), in_turn)
    standing = replace(client.standing, rounds=(now, *client.standing.rounds))
    return replace(client, standing=standing, last={**client.last, line.schedule: due})


def _occasions(plan: Plan, schedule: Schedule, client: Looked, now: datetime, until: datetime) -> Iterator[Due]:
    found = occasions(schedule, plan.calendar, client.asked.timezone, now, client.sessions, client.asked.own)
    for due in found:
        if due.at > until:
            return
        yield due


def _line(plan: Plan, schedule: Schedule, client: Looked, due: Due) -> Foreseen:
    last, at = client.last.get(schedule.name), due.at
    asked = replace(
        client.asked,
        open_check_in=client.open_until is not None and at < client.open_until,
        last_local_date=last.local_date if last else None,
        last_due_at=last.at if last else None,
    )
    decision = decide(asked, schedule, plan.calendar, at, due.local_date, at)
    if isinstance(decision, Wait):
        at = decision.until
        decision = decide(asked, schedule, plan.calendar, due.at, due.local_date, at)
    line = Foreseen(asked.ref, schedule.name, due.local_date, at, asked.timezone, "ask")
    if not isinstance(decision, Send):
        return replace(line, outcome=str(decision.reason) if isinstance(decision, Skip) else "late")
    closes = decision.expires_at
    return replace(
        line,
        questions=questions_for(schedule, plan.bank, client.standing, due.at),
        reminder_at=reminder_at(schedule, plan.calendar, asked.timezone, at, closes, asked.quiet_mode),
        expires_at=closes,
    )


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
