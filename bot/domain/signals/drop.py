"""`drop`: a check-in far below the client's own usual, by the shrunken personal z (formula and sources: `usual`)."""

from bot.domain.signals.history import Signal
from bot.domain.signals.reading import Finding, Reading, Unmet
from bot.domain.signals.settings import Parameters
from bot.domain.usual import Baseline, figure
from bot.domain.words import Json, Tier


def drop(reading: Reading, numbers: Parameters) -> Finding:
    """z ≤ `z` (and `z_early` while n < `early_n`), at least `min_drop` below the usual, n ≥ `min_n` closed intervals."""
    if not reading.series:
        return Unmet("no_observation")
    one = reading.series[-1]
    usual = reading.steps[-1].before  # that of the closed intervals
    if usual.n < numbers["min_n"]:
        return Unmet("too_few", {"n": usual.n})
    early = usual.n < numbers["early_n"]
    z, limit = usual.z(one.value), min(numbers["z"], numbers["z_early"]) if early else numbers["z"]
    if z > limit:
        return Unmet("z_above_limit", {"z": figure(z), "limit": limit, "n": usual.n})
    if usual.m - one.value < numbers["min_drop"]:
        return Unmet("too_small", {"drop": figure(usual.m - one.value), "z": figure(z)})
    limits: dict[str, Json] = {"limit": limit, "limit_is": "early" if early else "usual"}
    return (Signal("drop", None, one.last_at, Tier.ALERT, figures(reading, usual, z) | limits, one.check_in_id),)


def figures(reading: Reading, usual: Baseline, z: float) -> dict[str, Json]:
    """What both score rules show: the answer, the usual, the last three, and what z was reckoned from."""
    last_three: list[Json] = [figure(one.value) for one in reading.series[-4:-1]]
    return {
        "value": figure(reading.series[-1].value),
        "usual": figure(usual.m),
        "last_three": last_three,
        "z": figure(z),
        "m": figure(usual.m),
        "s": figure(usual.s),
        "n": usual.n,
    }
