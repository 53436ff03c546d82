"""One client's history made ready for the rules, and what a rule gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeAlias

from bot.domain.signals.history import History, Signal, Told
from bot.domain.signals.observations import FRESH, Observation, era_starts, observations, weekly
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.signals.settings import Parameters, Settings
from bot.domain.usual import Prior, Step, figure, walk
from bot.domain.words import Json


@dataclass(frozen=True, slots=True)
class Unmet:
    """Why a rule found nothing: the first of its conditions that failed, with the figures it failed on."""

    condition: str
    figures: Mapping[str, Json] = field(default_factory=dict, hash=False)


Finding: TypeAlias = tuple[Signal, ...] | Unmet


def shown(
    value: float | str | None, usual: float | None, last: Sequence[float | str], **figures: Json
) -> dict[str, Json]:
    """Evidence: this value, the usual, the last three (of `last`), and the rule's own figures, floats rounded."""
    last_three: list[Json] = [_rounded(one) for one in last[-3:]]
    mine = {name: _rounded(one) for name, one in figures.items()}
    return {"value": _rounded(value), "usual": _rounded(usual), "last_three": last_three, **mine}


def _rounded(value: Json) -> Json:
    return figure(value) if isinstance(value, float) else value


def prior(numbers: Parameters) -> Prior:
    """What is believed of a client who has said nothing yet, by the parameters of `drop`; other rules share it."""
    return Prior(numbers["mu0"], numbers["sigma0"], numbers["kappa0"], numbers["nu0"], numbers["winsor_k"])


@dataclass(frozen=True)
class Reading:
    """What all rules share. It has no slots, so that what several rules need is worked out once.

    `occasions` may be read and end with the one in question; `series` is its present usual's observations, the one in
    question last, or empty if that is no news any more; `starts` is when each usual but the first began.
    """

    history: History
    settings: Settings
    now: datetime
    occasions: tuple[Occasion, ...]
    series: tuple[Observation, ...]
    starts: tuple[datetime, ...]

    @classmethod
    def of(cls, history: History, settings: Settings, now: datetime, about: str | None = None) -> "Reading":
        """Of what was known at `now`. `about` names an earlier check-in to read again; else the newest is read."""
        known = history.until(now)
        ready = [one for one in known.occasions if one.readable(now)]
        ids = [one.check_in_id for one in ready]
        cut = ids.index(about) + 1 if about in ids else len(ids)
        observed = observations(known, now)
        upto = set(ids[:cut])
        series = tuple(one for one in observed if one.check_in_id in upto)
        era = series[-1].era if series else 0
        series = tuple(one for one in series if one.era == era)
        stale = not series or series[-1].last_at + FRESH < now
        return cls(known, settings, now, tuple(ready[:cut]), () if stale else series, era_starts(known, observed))

    @cached_property
    def since(self) -> datetime | None:
        """When the present usual began; None if with the first answer."""
        return max(self.starts, default=None)

    def since_at(self, at: datetime) -> datetime | None:
        """When the usual that held at `at` had begun: an old answer is not judged by a usual that began after it."""
        return max((start for start in self.starts if start <= at), default=None)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Each interval of `series` against the usual before it, by the numbers of `drop`."""
        return walk(weekly(self.series), prior(self.settings["drop"]))

    def asked(self, asks: str) -> list[tuple[str, Reply]]:
        """The answers to questions of one kind, oldest first, each with its check-in; skipped ones, and options
        that say nothing to a rule, are left out."""
        return [
            (occasion.check_in_id, reply)
            for occasion in self.occasions
            for reply in occasion.special
            if reply.asks == asks and reply.choice is not None
        ]

    def is_news(self, at: datetime) -> bool:
        """Is evidence from `at` still worth telling?"""
        return at + FRESH >= self.now

    def rated(self, asks: str) -> list[tuple[str, Reply]]:
        """The same for questions of one kind that are answered with a number from 0 to 10."""
        return [
            (occasion.check_in_id, reply)
            for occasion in self.occasions
            for reply in occasion.special
            if reply.asks == asks and reply.value_0_10 is not None
        ]

    def following(self, check_in_id: str, most: int) -> list[Occasion]:
        """A check-in and the `most` that were sent after it; what was called off or missed by us is none."""
        ids = [one.check_in_id for one in self.occasions]
        if check_in_id not in ids:
            return []
        first = ids.index(check_in_id)
        later = [one for one in self.occasions[first + 1 :] if one.state not in (State.CANCELLED, State.MISSED_BY_US)]
        return [self.occasions[first], *later[:most]]

    def told_lately(self, rule: str, days: float) -> list[Told]:
        """What is on record of a rule from the last `days`."""
        since = self.now - timedelta(days=days)
        return [one for one in self.history.told if one.rule == rule and one.raised_at > since]
