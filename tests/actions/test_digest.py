"""The worker's weekly digest: once a week, without a sound, in words without numbers, and nothing that is not theirs."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.actions import alerts, digest, reassigning
from bot.actions.desk import Desk
from bot.app import loops
from bot.domain.alerts import Wish
from bot.domain.people import Asking, Person
from bot.domain.signals.history import Signal
from bot.domain.words import Construct, Tier
from bot.ports import Unsure
from handlers import routes
from tests.support.checkins import at, move
from tests.support.desks import START
from tests.support.people import a_client, a_worker
from tests.support.plans import a_plan
from tests.support.post_office import at_work
from tests.support.scripted import Scripted
from tests.support.stories import World, a_world, earlier_answers

MONDAY = datetime(2026, 5, 18, 8, tzinfo=UTC)
"""The Monday after the story begins, nine in London."""
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
QUIET = "Your week, to Mon 18 May\n\nAll quiet. Nothing came up that needs a talk."


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def looks(world: World) -> None:
    """The loop looks, in as many units as it needs, and what it wrote is carried out."""
    for _ in range(10):
        async with world.desk.turn() as turn:
            if not await digest.send_due(turn):
                break
    await world.settle()


async def monday(world: World, **later: float) -> str:
    """What stands in the worker's newest message once the week has begun."""
    at(world.desk, MONDAY)
    move(world.desk, **later)
    await looks(world)
    return world.sam.shows


def digests(world: World) -> list[dict[str, Any]]:
    return [dict(one.facts) for one in world.sam.letters if one.kind == "worker.digest"]


async def waits(world: World, rule: str, *, client_id: str | None = None, held: str = "digest", **more: Any) -> str:
    """A signal of this rule on record, held for the digest, as the rules and the budget leave it."""
    async with world.desk.turn() as turn:
        evidence = {"value": 4.25, "usual": 8.0, "last_three": [8, 8, 7]}
        tier = Tier.ALERT if held == "budget" else Tier.DIGEST
        when, source = more.get("at", turn.now), more.get("source")
        signal = Signal(rule, more.get("construct"), when, tier, evidence, source)
        signal_id = await turn.m.signals.put(client_id or world.client.id, signal, turn.plan.version)
        await turn.m.signals.change([signal_id], held=held)
    return signal_id


async def told_at(world: World, signal_id: str) -> datetime | None:
    async with world.desk.glance() as m:
        waiting = {one.id for one in await m.signals.for_digest([world.client.id], START - A_WEEK)}
    return None if signal_id in waiting else world.desk.clock.now()


# ---------------------------------------------------------------- when


async def test_it_comes_once_a_week_without_a_sound_when_work_begins(world: World) -> None:
    at(world.desk, MONDAY - timedelta(minutes=5))
    await looks(world)
    assert world.sam.screens == []
    at(world.desk, MONDAY)
    await looks(world)
    for _ in range(14):
        move(world.desk, hours=12, minutes=-1)
        await looks(world)
    assert [one.silent for one in world.sam.letters] == [True]
    assert world.sam.shows == QUIET
    at(world.desk, MONDAY + A_WEEK)
    await looks(world)
    assert len(world.sam.screens) == 2
    assert [phone.screens for phone in (world.alex, world.jo, world.ada)] == [[]] * 3


async def test_it_is_among_what_the_loops_do(world: World) -> None:
    assert digest.send_due in [work for loop in loops(world.desk) for work in loop.work]


async def test_a_second_process_and_a_restart_say_nothing_twice(world: World) -> None:
    at(world.desk, MONDAY)
    other = Desk(memory=world.desk.memory, clock=world.desk.clock, plan=world.desk.plan, process="two")
    for desk in (world.desk, other, world.desk):
        async with desk.turn() as turn:
            await digest.send_due(turn)
    await looks(world)
    move(world.desk, hours=1)
    await looks(world)
    assert len(world.sam.screens) == 1


async def test_on_a_closed_monday_it_comes_on_tuesday(desk: Desk) -> None:
    calendar = replace(desk.plan.calendar, closed_dates=frozenset({date(2026, 5, 18)}))
    desk.plan = replace(desk.plan, service=replace(desk.plan.service, calendar=calendar))
    world = await a_world(desk)
    at(desk, MONDAY)
    await looks(world)
    assert world.sam.screens == []
    at(desk, MONDAY + A_DAY)
    await looks(world)
    assert world.sam.shows.startswith("Your week, to Tue 19 May")


async def test_whoever_is_away_has_it_on_return_and_the_cover_has_nothing_of_it(world: World) -> None:
    await waits(world, "one_sided")
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.worker.id, away_until=MONDAY + 2.5 * A_DAY)
    assert await a_client(world.desk, await a_worker(world.desk, "W-2", "Kim", 2002), "R-204", "Bo", 1002)
    at(world.desk, MONDAY)
    await looks(world)
    assert world.sam.screens == []
    assert "R-118" not in world.kim.all_words
    assert len(world.kim.screens) == 1
    at(world.desk, MONDAY + 3 * A_DAY)
    await looks(world)
    assert "R-118" in world.sam.shows
    assert "to Thu 21 May" in world.sam.shows


async def test_what_an_outage_kept_until_the_night_comes_the_next_working_day(world: World) -> None:
    await waits(world, "one_sided")
    at(world.desk, MONDAY)
    async with world.desk.turn() as turn:
        await digest.send_due(turn)
    at(world.desk, MONDAY + timedelta(hours=12))
    await world.settle()
    assert world.sam.screens == []
    at(world.desk, MONDAY + A_DAY)
    await world.settle()
    assert "R-118" in world.sam.shows


async def test_whoever_joins_in_the_middle_of_a_week_has_the_next_one(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.worker.id, joined_at=MONDAY + timedelta(hours=1))
    at(world.desk, MONDAY + A_DAY)
    await looks(world)
    assert world.sam.screens == []
    at(world.desk, MONDAY + A_WEEK)
    await looks(world)
    assert len(world.sam.screens) == 1


async def test_whoever_has_no_clients_has_no_digest(world: World) -> None:
    at(world.desk, MONDAY)
    await looks(world)
    assert world.kim.screens == []
    await world.kim.types("/digest")
    assert "Nothing new since" in world.kim.shows


# ---------------------------------------------------------------- what


async def test_what_is_not_loud_enough_for_an_alert_is_said_in_words_without_a_number(world: World) -> None:
    for _ in range(2):
        await world.low(9, 9, 6)
    assert await world.alerts() == []
    assert world.sam.screens == []
    text = await monday(world)
    assert "R-118\n· One part stays well behind the others" in text
    assert "For the numbers: /client R-118" in text
    words = re.sub(r"R-118|Mon 18 May", "", text)
    assert re.findall(r"\d", words) == []


async def test_what_is_over_the_budget_is_said_plainly_and_only_worth_asking_as_the_client_said_nothing(
    desk: Desk,
) -> None:
    desk.plan = a_plan(alerts=replace(desk.plan.alerts, budget_per_worker_per_week=0))
    world = await a_world(desk)
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    assert world.sam.screens == []
    text = await monday(world)
    said = "Worth asking how you two are getting on. Over your budget of alerts, so held back until now."
    assert text.splitlines()[2:4] == ["R-118", f"· {said}"]
    assert "low" not in text


async def test_what_the_client_wanted_told_is_an_alert_and_not_in_the_digest(desk: Desk) -> None:
    desk.plan = a_plan(alerts=replace(desk.plan.alerts, budget_per_worker_per_week=0))
    world = await a_world(desk)
    await world.low(2, 8, 8)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    assert "fell to 2" in world.sam.shows
    assert "budget" not in await monday(world)


async def test_where_clients_are_not_asked_first_it_is_said_what_it_was(desk: Desk) -> None:
    limits = replace(desk.plan.alerts, budget_per_worker_per_week=0, ask_client_first=False)
    desk.plan = a_plan(alerts=limits)
    world = await a_world(desk)
    await world.low(2, 8, 8)
    assert "· One answer was low. Over your budget" in await monday(world)


async def test_beside_what_the_client_kept_back_nothing_else_of_that_check_in_is_said(world: World) -> None:
    await world.low(9, 9, 3)
    await world.alex.taps("I'll say it myself")
    kept = await waits(world, "one_sided", source=(await world.alerts())[0].check_in_id)
    await world.pass_time(minutes=2)
    text = await monday(world)
    assert "Worth asking how you two are getting on." in text
    assert "One part stays" not in text
    assert await told_at(world, kept) is not None


async def test_what_the_client_took_to_somebody_else_is_on_no_line_and_in_no_count(world: World) -> None:
    await world.low(9, 9, 3)
    source = (await world.alerts())[0].check_in_id
    await world.alex.taps("I'd like someone else")
    await waits(world, "one_sided", source=source)
    await waits(world, "slow_answers", source=source)
    await world.pass_time(hours=3)
    assert await monday(world) == QUIET
    await world.sam.types("/digest")
    assert "R-118" not in world.sam.all_words


async def test_a_matter_for_somebody_else_is_no_open_alert_of_the_worker(world: World) -> None:
    await world.alex.types("/talk")
    await world.alex.taps("I'd like someone else")
    await world.alex.taps("Yes, ask")
    await world.pass_time(minutes=2)
    assert any(one.kind.value == "someone_else" for one in await world.alerts())
    assert await monday(world) == QUIET


async def test_the_worker_s_own_number_is_said_to_that_worker_alone(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.assign(world.client.id, world.worker.id, turn.now - A_WEEK)
    await waits(world, "worker_strain")
    assert "as you rated it" in await monday(world)
    await waits(world, "worker_strain")
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await reassigning.give(turn, world.client.id, kim.id)
    at(world.desk, MONDAY + A_WEEK)
    await looks(world)
    assert "rated" not in world.kim.all_words
    assert "Your week" in world.kim.shows
    assert len(digests(world)) == 1  # Sam has no clients left


async def test_one_client_has_three_lines_at_most_the_strongest_first(world: World) -> None:
    for rule in ("fade", "goal_stall", "one_sided", "goal_drop"):
        await waits(world, rule)
    await waits(world, "silence", held="budget")
    said = [line for line in (await monday(world)).splitlines() if line.startswith("·")]
    assert [line.split()[1] for line in said] == ["No", "One", "Progress"]


async def test_what_has_been_told_is_not_told_again(world: World) -> None:
    await waits(world, "one_sided")
    assert "One part stays" in await monday(world)
    assert await monday(world, days=7) == QUIET.replace("18 May", "25 May")


async def test_an_alert_that_is_open_makes_it_no_quiet_week(world: World) -> None:
    await world.low(2, 8, 8)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=61)
    await world.sam.taps("I've got it")
    text = await monday(world)
    assert "1 alert is still open: R-118." in text
    assert "All quiet" not in text


async def test_for_how_many_the_chat_cannot_show_change_and_for_whom(world: World) -> None:
    for ref, values in (("R-201", (10, 10, 10)), ("R-202", (10, 10, 10)), ("R-203", (7, 8, 9))):
        other = await a_client(world.desk, world.worker, ref, "B", 1000 + int(ref[2:]))
        await earlier_answers(world.desk, other, [values] * 3 + [values if ref != "R-203" else (9, 9, 6)] * 2)
    text = await monday(world)
    assert "For 2 of 4 the chat can't show change here, so please ask in person: R-201 and R-202." in text
    assert "unreliable" not in text


# ---------------------------------------------------------------- whose


async def test_nobody_who_is_no_longer_theirs_is_in_it_even_when_it_was_written_before(world: World) -> None:
    await waits(world, "one_sided")
    other = await a_client(world.desk, world.worker, "R-204", "Bo", 1002)
    await waits(world, "goal_stall", client_id=other.id)
    at(world.desk, MONDAY)
    async with world.desk.turn() as turn:
        await digest.send_due(turn)
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await reassigning.give(turn, world.client.id, kim.id)
    await world.settle()
    assert len(digests(world)) == 1
    assert "R-204" in world.sam.shows
    assert "R-118" not in world.sam.all_words


@pytest.mark.parametrize("passed_on", [False, True])
async def test_a_new_worker_hears_of_what_was_before_only_if_the_client_passes_it_on(
    world: World, passed_on: bool
) -> None:
    await waits(world, "one_sided")
    await waits(world, "worker_strain")
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await reassigning.give(turn, world.client.id, kim.id)
    await world.settle()
    if passed_on:
        await world.alex.taps("Yes")
    at(world.desk, MONDAY)
    await looks(world)
    assert ("One part stays" in world.kim.shows) is passed_on
    assert passed_on or world.kim.shows == QUIET
    assert "rated" not in world.kim.all_words


async def test_only_the_worker_s_own_clients_are_in_it(world: World) -> None:
    await waits(world, "one_sided")
    kim: Person = await a_worker(world.desk, "W-2", "Kim", 2002)
    await a_client(world.desk, kim, "R-204", "Bo", 1002)
    at(world.desk, MONDAY)
    await looks(world)
    assert world.kim.shows == QUIET
    assert "R-118" in world.sam.shows


# ---------------------------------------------------------------- nothing is lost


async def test_what_did_not_get_through_waits_for_the_next_one(world: World) -> None:
    kept = await waits(world, "one_sided")
    world.dead.add(2001)
    at(world.desk, MONDAY)
    await looks(world)
    assert await told_at(world, kept) is None
    world.dead.clear()
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.worker.id, unreachable=None, unreachable_at=None)
    at(world.desk, MONDAY + A_WEEK)
    await looks(world)
    assert "One part stays" in world.sam.shows
    assert await told_at(world, kept) is not None


async def test_what_nobody_knows_to_have_arrived_is_not_counted_as_told(world: World) -> None:
    kept = await waits(world, "one_sided")
    at(world.desk, MONDAY)
    async with world.desk.turn() as turn:
        await digest.send_due(turn)
    network = Scripted(world.desk.clock, [Unsure("reset"), Unsure("reset")])
    async with at_work(world.desk, network, routes.HOOKS):
        pass
    move(world.desk, minutes=2)
    async with at_work(world.desk, network, routes.HOOKS):
        pass
    assert len(network.letters) == 2
    assert await told_at(world, kept) is None


async def test_one_that_cannot_be_made_keeps_no_other_worker_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim = await a_worker(world.desk, "W-2", "Kim", 2002)
    await a_client(world.desk, kim, "R-204", "Bo", 1002)
    await waits(world, "one_sided")
    async with world.desk.turn() as turn:  # a row that no rule of this version knows
        broken = Signal("long_gone", Construct.BOND, turn.now, Tier.DIGEST, {})
        await turn.m.signals.change([await turn.m.signals.put(world.client.id, broken, "old")], held="digest")
    at(world.desk, MONDAY)
    await looks(world)
    assert len(world.kim.screens) == 1


# ---------------------------------------------------------------- on request


async def test_on_request_it_shows_what_waits_and_leaves_it_for_the_weekly_one(world: World) -> None:
    await waits(world, "one_sided")
    await world.sam.types("/digest")
    assert world.sam.shows.startswith("Your week so far, Tue 12 May\n\nR-118\n· One part stays")
    assert world.sam.letters[-1].silent
    assert "One part stays" in await monday(world)
    await world.sam.types("/digest")
    assert world.sam.shows == "Your week so far, Mon 18 May\n\nNothing new since your last weekly one."


@pytest.mark.parametrize("asking", [Asking.GONE_QUIET, Asking.QUIETED, Asking.HELD, Asking.BREAK])
async def test_it_is_not_all_quiet_while_somebody_is_not_asked_at_all(world: World, asking: Asking) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, asking=asking, asking_since=turn.now)
    said = "I'm not asking R-118 just now, so I can't tell how they are. /caseload says why."
    assert await monday(world) == f"Your week, to Mon 18 May\n\n{said}"
    at(world.desk, MONDAY + A_WEEK)
    await looks(world)
    assert said in world.sam.shows, "every week, until somebody does something"


async def test_who_comes_back_by_themselves_is_not_counted_among_those(world: World) -> None:
    async with world.desk.turn() as turn:
        until = MONDAY + A_WEEK
        await turn.m.people.change_client(world.client.id, asking=Asking.BREAK, paused_until=until)
    assert await monday(world) == QUIET


async def test_a_chat_that_does_not_get_through_is_not_all_quiet_either(world: World) -> None:
    async with world.desk.turn() as turn:
        await routes.gone(turn, world.client.person, turn.now)
    assert "I'm not asking R-118 just now" in await monday(world)


async def test_managers_and_clients_have_no_such_command(world: World) -> None:
    await waits(world, "one_sided")
    for phone in (world.jo, world.alex):
        await phone.types("/digest")
        assert phone.refused == "errors.unknown_command"
        assert phone.screens == []


@pytest.mark.slow
async def test_it_fits_into_one_message_says_how_many_are_left_out_and_keeps_those(world: World) -> None:
    for n in range(30):
        client = await a_client(world.desk, world.worker, f"{'R' * 36}-{100 + n}", "B", 1300 + n)
        for rule in ("said_stopping", "one_sided", "low_intent"):
            await waits(world, rule, client_id=client.id)
        await earlier_answers(world.desk, client, [(10, 10, 10)] * 5)
        async with world.desk.turn() as turn:
            await alerts.raise_talk(turn, client, "how")
    await world.settle()
    text, seen = await monday(world), digests(world)[-1]
    assert 3000 < len(text) <= 4096
    assert f"{30 - len(seen['clients'])} more didn't fit in here. They wait for the next one." in text
    assert text.count("\n· ") == 3 * len(seen["clients"])
    await world.sam.types("/digest")
    refs = {one["ref"] for found in digests(world)[-2:] for one in found["clients"]}
    assert len(refs) == 2 * len(seen["clients"])


async def test_its_facts_hold_no_number_and_no_name(world: World) -> None:
    for _ in range(2):
        await world.low(9, 9, 6)
    await monday(world)
    facts = {name: one for name, one in digests(world)[-1].items() if name not in ("about", "told", "day", "of")}
    assert facts["left_out"] == 0
    assert re.findall(r"\d", json.dumps(facts["clients"]).replace("R-118", "")) == []
    assert "Alex" not in json.dumps(facts)
    assert Wish.TELL.value not in facts
