"""The made-up services: one main world for each profile, and others in which its assumptions do not hold.

Numbers come from the literature where there are any, else they are guesses; docs/signals-benchmark.md names both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class World:
    """How clients of one service are made. Points are on 0–10, `onset` and `leaves` chances per session.

    `sigma` is the mean spread within a client, of which 0.85 is carried over from session to session (by `phi`) and 0.6
    is new at each answer; `masked` the share of clients who answer the highest number nine times in ten.
    """

    name: str = "main"
    mu: float = 8.3
    mu_spread: float = 1.2
    sigma: float = 0.85
    phi: float = 0.3
    answers: float = 0.75
    masked: float = 0.15
    onset: float = 0.04
    leaves: float = 0.010
    outage: float = 0.02
    declining: float = 0.08
    step: float = 1.0
    heavy_tails: bool = False
    season: float = 0.0
    changes_worker: float = 0.0
    floor: float = 0.0
    contrary: bool = False
    shared: float = 0.0
    per_week: int = 1


TWICE = "twice a week"
"""The main world, asked as the example configuration asks: two check-ins in each session's week."""

MAIN: Mapping[str, World] = {
    "therapy": World(),
    "recovery": World(mu=7.8, mu_spread=1.4, sigma=1.1, answers=0.70, masked=0.20, onset=0.05, leaves=0.018, outage=0.05),
}

OTHERS: Mapping[str, str] = {
    "heavy tails": "the noise is Student's t with 3 degrees of freedom, of the same spread",
    "five steps": "answers on five buttons: 0, 2.5, 5, 7.5, 10",
    "sticky": "what is carried over to the next session is φ = 0.6 instead of 0.3",
    "seasons": "everybody goes up and down by 0.8 points in the course of a year",
    "new worker": "everybody gets another worker in some session; the level moves by a normal with spread 1.2",
    "floor raters": "one client in four rates around 3 (spread 1) out of habit",
    "contrary": "as the main world, but direct questions are answered the wrong way round",
    "copied": "clients of one worker share a tenth of the variance of their level and of their ups and downs",
}


def world(profile: str, name: str = "main") -> World:
    """One world. KeyError for a name that there is not."""
    main = replace(MAIN[profile], name=name)
    return {
        "main": main,
        "heavy tails": replace(main, heavy_tails=True),
        "five steps": replace(main, step=2.5),
        "sticky": replace(main, phi=0.6),
        "seasons": replace(main, season=0.8),
        "new worker": replace(main, changes_worker=1.0),
        "floor raters": replace(main, floor=0.25),
        "contrary": replace(main, contrary=True),
        "copied": replace(main, shared=0.1),
        TWICE: replace(main, per_week=2),
    }[name]
