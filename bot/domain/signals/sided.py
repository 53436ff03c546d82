"""`one_sided`: one of bond, goals and tasks stays behind the other two, which a mean of the three would hide."""

from collections.abc import Mapping
from statistics import fmean

from bot.domain.signals.history import Signal
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure, median
from bot.domain.words import ALLIANCE, Construct, Tier


def one_sided(reading: Reading, numbers: Parameters) -> Finding:
    """The same one ≥ `gap` below the mean of the other two, in the last `times` observations that have all three."""
    if not reading.series:
        return Unmet("no_observation")
    answered = _sides(reading)
    whole = [(name, sides) for name, sides in answered if len(sides) == len(ALLIANCE)]
    newest = reading.series[-1]
    if not whole or whole[-1][0] != newest.check_in_id:
        return Unmet("not_all_three")
    lately = [_behind(sides) for _, sides in whole[-int(numbers["times"]) :]]
    weak, gap = lately[-1]
    if len(lately) < numbers["times"] or any(one[0] is not weak or one[1] < numbers["gap"] for one in lately):
        return Unmet("not_one_sided", {"construct": weak.value, "gap": figure(gap)})
    if any(one.construct is weak for one in reading.told_lately("one_sided", numbers["again_after"])):
        return Unmet("told_lately", {"construct": weak.value, "gap": figure(gap)})
    mine = [sides[weak] for _, sides in answered if weak in sides]
    evidence = shown(mine[-1], median(mine[:-1]), mine[:-1], others=mine[-1] + gap, gap=gap)
    return (Signal("one_sided", weak, newest.last_at, Tier.DIGEST, evidence, newest.check_in_id),)


def _sides(reading: Reading) -> list[tuple[str, Mapping[Construct, float]]]:
    """Per observation the mean answer about each construct, in order."""
    there = {one.check_in_id: one for one in reading.occasions}
    return [(one.check_in_id, there[one.check_in_id].parts) for one in reading.series]


def _behind(sides: Mapping[Construct, float]) -> tuple[Construct, float]:
    """The lowest of three, and how far it is below the mean of the other two."""
    weak = min(sides, key=lambda name: sides[name])
    return weak, fmean(value for name, value in sides.items() if name is not weak) - sides[weak]
