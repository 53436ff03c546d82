"""`said_stopping`, `low_intent`, `missed_sessions`: whether a client comes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.questions import MEANINGS, Asks
from bot.domain.signals.catalogue import settings
from bot.domain.signals.coming import IN_THE_WAY
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import History, Span
from bot.domain.words import Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, asked, check_in, chose, end, found, rated

THERAPY = settings("therapy")


def at(history: History) -> Evaluation:
    return evaluate(history, THERAPY, end(history))


@pytest.mark.parametrize(
    ("choices", "tier"),
    [
        (("yes",), Tier.ALERT),
        (("now_and_then",), None),
        (("now_and_then", "now_and_then"), Tier.DIGEST),
        (("now_and_then", "no", "now_and_then"), Tier.DIGEST),
        (("now_and_then", "no", "no", "now_and_then"), None),
        (("yes", "no"), None),
        (("no",), None),
    ],
)
def test_thoughts_of_not_coming_any_more(choices: tuple[str, ...], tier: Tier | None) -> None:
    signal = found(at(asked("stopping", *choices, construct=Construct.ENGAGEMENT)), "said_stopping")
    assert (signal.tier if signal else None) == tier


def intents(*values: float, barrier: str | None = None, days_later: int = 0) -> History:
    """Asked before each weekly meeting; what is in the way is asked with the last one, or some days later."""
    when = [MONDAY + n * A_WEEK for n in range(len(values))]
    occasions = [
        check_in(f"c{n}", day, 8, 8, 8, more=[rated("intent", value, day, Construct.ENGAGEMENT)])
        for n, (day, value) in enumerate(zip(when, values, strict=True))
    ]
    if barrier and not days_later:
        last = occasions[-1]
        said = chose("barriers", barrier, when[-1] + timedelta(minutes=1))
        occasions[-1] = replace(last, replies=(*last.replies, said))
    elif barrier:
        later = when[-1] + days_later * A_DAY
        occasions.append(check_in("later", later, 8, 8, 8, more=[chose("barriers", barrier, later)]))
    return History(tuple(occasions))


@pytest.mark.parametrize(
    ("values", "fires"),
    [((3,), True), ((4,), False), ((9, 9, 9, 5), True), ((9, 9, 9, 6), False), ((9, 9, 5), False), ((3, 9), False)],
)
def test_not_likely_to_come(values: tuple[float, ...], fires: bool) -> None:
    signal = found(at(intents(*values)), "low_intent")
    assert (signal is not None) is fires
    assert signal is None or (signal.tier, signal.construct) == (Tier.ALERT, Construct.ENGAGEMENT)


@pytest.mark.parametrize("barrier", ["time", "place", "travel", "phone"])
@pytest.mark.parametrize("days_later", [0, 2])
def test_where_a_time_or_a_place_is_in_the_way_it_is_logistics_and_no_alert(barrier: str, days_later: int) -> None:
    signal = found(at(intents(9, 9, 9, 2, barrier=barrier, days_later=days_later)), "low_intent")
    assert signal is not None
    assert (signal.tier, signal.construct) == (Tier.DIGEST, Construct.LOGISTICS)
    assert (signal.evidence["logistics"], signal.evidence["answer"]) == (True, barrier)


def test_with_nothing_in_the_way_it_is_an_alert() -> None:
    signal = found(at(intents(2, barrier="nothing")), "low_intent")
    assert signal is not None
    assert signal.tier is Tier.ALERT


def test_what_was_in_the_way_of_an_earlier_meeting_excuses_no_later_one() -> None:
    early = intents(2, barrier="time")
    later = check_in("x", MONDAY + A_WEEK, 8, 8, 8, more=[rated("intent", 2, MONDAY + A_WEEK, Construct.ENGAGEMENT)])
    signal = found(at(History((*early.occasions, later))), "low_intent")
    assert signal is not None
    assert signal.tier is Tier.ALERT


def test_what_can_be_in_the_way_are_meanings_that_the_bank_knows() -> None:
    assert set(IN_THE_WAY) < set(MEANINGS[Asks.BARRIERS])


def meetings(pattern: str) -> History:
    """One a week: `h` held, `m` missed."""
    when = [MONDAY + n * A_WEEK for n in range(len(pattern))]
    both = list(zip(when, pattern, strict=True))
    return History(
        sessions=tuple(day for day, sign in both if sign == "h"),
        missed_sessions=tuple(day for day, sign in both if sign == "m"),
    )


@pytest.mark.parametrize(
    ("pattern", "n"), [("m", 0), ("mm", 2), ("hmm", 2), ("mhm", 0), ("mmh", 0), ("hmmm", 3), ("h", 0)]
)
def test_two_meetings_running_that_were_not_held(pattern: str, n: int) -> None:
    now = MONDAY + (len(pattern) - 1) * A_WEEK + A_DAY
    signal = found(evaluate(meetings(pattern), THERAPY, now), "missed_sessions")
    assert (signal.evidence["value"] if signal else 0) == n
    assert signal is None or signal.tier is Tier.ALERT


def test_it_says_how_often_meetings_are_held_here() -> None:
    signal = found(evaluate(meetings("hhmhmm"), THERAPY, MONDAY + 5 * A_WEEK), "missed_sessions")
    assert signal is not None
    assert signal.evidence == {"value": 2, "usual": 0.75, "last_three": ["held", "missed", "held"]}


@pytest.mark.parametrize("kind", ["pauses", "closures"])
def test_a_meeting_on_a_break_or_a_closed_day_was_not_missed(kind: str) -> None:
    away = Span(MONDAY - A_DAY, MONDAY + A_DAY)
    history = replace(meetings("mm"), **{kind: (away,)})
    assert evaluate(history, THERAPY, MONDAY + A_WEEK).why_not["missed_sessions"].condition == "too_few"


def test_meetings_missed_long_ago_are_no_news() -> None:
    assert found(evaluate(meetings("mm"), THERAPY, MONDAY + A_WEEK + 15 * A_DAY), "missed_sessions") is None


def test_missed_meetings_are_told_of_from_when_they_were_entered() -> None:
    both = meetings("mm")
    thursday = both.missed_sessions[-1] + 3 * A_DAY
    entered = replace(both, entered=tuple((met, thursday) for met in both.missed_sessions))
    assert found(evaluate(entered, THERAPY, thursday - A_DAY), "missed_sessions") is None
    signal = found(evaluate(entered, THERAPY, thursday), "missed_sessions")
    assert signal is not None
    assert signal.raised_at == thursday
