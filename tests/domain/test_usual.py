"""The arithmetic of a client's usual, against figures worked out by hand (research: test vectors)."""

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from bot.domain.usual import Prior, after, baseline, cusum, figure, median, walk

SERIES = (8.3, 8.7, 8.0, 8.7, 8.3, 5.7, 8.0)
PRIOR = Prior(mu0=8.2, sigma0=0.8, kappa0=0.4, nu0=4)


def test_z_series_is_exact_to_three_decimals() -> None:
    assert [round(step.z, 3) for step in walk(SERIES, PRIOR)[1:]] == [0.409, -0.520, 0.491, -0.146, -4.083, -0.357]


def test_mean_and_spread_before_each_value() -> None:
    before = [(round(step.before.m, 3), round(step.before.s, 3)) for step in walk(SERIES, PRIOR)[1:]]
    assert before == [(8.271, 0.800), (8.450, 0.727), (8.318, 0.684), (8.405, 0.644), (8.385, 0.604), (8.244, 0.635)]


def test_a_rupture_enters_the_usual_no_lower_than_one_and_a_half_spreads() -> None:
    assert round(walk(SERIES, PRIOR)[5].entered, 3) == 7.479


def test_cusum_takes_one_clipped_step_per_value() -> None:
    c, sums = 0.0, []
    for step in walk(SERIES, PRIOR)[1:6]:
        c = cusum(c, step.z, 0.5, -2.5, 1.5)
        sums.append(round(c, 3))
    assert sums == [0.0, 0.020, 0.0, 0.0, 2.0]


def test_without_values_the_usual_is_the_prior() -> None:
    usual = baseline((), PRIOR)
    assert (usual.n, usual.m, usual.s) == (0, 8.2, 0.8)


def test_the_first_value_enters_as_it_is() -> None:
    assert walk([2.0], PRIOR)[0].entered == 2.0


def test_an_unbroken_row_of_tens_keeps_a_spread() -> None:
    assert after(walk([10.0] * 12, PRIOR), PRIOR).s > 0.3


def test_median_of_nothing_is_nothing() -> None:
    assert median([]) is None
    assert median([7, 8, 9, 10]) == 8.5


@pytest.mark.parametrize(("x", "shown"), [(7.47949, 7.479), (-0.0001, 0.0), (8, 8)])
def test_figures_have_three_decimals_and_no_minus_zero(x: float, shown: float) -> None:
    assert str(figure(x)) == str(float(shown))


@effort(deadline=None)
@given(st.lists(st.floats(0, 10), min_size=1, max_size=30))
def test_the_usual_stays_on_the_scale_and_its_spread_above_zero(values: list[float]) -> None:
    usual = after(walk(values, PRIOR), PRIOR)
    assert 0 <= usual.m <= 10 + 1e-9
    assert usual.s > 0


@effort(deadline=None)
@given(st.lists(st.floats(0, 10), min_size=2, max_size=20))
def test_what_comes_later_changes_no_earlier_z(values: list[float]) -> None:
    assert walk(values, PRIOR)[: len(values) // 2] == walk(values[: len(values) // 2], PRIOR)
