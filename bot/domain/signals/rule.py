"""What a row of the table of rules holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.domain.signals.reading import Finding, Reading
from bot.domain.signals.settings import Parameters
from bot.domain.words import Construct, Tier

Find: TypeAlias = Callable[[Reading, Parameters], Finding]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a rule: its default (per profile where the two differ) and the bounds that the config keeps to."""

    default: float | Mapping[str, float]
    low: float
    high: float
    doc: str
    stricter: float = 0.0
    """What to add for one step to fewer alerts, where this is the number to change when a rule is seldom useful."""

    def default_for(self, profile: str) -> float:
        """The default of `"therapy"` or `"recovery"`."""
        return self.default if isinstance(self.default, int | float) else self.default[profile]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `tier` is the usual one (a signal carries its own). `text` is the key of the sentence that says it.

    `client_is_asked`: it rests on answers, so the client is asked how the worker shall hear. `rests`: once told, it is
    not told again for some time; what a client says or does in so many words never rests. `on_scale`: its value is an
    answer from 0 to 10. `may_wait`: it was reckoned, so it can wait for the digest when the worker's budget is spent.
    `beside`: it says nothing alone; beside another signal of the same week it goes into the digest.
    `for_supervision`: a talk did not mend it, so it begins one step higher, with the manager.
    `private`: for the worker's own eyes, in no export and on nobody else's screen.
    """

    name: str
    find: Find
    tier: Tier
    doc: str
    constructs: tuple[Construct, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    client_is_asked: bool = False
    rests: bool = False
    on_scale: bool = False
    may_wait: bool = False
    beside: bool = False
    for_supervision: bool = False
    private: bool = False

    @property
    def text(self) -> str:
        return f"worker.reason.{self.name}"
