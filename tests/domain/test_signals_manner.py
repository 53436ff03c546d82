"""`slow_answers`, `short_answers`, `low_information`: how a client answers. None of it is ever an alert."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import e, exp

import pytest

from bot.domain.signals.beside import Remark
from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import History, Span, Told
from bot.domain.signals.information import says_little
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.words import ALLIANCE, Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, check_in, end, found, replayed, reply, weekly

THERAPY = settings("therapy")


def at(history: History, **wanted: dict[str, float | bool]) -> Evaluation:
    return evaluate(history, settings("therapy", wanted), end(history))


# ---------------------------------------------------------------- slow_answers


def taking(*minutes: float, values: Sequence[float] = (8, 8, 8)) -> History:
    """One check-in a week, answered so long after it was sent."""

    def one(n: int, after: float) -> Occasion:
        sent = MONDAY + n * A_WEEK
        tap = sent + timedelta(minutes=after)
        replies = tuple(
            reply(value, tap + 5 * k * timedelta(seconds=1), about)
            for k, (value, about) in enumerate(zip(values, ALLIANCE, strict=True))
        )
        last = replies[-1].at
        return Occasion(
            f"c{n}", sent, State.COMPLETED, replies, sent, last_touched_at=last, finished_at=last, scales_done=True
        )

    return History(tuple(one(n, after) for n, after in enumerate(minutes)))


LIMIT = 10 * exp(2 * 0.7)
"""Ten minutes are usual, always: the spread is the floor."""


@pytest.mark.parametrize(
    ("minutes", "slow"),
    [
        ((10,) * 5 + (LIMIT + 1,) * 3, True),
        ((10,) * 5 + (LIMIT - 1,) * 3, False),
        ((10,) * 5 + (LIMIT + 1, LIMIT + 1, 10), True),
        ((10,) * 5 + (LIMIT + 1, 10, 10), False),
        ((10,) * 4 + (LIMIT + 1,) * 3, False),
    ],
)
def test_the_median_of_the_last_three_is_far_above_their_own(minutes: tuple[float, ...], slow: bool) -> None:
    assert (found(at(taking(*minutes)), "slow_answers") is not None) is slow


def test_who_answers_at_any_time_is_not_slow_so_soon() -> None:
    """The spread is 1.48·MAD where that is more than the floor: here log-times are 1, 3, 5, 7, 9."""
    uneven = [e**n for n in (1, 3, 5, 7, 9)]
    limit = 5 + 2 * 1.48 * 2
    assert found(at(taking(*uneven, *[e ** (limit - 0.1)] * 3)), "slow_answers") is None
    assert found(at(taking(*uneven, *[e ** (limit + 0.1)] * 3)), "slow_answers") is not None


def test_slow_answers_are_shown_in_minutes() -> None:
    signal = found(at(taking(*[10] * 5, 50, 60, 70)), "slow_answers")
    assert signal is not None
    assert (signal.evidence["value"], signal.evidence["usual"]) == (60.0, 10.0)
    assert signal.evidence["last_three"] == [50.0, 60.0, 70.0]


@pytest.mark.parametrize("kind", ["pauses", "closures", "absences"])
def test_time_off_makes_nobody_slow(kind: str) -> None:
    history = taking(*[10] * 5, 100, 100, 100)
    away = Span(MONDAY + 5 * A_WEEK, MONDAY + 8 * A_WEEK)
    assert found(at(replace(history, **{kind: (away,)})), "slow_answers") is None


def test_alone_it_is_for_charts() -> None:
    signal = found(at(taking(*[10] * 5, 60, 60, 60)), "slow_answers")
    assert signal is not None
    assert signal.tier is Tier.CHART


def test_beside_another_signal_of_that_week_it_goes_into_the_digest_and_makes_nothing_louder() -> None:
    history = taking(*[10] * 5, 60, 60, 60)
    low = taking(*[10] * 5, 60, 60, 60, values=(8, 8, 5))
    both = replace(history, occasions=(*history.occasions[:-1], low.occasions[-1]))
    one_sided = {"one_sided": {"times": 2.0}}
    before = replace(both, occasions=(*both.occasions[:-2], low.occasions[-2], low.occasions[-1]))
    signals = {one.rule: one.tier for one in at(before, **one_sided).signals}
    assert signals["slow_answers"] is Tier.DIGEST
    assert signals["one_sided"] is Tier.DIGEST


@pytest.mark.parametrize(
    ("rule", "tier", "days", "lifted"),
    [
        ("silence", Tier.DIGEST, 6, True),
        ("silence", Tier.DIGEST, 8, False),
        ("low_information", Tier.CHART, 1, False),
        ("short_answers", Tier.DIGEST, 1, False),
        ("worker_strain", Tier.DIGEST, 1, False),
    ],
)
def test_what_was_told_of_in_the_same_week_counts_too(rule: str, tier: Tier, days: int, lifted: bool) -> None:
    history = taking(*[10] * 5, 60, 60, 60)
    told = Told(rule, None, end(history) - days * A_DAY, "x", tier=tier)
    signal = found(at(replace(history, told=(told,))), "slow_answers")
    assert signal is not None
    assert signal.tier is (Tier.DIGEST if lifted else Tier.CHART)


# ---------------------------------------------------------------- short_answers


def writing(*words: int, remarks: bool = False) -> History:
    """One text a week with so many words: an answer, or a remark that the worker may see."""
    when = [MONDAY + n * A_WEEK for n in range(len(words))]
    occasions = [check_in(f"c{n}", day, 8, 8, 8) for n, day in enumerate(when)]
    if remarks:
        said = tuple(Remark(day + timedelta(minutes=30), many) for day, many in zip(when, words, strict=True))
        return History(tuple(occasions), remarks=said)
    texts = [
        Reply("D1", Construct.SELF_MANAGEMENT, day + timedelta(minutes=30), text=" ".join(["word"] * many))
        for day, many in zip(when, words, strict=True)
    ]
    return History(tuple(replace(one, replies=(*one.replies, text)) for one, text in zip(occasions, texts, strict=True)))


@pytest.mark.parametrize("remarks", [False, True])
@pytest.mark.parametrize(
    ("words", "short"),
    [
        ((20, 30, 20, 30, 25, 2, 3, 2), True),
        ((20, 30, 20, 30, 25, 20, 22, 24), False),
        ((20, 30, 20, 30, 2, 3, 2), False),
        ((2, 30, 2, 40, 20, 2, 3, 2), False),
    ],
)
def test_the_last_three_texts_are_far_shorter(words: tuple[int, ...], short: bool, remarks: bool) -> None:
    signal = found(at(writing(*words, remarks=remarks)), "short_answers")
    assert (signal is not None) is short
    assert signal is None or signal.tier is Tier.CHART


def test_a_count_of_words_says_as_much_as_the_words() -> None:
    words = (20, 30, 20, 30, 25, 2, 3, 2)
    history = writing(*words)
    counted = [
        replace(one, replies=tuple(replace(each, text=None, words=each.length) for each in one.replies))
        for one in history.occasions
    ]
    assert at(replace(history, occasions=tuple(counted))) == at(history)


# ---------------------------------------------------------------- low_information


def tapped(*rows: Sequence[float], seconds: float) -> History:
    """Three answers a week, with so long between one question and the next."""

    def one(n: int, row: Sequence[float]) -> Occasion:
        sent = MONDAY + n * A_WEEK
        replies = tuple(
            reply(value, sent + timedelta(hours=1, seconds=k * seconds), about)
            for k, (value, about) in enumerate(zip(row, ALLIANCE, strict=True))
        )
        last = replies[-1].at
        return Occasion(
            f"c{n}", sent, State.COMPLETED, replies, sent, last_touched_at=last, finished_at=last, scales_done=True
        )

    return History(tuple(one(n, row) for n, row in enumerate(rows)))


@pytest.mark.parametrize(
    ("rows", "seconds", "why"),
    [
        ([(10, 10, 10)] * 4, 9, "ceiling"),
        ([(10, 10, 10)] * 3, 9, None),
        ([(10, 10, 9)] * 4, 9, "ceiling"),
        ([(9, 9, 9)] * 4, 9, None),
        ([(10, 10, 10)] * 3 + [(10, 10, 9)], 9, None),
        ([(8, 8, 8)] * 4, 1, "tapped_through"),
        ([(8, 8, 8)] * 4, 2, None),
        ([(8, 8, 7)] * 4, 1, "tapped_through"),
        ([(8, 8, 4)] * 4, 1, None),
        ([(8, 7, 7), (7, 8, 8)] * 2, 1, None),
    ],
)
def test_answers_that_cannot_show_change(rows: list[tuple[float, ...]], seconds: float, why: str | None) -> None:
    signal = found(at(tapped(*rows, seconds=seconds)), "low_information")
    assert (signal.evidence["why"] if signal else None) == why
    assert signal is None or signal.tier is Tier.CHART


def test_a_steady_ten_is_no_alert_and_low_information_holds_all_the_time() -> None:
    replay = replayed(weekly(*[10] * 40), THERAPY)
    assert replay.alerts == ()
    assert {one.rule for one in replay.told} == {"low_information"}
    assert len(replay.told) == 10  # on record once in four weeks
    history = weekly(*[10] * 40)
    ends = [one.ended_at or one.started_at for one in history.occasions]
    assert [says_little(replace(history, told=replay.told), THERAPY, at) for at in ends] == [False] * 3 + [True] * 37
    assert says_little(history, THERAPY, ends[-1] + 60 * A_DAY)  # by the newest answers, however old they are


def test_a_change_within_the_last_twelve_shows_that_change_can_be_seen() -> None:
    assert found(at(weekly(*[10] * 6, 7, *[10] * 11)), "low_information") is None
    assert found(at(weekly(*[10] * 6, 7, *[10] * 12)), "low_information") is not None
