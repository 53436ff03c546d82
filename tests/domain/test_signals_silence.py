"""`silence`: how long a run of unanswered check-ins has to be for this client, and what never counts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import History, Signal, Span
from bot.domain.signals.occasions import State
from bot.domain.words import Tier
from tests.support.histories import A_DAY, MONDAY, answered, end, missed

THERAPY = settings("therapy")
PATIENT = {"untouched": 50.0}


def read(history: History, **numbers: float) -> Evaluation:
    return evaluate(history, settings("therapy", {"silence": numbers}), end(history))


def found(evaluation: Evaluation) -> Signal | None:
    return next((one for one in evaluation.signals if one.rule == "silence"), None)


@pytest.mark.parametrize(("p0", "needed"), [(0.5, 6), (0.6, 4), (0.7, 3), (0.8, 3), (0.9, 2)])
def test_how_many_have_to_be_missed_at_which_own_rate(p0: float, needed: int) -> None:
    """With nothing older than the last few, p0 is the service's rate itself."""
    runs = [run for run in range(1, 9) if found(read(answered("-" * run), p_service=p0, lag=20, **PATIENT))]
    assert runs[0] == needed


def test_a_single_miss_is_no_silence_even_for_somebody_who_always_answers() -> None:
    assert read(answered("-"), p_service=0.99).why_not["silence"].figures["chance"] == 0.01


def test_own_rate_mixes_the_service_with_what_is_older_than_the_last_four() -> None:
    signal = found(read(answered("aaaaaaaa---")))
    assert signal is not None
    assert signal.evidence["p0"] == round((6 * 0.75 + 7) / (6 + 7), 3)
    assert (signal.evidence["r"], signal.evidence["value"]) == (3, 3)


def test_silence_goes_to_the_digest() -> None:
    signal = found(read(answered("aaaaaaaa---")))
    assert signal is not None
    assert signal.tier is Tier.DIGEST


def test_where_silence_is_urgent_it_is_an_alert() -> None:
    history = answered("aaaaaaaa---")
    signal = found(evaluate(history, settings("recovery", silence_is_urgent=True), end(history)))
    assert signal is not None
    assert signal.tier is Tier.ALERT


def test_four_untouched_in_a_row_are_silence_whatever_the_own_rate_is() -> None:
    history = answered("a---a---a---a---a---")
    assert found(read(history)) is None
    assert found(read(answered("a---a---a---a---a----"))) is not None


def test_it_is_raised_when_the_last_missed_one_ended() -> None:
    history = answered("aaaaaaaa---")
    signal = found(read(history))
    assert signal is not None
    assert signal.raised_at == end(history)


@pytest.mark.parametrize("state", [State.SKIPPED, State.PARTIAL, State.COMPLETED])
def test_a_tap_of_any_kind_ends_a_run(state: State) -> None:
    history = answered("aaaaaaaa----")
    last = replace(history.occasions[-1], state=state)
    assert found(read(replace(history, occasions=(*history.occasions[:-1], last)))) is None


def test_snoozed_and_then_expired_is_no_silence() -> None:
    history = answered("aaaaaaaa---")
    last = history.occasions[-1]
    snoozed = replace(last, last_touched_at=last.started_at + timedelta(hours=2))
    assert (
        read(replace(history, occasions=(*history.occasions[:-1], snoozed))).why_not["silence"].condition == "answering"
    )


@pytest.mark.parametrize("state", [State.CANCELLED, State.MISSED_BY_US, State.OPEN, State.PLANNED])
def test_what_was_never_over_or_never_asked_counts_neither_way(state: State) -> None:
    history = answered("aaaa--")
    more = replace(missed("more", end(history) + A_DAY), state=state)
    why = evaluate(replace(history, occasions=(*history.occasions, more)), THERAPY, end(history) + 3 * A_DAY).why_not[
        "silence"
    ]
    assert why.figures["r"] == 2


@pytest.mark.parametrize("kind", ["pauses", "closures", "absences"])
def test_breaks_closed_days_and_our_own_outages_never_count(kind: str) -> None:
    history = answered("aaaaaaaa------")
    away = Span(MONDAY + 23 * A_DAY, MONDAY + 40 * A_DAY)
    assert found(read(replace(history, **{kind: (away,)}))) is None


def test_an_absence_of_ours_in_the_middle_of_a_window_excuses_that_window_only() -> None:
    history = answered("aaaa---")
    last = history.occasions[-1]
    outage = Span(last.started_at + timedelta(hours=3), last.started_at + timedelta(hours=3, minutes=3))
    assert read(replace(history, absences=(outage,))).why_not["silence"].figures["r"] == 2


def test_an_unfinished_pause_goes_on() -> None:
    history = replace(answered("aaaaaaaa---"), pauses=(Span(MONDAY + 23 * A_DAY),))
    assert found(read(history)) is None


def test_an_answer_given_during_a_break_is_an_answer() -> None:
    history = replace(answered("aaaaaaaa"), pauses=(Span(MONDAY),))
    assert read(history).why_not["silence"].condition == "answering"
