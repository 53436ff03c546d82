"""The picture itself: a PNG that a phone can read, whatever the answers are."""

from colorsys import rgb_to_hls
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import pairwise

import pytest
from matplotlib.image import imread

from bot.charts import HEIGHT, LOOKS, WIDTH, Labels, _spread_out, _unbroken, _wrapped, draw, warm_up
from bot.domain.picture import Gap, GapKind, Picture, Point, Series
from bot.domain.words import ALLIANCE, Construct
from tests.support.histories import A_DAY, A_WEEK

START = date(2026, 3, 16)
LABELS = Labels(
    {Construct.BOND: "Easy to talk to", Construct.GOALS: "Wanting the same things", Construct.TASKS: "Plans a help"},
    "The two of you together",
    "usual",
    {GapKind.PAUSED: "paused", GapKind.CLOSED: "closed", GapKind.OURS: "away"},
    lambda day: f"{day.day}.{day.month}.",
    lambda value: f"{value:g}",
)


def points(*values: float | None) -> tuple[Point, ...]:
    return tuple(Point(START + n * A_WEEK, value) for n, value in enumerate(values))


STEADY = Picture(START, START + 8 * A_WEEK, tuple(Series(one, points(8, 8, 7, 8, 9, 8, 8)) for one in ALLIANCE))
LOW = replace(
    STEADY,
    lines=(Series(Construct.BOND, points(8, 8, 7, None, 9, 8, 2)), *STEADY.lines[1:]),
    about=Construct.BOND,
    usual=8.0,
    low=START + 6 * A_WEEK,
    gaps=(Gap(START + 3 * A_WEEK, START + 3 * A_WEEK, GapKind.UNANSWERED),),
)


def has(png: bytes, colour: str) -> bool:
    """More of it than the soft edge of a letter may happen to show."""
    wanted = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return bool((abs(imread(BytesIO(png))[:, :, :3] - wanted).max(axis=2) < 0.01).sum() > 200)


def test_it_is_a_png_of_the_promised_size() -> None:
    height, width, _ = imread(BytesIO(draw(LOW, LABELS))).shape
    assert (width, height) == (WIDTH, HEIGHT) == (1000, 660)


def test_the_same_facts_give_the_same_picture() -> None:
    assert draw(LOW, LABELS) == draw(LOW, LABELS)


@pytest.mark.parametrize(
    "chart",
    [
        replace(STEADY, lines=()),
        replace(STEADY, lines=(Series(Construct.BOND, points(0)),), low=START, about=Construct.BOND, usual=0.2),
        replace(STEADY, lines=(Series(Construct.TASKS, points(None, None)),)),
        replace(STEADY, low=START, usual=10.0, spread=3.0),
        replace(STEADY, end=START),
        replace(LOW, gaps=tuple(Gap(START + n * A_DAY, START + (n + 9) * A_DAY, kind) for n, kind in enumerate(GapKind))),
    ],
)
def test_odd_charts_are_drawn_too(chart: Picture) -> None:
    assert draw(chart, LABELS).startswith(b"\x89PNG")


def test_each_line_has_a_colour_and_a_marker_of_its_own_and_none_is_red() -> None:
    assert len({colour for colour, _ in LOOKS.values()}) == len({marker for _, marker in LOOKS.values()}) == 3
    for colour, _ in LOOKS.values():
        hue, _, _ = rgb_to_hls(*(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)))
        assert 30 < hue * 360 < 320


def test_the_line_in_question_is_in_full_colour() -> None:
    assert has(draw(LOW, LABELS), LOOKS[Construct.BOND][0])


def test_a_pause_is_shaded_and_an_unanswered_week_is_not() -> None:
    paused = replace(STEADY, gaps=(Gap(START + A_WEEK, START + 2 * A_WEEK, GapKind.PAUSED),))
    unanswered = replace(STEADY, gaps=(Gap(START + A_WEEK, START + 2 * A_WEEK, GapKind.UNANSWERED),))
    assert has(draw(paused, LABELS), "#ECEAE4")
    assert not has(draw(unanswered, LABELS), "#ECEAE4")


def test_a_line_breaks_where_an_answer_is_missing_or_time_was_off() -> None:
    assert [len(part) for part in _unbroken(points(8, None, 8, 8), ())] == [1, 2]
    assert [
        len(part) for part in _unbroken(points(8, 8, 8), [Gap(START + A_DAY, START + 3 * A_DAY, GapKind.PAUSED)])
    ] == [1, 2]
    far = (Point(START, 8.0), Point(START + 4 * A_WEEK, 8.0))
    assert [len(part) for part in _unbroken(far, ())] == [1, 1]


@pytest.mark.parametrize("ends", [[8, 8, 8, 8], [10, 10, 10], [0, 0, 0], [9, 8.9, 0.1], []])
def test_names_do_not_overlap_and_stay_on_the_picture(ends: list[float]) -> None:
    spots = _spread_out(ends, [1.9] * len(ends))
    assert all(above - below >= 1.9 - 1e-9 for above, below in pairwise(spots))
    assert all(spot - 0.95 + 1e-9 >= -0.6 and spot <= 10.6 for spot in spots)


@pytest.mark.parametrize(("name", "lines"), [("Plans a help", 1), ("Easy to talk to", 2), ("", 1)])
def test_names_break_into_even_lines(name: str, lines: int) -> None:
    assert len(_wrapped(name).split("\n")) == lines


def test_it_can_be_warmed_up() -> None:
    warm_up()
