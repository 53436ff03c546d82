"""How the bot is: what each loop got through when, what stands in its way, and what was counted since the start.

Health is progress, not "the task exists": a loop that goes round without getting anything done is ill. Nothing here
names a person, and nothing here is kept: after a restart every age and every count begins anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from bot.ports import Clock

STALLED = timedelta(seconds=120)
"""A loop that has not got through for so long is ill."""


@dataclass(slots=True)
class Progress:
    """When each loop last got through, in monotonic seconds."""

    clock: Clock
    begun: dict[str, float] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)
    """Loop → one word for what stands in its way, such as `token_refused`."""
    contact: float | None = None
    hook_waiting: int | None = None
    """In webhook mode: how many updates wait at Telegram, when it was last asked."""

    def begin(self, loop: str) -> None:
        """It runs from now on: if it never gets through, its age counts from here."""
        self.end(loop)
        self.begun[loop] = self.clock.monotonic()

    def end(self, loop: str) -> None:
        """It does not run here any more, and nobody expects it to."""
        for known in (self.begun, self.at, self.trouble):
            known.pop(loop, None)

    def mark(self, loop: str) -> None:
        """It got through."""
        self.at[loop] = self.clock.monotonic()
        self.trouble.pop(loop, None)

    def reached_telegram(self) -> None:
        """Telegram answered, and as it should."""
        self.contact = self.clock.monotonic()

    def since(self, loop: str) -> float | None:
        """Seconds since it last got through; None if it never did."""
        return self.clock.monotonic() - self.at[loop] if loop in self.at else None

    def since_contact(self) -> float | None:
        """Seconds since Telegram last answered this process as it should."""
        return self.clock.monotonic() - self.contact if self.contact is not None else None

    def ages(self) -> dict[str, float]:
        """Seconds since each loop last got through, or since it began."""
        now = self.clock.monotonic()
        return {loop: now - at for loop, at in {**self.begun, **self.at}.items()}

    def unproven(self) -> tuple[str, ...]:
        """The loops that have begun and never got through."""
        return tuple(sorted(self.begun.keys() - self.at.keys()))

    def stalled(self) -> tuple[str, ...]:
        """The loops that are ill."""
        return tuple(sorted(loop for loop, age in self.ages().items() if age > STALLED.total_seconds()))


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that is counted: what it says, and by which words it is told apart."""

    says: str
    label: str | None = None
    words: tuple[str | None, ...] = (None,)


COUNTERS: Mapping[str, Counter] = MappingProxyType(
    {
        "updates_kept": Counter("Updates from Telegram that were put on disk; one that came twice counts twice"),
        "updates_turned_away": Counter(
            "Calls at the webhook door that brought nothing to keep",
            "why",
            ("secret", "too_large", "no_json", "no_update"),
        ),
        "updates_not_kept": Counter("Updates that could not be put on disk, and that Telegram gives again"),
        "answers": Counter("Answers of clients, each change of one counted as well"),
        "alerts_raised": Counter("Alerts raised"),
        "alerts_sent": Counter("Alerts that Telegram has taken, one for each rung"),
        "alerts_acknowledged": Counter("Alerts that somebody took"),
        "alerts_acknowledged_late": Counter("Alerts that somebody took only after they had gone on to the next person"),
        "alerts_passed_on": Counter("Times that an alert went to the next person"),
        "sends": Counter(
            "Calls that carried a message, by what became of it",
            "verdict",
            ("sent", "try_later", "unsure", "gone", "unreachable", "refused"),
        ),
        "heartbeats": Counter("Heartbeats, by what became of them", "outcome", ("sent", "failed", "withheld")),
    }
)


class Tally:
    """Counts since the start. A name or word that is not in the table is a mistake of ours."""

    def __init__(self) -> None:
        self._counts = {(name, word): 0 for name, one in COUNTERS.items() for word in one.words}

    def add(self, name: str, word: str | None = None, by: int = 1) -> None:
        """Count. `word` is one of the counter's words."""
        self._counts[name, word] += by

    def of(self, name: str) -> Iterator[tuple[str | None, int]]:
        """Each word of a counter with its count."""
        return ((word, self._counts[name, word]) for word in COUNTERS[name].words)
