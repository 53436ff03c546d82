"""What counts as found, as false, as late: on series made by hand; and that the worlds are what they say."""

from dataclasses import replace

import numpy as np
import pytest

from bot.domain.replay import Replay
from bot.domain.signals.catalogue import settings
from tests.benchmarks.signals.asked import said
from tests.benchmarks.signals.clients import FOR_GOOD, Client, Episode, Trouble, client
from tests.benchmarks.signals.detectors import Chart, Fall, Level
from tests.benchmarks.signals.histories import history, session_of
from tests.benchmarks.signals.resample import Curve, curve, weights
from tests.benchmarks.signals.scoring import TROUBLES, WEEKS_A_MONTH, WEEKS_A_YEAR, Counts, count, late
from tests.benchmarks.signals.sweep import alerts
from tests.benchmarks.signals.tables import MOST, Flags, table
from tests.benchmarks.signals.trial import STRICTER, USUAL, compared
from tests.benchmarks.signals.worlds import MAIN, OTHERS, world

THERAPY = settings("therapy")
V, UNREPAIRED, DECLINE = (TROUBLES.index(one) for one in (Trouble.V, Trouble.UNREPAIRED, Trouble.DECLINE))


def made(*values: float | None, episodes: tuple[Episode, ...] = ()) -> Client:
    """A client with these means."""
    answers = tuple(None if value is None else (value, value, value) for value in values)
    n = len(values)
    return Client("by hand", answers, (2.0,) * n, (0.0,) * n, episodes, masked=False, rate=0.75, left="", fades=0)


def at(*sessions: int) -> Flags:
    raised = np.zeros((1, MOST, 1), bool)
    raised[0, list(sessions), 0] = True
    return raised


DIP = Episode(Trouble.V, onset=4, until=6, over=7)
LASTING = Episode(Trouble.UNREPAIRED, onset=10, until=14, over=FOR_GOOD)
TWENTY = made(*[8.0] * 20, episodes=(DIP, LASTING))


@pytest.mark.parametrize(
    ("sessions", "found", "false"),
    [
        ((), [0, 0], 0),
        ((3,), [0, 0], 1),  # just before
        ((4,), [1, 0], 0),
        ((6,), [1, 0], 0),  # the last that counts
        ((7,), [0, 0], 0),  # too late, and yet not false: it is hardly over
        ((8,), [0, 0], 1),
        ((4, 5), [1, 0], 0),  # found once
        ((14,), [0, 1], 0),
        ((15, 19), [0, 0], 0),  # it never gets well
        ((0, 4, 9, 10), [1, 1], 2),
    ],
)
def test_an_alert_finds_a_trouble_or_is_false_or_neither(sessions: tuple[int, ...], found: list[int], false: int) -> None:
    counts = count([TWENTY], at(*sessions))
    assert counts.found[0, [V, UNREPAIRED], 0].tolist() == found
    assert counts.false[0, 0] == false
    assert counts.alerts[0, 0] == len(sessions)
    assert (counts.weeks[0], counts.quiet[0], counts.episodes[0].tolist()) == (20, 6, [1, 1, 0])


def test_of_a_part_only_its_sessions_and_what_began_in_them_count() -> None:
    early = np.arange(MOST)[None, :] < 5
    counts = count([TWENTY], at(3, 6, 10), early)
    assert (counts.weeks[0], counts.quiet[0], counts.alerts[0, 0], counts.false[0, 0]) == (5, 4, 1, 1)
    assert counts.episodes[0].tolist() == [1, 0, 0]
    assert counts.found[0, V, 0] == 1


def test_delay_counts_check_ins_sent_and_answered_before_the_alert_and_no_misses() -> None:
    slow = Episode(Trouble.DECLINE, onset=1, until=9, over=FOR_GOOD)
    one = made(8, 8, None, None, 7, 6, 5, episodes=(slow,))
    found = late([one, one], np.concatenate([at(5), at()]))
    assert np.flatnonzero(found.sent[DECLINE, :, 0]).tolist() == [4]
    assert np.flatnonzero(found.answered[DECLINE, :, 0]).tolist() == [2]
    assert found.sent.sum() == found.answered.sum() == 1


def test_rates_are_per_month_in_care_and_per_quiet_year() -> None:
    one = curve(count([TWENTY], at(0, 4)), np.ones((1, 1)))
    assert one.alerts[0, 0] == pytest.approx(2 / 20 * WEEKS_A_MONTH)
    assert one.false[0, 0] == pytest.approx(1 / 6 * WEEKS_A_YEAR)
    assert one.sensitivity[0, 0] == pytest.approx(0.5)


def test_between_two_thresholds_a_budget_is_shared_and_no_alert_finds_nothing() -> None:
    draws = np.array([[0.2, 0.4]] * 3)
    one = Curve(draws, draws, (), draws)
    assert one.at_budget(0.3, np.array([[0.5, 0.7]] * 3)).value == pytest.approx(0.6)
    assert one.at_budget(0.1, np.array([[0.5, 0.7]] * 3)).value == pytest.approx(0.25)
    assert one.at_budget(0.9, np.array([[0.5, 0.7]] * 3)).value == pytest.approx(0.7)


def test_clients_of_one_worker_are_drawn_together() -> None:
    drawn = weights(6, seed=1, together=3, draws=20)
    assert (drawn[0] == 1).all()
    assert (drawn[:, :3] == drawn[:, [0]]).all()
    assert (drawn[:, 3:] == drawn[:, [3]]).all()
    assert (drawn.sum(axis=1) == 6).all()


def test_an_interval_holds_its_figure_and_shrinks_with_clients() -> None:
    few, many = ([client(world("therapy"), "test", number) for number in range(n)] for n in (60, 240))
    widths = []
    for clients in (few, many):
        raised = alerts(table(clients, THERAPY), Level(np.array([6.5])))
        one = curve(count(clients, raised), weights(len(clients), 1, draws=200))
        found = one.at(0, one.sensitivity)
        assert found.low <= found.value <= found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0]


def raised_at(detector: Level, *values: float | None) -> list[int]:
    return np.flatnonzero(alerts(table([made(*values)], THERAPY), detector)[0, :, 0]).tolist()


def test_what_the_others_do() -> None:
    assert raised_at(Level(np.array([6.0])), 8, 6, 8) == [1]
    assert raised_at(Level(np.array([6.0])), 8, 6, 6, 6, 6, 6) == [1, 5]  # it rests for three weeks
    assert raised_at(Fall(np.array([2.0])), 8, None, 6.5, 4, 2) == [3]
    # mean 8, mean move 1: 2.66 below is 5.34; and not before the fifth answer
    assert raised_at(Chart(np.array([2.66])), 7.5, 8.5, 7.5, 8.5, 5.3) == [4]
    assert raised_at(Chart(np.array([2.66])), 7.5, 8.5, 7.5, 8.5, 5.4) == []
    assert raised_at(Chart(np.array([2.66])), 8, 8, 8, 2) == []


def test_published_limits_stand_where_the_table_says() -> None:
    detectors = compared("therapy", 0)
    limits = {name: detectors[name].limits[at] for name, (_, at) in USUAL.items() if name != "ours"}
    assert limits == pytest.approx(
        {"level": 6, "drop from last": 2, "control chart": 2.66, "EWMA": 1.8, "CUSUM alone": 2.2}
    )
    assert STRICTER[USUAL["ours"][1]] == 1.0


@pytest.mark.parametrize("name", ["main", *OTHERS])
def test_a_client_is_the_same_whoever_was_made_before(name: str) -> None:
    ahead = [client(world("recovery", name), "test", number) for number in range(5)]
    assert client(world("recovery", name), "test", 4) == ahead[4]
    assert client(world("recovery", name), "another", 4) != ahead[4]


def test_the_worlds_are_as_they_were_meant() -> None:
    """About four in ten have a trouble; the spread of answers without one is what the rules expect of new clients."""
    for profile, expected in {"therapy": (0.41, 0.75), "recovery": (0.41, 0.95)}.items():
        clients = [client(world(profile), "test", number) for number in range(1200)]
        assert sum(bool(one.episodes) for one in clients) / 1200 == pytest.approx(expected[0], abs=0.05)
        squares, n = 0.0, 0
        for one in clients:
            means = [sum(three) / 3 for three in one.answers if three is not None]
            if len(means) > 1 and not one.episodes:
                squares += float(np.var(means)) * len(means)
                n += len(means) - 1
        assert (squares / n) ** 0.5 == pytest.approx(expected[1], abs=0.08)


def test_a_truthful_answer_in_trouble_is_heard_by_the_rules() -> None:
    one = next(
        found
        for number in range(400)
        if (found := client(world("therapy"), "test", number)).episodes
        and found.episodes[0].trouble is Trouble.UNREPAIRED
        and found.answers[found.episodes[0].onset] is not None
    )
    hurt = replace(one, shift=tuple(-3.0 if u >= one.episodes[0].onset else 0.0 for u in range(one.sessions)))

    def rules(honesty: float) -> set[tuple[str, int]]:
        alerts_made = Replay(history(hurt, said(hurt, honesty)), THERAPY).run().alerts
        return {(rule, session_of(alert.raised_at)) for alert in alerts_made for rule in alert.rules}

    onset = one.episodes[0].onset
    assert {rule for rule, session in rules(1.0) if session == onset} & {"said_bothered", "said_worse"}
    assert not {rule for rule, session in rules(0.0) if session == onset} & {"said_bothered", "said_worse"}


def test_counts_of_several_lots_are_as_many_as_all() -> None:
    clients = [client(world("therapy"), "test", number) for number in range(30)]
    whole = count(clients, alerts(table(clients, THERAPY), Level(np.array([6.0]))))
    assert isinstance(whole[:10], Counts)
    assert whole[:10].alerts.sum() + whole[10:].alerts.sum() == whole.alerts.sum()
    assert set(MAIN) == {"therapy", "recovery"}
