"""What a chart shows, and that its caption says the same."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.picture import Gap, GapKind, Picture, facts_in_words, picture, together
from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import evaluate
from bot.domain.signals.history import History, Signal, Span
from bot.domain.words import Construct
from tests.support.histories import A_DAY, A_WEEK, MONDAY, check_in, end, missed, weekly

RECOVERY = settings("recovery")


def signal(history: History, rule: str) -> Signal:
    return next(one for one in evaluate(history, RECOVERY, end(history)).signals if one.rule == rule)


def with_a_low_answer(weeks: int) -> History:
    history = weekly(*[8] * weeks)
    low = check_in("low", MONDAY + weeks * A_WEEK, 2, 8, 8)
    return replace(history, occasions=(*history.occasions, low))


def said(chart: Picture) -> list[tuple[str, dict[str, object]]]:
    return [(one.key, dict(one.facts)) for one in facts_in_words(chart)]


def chart_of(history: History, rule: str | None = None) -> Picture:
    return picture(history, end(history), signal(history, rule) if rule else None)


def test_the_picture_rests_on_the_numbers_of_the_evidence() -> None:
    history = with_a_low_answer(6)
    low = signal(history, "item_low")
    chart = picture(history, end(history), low)
    assert chart.about is Construct.BOND
    assert chart.usual == low.evidence["usual"]
    assert chart.lines[0].points[-1].value == low.evidence["value"]
    assert chart.low == chart.lines[0].points[-1].day


def test_of_all_three_together_the_marked_point_is_the_value_of_the_evidence() -> None:
    history = replace(
        weekly(8, 8, 8, 8), occasions=(*weekly(8, 8, 8, 8).occasions, check_in("x", MONDAY + 30 * A_DAY, 4, 5, 7))
    )
    drop = signal(history, "drop")
    assert together(picture(history, end(history), drop))[-1].value == drop.evidence["value"] == 5.333


def test_days_are_the_clients_own() -> None:
    late = check_in("late", MONDAY + timedelta(hours=20), 8, 8, 8)
    history = History((late,), timezone="Asia/Kathmandu")
    assert picture(history, end(history)).lines[0].points[0].day == (MONDAY + A_DAY).date()


def test_only_the_last_eight_weeks_are_shown() -> None:
    chart = chart_of(weekly(*[8] * 20))
    assert chart.end - chart.start == 8 * A_WEEK
    assert all(point.day >= chart.start for line in chart.lines for point in line.points)


def test_a_short_history_fills_the_chart() -> None:
    assert chart_of(weekly(8, 8)).end - chart_of(weekly(8, 8)).start == 3 * A_WEEK


def test_an_unanswered_check_in_breaks_the_line() -> None:
    history = weekly(8, 8, 8)
    with_gap = replace(
        history, occasions=(*history.occasions[:2], missed("gap", MONDAY + 9 * A_DAY), history.occasions[2])
    )
    chart = chart_of(with_gap)
    assert [point.value for point in chart.lines[0].points] == [8, 8, None, 8]
    assert [gap.kind for gap in chart.gaps] == [GapKind.UNANSWERED]


def test_a_pause_is_shown_as_a_pause_and_not_as_unanswered() -> None:
    history = replace(
        weekly(8, 8, 8),
        pauses=(Span(MONDAY + 2 * A_DAY, MONDAY + 7 * A_DAY),),
        absences=(Span(MONDAY, MONDAY + timedelta(hours=1)),),
    )
    with_gap = replace(history, occasions=(*history.occasions, missed("gap", MONDAY + 3 * A_DAY)))
    assert [gap.kind for gap in chart_of(with_gap).gaps] == [GapKind.PAUSED]


def test_it_comes_back_from_a_stored_row_as_it_was() -> None:
    history = replace(with_a_low_answer(6), pauses=(Span(MONDAY + 2 * A_DAY, MONDAY + 6 * A_DAY),))
    chart = chart_of(history, "item_low")
    assert Picture.of_facts(json.loads(json.dumps(chart.as_facts()))) == chart


def test_six_steady_weeks_and_one_clear_step_down() -> None:
    chart = chart_of(with_a_low_answer(6), "item_low")
    assert said(chart) == [("steady_then_step", {"n": 6, "usual": 8.0})]


def test_a_slow_way_down_is_called_slow() -> None:
    chart = chart_of(weekly(8, 8, 8, 8, 7.3, 6.6, 6.0, 5.5), "slide")
    assert said(chart)[0][0] == "steady_then_slide"
    assert said(chart)[0][1]["n"] == 4


def test_steady_weeks_are_called_steady() -> None:
    assert said(chart_of(weekly(8, 8, 8, 8)))[0] == ("steady", {"n": 4, "usual": 8.0})


def test_up_and_down_is_called_up_and_down() -> None:
    assert said(chart_of(weekly(8, 4, 9, 3, 8)))[0] == ("wobble", {"n": 5, "lowest": 3.0, "highest": 9.0})


def test_two_answers_are_too_few_for_a_picture() -> None:
    assert said(chart_of(weekly(8, 8))) == [("few", {"n": 2})]


def test_up_again_is_said() -> None:
    history = with_a_low_answer(6)
    low = signal(history, "item_low")
    back = check_in("back", MONDAY + 7 * A_WEEK, 8, 8, 8)
    later = replace(history, occasions=(*history.occasions, back))
    assert [key for key, _ in said(picture(later, end(later), low))] == ["steady_then_step", "back_up"]


@pytest.mark.parametrize("kind", [GapKind.PAUSED, GapKind.CLOSED, GapKind.OURS])
def test_a_week_off_is_named_with_its_reason(kind: GapKind) -> None:
    chart = chart_of(weekly(8, 8, 8, 8))
    week = (MONDAY + A_WEEK).date()
    with_gap = replace(chart, gaps=(Gap(week + A_DAY, week + 2 * A_DAY, kind),))
    assert said(with_gap)[-1] == (f"gap_{kind}", {"day": week.isoformat()})


def test_unanswered_weeks_are_counted_and_never_called_low() -> None:
    chart = chart_of(weekly(8, 8, 8, 8))
    days = [(MONDAY + n * A_WEEK).date() for n in range(3)]
    with_gaps = replace(chart, gaps=tuple(Gap(day, day, GapKind.UNANSWERED) for day in days))
    assert said(with_gaps)[1:] == [("gaps", {"n": 3}), ("not_zero", {})]
