"""How a client answers: `slow_answers` and `short_answers`. Neither says anything alone.

They stand on charts; beside another signal of the same week they go into the digest with it (`evaluate`), as one
reason more. They never raise an alert and never make another signal louder.
"""

from collections.abc import Sequence
from datetime import datetime
from math import exp, log, log1p, sqrt
from statistics import fmean, median

from bot.domain.signals.history import Signal
from bot.domain.signals.occasions import State
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure
from bot.domain.words import Tier

MAD_TO_SD = 1.48
"""A median absolute deviation times this is a standard deviation, where values are normal."""
AT_LEAST = 1 / 60
"""Minutes: nobody answers faster than a second, and a logarithm needs more than nothing."""


def slow_answers(reading: Reading, numbers: Parameters) -> Finding:
    """The median log-time to the first tap of the last `last` check-ins is above the own median of `early_n` or more
    earlier ones by `k`·max(1.48·MAD, `floor`)."""
    taken = _latencies(reading)
    if not taken or not reading.is_news(taken[-1][0]):
        return Unmet("not_answering")
    n = int(numbers["last"])
    logs = [log(minutes) for _, minutes, _ in taken]
    lately, earlier = logs[-n:], logs[:-n]
    if len(lately) < n or len(earlier) < numbers["early_n"]:
        return Unmet("too_few", {"n": len(earlier)})
    usual = median(earlier)
    spread = max(MAD_TO_SD * median(abs(one - usual) for one in earlier), numbers["floor"])
    limit = usual + numbers["k"] * spread
    if median(lately) <= limit:
        return Unmet("not_slow", {"minutes": figure(exp(median(lately))), "limit": figure(exp(limit))})
    minutes = [minutes for _, minutes, _ in taken]
    evidence = shown(exp(median(lately)), exp(usual), minutes, limit=exp(limit), n=len(earlier))
    return (Signal("slow_answers", None, taken[-1][0], Tier.CHART, evidence, taken[-1][2]),)


def _latencies(reading: Reading) -> list[tuple[datetime, float, str]]:
    """(first tap, minutes from sending to it, check-in) of the present usual's answered check-ins; not over a break,
    a closed day or an outage of ours."""
    found = []
    for one in reading.occasions:
        first = one.first_reply_at
        if first is None or one.sent_at is None or one.state is State.MISSED_BY_US:
            continue
        if reading.history.excused(one.sent_at, first) or (reading.since and first < reading.since):
            continue
        found.append((first, max((first - one.sent_at).total_seconds() / 60, AT_LEAST), one.check_in_id))
    return found


def short_answers(reading: Reading, numbers: Parameters) -> Finding:
    """The mean log(1 + words) of the last `last` texts is `k` standard deviations or more below that of the earlier
    ones, of which there are `early_n` or more. Only their length is known, and only of what the worker may see."""
    texts = _texts(reading)
    if not texts or not reading.is_news(texts[-1][0]):
        return Unmet("no_text")
    n = int(numbers["last"])
    logs = [log1p(words) for _, words in texts]
    lately, earlier = logs[-n:], logs[:-n]
    if len(lately) < n or len(earlier) < numbers["early_n"]:
        return Unmet("too_few", {"n": len(earlier)})
    limit = fmean(earlier) - numbers["k"] * _spread(earlier)
    if fmean(lately) >= limit:
        return Unmet("not_short", {"words": figure(exp(fmean(lately)) - 1), "limit": figure(exp(limit) - 1)})
    words = [float(words) for _, words in texts]
    value, usual = exp(fmean(lately)) - 1, exp(fmean(earlier)) - 1
    evidence = shown(value, usual, words, limit=exp(limit) - 1, n=len(earlier))
    return (Signal("short_answers", None, texts[-1][0], Tier.CHART, evidence),)


def _texts(reading: Reading) -> list[tuple[datetime, int]]:
    """When and how long: answers in words, and remarks that the worker may see, of the present usual."""
    typed = [(reply.at, reply.length) for occasion in reading.occasions for reply in occasion.answers()]
    said = [(at, words) for at, words in typed if words]
    said += [(one.at, one.words) for one in reading.history.remarks if one.words]
    return sorted(one for one in said if reading.since is None or one[0] >= reading.since)


def _spread(values: Sequence[float]) -> float:
    mean = fmean(values)
    return sqrt(sum((one - mean) ** 2 for one in values) / (len(values) - 1)) if len(values) > 1 else 0.0
