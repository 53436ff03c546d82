"""The last look: what must still be true when a message's turn has come."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.domain.alerts import AlertState, Kind
from bot.domain.delivery import CLEAR, Guard, Urgency
from bot.domain.ladder import Rung, Step
from bot.domain.outgoing import (
    MESSAGE,
    AskedNow,
    Drop,
    Go,
    HeldNow,
    Later,
    Outgoing,
    Shown,
    for_asked,
    for_holder,
    for_person,
)
from bot.domain.people import Asking, Status
from bot.domain.words import Hours, Role

NOW = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
QUIET = Hours(time(21), time(8))
HOUR = timedelta(hours=1)


def out(**changes: Any) -> Outgoing:
    plain = Outgoing(
        id="o1",
        person_id="p1",
        ref="W-1",
        role=Role.WORKER,
        status=Status.JOINED,
        chat_id=1,
        unreachable=None,
        language="en",
        timezone="Europe/London",
        surface="s",
        kind="x",
        facts={},
        urgency=Urgency.QUESTION,
        guard=Guard.PERSON,
    )
    return replace(plain, **changes)


# ---------------------------------------------------------------- the person


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"chat_id": None}, "no_chat"),
        ({"unreachable": "blocked"}, "unreachable"),
        ({"status": Status.LEFT}, "left"),
        ({"status": Status.DISCHARGED}, "discharged"),
        ({"status": Status.INVITED}, "invited"),
        ({"withdrawn": "on a break"}, "on a break"),
        ({"expires_at": NOW}, "too_late"),
        ({"kind": CLEAR}, "nothing_there"),
    ],
)
def test_what_keeps_a_message_from_its_person(changes: dict[str, Any], why: str) -> None:
    assert for_person(out(**changes), NOW) == Drop(why)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"expires_at": NOW + HOUR},
        {"urgency": Urgency.REPLY, "status": Status.LEFT},
        {"urgency": Urgency.REPLY, "status": Status.INVITED},
        {"urgency": Urgency.REPLY, "unreachable": "blocked"},
        {"kind": CLEAR, "facts": {MESSAGE: 7}, "status": Status.DISCHARGED},
    ],
)
def test_what_goes_to_its_person(changes: dict[str, Any]) -> None:
    assert for_person(out(**changes), NOW) == Go()


def test_a_reply_without_a_chat_goes_nowhere_either() -> None:
    assert for_person(out(urgency=Urgency.REPLY, chat_id=None), NOW) == Drop("no_chat")


# ---------------------------------------------------------------- who is asked

ASKED = AskedNow(agreed=True, asking=Asking.ON, state="planned", expires_at=NOW + HOUR)


@pytest.mark.parametrize("state", ["planned", "open", None])
def test_a_client_who_takes_part_is_asked(state: str | None) -> None:
    assert for_asked(out(), replace(ASKED, state=state), QUIET, NOW) == Go()


@pytest.mark.parametrize("how", [how for how in Asking if how is not Asking.ON])
def test_a_client_who_is_not_asked_now_is_left_in_peace(how: Asking) -> None:
    assert for_asked(out(), replace(ASKED, asking=how), QUIET, NOW) == Drop(how.value)


@pytest.mark.parametrize("client", [None, replace(ASKED, agreed=False)])
def test_without_consent_nothing_is_asked(client: AskedNow | None) -> None:
    assert for_asked(out(), client, QUIET, NOW) == Drop("no_consent")


@pytest.mark.parametrize("state", ["completed", "partial", "skipped", "expired", "cancelled", "missed_by_us"])
def test_a_check_in_that_is_over_is_not_asked(state: str) -> None:
    assert for_asked(out(), replace(ASKED, state=state), QUIET, NOW) == Drop(state)


@pytest.mark.parametrize(("own", "of_check_in"), [(None, NOW), (NOW, None), (NOW + HOUR, NOW), (NOW, NOW + HOUR)])
def test_a_question_is_too_late_as_soon_as_either_limit_is_reached(
    own: datetime | None, of_check_in: datetime | None
) -> None:
    assert for_asked(out(expires_at=own), replace(ASKED, expires_at=of_check_in), QUIET, NOW) == Drop("too_late")


def test_in_quiet_hours_it_waits_for_their_end_if_that_is_inside_the_window() -> None:
    late = datetime(2026, 5, 12, 22, 30, tzinfo=UTC)
    morning = datetime(2026, 5, 13, 7, 0, tzinfo=UTC)
    inside = replace(ASKED, expires_at=morning + HOUR)
    assert for_asked(out(), inside, QUIET, late) == Later(morning)
    assert for_asked(out(), replace(inside, expires_at=morning), QUIET, late) == Drop("quiet")
    assert for_asked(out(), replace(inside, expires_at=None), QUIET, late) == Later(morning)


def test_quiet_hours_are_those_on_the_clients_own_wall() -> None:
    assert for_asked(out(timezone="Pacific/Auckland"), replace(ASKED, expires_at=None), QUIET, NOW) == Later(
        datetime(2026, 5, 12, 20, 0, tzinfo=UTC)
    )


# ---------------------------------------------------------------- who is told of an alert

LADDER = (Step("W-1", Rung.FIRST), Step("W-1", Rung.REMINDER), Step("W-2", Rung.COVER), Step("M-1", Rung.LAST_RESORT))
HELD = HeldNow(Kind.ALLIANCE, AlertState.RAISED, LADDER, step=0, assigned_to="p1")


def test_the_assigned_worker_is_told_while_the_alert_is_open() -> None:
    assert for_holder(out(), HELD) == Go()
    assert for_holder(out(), replace(HELD, state=AlertState.ACKNOWLEDGED)) == Go()


@pytest.mark.parametrize("state", [one for one in AlertState if one not in (AlertState.RAISED, AlertState.ACKNOWLEDGED)])
def test_of_a_closed_alert_nobody_is_told(state: AlertState) -> None:
    assert for_holder(out(), replace(HELD, state=state)) == Drop("closed")


def test_of_an_alert_that_was_erased_nobody_is_told() -> None:
    assert for_holder(out(), None) == Drop("closed")


@pytest.mark.parametrize(("step", "answer"), [(1, Drop("not_reached")), (2, Go()), (3, Go())])
def test_cover_is_told_from_its_own_rung_on(step: int, answer: Go | Drop) -> None:
    assert for_holder(out(ref="W-2", person_id="p2"), replace(HELD, step=step)) == answer


def test_somebody_who_is_not_on_the_ladder_is_never_told() -> None:
    assert for_holder(out(ref="W-9"), replace(HELD, step=3)) == Drop("not_reached")


@pytest.mark.parametrize("step", [0, 1, 3])
def test_a_worker_who_is_no_longer_assigned_is_not_told_as_the_worker(step: int) -> None:
    assert for_holder(out(), replace(HELD, step=step, assigned_to="p2")) == Drop("not_assigned")


def test_a_former_worker_who_also_is_the_last_resort_is_told_as_that() -> None:
    ladder = (*LADDER[:2], Step("W-1", Rung.LAST_RESORT))
    assert for_holder(out(), replace(HELD, ladder=ladder, step=2, assigned_to="p2")) == Go()


@pytest.mark.parametrize("kind", [Kind.DANGER, Kind.HARM, Kind.SOMEONE_ELSE])
def test_other_matters_go_to_their_contact_whoever_is_assigned(kind: Kind) -> None:
    assert for_holder(out(), replace(HELD, kind=kind, assigned_to="p2")) == Go()


# ---------------------------------------------------------------- what it does in the chat


@pytest.mark.parametrize(
    ("changes", "edits"),
    [
        ({}, None),
        ({"stands": Shown(5)}, 5),
        ({"stands": Shown(5), "fresh": True}, None),
        ({"kind": CLEAR, "facts": {MESSAGE: 7}, "stands": Shown(5)}, 7),
        ({"kind": "x", "facts": {MESSAGE: 7}}, None),
    ],
)
def test_which_message_it_takes_the_place_of(changes: dict[str, Any], edits: int | None) -> None:
    assert out(**changes).edits == edits


@pytest.mark.parametrize(
    ("changes", "repeats"),
    [
        ({"urgency": Urgency.ALERT}, True),
        ({"urgency": Urgency.DANGER}, True),
        ({"urgency": Urgency.QUESTION}, False),
        ({"urgency": Urgency.REPLY}, False),
        ({"urgency": Urgency.DIGEST}, False),
        ({"urgency": Urgency.QUESTION, "stands": Shown(5)}, True),
    ],
)
def test_alerts_and_edits_are_repeated_without_limit_when_unsure(changes: dict[str, Any], repeats: bool) -> None:
    assert out(**changes).repeats_for_ever == repeats
