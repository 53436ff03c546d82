"""Which questions are asked this time: in turn by what was asked before, before a meeting, and when called for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import bank
from bot.domain.asking import (
    NOTICED,
    SAME_ANSWERS,
    Standing,
    called_for,
    goal_for,
    low_intent,
    offers_other_wording,
    questions_for,
    takes_turns,
)
from bot.domain.checkins import Item, State
from bot.domain.questions import Asks, Bank, Question, Scale
from bot.domain.schedules import Schedule
from bot.domain.signals.catalogue import settings as rules
from bot.domain.signals.history import Told
from bot.domain.turns import FIRST_AFTER, MEMORY, RESTS, SAME_DAY, Kind, Round, kind_of, seen_of, share_of
from bot.domain.words import ALLIANCE, Construct, Tier

BANK = bank.shipped()
USUAL = Schedule("usual")
DAY = timedelta(days=1)
START = datetime(2026, 5, 12, 13, tzinfo=UTC)
CORE = ("B1", "G1", "T1")
NOBODY = Standing()
"""A client of whom nothing is known yet."""


def a_round(at: datetime, *questions: str, name: str | None = None, turns: bool = True) -> Round:
    return Round(name or at.isoformat(), at, tuple(Item(one) for one in questions), turns)


def asked(client: Standing = NOBODY, schedule: Schedule = USUAL, at: datetime = START) -> tuple[str, ...]:
    return questions_for(schedule, BANK, client, at)


def told(rule: str, at: datetime, source: str = "low", tier: Tier | None = None) -> Told:
    usual = Tier.ALERT if rule == "low_intent" else Tier.DIGEST
    return Told(rule, Construct.BOND, at, source, alerted=False, tier=usual if tier is None else tier)


def going_on(
    schedule: Schedule, client: Standing, gaps: Sequence[timedelta], meets: Sequence[bool] = (False,)
) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """One check-in after the other, each answered: when, and what it asked. Gaps and meetings are gone round."""
    at, rounds = START, list(client.rounds)
    for n in count():
        session = at + timedelta(hours=36) if meets[n % len(meets)] else None
        now = replace(client, rounds=rounds[-MEMORY:], next_session=session)
        questions = questions_for(schedule, BANK, now, at)
        yield at, questions
        rounds.append(a_round(at, *questions))
        at += gaps[n % len(gaps)]


class TestPlaces:
    def test_bond_goals_tasks_and_then_one_in_turn(self) -> None:
        found = [q for _, (_, q) in zip(range(40), going_on(USUAL, Standing(), [3.5 * DAY]), strict=False)]
        assert {one[:3] for one in found} == {CORE}
        assert {len(one) for one in found} == {4}
        assert {one[3] for one in found} == {"R1", "C1", "B3", "E3", "P1", "D2", "S1", "B2"}

    def test_progress_on_a_live_goal_comes_first_and_then_by_turn_like_the_others(self) -> None:
        client = Standing(live_goals=1, has_other=True)
        found = [q[3] for _, (_, q) in zip(range(8), going_on(USUAL, client, [3.5 * DAY]), strict=False)]
        assert found == ["G3", "R1", "E3", "G3", "C1", "R1", "E3", "G3"]

    @pytest.mark.parametrize(("most", "first"), [(1, ("B1",)), (2, ("B1", "G1")), (3, CORE)])
    def test_with_three_or_fewer_every_second_check_in_gives_a_place(self, most: int, first: tuple[str, ...]) -> None:
        schedule = replace(USUAL, max_questions=most)
        found = [q for _, (_, q) in zip(range(10), going_on(schedule, Standing(), [3.5 * DAY]), strict=False)]
        assert found[0] == first
        assert [len(set(one) - set(CORE)) for one in found] == [0, 1] * 5
        assert {len(one) for one in found} == {most}

    def test_with_more_room_several_are_asked_in_turn_and_none_twice(self) -> None:
        found = asked(Standing(live_goals=2), replace(USUAL, max_questions=6))
        assert len(found) == len(set(found)) == 6

    def test_a_client_may_want_fewer_but_not_more(self) -> None:
        assert asked(Standing(max_questions=1)) == ("B1",)
        assert len(asked(Standing(max_questions=9))) == 4

    def test_of_several_bond_questions_the_one_that_has_waited_longest_is_asked(self) -> None:
        other = Question("B9", Construct.BOND, Scale.NUMBERS, {"en": "Another?"}, pool="bond")
        wider = Bank((*BANK.questions, other))
        before = (a_round(START - 7 * DAY, "B1", "G1", "T1"), a_round(START - 3 * DAY, "B9", "G1", "T1"))
        assert questions_for(USUAL, wider, Standing(before[:1]), START)[0] == "B9"
        assert questions_for(USUAL, wider, Standing(before), START)[0] == "B1"


class TestOwnQuestions:
    def test_a_schedule_s_own_questions_are_asked_in_its_order(self) -> None:
        assert asked(schedule=replace(USUAL, questions=("T1", "B1"))) == ("T1", "B1")

    def test_even_where_one_of_them_was_asked_yesterday(self) -> None:
        schedule = replace(USUAL, questions=("R1", "C1"))
        assert asked(Standing((a_round(START - DAY, "R1", "C1"),)), schedule) == ("R1", "C1")

    def test_a_pool_stands_for_the_one_of_its_questions_that_is_due(self) -> None:
        schedule = replace(USUAL, questions=("B1", "rotating"))
        found = [q[1] for _, (_, q) in zip(range(6), going_on(schedule, Standing(), [3.5 * DAY]), strict=False)]
        assert found == ["R1", "E3", "R1", "B3", "C1", "E3"]

    def test_what_has_nothing_to_be_about_is_left_out(self) -> None:
        schedule = replace(USUAL, questions=("G3", "T3", "E1", "B1"))
        assert asked(schedule=schedule) == ("B1",)
        everything = Standing(live_goals=1, has_task=True, next_session=START + DAY)
        assert asked(everything, schedule) == ("G3", "T3", "E1", "B1")

    def test_a_meeting_that_is_over_is_none_to_come_to(self) -> None:
        assert asked(Standing(next_session=START - DAY), replace(USUAL, questions=("E1", "B1"))) == ("B1",)

    def test_only_schedules_that_leave_a_choice_count_waiting(self) -> None:
        assert takes_turns(USUAL, BANK)
        assert takes_turns(replace(USUAL, questions=("B1", "rotating")), BANK)
        assert not takes_turns(replace(USUAL, questions=("B1",)), BANK)
        assert not takes_turns(None, BANK)

    def test_what_another_schedule_asked_is_not_asked_again_in_turn(self) -> None:
        """After the meeting "did anything upset you" was asked; two days later it rests."""
        client = Standing((a_round(START - 2 * DAY, "R1", turns=False), a_round(START - 30 * DAY, *CORE)))
        assert asked(client)[3] == "C1"


class TestGoals:
    @dataclass(frozen=True)
    class OfClient:
        id: str

    def test_the_goal_that_has_waited_longest_is_asked_about(self) -> None:
        goals = [self.OfClient("a"), self.OfClient("b"), self.OfClient("c")]
        rounds = [Round(str(n), START + n * DAY, (Item("G3", goal),)) for n, goal in enumerate(["a", "b"])]
        assert goal_for(goals, []) == goals[0]
        assert goal_for(goals, rounds) == goals[2]
        assert goal_for(goals[:2], rounds) == goals[0]
        assert goal_for(goals[:2], [*rounds, Round("2", START + 2 * DAY, (Item("G3", "a"),))]) == goals[1]
        assert goal_for([], rounds) is None


class TestSeen:
    @pytest.mark.parametrize(
        ("state", "position", "touched", "seen"),
        [
            (State.COMPLETED, 2, True, 3),
            (State.SKIPPED, 2, True, 3),
            (State.PLANNED, 0, False, 3),
            (State.OPEN, 0, False, 3),
            (State.PARTIAL, 1, True, 2),
            (State.EXPIRED, 0, True, 1),
            (State.EXPIRED, 0, False, 0),
            (State.CANCELLED, 0, False, 0),
            (State.MISSED_BY_US, 0, False, 0),
        ],
    )
    def test_only_what_stood_before_the_client_counts_as_asked(
        self, state: State, position: int, touched: bool, seen: int
    ) -> None:
        items = [Item(one) for one in CORE]
        assert seen_of(state, items, position, touched=touched) == tuple(items[:seen])

    def test_a_check_in_that_nobody_looked_at_changes_nothing(self) -> None:
        client = Standing((a_round(START - 7 * DAY, *CORE, "R1"),))
        with_one_left_alone = replace(client, rounds=(*client.rounds, Round("left", START - 3 * DAY, ())))
        assert asked(with_one_left_alone) == asked(client)


class TestBeforeAMeeting:
    @pytest.mark.parametrize(("hours", "is_asked"), [(23, False), (24, True), (48, True), (49, False)])
    def test_will_you_come_is_asked_a_day_or_two_before(self, hours: int, is_asked: bool) -> None:
        found = asked(Standing(next_session=START + timedelta(hours=hours)))
        assert ("E1" in found) == is_asked
        assert found[:3] == CORE

    def test_but_not_before_every_meeting_so_that_the_others_get_their_turn(self) -> None:
        found = [q for _, (_, q) in zip(range(9), going_on(USUAL, Standing(), [7 * DAY], [True]), strict=False)]
        assert ["E1" in one for one in found] == [True, False, False, False] * 2 + [True]


class TestWhoIsThereToHear:
    def test_the_right_person_is_asked_about_only_where_somebody_else_hears_it(self) -> None:
        months = [9 * DAY] * 40
        alone = [q for _, (_, q) in zip(months, going_on(USUAL, Standing(), months), strict=False)]
        assert not any("F1" in one for one in alone)
        heard = [q for _, (_, q) in zip(months, going_on(USUAL, Standing(has_other=True), months), strict=False)]
        assert any("F1" in one for one in heard)

    def test_not_even_where_a_schedule_names_it(self) -> None:
        schedule = replace(USUAL, questions=("F1", "B1"))
        assert asked(schedule=schedule) == ("B1",)
        assert asked(Standing(has_other=True), schedule) == ("F1", "B1")


class TestCalledFor:
    def test_a_low_first_answer_calls_for_the_direct_question(self) -> None:
        client = Standing(
            (a_round(START - 3 * DAY, *CORE, "D2", name="low"),), told=(told("first_low", START - 3 * DAY),)
        )
        assert called_for(client, BANK, START) == (Asks.BOTHERED,)
        assert asked(client) == (*CORE, "R1")

    def test_it_is_not_called_for_where_that_very_check_in_asked_it_or_a_later_one_did(self) -> None:
        low = told("first_low", START - 3 * DAY + timedelta(hours=1))
        same = Standing((a_round(START - 3 * DAY, *CORE, "R1", name="low"),), told=(low,))
        later = Standing((a_round(START - DAY, "R1"),), told=(low,))
        assert called_for(same, BANK, START) == called_for(later, BANK, START) == ()

    def test_left_unseen_it_is_still_called_for_but_not_for_ever(self) -> None:
        unseen = Standing((Round("later", START - DAY, ()),), told=(told("first_low", START - 3 * DAY),))
        assert called_for(unseen, BANK, START) == (Asks.BOTHERED,)
        assert called_for(unseen, BANK, START + 12 * DAY) == ()

    def test_a_missed_meeting_or_a_low_intent_call_for_times_and_places_once(self) -> None:
        both = Standing(told=(told("low_intent", START - DAY),), missed=(START - timedelta(hours=2),))
        assert called_for(both, BANK, START) == (Asks.BARRIERS,)
        assert asked(both) == (*CORE, "E2")
        after = replace(both, rounds=(a_round(START, "E2"),))
        assert called_for(after, BANK, START + 3 * DAY) == ()

    def test_a_second_reason_within_days_waits_until_the_question_has_rested(self) -> None:
        client = Standing((a_round(START - 2 * DAY, "E2"),), missed=(START - DAY,))
        assert called_for(client, BANK, START) == ()
        assert called_for(client, BANK, START + 5 * DAY) == (Asks.BARRIERS,)

    def test_two_calls_leave_two_of_bond_goals_and_tasks(self) -> None:
        client = Standing(told=(told("first_low", START - DAY),), missed=(START - DAY,))
        assert asked(client) == ("B1", "G1", "R1", "E2")
        assert asked(client, replace(USUAL, max_questions=3)) == ("B1", "G1", "R1")

    def test_behind_a_schedule_s_own_questions_if_there_is_room(self) -> None:
        client = Standing(missed=(START - DAY,))
        assert asked(client, replace(USUAL, questions=CORE)) == (*CORE, "E2")
        assert asked(client, replace(USUAL, questions=CORE, max_questions=3)) == CORE

    @pytest.mark.parametrize("rule", NOTICED)
    def test_how_it_is_after_a_talk_is_left_to_the_follow_up(self, rule: str) -> None:
        """Even where a service put such a question into the pool."""
        pooled = Bank(tuple(replace(one, pool="rotating") if one.asks is Asks.REPAIR else one for one in BANK.questions))
        client, rounds = Standing(has_other=True, live_goals=1, told=(told(rule, START),)), list[Round]()
        for n in range(60):
            at = START + n * 3.5 * DAY
            found = questions_for(USUAL, pooled, replace(client, rounds=rounds), at)
            assert "R3" not in found
            rounds.append(a_round(at, *found))

    @pytest.mark.parametrize(
        ("value", "earlier", "low"),
        [(3, [], True), (3.5, [], False), (4, [8, 8, 9], True), (5, [8, 8, 9], False), (6, [10, 10], False)],
    )
    def test_low_is_three_or_less_or_four_below_the_own_median(
        self, value: float, earlier: list[float], low: bool
    ) -> None:
        """The numbers are those of the rule, so that what is asked and what is told go together."""
        numbers = rules("recovery")["low_intent"]
        assert low_intent(value, earlier, numbers) is low
        assert not low_intent(value, earlier, replace(numbers, enabled=False))

    def test_what_is_confirmed_or_explained_already_calls_for_nothing(self) -> None:
        """A low start that "worse" confirmed; a low "will you come" because of the time."""
        known = (told("first_low", START, tier=Tier.ALERT), told("low_intent", START, tier=Tier.DIGEST))
        assert called_for(Standing(told=known), BANK, START) == ()


class TestSameAnswers:
    STEADY = Standing((a_round(START - 20 * DAY, *CORE, "R1"),), told=(told(SAME_ANSWERS, START - 3 * DAY),))

    def test_the_direction_question_goes_first_once_it_makes_sense(self) -> None:
        """Fourteen days after it was asked, however long others have waited."""
        turned = [q[3] for _, (_, q) in zip(range(9), going_on(USUAL, self.STEADY, [3.5 * DAY]), strict=False)]
        assert [n for n, one in enumerate(turned) if one == "C1"] == [0, 4, 8]

    def test_other_wording_is_offered_with_the_first_check_in_of_a_month(self) -> None:
        zone = "Europe/London"
        assert offers_other_wording(self.STEADY, START, zone)
        asked_this_month = replace(self.STEADY, rounds=(a_round(START - 5 * DAY, *CORE),))
        assert not offers_other_wording(asked_this_month, START, zone)
        assert not offers_other_wording(Standing(), START, zone)
        assert not offers_other_wording(self.STEADY, START + 30 * DAY, zone)

    def test_the_month_is_the_client_s_own(self) -> None:
        """Half past eleven at night in London on the last of April is the first of May in Kathmandu."""
        late = datetime(2026, 4, 30, 22, 30, tzinfo=UTC)
        client = replace(self.STEADY, rounds=(a_round(START - 19 * DAY, *CORE),), told=(told(SAME_ANSWERS, late),))
        assert not offers_other_wording(client, late, "Europe/London")
        assert offers_other_wording(client, late, "Asia/Kathmandu")


# ── The promise ──

PAGE = Path(__file__).parents[2] / "docs" / "managers.md"


def promises() -> dict[int, dict[int, int]]:
    """Most questions → share → check-ins, as the table in docs/managers.md says it."""
    rows = re.findall(r"^\| (\d)[^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {int(most): {0: int(core), 1: int(one), 2: int(two), 3: int(three)} for most, core, one, two, three in rows}


def waits(log: Sequence[tuple[datetime, tuple[str, ...]]], kind: Kind, ids: set[str]) -> Iterator[tuple[int, int]]:
    """For each stretch without a question of this kind: check-ins since it was asked, and since its rest was over."""
    last, free_at = -1, log[0][0] + FIRST_AFTER.get(kind, timedelta(0))
    for n, (at, questions) in enumerate(log):
        if ids & set(questions):
            last, free_at = n, at + RESTS.get(kind, timedelta(0))
        else:
            free = sum(when >= free_at - SAME_DAY for when, _ in log[last + 1 : n + 1])
            yield n - last, free


GAPS = st.sampled_from([0.5, 1, 2, 3.5, 7, 14, 21, 28]).map(lambda days: timedelta(days=days))


@pytest.mark.parametrize("most", [2, 3, 4])
@given(
    gaps=st.lists(GAPS, min_size=1, max_size=8),
    meets=st.lists(st.booleans(), min_size=1, max_size=4),
    goals=st.integers(0, 2),
    has_other=st.booleans(),
)
@example(gaps=[timedelta(days=3.5)], meets=[False], goals=0, has_other=True)
@example(gaps=[timedelta(hours=12)] * 3 + [timedelta(days=21)], meets=[True], goals=2, has_other=True)
@settings(max_examples=25, deadline=None)
def test_everything_is_asked_within_the_promised_number_of_check_ins(
    most: int, gaps: list[timedelta], meets: list[bool], goals: int, has_other: bool
) -> None:
    """Whatever the schedule, with goals or without, with meetings or without: never more than `most` questions, every
    construct and every direct question in its time, none of them sooner than it may be."""
    client, promised = Standing(live_goals=goals, has_other=has_other), promises()[most]
    log = [
        one for _, one in zip(range(100), going_on(replace(USUAL, max_questions=most), client, gaps, meets), strict=False)
    ]
    assert all(len(q) == len(set(q)) <= most and len(set(q) & set(CORE)) >= min(2, most - 1) for _, q in log)
    for construct in ALLIANCE:
        core = {one.id for one in BANK.by_pool(construct)}
        assert all(n < promised[0] for n, _ in waits(log, construct, core)), construct
    turning = [*BANK.by_pool("rotating"), *(BANK.by_asks(Asks.GOAL_PROGRESS) if goals else ())]
    left_out = {Asks.INTENT} | ({Asks.FIT} if not has_other else set()) | (set() if goals else {Asks.GOAL_STILL_MINE})
    for kind in {kind_of(one) for one in turning if not one.quotes_task} - left_out:
        ids = {one.id for one in turning if kind_of(one) is kind}
        number = promised[share_of(kind)]
        for since_asked, since_free in waits(log, kind, ids):
            assert since_asked < number or since_free < number / 2, kind
        often = [at for at, q in log if ids & set(q)]
        rest = RESTS.get(kind, timedelta(0)) - SAME_DAY
        assert all(later - earlier >= rest for earlier, later in pairwise(often)), kind


def test_the_table_of_promises_is_there() -> None:
    assert set(promises()) == {2, 3, 4}


def test_the_same_check_ins_give_the_same_questions_in_whatever_order_they_are_told() -> None:
    rounds = [a_round(at, *q) for _, (at, q) in zip(range(12), going_on(USUAL, Standing(), [3.5 * DAY]), strict=False)]
    client = Standing(rounds, live_goals=1, has_other=True)
    assert asked(client, at=START + 50 * DAY) == asked(replace(client, rounds=rounds[::-1]), at=START + 50 * DAY)
