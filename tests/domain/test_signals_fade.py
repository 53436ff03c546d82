"""`fade`: ever fewer answers, without a long run of none."""

from dataclasses import replace
from math import log

import pytest

from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.fade import fading
from bot.domain.signals.history import History, Span, Told
from bot.domain.signals.occasions import State
from bot.domain.signals.silence import outcomes, own_rate
from bot.domain.words import Tier
from tests.support.histories import A_DAY, MONDAY, answered, end, found, replayed

THERAPY = settings("therapy")
LEARNS_NOTHING = {"silence": {"lag": 20.0, "p_service": 0.75, "enabled": False}}
MISSED, ANSWERED = log(0.625 / 0.25), log(0.375 / 0.75)
"""The steps at p0 = 0.75 and odds 0.2: o = 0.6, p1 = 0.375."""


def at(history: History) -> Evaluation:
    return evaluate(history, settings("therapy", LEARNS_NOTHING), end(history))


@pytest.mark.parametrize(
    ("pattern", "c"),
    [
        ("---", 3 * MISSED),
        ("--", 2 * MISSED),
        ("--a-", 3 * MISSED + ANSWERED),
        ("--a--", 4 * MISSED + ANSWERED),
        ("aaaa---", 3 * MISSED),
    ],
)
def test_the_sum_grows_with_what_is_missed_and_falls_with_what_is_answered(pattern: str, c: float) -> None:
    evaluation = at(answered(pattern))
    signal = found(evaluation, "fade")
    assert (signal is not None) is (c >= 2.5)
    figures = signal.evidence if signal else evaluation.why_not["fade"].figures
    assert figures["c"] == round(c, 3)


def test_its_figures_say_how_many_of_how_many_were_missed() -> None:
    signal = found(at(answered("aaaa--a--")), "fade")
    assert signal is not None
    assert (signal.evidence["value"], signal.evidence["of"], signal.evidence["usual"]) == (4, 5, 0.75)
    assert signal.evidence["last_three"] == ["answered", "answered", "answered"]
    assert signal.tier is Tier.DIGEST


def test_the_own_rate_is_that_of_silence_at_that_moment() -> None:
    over = outcomes(answered("aaa-aaaaaa-a-"))
    rates = THERAPY["silence"]
    for n in range(1, len(over) + 1):
        ended = fading(over[:n], rates, 0.2)
        assert ended.p0 == pytest.approx(own_rate([outcome for _, outcome in over[:n]], rates))


def test_an_answered_check_in_never_raises_it() -> None:
    assert at(answered("----a")).why_not["fade"].condition == "answering"


def test_once_on_record_it_starts_anew() -> None:
    history = answered("---")
    before = Told("fade", None, end(history), "c2", tier=Tier.DIGEST)
    more = replace(answered("----"), told=(before,))
    assert at(more).why_not["fade"].figures["c"] == round(MISSED, 3)


def test_a_client_who_answers_nothing_any_more_is_in_the_digest_now_and_then_and_in_no_alert() -> None:
    replay = replayed(answered("a" * 8 + "-" * 30), THERAPY)
    assert replay.alerts == ()
    assert 1 <= sum(one.rule == "fade" for one in replay.told) <= 15


@pytest.mark.parametrize("kind", ["pauses", "closures", "absences"])
def test_breaks_closed_days_and_our_own_outages_never_count(kind: str) -> None:
    away = Span(MONDAY, MONDAY + 60 * A_DAY)
    assert found(at(replace(answered("aaaa-----"), **{kind: (away,)})), "fade") is None


def test_what_was_missed_by_us_never_counts() -> None:
    history = answered("aaaa-----")
    ours = [replace(one, state=State.MISSED_BY_US) if not one.replies else one for one in history.occasions]
    assert found(at(replace(history, occasions=tuple(ours))), "fade") is None
