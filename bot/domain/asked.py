"""What the times of asking depend on at the client's side: their own choices, and whether they may be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as Wall

from bot.domain.people import Asking, Client, Status
from bot.domain.words import Json, Weekday


@dataclass(frozen=True, slots=True)
class Own:
    """What a client chose instead of the schedule; None = as the schedule says."""

    time: Wall | None = None
    days: frozenset[Weekday] | None = None
    every_weeks: int | None = None
    max_questions: int | None = None

    def as_json(self) -> dict[str, Json]:
        """As it is kept in a client's `own_times`."""
        chosen: dict[str, Json] = {
            "time": f"{self.time:%H:%M}" if self.time else None,
            "days": sorted(int(day) for day in self.days) if self.days is not None else None,
            "every_weeks": self.every_weeks,
            "max_questions": self.max_questions,
        }
        return {key: value for key, value in chosen.items() if value is not None}

    @classmethod
    def from_json(cls, kept: Json) -> "Own":
        """What `as_json` made; anything else counts as not chosen."""
        chosen = kept if isinstance(kept, Mapping) else {}
        wall, days = chosen.get("time"), chosen.get("days")
        weeks, most = chosen.get("every_weeks"), chosen.get("max_questions")
        listed = days if isinstance(days, Sequence) and not isinstance(days, str) else None
        return cls(
            time=Wall.fromisoformat(wall) if isinstance(wall, str) else None,
            days=frozenset(Weekday(day) for day in listed if isinstance(day, int)) if listed is not None else None,
            every_weeks=weeks if isinstance(weeks, int) else None,
            max_questions=most if isinstance(most, int) else None,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What has to be known about a client to decide whether to ask.

    `last_local_date` and `last_due_at` are those of the last check-in of the schedule in question.
    """

    ref: str
    timezone: str
    live: bool = True
    joined: bool = True
    agreed: bool = True
    reachable: bool = True
    erasing: bool = False
    """They have asked for everything to be deleted, and the day has not come."""
    asking: Asking = Asking.ON
    quiet_mode: bool = False
    open_check_in: bool = False
    last_local_date: date | None = None
    last_due_at: datetime | None = None
    own: Own = field(default_factory=Own)

    @classmethod
    def of(cls, client: Client, *, live: bool, consent_version: str, open_check_in: bool = False) -> "Asked":
        """From a client and what holds for everybody: is the bot live, which consent text is in force."""
        return cls(
            ref=client.ref,
            timezone=client.person.timezone,
            live=live,
            joined=client.person.status is Status.JOINED,
            agreed=client.consent_version == consent_version,
            reachable=client.person.unreachable is None,
            erasing=client.erase_at is not None,
            asking=client.asking,
            quiet_mode=client.quiet_mode,
            open_check_in=open_check_in,
            own=Own.from_json(client.own_times),
        )
