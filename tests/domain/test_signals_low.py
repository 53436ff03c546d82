"""`steady_low`, `first_low`, `one_sided`: low numbers that no usual, no drop and no mean would show."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.signals.catalogue import settings
from bot.domain.signals.evaluate import Evaluation, evaluate
from bot.domain.signals.history import History, Told
from bot.domain.signals.occasions import State
from bot.domain.signals.reading import prior
from bot.domain.usual import after, figure, walk
from bot.domain.words import Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, check_in, chose, end, found, missed, replayed, weekly

THERAPY = settings("therapy")


def at(history: History, **wanted: dict[str, float | bool]) -> Evaluation:
    return evaluate(history, settings("therapy", wanted), end(history))


def told(rule: str, weeks: float, tier: Tier = Tier.ALERT, construct: Construct | None = None) -> Told:
    return Told(rule, construct, MONDAY + weeks * A_WEEK, "earlier", alerted=tier is Tier.ALERT, tier=tier)


# ---------------------------------------------------------------- steady_low


@pytest.mark.parametrize(
    ("values", "tier"),
    [
        ((5, 5, 5), Tier.DIGEST),
        ((8, 8, 5, 4, 5), Tier.DIGEST),
        ((5, 5), None),
        ((5, 5.3, 5), None),
        ((3, 3, 3), Tier.ALERT),
        ((3, 3.3, 3), Tier.DIGEST),
        ((3, 3, 3, 8), None),
    ],
)
def test_three_low_observations_running(values: tuple[float, ...], tier: Tier | None) -> None:
    signal = found(at(weekly(*values)), "steady_low")
    assert (signal.tier if signal else None) == tier


def test_steady_low_shows_the_value_the_usual_and_the_last_three() -> None:
    signal = found(at(weekly(8, 8, 3, 3, 3)), "steady_low")
    assert signal is not None
    assert (signal.evidence["value"], signal.evidence["last_three"]) == (3.0, [8.0, 3.0, 3.0])
    model = prior(THERAPY["drop"])
    assert signal.evidence["usual"] == figure(after(walk([8, 8, 3, 3], model), model).m)


def test_without_a_closed_interval_steady_low_has_no_usual() -> None:
    signal = found(at(weekly(3, 3, 3, every=A_DAY)), "steady_low")
    assert signal is not None
    assert signal.evidence["usual"] is None


@pytest.mark.parametrize(("days", "fires"), [(59, False), (60, True)])
def test_the_digest_says_steady_low_once_in_sixty_days(days: int, fires: bool) -> None:
    history = weekly(*[5] * 17)
    before = Told("steady_low", None, end(history) - days * A_DAY, "earlier", alerted=False, tier=Tier.DIGEST)
    assert (found(at(replace(history, told=(before,))), "steady_low") is not None) is fires


def test_an_alert_of_steady_low_is_told_once_while_it_lasts() -> None:
    history = weekly(8, 3, 3, 3, 3)
    heard = replace(history, told=(told("steady_low", 3.5),))
    assert found(at(history), "steady_low").tier is Tier.ALERT
    assert at(heard).why_not["steady_low"].condition == "told_lately"


def test_after_a_better_answer_steady_low_may_ring_anew() -> None:
    history = replace(weekly(8, 3, 3, 3, 6, 3, 3, 3), told=(told("steady_low", 3.5),))
    signal = found(at(history), "steady_low")
    assert signal is not None
    assert signal.tier is Tier.ALERT


def test_who_fell_and_stays_low_is_told_of_although_the_fall_was() -> None:
    history = replace(weekly(8, 8, 8, 3, 3, 3), told=(told("drop", 3.5),))
    assert found(at(history), "steady_low").tier is Tier.ALERT


def test_who_was_so_low_from_the_first_answer_on_is_one_matter() -> None:
    history = replace(weekly(3, 3, 3), told=(told("item_low", 0.5),))
    assert found(at(history), "steady_low").tier is Tier.DIGEST


def test_a_new_worker_hears_of_it_anew() -> None:
    history = replace(weekly(3, 3, 3, 3, 3, 3), told=(told("steady_low", 2.5),), assignments=(MONDAY + 2.9 * A_WEEK,))
    assert found(at(history), "steady_low").tier is Tier.ALERT


@pytest.mark.parametrize("profile", ["therapy", "recovery"])
@pytest.mark.parametrize("every", [A_WEEK, timedelta(days=3.5)])
@pytest.mark.parametrize(("value", "rules"), [(2, {"item_low"}), (3, {"steady_low"})])
def test_forty_times_the_same_low_answer_is_one_alert(
    value: float, rules: set[str], every: timedelta, profile: str
) -> None:
    """Even where whoever is told closes the alert at once, so that nothing is left open to be added to."""
    alerts = replayed(weekly(*[value] * 40, every=every), settings(profile)).alerts
    assert [set(names) for _, names in alerts] == [rules]


@pytest.mark.parametrize("value", [5, 6, 8, 10])
def test_forty_times_the_same_other_answer_is_none(value: float) -> None:
    replay = replayed(weekly(*[value] * 40), THERAPY)
    assert replay.alerts == ()
    low = [one for one in replay.told if one.rule == "steady_low"]
    assert len(low) == (5 if value == 5 else 0)  # once in sixty days for the digest
    assert all(one.tier is Tier.DIGEST for one in low)


# ---------------------------------------------------------------- first_low


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ((6,), True),
        ((6.3,), False),
        ((10, 8), True),
        ((10, 8.1), False),
        ((9, 9, 7), True),
        ((9, 9, 9, 6), False),
    ],
)
def test_a_low_start_is_for_the_digest(values: tuple[float, ...], fires: bool) -> None:
    signal = found(at(weekly(*values)), "first_low")
    assert (signal is not None) is fires
    assert signal is None or signal.tier is Tier.DIGEST


def confirmed(asks: str, choice: str, weeks_later: int, *, between: str = "") -> Evaluation:
    first = weekly(6)
    later = [missed(f"m{n}", MONDAY + (n + 1) * A_WEEK) for n in range(weeks_later - 1)]
    if between:
        later = [replace(one, state=State(between)) for one in later]
    when = MONDAY + max(weeks_later, 0.2) * A_WEEK
    asked = check_in("asked", when, 8, 8, 8, more=[chose(asks, choice, when + timedelta(minutes=1))])
    return at(History((*first.occasions, *later, asked)))


@pytest.mark.parametrize(
    ("asks", "choice", "rings"),
    [
        ("bothered", "yes", True),
        ("bothered", "a_bit", True),
        ("bothered", "no", False),
        ("direction", "bit_worse", True),
        ("direction", "worse", True),
        ("direction", "same", False),
        ("stopping", "now_and_then", True),
        ("stopping", "no", False),
        ("fit", "no", False),
    ],
)
def test_a_direct_answer_confirms_a_low_start(asks: str, choice: str, rings: bool) -> None:
    signal = found(confirmed(asks, choice, 1), "first_low")
    assert (signal is not None and signal.tier is Tier.ALERT) is rings


@pytest.mark.parametrize(("later", "rings"), [(1, True), (3, True), (4, False)])
def test_it_is_confirmed_within_three_check_ins(later: int, rings: bool) -> None:
    every = {"fade": {"enabled": False}}
    first = weekly(6, every=A_DAY)
    later_ones = [missed(f"m{n}", MONDAY + (n + 2) * A_DAY, timedelta(hours=3)) for n in range(later - 1)]
    when = MONDAY + (later + 2) * A_DAY
    asked = check_in("asked", when, 8, 8, 8, more=[chose("bothered", "a_bit", when)])
    signal = found(at(History((*first.occasions, *later_ones, asked)), **every), "first_low")
    assert (signal is not None and signal.tier is Tier.ALERT) is rings


@pytest.mark.parametrize("state", [State.CANCELLED, State.MISSED_BY_US])
def test_what_was_called_off_is_no_check_in_in_which_they_could_have_confirmed(state: State) -> None:
    off = [replace(missed(f"m{n}", MONDAY + (n + 2) * A_DAY, timedelta(hours=3)), state=state) for n in range(5)]
    when = MONDAY + 8 * A_DAY
    asked = check_in("asked", when, 8, 8, 8, more=[chose("bothered", "a_bit", when)])
    assert found(at(History((*weekly(6).occasions, *off, asked))), "first_low").tier is Tier.ALERT


@pytest.mark.parametrize(("took_over", "rings"), [(None, True), (5 * A_DAY, False)])
def test_what_is_said_of_a_new_worker_confirms_nothing_of_the_last(took_over: timedelta | None, rings: bool) -> None:
    when = MONDAY + A_WEEK
    asked = check_in("asked", when, None, None, None, more=[chose("bothered", "yes", when)])
    history = History((*weekly(6).occasions, asked), assignments=(MONDAY + took_over,) if took_over else ())
    tiers = [one.tier for one in at(history).signals if one.rule == "first_low"]
    assert (Tier.ALERT in tiers) is rings


def test_confirmed_in_the_very_check_in_it_is_one_signal_and_an_alert() -> None:
    low = check_in("c", MONDAY, 6, 6, 6, more=[chose("bothered", "a_bit", MONDAY + timedelta(minutes=59))])
    signals = [one for one in at(History((low,))).signals if one.rule == "first_low"]
    assert [(one.tier, one.source) for one in signals] == [(Tier.ALERT, "c")]
    assert signals[0].evidence["answer"] == "a_bit"


def test_only_the_first_confirmation_is_one() -> None:
    low = weekly(6)
    more = [
        check_in(f"a{n}", MONDAY + n * A_WEEK, 8, 8, 8, more=[chose("bothered", "a_bit", MONDAY + n * A_WEEK)])
        for n in (1, 2)
    ]
    replay = replayed(History((*low.occasions, *more)), THERAPY)
    assert [one.source for one in replay.told if one.rule == "first_low" and one.tier is Tier.ALERT] == ["a1"]


# ---------------------------------------------------------------- one_sided


def sides(*rows: tuple[float | None, ...]) -> History:
    return History(tuple(check_in(f"c{n}", MONDAY + n * A_WEEK, *row) for n, row in enumerate(rows)))


@pytest.mark.parametrize(
    ("rows", "weak"),
    [
        (((9, 9, 6), (9, 9, 6)), Construct.TASKS),
        (((9, 8, 6), (9, 9, 6.5)), Construct.TASKS),
        (((9, 8, 6.1), (9, 9, 6.5)), None),
        (((9, 9, 6),), None),
        (((9, 6, 9), (9, 9, 6)), None),
        (((9, 9, 6), (9, None, 6), (9, 9, 6)), Construct.TASKS),
        (((9, 9, 6), (9, 9, 6), (9, None, 6)), None),
        (((9, 9, 6), (9, 9, 9)), None),
    ],
)
def test_one_of_the_three_far_behind_the_others_twice(
    rows: tuple[tuple[float | None, ...], ...], weak: Construct | None
) -> None:
    signal = found(at(sides(*rows)), "one_sided")
    assert (signal.construct if signal else None) is weak
    assert signal is None or signal.tier is Tier.DIGEST


def test_one_sided_shows_the_weak_part_and_the_mean_of_the_others() -> None:
    signal = found(at(sides((9, 9, 7), (9, 8, 6), (9, 8, 6))), "one_sided")
    assert signal is not None
    assert signal.evidence == {"value": 6, "usual": 6.5, "last_three": [7, 6], "others": 8.5, "gap": 2.5}


@pytest.mark.parametrize(("construct", "fires"), [(Construct.TASKS, False), (Construct.BOND, True)])
def test_one_sided_is_told_again_after_four_weeks_or_of_another_part(construct: Construct, fires: bool) -> None:
    history = replace(sides((9, 9, 6), (9, 9, 6)), told=(told("one_sided", 0.5, Tier.DIGEST, construct),))
    assert (found(at(history), "one_sided") is not None) is fires
