"""Draws one client's answers as a picture for a phone: calm, readable without colour, a gap is a gap.

Matplotlib is imported by the first call (or by `warm_up` in the background), since its import stalls a loop for a
while; drawing takes some 100 ms of processor time, so call `draw` in a thread. No state is shared between two calls.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Any

from bot.domain.picture import A_WEEK, Gap, GapKind, Picture, Point, Series, together
from bot.domain.words import Construct

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, DPI = 1000, 660, 100
SMALL, LARGE = 25, 31
"""Points. A phone shows the picture about 320 pixels wide: what is small here is 11 pixels there."""
PAPER, INK, FAINT, SHADE, BAND = "#FBFAF7", "#3A4048", "#757B83", "#ECEAE4", "#DCE7E8"
LOOKS = {
    Construct.BOND: ("#17677D", "o"),
    Construct.GOALS: ("#7A6A9C", "s"),
    Construct.TASKS: ("#8C6114", "^"),
}
"""Colour and marker of each line: told apart also without colours, and none of them a warning."""

TOGETHER = (INK, "D")
APART = 5
"""Pixels between lines that run on top of each other."""

LOW_END, HIGH_END = -0.9, 10.9
SIDES, BOTTOM, BREADTH, TOP = 0.075, 0.125, 0.61, 0.835
"""Where the chart itself stands on the picture, in shares of its width and height."""

POINTS_PER_PIXEL = (HIGH_END - LOW_END) / (HEIGHT * TOP)
LINE_HEIGHT = SMALL * 1.15 * DPI / 72 * POINTS_PER_PIXEL
NAME_WIDTH = 12
MOST_DATES = 4

LONG_BREAK = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Labels:
    """The words on the chart, in the reader's language.

    `together` names the mean of all three, `day` says a date shortly ("12 May"), `number` an answer ("5.3", "5,3").
    """

    lines: Mapping[Construct, str]
    together: str
    usual: str
    gaps: Mapping[GapKind, str]
    day: Callable[[date], str]
    number: Callable[[float], str]


@cache
def warm_up() -> None:
    """Import what drawing needs and draw once, so that the first alert does not wait for it."""
    today = date(2026, 1, 5)
    lines = (Series(Construct.BOND, (Point(today, 5.0), Point(today + A_WEEK, 6.0))),)
    draw(Picture(today, today + A_WEEK, lines), Labels({}, "", "", {}, date.isoformat, str))


def draw(chart: Picture, labels: Labels) -> bytes:
    """A PNG of 1000 × 660 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=PAPER)
    axes = figure.add_axes((SIDES, BOTTOM, BREADTH, TOP), facecolor=PAPER)
    _paper(axes, chart, labels)
    _gaps(axes, chart.gaps, labels)
    _usual(axes, chart, labels)
    strokes = _strokes(chart, labels)
    for stroke in strokes:
        _line(axes, stroke, chart.gaps)
    _names(axes, strokes)
    _low(axes, chart, strokes, labels)
    png = BytesIO()
    FigureCanvasAgg(figure).print_figure(png, format="png", facecolor=PAPER)
    return png.getvalue()


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line as it is drawn: `aside` pixels up, so that lines on top of each other can all be seen."""

    name: str
    points: tuple[Point, ...]
    colour: str
    marker: str
    strong: bool
    aside: float

    @property
    def last(self) -> float:
        return next((point.value for point in reversed(self.points) if point.value is not None), 5.0)


def _strokes(chart: Picture, labels: Labels) -> list[Stroke]:
    """A line per construct and, where it is about all three, their mean in front."""
    middle = (len(chart.lines) - 1) / 2
    strokes = [
        Stroke(
            labels.lines.get(line.construct, ""),
            line.points,
            *LOOKS.get(line.construct, TOGETHER),
            strong=line.construct is chart.about,
            aside=(n - middle) * APART,
        )
        for n, line in enumerate(chart.lines)
    ]
    if chart.low is not None and chart.about is None:
        strokes.append(Stroke(labels.together, together(chart), *TOGETHER, strong=True, aside=0))
    return strokes


def _paper(axes: "Axes", chart: Picture, labels: Labels) -> None:
    """The empty chart: 0, 5 and 10, and up to four dates, the last one under the last answer."""
    axes.set_ylim(LOW_END, HIGH_END)
    axes.set_xlim(chart.start.toordinal() - 1.5, chart.end.toordinal() + 2)
    axes.set_yticks([0, 5, 10])
    axes.hlines([0, 5, 10], *axes.get_xlim(), color="#E4E1DA", linewidth=1.2, zorder=0)
    weeks = (chart.end - chart.start).days // 7
    days = [chart.end - n * A_WEEK for n in range(0, weeks + 1, -(-(weeks + 1) // MOST_DATES))]
    axes.set_xticks([day.toordinal() for day in days], [labels.day(day) for day in days])
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=FAINT, pad=10)
    for side in axes.spines.values():
        side.set_visible(False)


def _gaps(axes: "Axes", gaps: Sequence[Gap], labels: Labels) -> None:
    for gap in gaps:
        middle = (gap.start.toordinal() + gap.end.toordinal()) / 2
        if gap.kind is GapKind.UNANSWERED:
            axes.plot(middle, -0.45, marker="_", color=FAINT, markersize=15, markeredgewidth=3, zorder=2)
            continue
        sides = (gap.start.toordinal() - 0.5, gap.end.toordinal() + 0.5)
        axes.fill_betweenx([0, 10], *sides, color=SHADE, linewidth=0, zorder=0.5)
        turn = 0 if sides[1] - sides[0] > 0.14 * (axes.get_xlim()[1] - axes.get_xlim()[0]) else 90
        name = labels.gaps.get(gap.kind, "")
        axes.text(middle, 0.4, name, fontsize=SMALL, color=FAINT, ha="center", va="bottom", rotation=turn, zorder=1)


def _usual(axes: "Axes", chart: Picture, labels: Labels) -> None:
    if chart.usual is None:
        return
    low, high = max(chart.usual - chart.spread, 0), min(chart.usual + chart.spread, 10)
    axes.axhspan(low, high, color=BAND, linewidth=0, alpha=0.75, zorder=0.8)
    left = axes.get_xlim()[0]
    axes.text(left + 0.6, low - 0.16, labels.usual, fontsize=SMALL, color="#5B777A", ha="left", va="top", zorder=1)


def _line(axes: "Axes", stroke: Stroke, gaps: Sequence[Gap]) -> None:
    """One line, broken wherever no answer is; the one in question is stronger than the others."""
    from matplotlib.transforms import ScaledTranslation

    shift = axes.transData + ScaledTranslation(0, stroke.aside / DPI, axes.figure.dpi_scale_trans)
    for part in _unbroken(stroke.points, gaps):
        axes.plot(
            [day.toordinal() for day, _ in part],
            [value for _, value in part],
            color=stroke.colour,
            marker=stroke.marker,
            linewidth=4.6 if stroke.strong else 3,
            markersize=13 if stroke.strong else 9.5,
            markeredgecolor=PAPER,
            markeredgewidth=1.8,
            alpha=1 if stroke.strong else 0.6,
            solid_capstyle="round",
            transform=shift,
            zorder=4 if stroke.strong else 3,
        )


def _unbroken(points: Sequence[Point], gaps: Sequence[Gap]) -> list[list[tuple[date, float]]]:
    """Stretches of answers with nothing missing between."""
    parts: list[list[tuple[date, float]]] = [[]]
    for point in points:
        if point.value is None or (parts[-1] and _is_broken(parts[-1][-1][0], point.day, gaps)):
            parts.append([])
        if point.value is not None:
            parts[-1].append((point.day, point.value))
    return [part for part in parts if part]


def _is_broken(before: date, day: date, gaps: Sequence[Gap]) -> bool:
    return day - before > LONG_BREAK or any(before < gap.end and gap.start < day for gap in gaps)


def _names(axes: "Axes", strokes: Sequence[Stroke]) -> None:
    """Each line's name at its end, in its colour and with its marker; names keep out of each other's way."""
    ordered = sorted(strokes, key=lambda stroke: (-stroke.last, -stroke.aside))
    names = [_wrapped(stroke.name) for stroke in ordered]
    spots = _spread_out(
        [stroke.last for stroke in ordered], [LINE_HEIGHT * (name.count("\n") + 1) + 0.35 for name in names]
    )
    beside = axes.get_yaxis_transform()
    for stroke, name, spot in zip(ordered, names, spots, strict=True):
        look: dict[str, Any] = {"color": stroke.colour, "transform": beside, "clip_on": False}
        axes.plot(1.035, spot, stroke.marker, markersize=12, **look)
        weight = "bold" if stroke.strong else "normal"
        axes.text(1.07, spot, name, fontsize=SMALL, fontweight=weight, va="center", linespacing=1.15, **look)


def _wrapped(name: str) -> str:
    """In as few lines as fit, all about equally long."""
    lines = fill(name, NAME_WIDTH).count("\n")
    narrow = (fill(name, width, break_long_words=False) for width in range(6, NAME_WIDTH + 1))
    return next((one for one in narrow if one.count("\n") == lines), fill(name, NAME_WIDTH))


def _spread_out(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Middles for boxes of these heights, from the top down, near where they are wanted and between 0 and 10."""
    spots: list[float] = []
    for n, (middle, height) in enumerate(zip(wanted, heights, strict=True)):
        room = 10.6 - height / 2 if n == 0 else spots[-1] - (heights[n - 1] + height) / 2
        spots.append(min(middle, room))
    below = -0.6
    for n in reversed(range(len(spots))):
        spots[n] = max(spots[n], below + heights[n] / 2)
        below = spots[n] + heights[n] / 2
    return spots


def _low(axes: "Axes", chart: Picture, strokes: Sequence[Stroke], labels: Labels) -> None:
    """A ring and the number at the answer that it is about."""
    strong = [stroke for stroke in strokes if stroke.strong]
    found = [
        (point.value, stroke)
        for stroke in strong
        for point in stroke.points
        if point.day == chart.low and point.value is not None
    ]
    if not found or chart.low is None:
        return
    value, stroke = found[-1]
    spot = (chart.low.toordinal(), value + stroke.aside * POINTS_PER_PIXEL)
    ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": stroke.colour, "markeredgewidth": 3}
    axes.plot(*spot, "o", markersize=29, clip_on=False, **ring)
    beside = value < 1.5  # no room below
    axes.annotate(
        labels.number(value),
        spot,
        xytext=(-26, 0) if beside else (0, -21),
        textcoords="offset points",
        fontsize=LARGE,
        fontweight="bold",
        color=stroke.colour,
        ha="right" if beside else "center",
        va="center" if beside else "top",
        zorder=6,
    )
