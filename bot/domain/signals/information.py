"""`low_information`: answers that can't show change, be they true, polite or tapped through. Never an alert."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from statistics import median

from bot.domain.signals.history import History, Signal
from bot.domain.signals.observations import FRESH, Observation, observations
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters, Settings
from bot.domain.usual import figure, standard_deviation
from bot.domain.words import Tier


def low_information(reading: Reading, numbers: Parameters) -> Finding:
    """Of the last `last` observations, `min_n` or more: all equal and ≥ `level`; or a share of `mode_share` of the
    answers at their most frequent value, their spread ≤ `sd`, and ≤ `item_seconds` per question. On record once in
    `again_after` days while it holds."""
    lately = reading.series[-int(numbers["last"]) :]
    if len(lately) < numbers["min_n"]:
        return Unmet("too_few", {"n": len(lately)})
    answers, seconds = _answers(reading, lately)
    mode, share = _mode(answers)
    spread = standard_deviation(answers)
    why = _why(lately, share, spread, seconds, numbers)
    if why is None:
        figures = {"share": figure(share), "sd": figure(spread)}
        return Unmet("varied", figures | ({"seconds": figure(seconds)} if seconds is not None else {}))
    if reading.told_lately("low_information", numbers["again_after"]):
        return Unmet("told_lately", {"why": why})
    newest = lately[-1]
    evidence = shown(
        newest.value,
        mode,
        [one.value for one in reading.series[:-1]],
        why=why,
        share=share,
        n=len(lately),
        seconds=seconds,
    )
    return (Signal("low_information", None, newest.last_at, Tier.CHART, evidence, newest.check_in_id),)


def says_little(history: History, settings: Settings, now: datetime) -> bool:
    """Does it hold by the newest answers, whether or not it is on record already, and however old they are?"""
    numbers, known = settings["low_information"], observations(history.until(now), now)
    if not numbers.enabled or not known:
        return False
    finding = low_information(Reading.of(history, settings, min(now, known[-1].last_at + FRESH)), numbers)
    return not isinstance(finding, Unmet) or finding.condition == "told_lately"


def _why(
    lately: Sequence[Observation], share: float, spread: float, seconds: float | None, numbers: Parameters
) -> str | None:
    if len({one.value for one in lately}) == 1 and lately[0].value >= numbers["level"]:
        return "ceiling"
    fast = seconds is not None and seconds <= numbers["item_seconds"]
    return "tapped_through" if fast and share >= numbers["mode_share"] and spread <= numbers["sd"] else None


def _answers(reading: Reading, lately: Sequence[Observation]) -> tuple[list[float], float | None]:
    """The bond, goals and tasks answers of these observations, and the median time per question in seconds."""
    there = {one.check_in_id: one for one in reading.occasions}
    occasions = [there[one.check_in_id] for one in lately]
    values = [one.value for occasion in occasions for one in occasion.scored]
    times = [seconds for occasion in occasions for seconds in occasion.seconds_between]
    return values, median(times) if times else None


def _mode(values: Sequence[float]) -> tuple[float, float]:
    """The most frequent value (of several the highest), and its share."""
    value, times = max(Counter(values).items(), key=lambda one: (one[1], one[0]))
    return value, times / len(values)
