"""A back-test over what is on record decides as the bot did: the same signals with the same numbers, the same alerts."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.actions import backtest
from bot.actions.alerts import raise_someone_else, raise_talk
from bot.actions.desk import Desk
from bot.actions.exported import NotAnExport, cases
from bot.domain.alerts import Kind
from bot.domain.backtest import STILL_OPEN, Case, Recorded
from bot.domain.replay import in_a_week
from bot.domain.signals.history import History
from tests.support.checkins import move
from tests.support.exports import export
from tests.support.stories import World, a_world

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(desk: Desk) -> World:
    """Six check-ins of 8, 8, 8 that the bot has read itself, one at a time."""
    world = await a_world(desk, earlier=0)
    for _ in range(6):
        check_in = await world.asked()
        for item in range(3):
            await world.alex.taps_data(f"1:a:{check_in.id}:{item}:8")
            move(desk, seconds=2)
        await world.pass_time(hours=3)
    return world


async def exported(world: World) -> dict[str, Any]:
    async with world.desk.glance() as m:
        found: dict[str, Any] = json.loads(json.dumps(await export(m)))
    return found


def replayed(world: World, document: dict[str, Any]) -> dict[str, Any]:
    plan = world.desk.plan
    known = cases(document, plan.bank, plan.calendar.closed_dates)
    found: dict[str, Any] = json.loads(
        json.dumps(backtest.as_json(known[0], backtest.replay(known, plan, lambda: None)[0]))
    )
    return found


def figures(signals: list[dict[str, Any]]) -> list[str]:
    """Without why it made no alert: an export says so beside each signal, a back-test in a list of its own."""
    told = [{name: value for name, value in one.items() if name != "held"} for one in signals]
    return sorted(json.dumps(one, sort_keys=True) for one in told)


async def test_it_finds_what_the_bot_found_to_the_last_figure(world: World) -> None:
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    await world.low(4, 5, 5)
    await world.pass_time(hours=3)
    await world.low(7, None, 8)  # skipped
    live = (await exported(world))["clients"][0]
    found = replayed(world, await exported(world))
    assert figures(found["signals"]) == figures(live["signals"])
    assert {one["rule"] for one in live["signals"]} >= {"item_low", "drop"}
    assert [(one["raised_at"], one["rules"]) for one in found["alerts"]] == [
        (one["raised_at"], sorted(one["rules"], key=found["alerts"][0]["rules"].index)) for one in live["alerts"]
    ]


async def test_a_half_done_check_in_and_silence_are_found_again(world: World) -> None:
    check_in = await world.asked()
    await world.answers(check_in, 2)
    await world.pass_time(hours=1)
    for _ in range(4):
        await world.pass_time(days=1)
        await world.asked()
    await world.pass_time(days=3)
    live = (await exported(world))["clients"][0]
    found = replayed(world, await exported(world))
    assert "silence" in {one["rule"] for one in live["signals"]}
    assert figures(found["signals"]) == figures(live["signals"])


async def test_a_changed_answer_is_read_with_its_versions(world: World) -> None:
    check_in = await world.low(2, 8, 8)
    await world.answers(check_in, 7)
    live = (await exported(world))["clients"][0]
    found = replayed(world, await exported(world))
    assert live["signals"] == found["signals"] == []
    assert found["alerts"] == []


async def test_other_numbers_lose_an_alert_that_was_useful(world: World) -> None:
    await world.low(2, 8, 8)
    await world.pass_time(hours=3)
    alert = (await world.alerts())[0]
    async with world.desk.turn() as turn:
        await turn.m.alerts.change(alert.id, usefulness="useful")
    document, plan = await exported(world), world.desk.plan
    known = [replace(one, workers=((world.desk.clock.now(), "W-1"),)) for one in cases(document, plan.bank)]
    before = backtest.replay(known, plan, lambda: None)
    off = replace(plan, signals={"item_low": {"enabled": False}, "drop": {"enabled": False}})
    after = backtest.replay(known, off, lambda: None)
    found = backtest.compared(known, before, after)
    assert (found["before"], found["after"], found["lost"], found["useful_lost"]) == (1, 0, 1, 1)
    assert found["by_worker"]["W-1"]["lost"] == 1
    assert found["by_rule"]["item_low"]["useful_lost"] == 1


def test_a_file_of_another_shape_is_told_where_and_what(plan: Any) -> None:
    broken = {"format": 1, "clients": [{"ref": 1, "timezone": "Nowhere/Town", "check_ins": [{}]}]}
    with pytest.raises(NotAnExport) as found:
        cases(broken, plan.bank)
    lines = str(found.value).splitlines()
    assert lines[0].startswith("clients[0].ref: ")
    assert any(line.startswith("clients[0].timezone: ") and "time zone" in line for line in lines)
    assert any(line.startswith("clients[0].check_ins[0]: ") for line in lines)
    with pytest.raises(NotAnExport, match="format"):
        cases({"format": 2, "clients": []}, plan.bank)


def test_a_series_from_elsewhere_needs_no_more_than_answers(plan: Any) -> None:
    answers = [
        {"question": f"our-{part}", "construct": part, "value": 9, "answered_at": "2026-01-05T10:00:00Z"}
        for part in ("bond", "goals")
    ]
    known = cases({"format": 1, "clients": [{"ref": "X-1", "check_ins": [{"answers": answers}]}]}, plan.bank)
    occasion = known[0].history.occasions[0]
    assert occasion.mean == 9
    assert occasion.scales_done
    assert not backtest.replay(known, plan, lambda: None)[0].alerts


def test_shared_out_over_the_processors_it_decides_the_same(plan: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def client(ref: int) -> dict[str, Any]:
        values = [8] * 6 + [ref % 4]
        check_ins = [
            {
                "answers": [
                    {
                        "question": part,
                        "construct": part,
                        "value": value,
                        "answered_at": f"2026-0{1 + n // 4}-{1 + 7 * (n % 4):02}T10:00:00Z",
                    }
                    for part in ("bond", "goals", "tasks")
                ]
            }
            for n, value in enumerate(values)
        ]
        starts = [{"worker": f"W-{ref % 3}", "starts_at": "2025-12-01T00:00:00Z"}]
        return {"ref": f"R-{ref}", "assignments": starts, "check_ins": check_ins}

    known = cases({"format": 1, "clients": [client(n) for n in range(12)]}, plan.bank)
    done: list[int] = []
    alone = backtest.replay(known, plan, lambda: done.append(1))
    monkeypatch.setattr(backtest, "WORTH_SHARING", 1)
    shared = backtest.replay(known, plan, lambda: done.append(1))
    assert len(done) == 24
    as_json = [[backtest.as_json(case, one) for case, one in zip(known, each, strict=True)] for each in (alone, shared)]
    assert as_json[0] == as_json[1]
    assert sum(len(one.alerts) for one in alone) > 3
    assert any(held.reason == "budget" for one in alone for held in one.held)


def test_an_alert_is_over_when_one_of_its_own_kind_was() -> None:
    at = datetime(2026, 5, 4, tzinfo=UTC)
    hour = timedelta(hours=1)
    recorded = (
        Recorded("danger", at, at + hour),
        Recorded("alliance", at + 2 * hour, at + 30 * hour),
        Recorded("harm", at, STILL_OPEN),
    )
    case = Case("R-1", History(), recorded=recorded)
    assert case.closes(Kind.ALLIANCE, at) == at + 30 * hour
    assert case.closes(Kind.DANGER, at) == at + hour
    assert case.closes(Kind.HARM, at) == STILL_OPEN
    assert case.closes(Kind.SOMEONE_ELSE, at) == in_a_week(Kind.SOMEONE_ELSE, at)


def test_the_wish_for_somebody_else_is_in_no_figure_of_a_comparison(plan: Any) -> None:
    wish = {"rule": "asked_to_talk", "raised_at": "2026-05-04T10:00:00Z", "evidence": {"about": "someone_else"}}
    client = {"ref": "R-1", "signals": [wish], "assignments": [{"worker": "W-1", "starts_at": "2026-05-01T00:00:00Z"}]}
    known = cases({"format": 1, "clients": [client]}, plan.bank)
    found = backtest.replay(known, plan, lambda: None)
    assert [one.kind for one in found[0].alerts] == [Kind.SOMEONE_ELSE]
    change = backtest.compared(known, found, found)
    assert (change["before"], change["by_worker"], change["by_rule"]) == (0, {}, {})


def test_a_repair_that_was_confirmed_sets_the_sum_back_in_a_replay_too(plan: Any) -> None:
    lines = [{"at": f"2026-05-0{day}T10:00:00Z", "state": state} for day, state in ((4, "raised"), (6, "repaired"))]
    alert = {"raised_at": "2026-05-04T10:00:00Z", "history": lines}
    known = cases({"format": 1, "clients": [{"ref": "R-1", "alerts": [alert]}]}, plan.bank)
    assert known[0].history.resets == (datetime(2026, 5, 6, 10, tzinfo=UTC),)


async def test_an_export_with_everything_in_it_is_read_and_decided_alike(world: World) -> None:
    """Skipped, edited, left half done, words, a goal, danger, a talk and the wish for somebody else."""
    async with world.desk.turn() as turn:
        await raise_talk(turn, world.client, "how")
    await world.pass_time(hours=5)
    check_in = await world.low(2, None, 8)  # skipped
    await world.answers(check_in, 3)
    await world.pass_time(hours=3)
    await world.alex.types("I want to die")
    await world.pass_time(minutes=5)
    async with world.desk.turn() as turn:
        await raise_someone_else(turn, world.client)
    half = await world.asked()
    await world.answers(half, 8)
    await world.pass_time(hours=30)
    live = (await exported(world))["clients"][0]
    found = replayed(world, await exported(world))
    assert {one["kind"] for one in live["alerts"]} == {"alliance", "danger", "someone_else"}
    for one in live["signals"]:
        one["evidence"].pop("was", None)  # what somebody had seen is the cards' affair: no rule finds it
    assert figures(found["signals"]) == figures(live["signals"])
    assert {(one["kind"], one["raised_at"]) for one in found["alerts"]} == {
        (one["kind"], one["raised_at"]) for one in live["alerts"]
    }
