"""What holds for every file that is handed to a back-test: export-shaped rows, in any order, once or twice."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from bot.actions import backtest
from bot.actions.exported import NotAnExport, cases
from bot.domain.plan import Plan

START = datetime(2026, 1, 5, 14, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PARTS = (("B1", "bond"), ("G1", "goals"), ("T1", "tasks"))
ASKED = [question for question, _ in PARTS]
Row = dict[str, Any]
thorough = effort(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def at(moment: datetime) -> str:
    return moment.isoformat()


def answer(part: int, value: float | None, when: datetime) -> Row:
    question, construct = PARTS[part]
    return {
        "question": question,
        "construct": construct,
        "value": value,
        "value_0_10": value,
        "answered_at": at(when),
        "versions": [],
    }


def check_in(sent: datetime, values: list[float | None], state: str = "completed") -> Row:
    """Answered ten minutes apart; what is not complete ends after a day."""
    given = [answer(n, value, sent + (n + 1) * HOUR / 6) for n, value in enumerate(values)]
    done = sent + HOUR / 2 if state == "completed" else sent + DAY
    return {
        "schedule": "week",
        "state": state,
        "planned_at": at(sent),
        "sent_at": at(sent),
        "last_touched_at": given[-1]["answered_at"] if given else None,
        "finished_at": at(done),
        "expires_at": at(sent + DAY),
        "questions": ASKED,
        "answers": given,
    }


def changed(row: Row, value: float, when: datetime) -> Row:
    """The first answer is another one from then on."""
    first, *others = row["answers"]
    before = {name: first[name] for name in ("value", "value_0_10", "answered_at")}
    now = {**first, "value": value, "value_0_10": value, "answered_at": at(when), "versions": [before]}
    return {**row, "answers": [now, *others], "last_touched_at": at(when)}


@st.composite
def one_check_in(draw: st.DrawFn, day: int) -> Row:
    sent = START + day * DAY
    state = draw(st.sampled_from(["completed"] * 4 + ["partial", "expired", "expired", "cancelled", "missed_by_us"]))
    number = st.sampled_from([0, 2, 5, 7, 8, 9, 10, None])
    values = [draw(number) for _ in PARTS]
    if state not in ("completed", "partial"):
        return check_in(sent, [], state)
    row = check_in(sent, values if state == "completed" else values[: draw(st.integers(1, 2))], state)
    if state == "completed" and values[0] is not None and draw(st.integers(0, 3)) == 0:
        return changed(row, draw(st.sampled_from([1, 8])), sent + draw(st.integers(1, 20)) * HOUR)
    return row


@st.composite
def clients(draw: st.DrawFn) -> Row:
    days = sorted(draw(st.sets(st.integers(0, 70), min_size=3, max_size=18)))
    moments = [START + day * DAY for day in sorted(draw(st.sets(st.integers(0, 70), max_size=4)))]
    return {
        "ref": "R-1",
        "timezone": draw(st.sampled_from(["UTC", "Europe/London", "Asia/Kathmandu"])),
        "check_ins": [draw(one_check_in(day)) for day in days],
        "sessions": [
            {
                "at": at(one),
                "state": draw(st.sampled_from(["held", "missed"])),
                "said_at": at(one + draw(st.integers(0, 20)) * HOUR),
            }
            for one in moments
        ],
        "signals": [
            {"rule": "asked_to_talk", "raised_at": at(one + HOUR), "evidence": {"about": "how_we_work"}}
            for one in moments[:1]
        ],
        "remarks": [{"text": "one two", "shown_to": "worker", "said_at": at(one)} for one in moments],
        "assignments": [{"worker": "W-1", "starts_at": at(one)} for one in moments[:1]],
        "pauses": [],
        "absences": [],
    }


def decided(plan: Plan, *rows: Row) -> list[Row]:
    known = cases({"format": 1, "clients": list(rows)}, plan.bank)
    found = backtest.replay(known, plan, lambda: None)
    return [backtest.as_json(case, one) for case, one in zip(known, found, strict=True)]


def rules(found: Row) -> list[str]:
    return [one["rule"] for one in found["signals"]]


# ---------------------------------------------------------------- what holds for every series


@thorough
@given(client=clients(), chance=st.randoms(use_true_random=False))
def test_order_and_repetition_of_rows_change_nothing(plan: Plan, client: Row, chance: Any) -> None:
    turned = deepcopy(client)
    for name, rows in turned.items():
        if isinstance(rows, list):
            turned[name] = [*rows, *chance.sample(rows, len(rows) // 2)]
            chance.shuffle(turned[name])
    for row in turned["check_ins"]:
        row["answers"] += chance.sample(row["answers"], len(row["answers"]) // 2)
        chance.shuffle(row["answers"])
    assert decided(plan, turned, turned) == decided(plan, client) == decided(plan, client)


@thorough
@given(client=clients(), hours=st.integers(0, 71 * 24))
def test_what_comes_later_changes_nothing_of_what_was_decided(plan: Plan, client: Row, hours: int) -> None:
    """An export of that day gives the decisions that one of today gives for the time up to it."""
    now = START + hours * HOUR + HOUR / 12
    then, today = settled(decided(plan, as_of(client, now))[0], now), settled(decided(plan, client)[0], now)
    assert then == today


def settled(found: Row, now: datetime) -> Row:
    """What was raised so long before that its check-in was over, and no answer of it could be changed any more.

    An alert is edited while it is open, so of those only when they were raised.
    """
    old = {
        name: [one for one in found[name] if datetime.fromisoformat(one["raised_at"]) < now - 2 * DAY]
        for name in ("signals", "alerts", "held")
    }
    return {**old, "alerts": [(one["kind"], one["raised_at"]) for one in old["alerts"]]}


def as_of(client: Row, now: datetime) -> Row:
    """The export that would have been written then."""
    known = [stood(row, now) for row in client["check_ins"] if row["planned_at"] <= at(now)]
    cut = {"sessions": [row for row in client["sessions"] if row["said_at"] <= at(now)]}
    cut["signals"] = [row for row in client["signals"] if row["raised_at"] <= at(now)]
    cut["remarks"] = [row for row in client["remarks"] if row["said_at"] <= at(now)]
    cut["assignments"] = [row for row in client["assignments"] if row["starts_at"] <= at(now)]
    return {**client, **cut, "check_ins": known}


def stood(row: Row, now: datetime) -> Row:
    answers = []
    for one in row["answers"]:
        versions = [each for each in (*one["versions"], one) if each["answered_at"] <= at(now)]
        if versions:
            last = {name: versions[-1][name] for name in ("value", "value_0_10", "answered_at")}
            answers.append({**one, **last, "versions": versions[:-1]})
    over = row["finished_at"] <= at(now)
    touches = [one["answered_at"] for one in answers]
    return {
        **row,
        "answers": answers,
        "state": row["state"] if over else "open",
        "finished_at": row["finished_at"] if over else None,
        "last_touched_at": max(touches, default=None),
    }


@thorough
@given(client=clients(), kind=st.sampled_from(["pauses", "absences"]))
def test_silence_never_comes_from_a_break_or_from_us(plan: Plan, client: Row, kind: str) -> None:
    away = {**client, kind: [{"starts_at": at(START - DAY), "ends_at": at(START + 80 * DAY)}]}
    ours = [{**row, "state": "missed_by_us"} if row["state"] == "expired" else row for row in client["check_ins"]]
    for quiet in (away, {**client, "check_ins": ours}):
        assert not {"silence", "fade"} & set(rules(decided(plan, quiet)[0]))


@thorough
@given(client=clients(), day=st.integers(0, 70), kind=st.sampled_from(["pauses", "absences"]))
def test_a_break_while_nothing_was_open_changes_nothing(plan: Plan, client: Row, day: int, kind: str) -> None:
    start, end = START + day * DAY + 10 * HOUR, START + day * DAY + 11 * HOUR
    free = all(row["finished_at"] < at(start) or row["planned_at"] > at(end) for row in client["check_ins"])
    away = {**client, kind: [{"starts_at": at(start), "ends_at": at(end)}]}
    if free:
        assert decided(plan, away) == decided(plan, client)


@pytest.mark.parametrize("every", [3, 3.5, 7])
@pytest.mark.parametrize("meetings", [False, True])
def test_who_always_answers_two_makes_one_alert_and_a_steady_ten_none(plan: Plan, every: float, meetings: bool) -> None:
    def steady(ref: str, value: float) -> Row:
        sent = [START + n * every * DAY for n in range(40)]
        held = [{"at": at(one - 2 * HOUR), "state": "held"} for one in sent] if meetings else []
        return {"ref": ref, "check_ins": [check_in(one, [value] * 3) for one in sent], "sessions": held}

    two, ten = decided(plan, steady("R-1", 2), steady("R-2", 10))
    assert len(two["alerts"]) == 1
    assert ten["alerts"] == []
    assert "low_information" in rules(ten)


# ---------------------------------------------------------------- what is wrong with a file


def told(plan: Plan, document: object) -> str:
    with pytest.raises(NotAnExport) as found:
        cases(document, plan.bank)
    return str(found.value)


def a_file(answers: list[Row] | None = None, **more: Any) -> Row:
    row = {"planned_at": at(START), "answers": answers or []}
    return {"format": 1, "clients": [{"ref": "R-1", "check_ins": [row], **more}]}


FAR = "0001-01-01T00:00:00Z"
FIRST = {"question": "B1", "construct": "bond", "value": 8, "answered_at": at(START)}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (a_file([{**FIRST, "value": float("nan")}]), "clients[0].check_ins[0].answers[0].value: is no number"),
        (a_file([{**FIRST, "value": 10**400}]), "clients[0].check_ins[0].answers[0].value: is no number"),
        (a_file([{**FIRST, "value": True}]), "answers[0].value: is neither a number nor text"),
        (a_file([{**FIRST, "value": 99}]), "answers[0]: 99 is no answer on this question's scale"),
        (a_file([{**FIRST, "versions": [{"value": -1, "answered_at": at(START)}]}]), "answers[0]: -1 is no answer"),
        (a_file([{**FIRST, "answered_at": FAR}]), "answered_at: is not between the years 1900 and 2199"),
        (a_file([{**FIRST, "answered_at": "9999-12-31T23:59:59-12:00"}]), "is not between the years"),
        (a_file([{**FIRST, "goal": 1.5}]), "answers[0].goal: is not the id of a goal"),
        (a_file(sessions=[{"at": FAR}]), "sessions[0].at: is not between"),
        (a_file(alerts=[{"raised_at": at(START), "client_feels": float("inf")}]), "alerts[0].client_feels"),
        (
            a_file(signals=[{"rule": "risk_text", "raised_at": at(START), "evidence": {"lists": [{}]}}]),
            "signals[0].evidence.lists[0]",
        ),
        (a_file(ref="\ud800"), "clients[0].ref: holds half of a sign"),
        (
            {"format": 1, "clients": [{"ref": "R-1"}, {"ref": "R-1", "timezone": "Asia/Tokyo"}]},
            "clients[1].ref: is that of",
        ),
        ([], "the file: Input should be an object"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(plan: Plan, document: object, said: str) -> None:
    assert said in told(plan, document)


def test_everything_that_is_wrong_is_told_at_once(plan: Plan) -> None:
    wrong = a_file([{**FIRST, "value": True}, {**FIRST, "answered_at": FAR}], pauses=[{"starts_at": "today"}])
    wrong["clients"].append({"ref": "R-1"})
    lines = told(plan, {**wrong, "format": 7}).splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "format",
        "clients[0].check_ins[0].answers[0].value",
        "clients[0].check_ins[0].answers[1].answered_at",
        "clients[0].pauses[0].starts_at",
        "clients[1].ref",
    ]


@pytest.mark.parametrize(
    "evidence", [{}, {"about": [], "value": {}}, {"value": "talk"}, {"about": "nobody", "value": 3}, {"value": None}]
)
@pytest.mark.parametrize("rule", ["asked_to_talk", "risk_text", "blocked", "no_such_rule"])
def test_evidence_of_any_other_shape_raises_nothing(plan: Plan, rule: str, evidence: Row) -> None:
    found = decided(plan, a_file(signals=[{"rule": rule, "raised_at": at(START), "evidence": evidence}])["clients"][0])
    assert found[0]["signals"] == []


def test_numbers_mean_what_their_question_says(plan: Plan) -> None:
    def worth(**given: Any) -> float | None:
        known = cases(a_file([{**FIRST, **given}]), plan.bank)
        return known[0].history.occasions[0].replies[0].value_0_10

    assert worth(value="7") == 7
    assert worth(value=7.3, question="ours") == 7.3
    assert worth(value=3, value_0_10=7.5) == 7.5
    assert worth(value="never", question="ours") is None
    assert json.dumps(decided(plan, a_file([{**FIRST, "value": None}])["clients"][0]))
