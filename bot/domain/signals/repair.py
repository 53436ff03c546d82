"""`not_repaired`: it was talked about, and it isn't better. One step higher: to the manager, for supervision."""

from datetime import datetime, timedelta

from bot.domain.signals.beside import NOT_YET, STILL_THERE, Repair
from bot.domain.signals.history import Signal
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure
from bot.domain.words import Tier


def not_repaired(reading: Reading, numbers: Parameters) -> Finding:
    """Of the newest talk, unless the client leaves it for now. Either they say that it is still there, or not talked
    about yet: on record as a note, since that alert is open again by itself. Or *how is it now* is < `r3_min`, and after
    `check_ins` observations or `days` the answers are still more than `back_within_sd`·s below the usual: an alert."""
    took_over = max(reading.history.assignments, default=None)
    talks = [one for one in reading.history.repairs if took_over is None or one.talked_at >= took_over]
    if not talks:
        return Unmet("not_talked")
    talk = talks[-1]
    if talk.left_alone:
        return Unmet("left_alone")
    if talk.said in (STILL_THERE, NOT_YET):
        return _said_so(reading, talk)
    feels, since = _feels(reading, talk)
    if feels is None or since is None:
        return Unmet("not_asked")
    if feels >= numbers["r3_min"]:
        return Unmet("repaired", {"feels": feels})
    if any(one.rule == "not_repaired" and one.raised_at >= talk.talked_at for one in reading.history.told):
        return Unmet("told_already")
    return _still_low(reading, feels, since, numbers)


def _said_so(reading: Reading, talk: Repair) -> Finding:
    if talk.left_alone is None or talk.said_at is None:
        return Unmet("not_chosen")
    if not reading.is_news(talk.said_at):
        return Unmet("not_news")
    evidence = shown(talk.said, None, [])
    return (Signal("not_repaired", None, talk.said_at, Tier.ALERT, evidence, talk.alert_id, note=True),)


def _feels(reading: Reading, talk: Repair) -> tuple[float | None, datetime | None]:
    """How it is now, 0–10, and since when that is known: of the question after the talk, or the same in a check-in."""
    later = [reply for _, reply in reading.rated("repair") if reply.at >= talk.talked_at]
    if later and (talk.said_at is None or later[-1].at >= talk.said_at):
        return later[-1].value_0_10, later[-1].at
    return talk.feels, talk.said_at


def _still_low(reading: Reading, feels: float, since: datetime, numbers: Parameters) -> Finding:
    later = [one for one in reading.series if one.at > since]
    if not later:
        return Unmet("no_observation")
    one, usual = later[-1], reading.steps[-1].before
    if len(later) < numbers["check_ins"] and one.last_at - since < timedelta(days=numbers["days"]):
        return Unmet("too_early", {"n": len(later)})
    if usual.n == 0:
        return Unmet("too_few", {"n": 0})
    limit = usual.m - numbers["back_within_sd"] * usual.s
    if one.value >= limit:
        return Unmet("back", {"value": figure(one.value), "limit": figure(limit)})
    earlier = [before.value for before in reading.series[:-1]]
    evidence = shown(one.value, usual.m, earlier, s=usual.s, limit=limit, feels=feels, n=usual.n)
    return (Signal("not_repaired", None, one.last_at, Tier.ALERT, evidence, one.check_in_id),)
