"""What is known of a client beside check-ins and meetings: remarks, the worker's own rating, talks about an alert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something that the client typed of their own accord and lets the worker see: only how long it was."""

    at: datetime
    words: int


@dataclass(frozen=True, slots=True, order=True)
class Rating:
    """How the worker says that the two are working together, 0–10; asked once a month, for their own eyes."""

    at: datetime
    value: float


BETTER, STILL_THERE, NOT_YET = "better", "still_there", "not_yet"
"""What a client says after a talk."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One talk about one alert, and what the client said of it afterwards.

    `said` and `feels` (how it is now, 0–10) came at `said_at`. `left_alone` at `chose_at`: True = leave it for now, or
    somebody else is asked; False = try again, or nothing that had to be chosen; None = not chosen yet.
    """

    alert_id: str
    talked_at: datetime
    said: str | None = None
    feels: float | None = None
    said_at: datetime | None = None
    left_alone: bool | None = None
    chose_at: datetime | None = None

    def until(self, now: datetime) -> "Repair":
        """The talk as it was known at `now`."""
        if self.said_at is not None and self.said_at > now:
            return Repair(self.alert_id, self.talked_at)
        later = self.chose_at is not None and self.chose_at > now
        return replace(self, left_alone=None, chose_at=None) if later else self


def talk_order(one: Repair) -> tuple[datetime, str, str, str]:
    """By time, two of one moment always in the same order."""
    return one.talked_at, one.alert_id, str(one.said_at), f"{one.said} {one.feels} {one.left_alone}"


TALKED = "talked"
SAID: Mapping[str, str] = {
    "repaired": BETTER,
    "not_repaired": STILL_THERE,
    "unconfirmed": "no_answer",
}
"""What became of an alert after a talk, and what the client said for it. *Not yet* counts as *still there*."""
CHOSE: Mapping[str, bool] = {"reopened": False, "leave_it": True, "wish": True}
"""Lines of an alert's history that say whether the client leaves it; `wish`: somebody else was asked for."""


def talks(alert_id: str, lines: Sequence[tuple[datetime, str]], feels: float | None) -> list[Repair]:
    """Talks about one alert, from its history's (moment, state): one per *We talked*, with what was said until the next.

    How it feels is known of the last only.
    """
    starts = [at for at, state in lines if state == TALKED]
    ends: list[datetime | None] = [*starts[1:], None]
    found = []
    for start, end in zip(starts, ends, strict=False):
        mine = [(at, state) for at, state in lines if at >= start and (end is None or at < end)]
        said = next(((at, SAID[state]) for at, state in reversed(mine) if state in SAID), None)
        chose = next(((at, CHOSE[state]) for at, state in reversed(mine) if state in CHOSE), None)
        found.append(
            Repair(
                alert_id,
                start,
                said=said[1] if said else None,
                feels=feels if said and end is None else None,
                said_at=said[0] if said else None,
                left_alone=chose[1] if chose else None,
                chose_at=chose[0] if chose else None,
            )
        )
    return found
