"""What a chart of one client's answers shows, as values: to be drawn by `bot.charts`, and said in words by a caption.

The caption must carry the same facts as the picture, for those who cannot see it or whose phone did not load it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import History, Signal, Span
from bot.domain.signals.occasions import Occasion, State
from bot.domain.usual import figure, median
from bot.domain.words import ALLIANCE, Construct, Facts

WEEKS, FEWEST_WEEKS = 8, 3
A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
NEAR = 1.25
"""Points within which a week is still near the usual."""

CLEAR = 1.5
"""Points below the usual that one calls a clear step."""

MOST_GAPS = 2


class GapKind(StrEnum):
    """Why there is no answer. A gap is a gap, never a low answer."""

    PAUSED = "paused"
    CLOSED = "closed"
    OURS = "ours"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Point:
    """One answer on 0–10; None where it was asked and not answered, so that the line breaks."""

    day: date
    value: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """The answers about one construct, oldest first."""

    construct: Construct
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without answers, both ends included."""

    start: date
    end: date
    kind: GapKind


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart. `about` is the construct in question (None: all three together), `usual` and `spread` its quiet band,
    `low` the day of the answer that the alert is about."""

    start: date
    end: date
    lines: tuple[Series, ...]
    about: Construct | None = None
    usual: float | None = None
    spread: float = 1.0
    low: date | None = None
    gaps: tuple[Gap, ...] = ()

    def as_facts(self) -> Facts:
        """For a row that waits to be sent; `Picture.of_facts` brings it back."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "about": self.about,
            "usual": self.usual,
            "spread": self.spread,
            "low": self.low.isoformat() if self.low else None,
            "lines": {line.construct: [[one.day.isoformat(), one.value] for one in line.points] for line in self.lines},
            "gaps": [[gap.start.isoformat(), gap.end.isoformat(), gap.kind] for gap in self.gaps],
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> "Picture":
        """The reverse of `as_facts`, also after a trip through JSON."""
        day = date.fromisoformat
        return cls(
            start=day(facts["start"]),
            end=day(facts["end"]),
            lines=tuple(
                Series(Construct(name), tuple(Point(day(at), value) for at, value in points))
                for name, points in facts["lines"].items()
            ),
            about=Construct(facts["about"]) if facts["about"] else None,
            usual=facts["usual"],
            spread=facts["spread"],
            low=day(facts["low"]) if facts["low"] else None,
            gaps=tuple(Gap(day(start), day(end), GapKind(kind)) for start, end, kind in facts["gaps"]),
        )


def picture(history: History, now: datetime, signal: Signal | None = None, weeks: int = WEEKS) -> Picture:
    """The last weeks of a client as known at `now`, with the usual of what `signal` is about."""
    known, zone = history.until(now), ZoneInfo(history.timezone)
    end = now.astimezone(zone).date()
    start = _start(known, end - weeks * A_WEEK, end - FEWEST_WEEKS * A_WEEK, zone)
    about = signal.construct if signal and signal.construct in ALLIANCE else None
    lines = tuple(Series(one, tuple(_points(known, one, start, zone))) for one in ALLIANCE)
    return Picture(
        start,
        end,
        tuple(line for line in lines if line.points),
        about,
        _usual(signal),
        _spread(signal),
        _low_day(signal, zone),
        tuple(_gaps(known, start, end, zone)),
    )


def _usual(signal: Signal | None) -> float | None:
    """The usual of bond, goals and tasks answers; a share, a number of minutes or a goal's is no line of this chart, nor
    is what rests on so few answers that the card calls it too few."""
    if signal is None or not _about_answers(signal) or signal.rule == "first_low":
        return None
    if signal.rule == "item_low" and signal.evidence.get("limit_is") == "early":
        return None
    usual = signal.evidence.get("usual")
    return float(usual) if isinstance(usual, int | float) else None


def _about_answers(signal: Signal) -> bool:
    rule = RULES.get(signal.rule)
    return rule is not None and rule.on_scale and (signal.construct is None or signal.construct in ALLIANCE)


def _start(history: History, earliest: date, latest: date, zone: ZoneInfo) -> date:
    """Where there is less to show than usual, the chart begins with it."""
    first = min((one.started_at.astimezone(zone).date() for one in history.occasions), default=latest)
    return min(max(first, earliest), latest)


def _points(history: History, construct: Construct, start: date, zone: ZoneInfo) -> Iterator[Point]:
    for occasion in history.occasions:
        values = [one.value for one in occasion.scored if one.reply.construct is construct]
        day = occasion.started_at.astimezone(zone).date()
        if day >= start and (values or occasion.state is State.EXPIRED):
            yield Point(day, figure(fmean(values)) if values else None)


def _spread(signal: Signal | None) -> float:
    spread = signal.evidence.get("s") if signal else None
    return float(spread) if isinstance(spread, int | float) else 1.0


def _low_day(signal: Signal | None, zone: ZoneInfo) -> date | None:
    if signal is None or not _about_answers(signal) or signal.rule == "first_low":
        return None
    return signal.raised_at.astimezone(zone).date()


def _gaps(history: History, start: date, end: date, zone: ZoneInfo) -> Iterator[Gap]:
    kinds = ((GapKind.PAUSED, history.pauses), (GapKind.CLOSED, history.closures), (GapKind.OURS, history.absences))
    for kind, spans in kinds:
        for span in spans:
            gap = _days(span, end, zone)
            if gap[1] >= start and gap[1] - gap[0] >= A_DAY:
                yield Gap(max(gap[0], start), gap[1], kind)
    for occasion in history.occasions:
        day = occasion.started_at.astimezone(zone).date()
        if day >= start and _unanswered(occasion, history):
            yield Gap(day, day, GapKind.UNANSWERED)


def _days(span: Span, end: date, zone: ZoneInfo) -> tuple[date, date]:
    last = span.end.astimezone(zone).date() if span.end else end
    return span.start.astimezone(zone).date(), min(last, end)


def _unanswered(occasion: Occasion, history: History) -> bool:
    over = occasion.ended_at or occasion.started_at
    return occasion.state is State.EXPIRED and not occasion.replies and not history.excused(occasion.started_at, over)


@dataclass(frozen=True, slots=True)
class Said:
    """One fact of a chart: the key below `worker.picture` of the sentence that says it, and what it is filled with."""

    key: str
    facts: Facts


def facts_in_words(chart: Picture) -> tuple[Said, ...]:
    """The same facts as the picture, at most four: how it went, whether it is up again, and why weeks are missing."""
    return (*_course(chart), *_missing(chart))[:4]


def _course(chart: Picture) -> Iterator[Said]:
    answers = _answers(chart)
    if len(answers) < 3:
        yield Said("few", {"n": len(answers)})
        return
    last_low = chart.low if chart.low in answers else max(answers)
    before = _by_week({day: value for day, value in answers.items() if day < last_low})
    usual = chart.usual if chart.usual is not None else median(before) or answers[last_low]
    fell = usual - answers[last_low]
    down = _slide(before, answers[last_low], usual)
    steady = before[: len(before) - down]
    if not steady or any(abs(value - usual) > NEAR for value in steady):
        values = answers.values()
        yield Said("wobble", {"n": len(before) + 1, "lowest": min(values), "highest": max(values)})
    elif down:
        yield Said("steady_then_slide", {"n": len(steady), "usual": figure(usual)})
    elif fell >= CLEAR:
        yield Said("steady_then_step", {"n": len(steady), "usual": figure(usual)})
    else:
        yield Said("steady", {"n": len(steady) + 1, "usual": figure(usual)})
    if fell >= CLEAR and max(answers) > last_low and usual - answers[max(answers)] <= NEAR:
        yield Said("back_up", {})


def together(chart: Picture) -> tuple[Point, ...]:
    """The mean of all answers, day by day, as far as two of the three were given; else a break."""
    found: dict[date, list[float]] = {}
    for line in chart.lines:
        for point in line.points:
            found.setdefault(point.day, []).extend([] if point.value is None else [point.value])
    return tuple(Point(day, figure(fmean(values)) if len(values) > 1 else None) for day, values in sorted(found.items()))


def _answers(chart: Picture) -> dict[date, float]:
    """Per day what the chart is about: one construct's answer, or the mean of all three."""
    if chart.about is None:
        return {point.day: point.value for point in together(chart) if point.value is not None}
    points = (point for line in chart.lines if line.construct is chart.about for point in line.points)
    return {point.day: point.value for point in points if point.value is not None}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _by_week(answers: Mapping[date, float]) -> list[float]:
    weeks: dict[date, list[float]] = {}
    for day, value in answers.items():
        weeks.setdefault(_monday(day), []).append(value)
    return [fmean(values) for values in weeks.values()]


def _slide(before: Sequence[float], last: float, usual: float) -> int:
    """How many weeks at the end of `before` already belong to a slow way down that ends in `last`; at least two."""
    down, above = 0, last
    for value in reversed(before):
        if not above < value < usual - 0.25:
            break
        down, above = down + 1, value
    return down if down >= 2 else 0


def _missing(chart: Picture) -> Iterator[Said]:
    kinds = _weeks_missing(chart.gaps)
    unanswered = [week for week, kind in kinds.items() if kind is GapKind.UNANSWERED]
    named = [week for week, kind in kinds.items() if kind is not GapKind.UNANSWERED][:MOST_GAPS]
    for week in named:
        yield Said(f"gap_{kinds[week]}", {"day": week.isoformat()})
    if len(unanswered) == 1:
        yield Said("gap_unanswered", {"day": unanswered[0].isoformat()})
    elif unanswered:
        yield Said("gaps", {"n": len(unanswered)})
    if unanswered:
        yield Said("not_zero", {})


def _weeks_missing(gaps: Iterable[Gap]) -> dict[date, GapKind]:
    """The Mondays of weeks with a gap, each with its first reason; what was agreed counts before what was not."""
    weeks: dict[date, GapKind] = {}
    for gap in sorted(gaps, key=lambda one: list(GapKind).index(one.kind)):
        week = _monday(gap.start)
        while week <= gap.end:
            weeks.setdefault(week, gap.kind)
            week += A_WEEK
    return dict(sorted(weeks.items()))
