"""What staff say of alerts, counted per rule, and when a rule is worth another look."""

from datetime import timedelta

from bot.domain.signals.catalogue import RULES, settings
from bot.domain.usefulness import LEAST_USEFUL, REVIEWED, Judged, by_rule, stricter, worth_a_look
from tests.support.histories import MONDAY


def judged(said: str, n: int, *rules: str, start: int = 0) -> list[Judged]:
    return [
        Judged(f"a{start + k}", "c", MONDAY + timedelta(hours=start + k), said, frozenset(rules or ("drop",)))
        for k in range(n)
    ]


def test_an_alert_counts_for_each_of_its_rules() -> None:
    found = by_rule(
        [*judged("useful", 2, "drop", "item_low"), *judged("knew", 1, "drop"), *judged("not_concern", 1, "drop")]
    )
    assert (found["drop"].useful, found["drop"].knew, found["drop"].not_concern) == (2, 1, 1)
    assert found["drop"].precision == 0.5
    assert found["item_low"].precision == 1


def test_under_thirty_in_a_hundred_of_the_last_thirty_is_worth_a_look() -> None:
    useful = round(REVIEWED * LEAST_USEFUL)
    enough = [*judged("useful", useful), *judged("knew", REVIEWED - useful, start=useful)]
    assert worth_a_look(enough) == {}
    too_few = [*judged("useful", useful - 1), *judged("knew", REVIEWED - useful + 1, start=useful)]
    assert set(worth_a_look(too_few)) == {"drop"}


def test_only_the_newest_thirty_count_and_fewer_say_nothing() -> None:
    assert worth_a_look(judged("not_concern", REVIEWED - 1)) == {}
    once_useless = [*judged("not_concern", 50), *judged("useful", REVIEWED, start=50)]
    assert worth_a_look(once_useless) == {}
    once_useful = [*judged("useful", 50), *judged("not_concern", REVIEWED, start=50)]
    assert len(worth_a_look(once_useful)["drop"]) == REVIEWED


def test_a_step_to_fewer_alerts_stays_within_the_bounds() -> None:
    step = stricter("drop", settings("therapy"))
    assert step is not None
    assert (step.name, step.now, step.then) == ("z", -2.0, -2.25)
    at_the_end = settings("therapy", {"drop": {"z": -6}})
    assert stricter("drop", at_the_end) is None
    assert stricter("asked_to_talk", settings("therapy")) is None


def test_each_rule_has_at_most_one_number_for_it() -> None:
    for rule in RULES.values():
        assert sum(parameter.stricter != 0 for parameter in rule.parameters.values()) <= 1
