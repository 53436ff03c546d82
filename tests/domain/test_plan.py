"""The plan: its version, and what keeps the bot from going live."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from bot import bank
from bot.domain.plan import Lack, NotLive, live_problems
from tests.support.plans import a_plan

BANK = bank.shipped()
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
