"""What an alert shows: the reasons with their numbers, the other answers of that day, the picture, how sure.

All of it is values, frozen when the card is written, so that card, picture and export can never say different numbers.
Numbers are on 0–10 with reversed questions turned round, each rounded by `usual.figure`; moments are ISO text in UTC.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.signals.catalogue import reason
from bot.domain.signals.history import RUNNING, History, Occasion, Signal, State
from bot.domain.signals.observations import Scored, era_start, observations, scored
from bot.domain.usual import figure, median
from bot.domain.words import ALLIANCE, Construct, Json

WEEKS = 8
"""How far back the picture goes."""
STEADY = 2.0
"""Weeks that differ by no more than this are called steady."""
FEW = 3
MOST_GAPS = 2
EARLIER = 3
"""So many earlier answers to the same question make a usual."""

ITEM, TOGETHER = "item_low", ("drop", "slide")
SAID = ("said_bothered", "said_worse")


@dataclass(frozen=True, slots=True)
class Point:
    """One value of the picture."""

    at: datetime
    value: float


def card(history: History, reasons: Sequence[Signal], now: datetime) -> dict[str, Json]:
    """The content of a full card. `history` as known now; `reasons` strongest first, those that may be shown."""
    lead, known = reasons[0], history.until(now)
    points = _points(known, lead, now)
    weeks = _weekly(points, known.timezone)
    return {
        "reasons": [_reason(one) for one in reasons],
        "others": list[Json](_others(known, reasons, now)),
        "picture": list[Json](_picture(known, lead, weeks, now)) if points else [],
        "sure": _sure(lead, len(weeks) - 1),
        "way_in": way_in(lead),
        "chart": _chart(known, lead, points, now) if points else None,
    }


def way_in(lead: Signal) -> str:
    """Which opening, and which repair card, fits."""
    if lead.construct in (*ALLIANCE, Construct.LOGISTICS):
        return str(lead.construct)
    return "silence" if lead.rule == "silence" else "general"


# ---------------------------------------------------------------- the reasons


def _reason(signal: Signal) -> dict[str, Json]:
    evidence = signal.evidence
    return {
        "text": reason(signal),
        "rule": signal.rule,
        "construct": signal.construct.value if signal.construct else "together",
        "day": signal.raised_at.isoformat(),
        "value": evidence.get("value"),
        "usual": evidence.get("usual"),
        "last": evidence.get("last_three"),
        "question": evidence.get("question"),
        "lists": evidence.get("lists"),
    }


def _others(history: History, reasons: Sequence[Signal], now: datetime) -> list[dict[str, Json]]:
    """The other bond, goals and tasks answers of the check-in that the newest reason rests on."""
    occasion = next((one for one in history.occasions if one.check_in_id == reasons[0].source), None)
    if occasion is None:
        return []
    told = {one.evidence.get("question") for one in reasons}
    since = era_start(history, now)
    before = [one for one in history.occasions if one.started_at < occasion.started_at]
    return [_other(one, before, since) for one in scored(occasion) if one.reply.question not in told]


def _other(one: Scored, before: Sequence[Occasion], since: datetime | None) -> dict[str, Json]:
    earlier = [
        other.value
        for occasion in before
        for other in scored(occasion)
        if other.reply.key == one.reply.key and (since is None or other.reply.at >= since)
    ]
    usual = median(earlier) if len(earlier) >= EARLIER else None
    return {
        "construct": one.reply.construct.value,
        "question": one.reply.question,
        "value": figure(one.value),
        "usual": None if usual is None else figure(usual),
    }


# ---------------------------------------------------------------- the picture


def _points(history: History, lead: Signal, now: datetime) -> list[Point]:
    """One question's answers where one answer stood out; else the three together."""
    if lead.rule == ITEM:
        question = lead.evidence.get("question")
        found = [
            Point(one.reply.at, one.value)
            for occasion in history.occasions
            for one in scored(occasion)
            if one.reply.question == question
        ]
    else:
        found = [Point(one.at, one.value) for one in observations(history, now)]
    return [one for one in sorted(found, key=lambda one: one.at) if one.at > now - timedelta(weeks=WEEKS)]


def _weekly(points: Sequence[Point], timezone: str) -> dict[date, float]:
    """Monday → the mean of that week."""
    weeks: dict[date, list[float]] = defaultdict(list)
    for point in points:
        weeks[_monday(point.at, timezone)].append(point.value)
    return {monday: sum(values) / len(values) for monday, values in sorted(weeks.items())}


def _monday(at: datetime, timezone: str) -> date:
    day = at.astimezone(ZoneInfo(timezone)).date()
    return day - timedelta(days=day.weekday())


def _picture(history: History, lead: Signal, weeks: Mapping[date, float], now: datetime) -> list[dict[str, Json]]:
    before = list(weeks.values())[:-1]
    if len(weeks) < FEW:
        return [{"text": "few", "n": len(weeks)}]
    if max(before) - min(before) > STEADY:
        shape: dict[str, Json] = {
            "text": "wobble", "n": len(before), "least": figure(min(before)), "most": figure(max(before))
        }  # fmt: skip
    else:
        shape = {"text": _shape(lead), "n": len(before), "usual": figure(round(sum(before) / len(before), 1))}
    gaps = _gaps(history, weeks)
    if len(gaps) > MOST_GAPS:
        return [shape, {"text": "gaps", "n": len(gaps)}, {"text": "not_zero"}]
    lines: list[dict[str, Json]] = [{"text": f"gap_{why}", "day": monday.isoformat()} for monday, why in gaps]
    return [shape, *lines]


def _shape(lead: Signal) -> str:
    if lead.rule == "slide":
        return "steady_then_slide"
    return "steady_then_step" if lead.rule in (ITEM, "drop") else "steady"


def _gaps(history: History, weeks: Mapping[date, float]) -> list[tuple[date, str]]:
    """Weeks between the first and the last answer without one, each with the reason; weeks that asked nothing too
    if the client was on a break, else they are no gap at all."""
    mondays = list(weeks)
    first, last = mondays[0], mondays[-1]
    between = [first + timedelta(weeks=n) for n in range((last - first).days // 7)]
    found = ((monday, _why(history, monday)) for monday in between if monday not in weeks)
    return [(monday, why) for monday, why in found if why]


def _why(history: History, monday: date) -> str | None:
    zone = ZoneInfo(history.timezone)
    start = datetime(monday.year, monday.month, monday.day, tzinfo=zone)
    end = start + timedelta(days=6, hours=23)
    for spans, why in ((history.pauses, "paused"), (history.closures, "closed"), (history.absences, "ours")):
        if any(span.meets(start, end) for span in spans):
            return why
    asked = [one for one in history.occasions if start <= one.started_at <= end and one.state not in RUNNING]
    if any(one.state is State.MISSED_BY_US for one in asked):
        return "ours"
    return "unanswered" if any(one.state is not State.CANCELLED for one in asked) else None


def _chart(history: History, lead: Signal, points: Sequence[Point], now: datetime) -> dict[str, Json]:
    usual = lead.evidence.get("usual") if lead.rule in (ITEM, *TOGETHER) else None
    start = points[0].at
    pauses = [span for span in history.pauses if span.meets(start, now)]
    return {
        "construct": lead.construct.value if lead.rule == ITEM and lead.construct else "together",
        "points": [[one.at.isoformat(), figure(one.value)] for one in points],
        "usual": usual,
        "gaps": [[max(span.start, start).isoformat(), (span.end or now).isoformat(), "paused"] for span in pauses],
        "since": start.isoformat(),
        "until": now.isoformat(),
    }


# ---------------------------------------------------------------- how sure


def _sure(lead: Signal, steady_weeks: int) -> dict[str, Json]:
    if lead.rule == ITEM:
        early = lead.evidence.get("usual") is None or steady_weeks < 1 or reason(lead).endswith("_new")
        return {"text": "one_answer_new"} if early else {"text": "one_answer", "n": steady_weeks}
    by_rule = {"drop": "one_step", "slide": "slow", "asked_to_talk": "asked", "silence": "silence"}
    return {"text": by_rule.get(lead.rule, "said")}
