"""What one person may see and another may not: the worker who was, who covers, and of whom the client would not tell."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import app
from bot.actions import evidence, reassigning, sessions
from bot.actions.desk import Desk
from bot.domain.alerts import AlertState, Kind
from bot.domain.people import Status
from tests.support.people import a_worker
from tests.support.stories import World, a_world

HURT_BY = "he hits me"
HURT_SELF = "i want to die"


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def _moves_to_kim(world: World) -> None:
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await reassigning.give(turn, world.client.id, kim.id)
    await world.settle()


async def _writes(world: World, text: str) -> None:
    await world.alex.types(text)
    await world.settle()


def _chart_values(world: World) -> list[float]:
    chart = world.sam.screens[-1].chart
    lines = chart.picture.lines if chart else ()
    return [point.value for line in lines for point in line.points if point.value is not None]


# ---------------------------------------------------------------- what the client kept back


@pytest.mark.parametrize("wish", ["I'll say it myself", "I'd like someone else", None])
async def test_a_client_who_did_not_say_tell_is_not_told_on_by_client_ref(world: World, wish: str | None) -> None:
    """Neither the last answers nor the chart show the check-in; no tap is not *Tell* either."""
    await world.low()
    if wish:
        await world.alex.taps(wish)
    await world.sam.types("/client R-118")
    assert "8" in world.sam.shows
    assert 2 not in _chart_values(world)
    assert not re.search(r"\b2\b", world.sam.shows)


async def test_a_client_who_said_tell_is_shown_by_client_ref(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.sam.types("/client R-118")
    assert 2 in _chart_values(world)


async def test_what_is_still_being_answered_is_not_shown_yet(world: World) -> None:
    check_in = await world.asked()
    await world.answers(check_in, 2)
    await world.sam.types("/client R-118")
    assert 2 not in _chart_values(world)


async def test_what_was_kept_back_is_left_out_of_the_last_three_of_a_later_card(world: World) -> None:
    await world.low(1, 8, 8)
    await world.alex.taps("I'd like someone else")
    reasons = [{"construct": "bond", "last": [8, 8, 1]}, {"construct": "tasks", "last": [7, 7, 7]}]
    async with world.desk.turn() as turn:
        await evidence.leave_out(turn, world.client, reasons)
    assert [one["last"] for one in reasons] == [[8, 8], [7, 7, 7]]


async def _low_while_its_rule_rests(world: World) -> None:
    """They have talked about the last one; this one makes no alert unless the client says so."""
    await world.low(1, 8, 8)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await world.sam.taps("We talked")
    await world.pass_time(days=1)
    await world.low(2, 8, 8)
    assert "won't hear about it" in world.alex.shows


async def _asks_first_no_more(world: World) -> None:
    plan = world.desk.plan
    world.desk.plan = replace(plan, alerts=replace(plan.alerts, ask_client_first=False))
    await app.prepare(world.desk)
    await world.settle()


@pytest.mark.parametrize("wish", ["I'd like someone else", None])
async def test_what_was_kept_back_stays_so_when_the_file_asks_clients_no_more(world: World, wish: str | None) -> None:
    await app.prepare(world.desk)
    await _low_while_its_rule_rests(world)
    if wish:
        await world.alex.taps(wish)
        await world.pass_time(minutes=3)
    await _asks_first_no_more(world)
    await world.sam.types("/client R-118")
    assert 1 in _chart_values(world)
    assert 2 not in _chart_values(world)


async def test_who_was_asked_still_has_their_say_when_the_file_asks_clients_no_more(world: World) -> None:
    await app.prepare(world.desk)
    await _low_while_its_rule_rests(world)
    await _asks_first_no_more(world)
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    assert world.alex.refused is None
    assert "fell to 2" in world.sam.shows


# ---------------------------------------------------------------- who covers


async def test_who_covers_has_no_way_in_but_alerts(world: World) -> None:
    """Sam is away and Kim covers: Kim cannot look at Alex, enter meetings, hold, or make a link."""
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.worker.id, away_until=turn.now.replace(month=12))
    for command in ("/client", "/met", "/missed", "/hold", "/invite"):
        await world.kim.types(f"{command} R-118")
        assert world.kim.refused == "errors.unknown_ref"
    assert world.kim.screens == []


async def test_an_alert_of_which_the_client_is_still_asked_is_not_on_the_covering_list(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.worker.id, away_until=turn.now.replace(month=12))
    await world.low()
    await world.kim.types("/caseload")
    assert "R-118" not in world.kim.all_words


async def test_who_covered_can_open_nothing_once_the_worker_has_it(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await world.pass_time(days=1, hours=1)
    await world.pass_time(days=1, hours=1)
    [alert] = await world.alerts()
    assert "W-2" in alert.reached
    await world.kim.taps_data(f"1:al:{alert.id}:show")
    assert world.kim.refused is None
    await world.sam.taps_data(f"1:ack:{alert.id}")
    await world.kim.taps_data(f"1:al:{alert.id}:show")
    assert world.kim.refused == "errors.not_yours"


async def test_a_manager_whose_turn_it_was_can_open_nothing_once_it_is_closed(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    for _ in range(4):
        await world.pass_time(days=1, hours=1)
    [alert] = await world.alerts()
    assert "M-1" in alert.reached
    await world.sam.taps_data(f"1:talked:{alert.id}")
    await world.jo.taps_data(f"1:al:{alert.id}:show")
    assert world.jo.refused == "errors.not_yours"


# ---------------------------------------------------------------- who was the worker once


async def test_danger_goes_along_to_the_new_worker_and_the_former_one_opens_nothing(world: World) -> None:
    await _writes(world, HURT_SELF)
    [alert] = await world.alerts()
    await _moves_to_kim(world)
    assert "R-118" in world.kim.all_words
    for button in (f"1:ack:{alert.id}", f"1:al:{alert.id}:show", f"1:al:{alert.id}:touched"):
        await world.sam.taps_data(button)
        assert world.sam.refused == "errors.no_alert"
    before = len(world.sam.screens)
    await world.pass_time(minutes=11)
    assert len(world.sam.screens) == before


async def test_danger_that_the_duty_contact_has_taken_stays_taken_when_the_worker_changes(world: World) -> None:
    await _writes(world, HURT_SELF)
    [alert] = await world.alerts()
    await world.jo.taps_data(f"1:ack:{alert.id}")
    await _moves_to_kim(world)
    [alert] = await world.alerts()
    assert alert.state is AlertState.ACKNOWLEDGED
    assert alert.holder_ref == "M-1"
    assert "W-1" not in alert.reached


async def test_what_a_former_worker_once_had_in_hand_is_theirs_no_more(world: World) -> None:
    """Settled long ago by Sam; the client is Kim's now, and passed the older answers on to Kim alone."""
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    [alert] = await world.alerts()
    await world.sam.taps_data(f"1:al:{alert.id}:not:known")
    await _moves_to_kim(world)
    await world.alex.taps("Yes")
    before = world.sam.all_words
    for what in ("whole", "show", "notes", "more", "use:useful"):
        await world.sam.taps_data(f"1:al:{alert.id}:{what}")
        assert world.sam.refused == "errors.no_alert", what
    assert world.sam.all_words == before


async def test_words_of_danger_of_a_former_client_are_not_opened_again(world: World) -> None:
    await _writes(world, HURT_SELF)
    [alert] = await world.alerts()
    await world.jo.taps_data(f"1:ack:{alert.id}")
    await world.jo.taps_data(f"1:al:{alert.id}:touched")
    await _moves_to_kim(world)
    for what in ("show", "whole", "more"):
        await world.sam.taps_data(f"1:al:{alert.id}:{what}")
        assert world.sam.refused == "errors.no_alert", what
    assert HURT_SELF not in world.sam.all_words


async def test_whoever_covers_opens_nothing_any_more_once_it_is_closed(world: World) -> None:
    """Covered clients: open alerts only."""
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    for _ in range(2):
        await world.pass_time(days=1, hours=1)
    [alert] = await world.alerts()
    await world.kim.taps_data(f"1:ack:{alert.id}")
    await world.kim.taps_data(f"1:al:{alert.id}:whole")
    assert world.kim.refused is None
    await world.kim.taps_data(f"1:al:{alert.id}:not:known")
    before = world.kim.all_words
    for what in ("whole", "show", "notes"):
        await world.kim.taps_data(f"1:al:{alert.id}:{what}")
        assert world.kim.refused == "errors.not_yours", what
    assert world.kim.all_words == before


async def test_what_waits_for_the_former_worker_does_not_leave_any_more(world: World) -> None:
    """A goal in the client's own words, not sent yet when the client gets another worker."""
    world.dead.clear()
    async with world.desk.turn() as turn:
        from bot.actions import goals, people

        client = await people.client(turn, world.client.id)
        await goals.add(turn, client, "see my sister")
        await people.tell_worker(turn, client, "worker.goal.let_go", "x")
    async with world.desk.turn() as turn:
        await turn.m.people.assign(world.client.id, (await _kim(turn)).id, turn.now)
    await world.settle()
    assert world.sam.screens == []


async def _kim(turn):
    return await turn.m.people.by_ref("W-2")


async def test_staff_who_have_left_get_no_edits_of_old_cards(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await world.pass_time(days=1, hours=1)
    await world.pass_time(days=1, hours=1)
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await turn.m.people.change(kim.id, status=Status.DISCHARGED)
    before = len(world.kim.screens)
    [alert] = await world.alerts()
    await world.sam.taps_data(f"1:ack:{alert.id}")
    assert len(world.kim.screens) == before


# ---------------------------------------------------------------- harm by others


async def test_harm_passes_by_a_worker_who_is_the_safeguarding_contact(world: World) -> None:
    """The only contact is the worker concerned: it goes to whoever comes next, and never to them."""
    plan = world.desk.plan
    world.desk.plan = replace(plan, safety=replace(plan.safety, safeguarding_contact=("W-1",)))
    await _writes(world, HURT_BY)
    for _ in range(8):
        await world.pass_time(minutes=10, seconds=1)
    assert world.sam.screens == []
    assert world.jo.shows.startswith("Urgent")


async def test_danger_with_harm_in_it_passes_by_a_worker_who_is_on_duty(world: World) -> None:
    plan = world.desk.plan
    world.desk.plan = replace(plan, safety=replace(plan.safety, duty=("W-1", "M-1")))
    await _writes(world, f"{HURT_BY} and {HURT_SELF}")
    for _ in range(8):
        await world.pass_time(minutes=10, seconds=1)
    assert world.sam.screens == []
    assert world.jo.screens != []


async def test_the_worker_on_an_open_danger_does_not_open_later_words_about_harm(world: World) -> None:
    await _writes(world, HURT_SELF)
    await _writes(world, f"{HURT_BY} {HURT_SELF} blue")
    danger = next(one for one in await world.alerts() if one.kind is Kind.DANGER)
    await world.sam.taps_data(f"1:al:{danger.id}:show")
    assert HURT_SELF in world.sam.all_words
    assert "blue" not in world.sam.all_words
    assert HURT_BY not in world.sam.all_words
    await world.jo.taps_data(f"1:al:{danger.id}:show")
    assert "blue" in world.jo.all_words


async def test_show_opens_only_the_words_that_a_list_found(world: World) -> None:
    await world.low(8, 8, 8)
    await _writes(world, "only for me please")
    await _writes(world, HURT_SELF)
    danger = next(one for one in await world.alerts() if one.kind is Kind.DANGER)
    await world.jo.taps_data(f"1:al:{danger.id}:show")
    assert HURT_SELF in world.jo.all_words
    assert "only for me" not in world.jo.all_words


async def test_looking_at_somebody_elses_client_is_not_possible_at_the_action_either(world: World) -> None:
    from bot.domain.errors import Refusal

    kim = await a_worker(world.desk, "W-2", "Kim", 2002)
    async with world.desk.turn() as turn:
        with pytest.raises(Refusal, match="unknown_ref"):
            await sessions.look(turn, kim, world.client)


async def test_how_a_talk_went_is_neither_asked_of_the_next_worker_nor_told_to_the_former_one(world: World) -> None:
    """Sam had talked with Alex; before Alex is asked whether it helped, Alex is Kim's."""
    async with world.desk.turn() as turn:
        await turn.m.people.assign(world.client.id, world.worker.id, turn.now - timedelta(days=90))
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await world.sam.taps("We talked")
    await _moves_to_kim(world)
    before = len(world.sam.screens)
    await world.pass_time(days=1, hours=2)
    assert "wasn't right between" not in world.alex.all_words
    assert len(world.sam.screens) == before
    [alert] = await world.alerts()
    assert alert.state is AlertState.UNCONFIRMED


async def test_a_former_worker_does_not_hear_whether_it_is_better(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await world.sam.taps("We talked")
    await world.pass_time(days=1, hours=2)
    await _moves_to_kim(world)
    before = len(world.sam.screens)
    await world.alex.taps("Yes, and it's better")
    assert len(world.sam.screens) == before
