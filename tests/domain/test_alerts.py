"""From signals to one alert, and an alert's way from raised to closed."""

from datetime import timedelta
from itertools import product

import pytest

from bot.domain.alerts import (
    OPEN,
    STEPS,
    Add,
    AlertEvent,
    AlertState,
    Hold,
    Kind,
    Open,
    Raise,
    Wish,
    asks_client,
    by_kind,
    decide,
    leaves_at,
    reconsider,
    severity,
    step,
    strongest,
    waits_for_client,
)
from bot.domain.errors import Refusal
from bot.domain.signals.history import HARM_BY_OTHERS, Signal
from bot.domain.words import Construct, Json, Severity, Tier
from tests.support.histories import MONDAY

RAISED, ACKNOWLEDGED, TALKED = AlertState.RAISED, AlertState.ACKNOWLEDGED, AlertState.TALKED


def signal(
    rule: str,
    construct: Construct | None = None,
    tier: Tier = Tier.ALERT,
    hours: int = 0,
    source: str = "c1",
    note: bool = False,
    **evidence: Json,
) -> Signal:
    return Signal(rule, construct, MONDAY + timedelta(hours=hours), tier, evidence, source, note)


LOW = signal("item_low", Construct.BOND)
DROP = signal("drop")
SILENT = signal("silence")
DANGER = signal("risk_text", tier=Tier.NOW, lists=["self_harm"])
HARM = signal("risk_text", tier=Tier.NOW, lists=[HARM_BY_OTHERS])
OTHER = signal("asked_to_talk", about="someone_else")


def open_alert(*reasons: Signal, state: AlertState = RAISED) -> Open:
    return Open(state, max(one.tier for one in reasons), reasons)


@pytest.mark.parametrize(
    ("way", "ends"),
    [
        ("acknowledge talked better", AlertState.REPAIRED),
        ("acknowledge acknowledge talked talked still_there", AlertState.NOT_REPAIRED),
        ("talked no_answer", AlertState.UNCONFIRMED),
        ("talked no_answer better", AlertState.REPAIRED),
        ("talked still_there reopen acknowledge", ACKNOWLEDGED),
        ("dismiss", AlertState.DISMISSED),
        ("acknowledge dismiss", AlertState.DISMISSED),
    ],
)
def test_ways_of_an_alert(way: str, ends: AlertState) -> None:
    state = RAISED
    for event in way.split():
        state = step(state, AlertEvent(event))
    assert state is ends


def test_an_alert_nobody_has_seen_can_be_withdrawn() -> None:
    assert step(RAISED, AlertEvent.WITHDRAW, sent=False) is AlertState.WITHDRAWN


@pytest.mark.parametrize(
    ("state", "event", "key"),
    [
        (RAISED, AlertEvent.WITHDRAW, "alert.already_sent"),
        (RAISED, AlertEvent.BETTER, "alert.not_yet"),
        (AlertState.REPAIRED, AlertEvent.ACKNOWLEDGE, "alert.closed"),
        (AlertState.DISMISSED, AlertEvent.TALKED, "alert.closed"),
        (AlertState.WITHDRAWN, AlertEvent.ACKNOWLEDGE, "alert.closed"),
    ],
)
def test_what_cannot_be_is_refused_kindly(state: AlertState, event: AlertEvent, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        step(state, event)
    assert refused.value.key == key


def test_every_state_and_event_is_either_in_the_table_or_refused() -> None:
    for state, event in product(AlertState, AlertEvent):
        try:
            assert step(state, event, sent=False) is STEPS[state, event]
        except Refusal:
            assert (state, event) not in STEPS


def test_no_answer_never_becomes_better_by_itself() -> None:
    assert step(TALKED, AlertEvent.NO_ANSWER) is AlertState.UNCONFIRMED


def test_the_four_kinds_of_matter_never_mix() -> None:
    sorted_out = by_kind([LOW, DANGER, HARM, OTHER])
    assert sorted_out == {
        Kind.ALLIANCE: [LOW],
        Kind.DANGER: [DANGER],
        Kind.HARM: [HARM],
        Kind.SOMEONE_ELSE: [OTHER],
    }


def test_digest_signals_and_notes_are_no_alerts() -> None:
    digest, note = signal("silence", tier=Tier.DIGEST), signal("blocked", tier=Tier.ALERT, note=True)
    assert by_kind([digest, note]) == {}


def test_the_first_signal_raises_an_alert() -> None:
    assert decide(Kind.ALLIANCE, None, [LOW], ()) == Raise(Kind.ALLIANCE, Tier.ALERT, (LOW,))


@pytest.mark.parametrize("state", OPEN)
def test_new_evidence_joins_the_open_alert_without_ringing(state: AlertState) -> None:
    assert decide(Kind.ALLIANCE, open_alert(LOW, state=state), [DROP], ()) == Add(Tier.ALERT, (LOW, DROP), worse=False)


def test_after_we_talked_a_new_worry_is_a_new_alert() -> None:
    assert decide(Kind.ALLIANCE, open_alert(LOW, state=TALKED), [DROP], ()) == Raise(Kind.ALLIANCE, Tier.ALERT, (DROP,))


def test_only_a_higher_tier_rings_again() -> None:
    now = signal("risk_text", tier=Tier.NOW, source="e1")
    added = decide(Kind.DANGER, open_alert(DANGER), [now], ())
    assert isinstance(added, Add)
    assert not added.worse
    raised = decide(Kind.ALLIANCE, open_alert(LOW), [signal("silence", tier=Tier.NOW)], ())
    assert isinstance(raised, Add)
    assert raised.worse


def test_an_alert_shows_at_most_three_reasons() -> None:
    many = [LOW, DROP, SILENT, signal("slide"), signal("said_worse", Construct.BOND)]
    assert [one.rule for one in strongest(many)] == ["said_worse", "item_low", "drop"]


def test_of_one_rule_and_construct_the_new_evidence_stands() -> None:
    newer = signal("item_low", Construct.BOND, hours=70, source="c2")
    added = decide(Kind.ALLIANCE, open_alert(LOW), [newer], ())
    assert isinstance(added, Add)
    assert added.reasons == (newer,)


def test_what_rests_makes_no_new_alert_but_says_why_it_was_held() -> None:
    assert decide(Kind.ALLIANCE, None, [DROP], [DROP]) == Hold("resting", (DROP,))


def test_what_rests_still_joins_an_open_alert() -> None:
    assert isinstance(decide(Kind.ALLIANCE, open_alert(LOW), [DROP], [DROP]), Add)


def test_one_rule_that_is_awake_is_enough() -> None:
    assert decide(Kind.ALLIANCE, None, [DROP, LOW], [DROP]) == Raise(Kind.ALLIANCE, Tier.ALERT, (LOW, DROP))


def test_a_changed_answer_withdraws_what_nobody_has_seen() -> None:
    assert reconsider(open_alert(LOW), "c1", [], sent=False) is None


def test_a_changed_answer_never_removes_what_was_sent() -> None:
    assert reconsider(open_alert(LOW), "c1", [], sent=True) == Add(Tier.ALERT, (LOW,), worse=False)


def test_a_changed_answer_leaves_what_rests_on_other_evidence() -> None:
    before = signal("slide", source="c0")
    assert reconsider(open_alert(LOW, before), "c1", [], sent=False) == Add(Tier.ALERT, (before,), worse=False)


def test_the_client_is_asked_about_answers_only() -> None:
    assert waits_for_client(Kind.ALLIANCE, [LOW, DROP], ask_client_first=True)
    assert not waits_for_client(Kind.ALLIANCE, [LOW, DROP], ask_client_first=False)
    assert not waits_for_client(Kind.ALLIANCE, [SILENT], ask_client_first=True)
    assert not waits_for_client(Kind.DANGER, [DANGER], ask_client_first=True)


def test_a_request_to_talk_does_not_wait_and_gives_nothing_else_away() -> None:
    talk = signal("asked_to_talk", Construct.GOALS, about="what_we_work_on")
    assert not waits_for_client(Kind.ALLIANCE, [talk, LOW], ask_client_first=True)
    assert asks_client(Kind.ALLIANCE, [talk, LOW], ask_client_first=True)
    assert not asks_client(Kind.ALLIANCE, [talk], ask_client_first=True)


TAP = MONDAY + timedelta(hours=9)


@pytest.mark.parametrize(
    ("waits", "wish", "leaves"),
    [
        (True, Wish.NONE, TAP + timedelta(hours=2)),
        (True, Wish.TELL, TAP + timedelta(minutes=6)),
        (True, Wish.MYSELF, TAP + timedelta(minutes=6)),
        (False, Wish.NONE, TAP),
    ],
)
def test_when_the_card_goes(waits: bool, wish: Wish, leaves: object) -> None:
    chosen = None if wish is Wish.NONE else TAP + timedelta(minutes=5)
    assert leaves_at(TAP, TAP, waits=waits, wish=wish, chosen_at=chosen) == leaves


@pytest.mark.parametrize(
    ("tier", "wish", "waits", "how"),
    [
        (Tier.NOW, Wish.NONE, False, Severity.HIGH),
        (Tier.ALERT, Wish.TELL, True, Severity.MEDIUM),
        (Tier.ALERT, Wish.MYSELF, True, Severity.LOW),
        (Tier.ALERT, Wish.NONE, True, Severity.LOW),
        (Tier.ALERT, Wish.SOMEONE_ELSE, True, Severity.MEDIUM),
        (Tier.ALERT, Wish.NONE, False, Severity.MEDIUM),
    ],
)
def test_severity(tier: Tier, wish: Wish, waits: bool, how: Severity) -> None:
    assert severity(tier, wish, waits=waits) is how
