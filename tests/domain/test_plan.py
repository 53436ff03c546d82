"""The plan: its version, what keeps the bot from going live, and which questions are asked this time."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from bot import bank
from bot.domain.plan import Lack, NotLive, Standing, goal_for, live_problems, questions_for
from bot.domain.schedules import Schedule
from tests.support.plans import a_plan

BANK = bank.shipped()
USUAL = Schedule("usual")
TODAY = date(2026, 5, 12)


class TestVersion:
    def test_the_same_content_has_the_same_version(self) -> None:
        assert a_plan().version == a_plan().version

    def test_any_change_is_another_version(self) -> None:
        plan = a_plan()
        others = {
            replace(plan, service=replace(plan.service, place="Elsewhere")).version,
            replace(plan, schedules=(replace(plan.schedules[0], time=time(15)),)).version,
            replace(plan, signals={"drop": {"z": -2.5}}).version,
            replace(plan, bank=BANK).version,
        }
        assert len(others | {plan.version}) == 5


class TestLive:
    def test_a_complete_plan_is_live(self) -> None:
        assert live_problems(a_plan(), TODAY) == ()

    @pytest.mark.parametrize("key", ["duty", "safeguarding_contact", "checked_by", "checked_on"])
    def test_each_missing_safety_key_is_named(self, key: str) -> None:
        plan = a_plan()
        lacking = replace(plan, safety=replace(plan.safety, **{key: None}))
        assert live_problems(lacking, TODAY) == (NotLive(f"safety.{key}", Lack.MISSING),)

    def test_without_somebody_for_complaints_it_is_not_live(self) -> None:
        plan = a_plan()
        lacking = replace(plan, alerts=replace(plan.alerts, complaints_to=()))
        assert live_problems(lacking, TODAY) == (NotLive("alerts.complaints_to", Lack.MISSING),)

    def test_every_language_needs_its_crisis_text_and_the_list_of_others_has_to_be_signed(self) -> None:
        plan = a_plan()
        service = replace(plan.service, languages=("en", "fr"), not_shared_with=())
        found = live_problems(replace(plan, service=service), TODAY)
        assert [one.key for one in found] == ["service.crisis_text.fr", "service.not_shared_with"]

    @pytest.mark.parametrize(
        ("day", "lack"), [(TODAY - timedelta(days=184), Lack.OLD), (TODAY + timedelta(days=1), Lack.IN_FUTURE)]
    )
    def test_a_check_of_the_numbers_holds_for_six_months(self, day: date, lack: Lack) -> None:
        plan = a_plan()
        assert live_problems(replace(plan, safety=replace(plan.safety, checked_on=day)), TODAY) == (
            NotLive("safety.checked_on", lack),
        )

    def test_the_people_that_it_names_can_be_looked_for(self) -> None:
        needed = a_plan().people_needed
        assert needed["alerts.cover"] == ("W-1", "W-2")
        assert needed["safety.checked_by"] == ("M-1",)


class TestQuestions:
    def test_bond_goals_tasks_then_one_in_turn(self) -> None:
        asked = [questions_for(USUAL, BANK, Standing(earlier)) for earlier in range(40)]
        assert {one[:3] for one in asked} == {("B1", "G1", "T1")}
        assert {len(one) for one in asked} == {4}
        askable = {"R1", "C1", "B3", "E3", "P1", "D2", "S1", "B2"}
        assert {one[3] for one in asked} == askable

    def test_progress_on_a_live_goal_comes_before_those_in_turn(self) -> None:
        assert questions_for(USUAL, BANK, Standing(5, live_goals=1)) == ("B1", "G1", "T1", "G3")

    def test_the_same_count_gives_the_same_questions(self) -> None:
        assert questions_for(USUAL, BANK, Standing(7)) == questions_for(USUAL, BANK, Standing(7))

    def test_with_more_room_several_are_asked_in_turn_and_none_twice(self) -> None:
        asked = questions_for(replace(USUAL, max_questions=6), BANK, Standing(1, live_goals=2))
        assert len(asked) == len(set(asked)) == 6

    @pytest.mark.parametrize(("most", "asked"), [(1, ("B1",)), (2, ("B1", "G1")), (3, ("B1", "G1", "T1"))])
    def test_never_more_than_the_most(self, most: int, asked: tuple[str, ...]) -> None:
        assert questions_for(replace(USUAL, max_questions=most), BANK, Standing()) == asked

    def test_a_client_may_want_fewer_but_not_more(self) -> None:
        assert questions_for(USUAL, BANK, Standing(max_questions=1)) == ("B1",)
        assert len(questions_for(USUAL, BANK, Standing(max_questions=9))) == 4

    def test_a_schedule_s_own_questions_are_asked_in_its_order(self) -> None:
        schedule = replace(USUAL, questions=("T1", "B1"))
        assert questions_for(schedule, BANK, Standing(3)) == ("T1", "B1")

    def test_a_pool_stands_for_one_of_its_questions_in_turn(self) -> None:
        schedule = replace(USUAL, questions=("B1", "rotating"))
        asked = {questions_for(schedule, BANK, Standing(n))[1] for n in range(3)}
        assert asked == {"R1", "C1", "B3"}

    def test_what_has_nothing_to_be_about_is_left_out(self) -> None:
        schedule = replace(USUAL, questions=("G3", "T3", "E1", "B1"))
        assert questions_for(schedule, BANK, Standing()) == ("B1",)
        everything = Standing(live_goals=1, has_task=True, has_next_session=True)
        assert questions_for(schedule, BANK, everything) == ("G3", "T3", "E1", "B1")

    def test_goals_are_asked_about_in_turn(self) -> None:
        assert [goal_for(["a", "b"], earlier) for earlier in range(3)] == ["a", "b", "a"]
        assert goal_for([], 3) is None
