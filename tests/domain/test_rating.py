"""About whom a worker is asked next: each client in turn, once a month, a few a week, never two on one day."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.people import Asking
from bot.domain.rating import NOT_NOW, Together, next_to_rate
from bot.domain.signals.catalogue import settings as rules

NUMBERS = rules("recovery")["worker_strain"]
NOW = datetime(2026, 5, 12, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def client(n: int = 1, days: float = 60, asked: float | None = None, asking: Asking = Asking.ON) -> Together:
    """One whom this worker has known for `days`, and was asked about so many days ago."""
    last = None if asked is None else NOW - asked * DAY
    return Together("w", f"c{n}", f"R-{n}", asking, NOW - days * DAY, last)


def chosen(*caseload: Together, asked: tuple[float, ...] = ()) -> str | None:
    found = next_to_rate(caseload, [NOW - days * DAY for days in asked], NUMBERS, NOW, "Europe/London")
    return found.client_id if found else None


def test_who_has_waited_longest_comes_first() -> None:
    assert chosen(client(1, asked=40), client(2, asked=50), client(3, days=45)) == "c2"


@pytest.mark.parametrize(("days", "is_due"), [(27, False), (28, True)])
def test_about_one_client_once_a_month(days: float, is_due: bool) -> None:
    assert (chosen(client(asked=days)) == "c1") is is_due


def test_not_before_the_two_have_met() -> None:
    assert chosen(client(days=13)) is None
    assert chosen(client(days=14)) == "c1"


@pytest.mark.parametrize("asking", sorted(NOT_NOW))
def test_not_while_something_else_is_going_on(asking: Asking) -> None:
    assert chosen(client(asking=asking)) is None


def test_not_twice_a_day_and_not_more_than_three_times_a_week() -> None:
    assert chosen(client(), asked=(0.1,)) is None
    assert chosen(client(), asked=(1, 2)) == "c1"
    assert chosen(client(), asked=(1, 2, 5)) is None
    assert chosen(client(), asked=(1, 2, 7)) == "c1"


def test_the_service_sets_how_often() -> None:
    numbers = rules("recovery", {"worker_strain": {"every_days": 60, "per_week": 1}})["worker_strain"]
    assert next_to_rate([client(asked=40)], [], numbers, NOW, "UTC") is None
    assert next_to_rate([client()], [NOW - 3 * DAY], numbers, NOW, "UTC") is None


@given(st.integers(1, 20), st.lists(st.integers(1, 3), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_over_half_a_year_everybody_has_their_turn_and_no_week_is_full(clients: int, gaps: list[int]) -> None:
    """Whatever the size of the caseload, and on whichever days the worker is there."""
    caseload = {n: client(n) for n in range(clients)}
    log: list[tuple[datetime, int]] = []
    now, n = NOW, 0
    while now < NOW + 182 * DAY:
        found = next_to_rate(list(caseload.values()), [at for at, _ in log], NUMBERS, now, "UTC")
        if found is not None:
            which = int(found.client_id[1:])
            caseload[which] = replace(found, asked_at=now)
            log.append((now, which))
        now, n = now + gaps[n % len(gaps)] * DAY, n + 1
    assert all(sum(at <= other < at + 6.5 * DAY for other, _ in log) <= 3 for at, _ in log)
    times = Counter(which for _, which in log)
    assert set(times) == set(range(clients))
    assert max(times.values()) - min(times.values()) <= 1
    assert max(times.values()) <= 7
