"""The export holds everything on record, in the shape that others rely on."""

import json
from datetime import datetime
from typing import Any

import pytest

from bot.actions.csvs import COLUMNS, TABLES, as_csv, rows
from bot.actions.desk import Desk
from tests.support.exports import export
from tests.support.stories import World, a_world


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def exported(world: World, ref: str | None = None) -> dict[str, Any]:
    async with world.desk.glance() as m:
        found: dict[str, Any] = json.loads(json.dumps(await export(m, ref)))
    return found


async def test_it_has_the_promised_shape(world: World) -> None:
    await world.low()
    found = await exported(world)
    assert found["format"] == 1
    client = found["clients"][0]
    assert set(client) >= {
        *("ref", "status", "consents", "goals", "check_ins", "signals", "alerts"),
        *("sessions", "assignments", "pauses", "absences", "timezone"),
    }
    check_in = client["check_ins"][-1]
    assert set(check_in) >= {"schedule", "planned_at", "sent_at", "first_touched_at", "finished_at", "state", "answers"}
    answer = check_in["answers"][0]
    assert set(answer) >= {"question", "construct", "asks", "value", "value_0_10", "text", "answered_at", "versions"}
    assert set(client["signals"][0]) >= {"rule", "construct", "raised_at", "severity", "evidence"}
    assert set(client["signals"][0]["evidence"]) >= {"value", "usual", "last_three"}
    alert = client["alerts"][0]
    assert set(alert) >= {"raised_at", "severity", "state", "rules", "wish", "history"}
    assert set(alert["history"][0]) == {"at", "state", "by"}
    assert alert["history"][0]["state"] == "raised"
    assert alert["rules"] == ["item_low"]


async def test_earlier_versions_of_an_answer_are_kept(world: World) -> None:
    check_in = await world.low(4, 8, 8)
    await world.answers(check_in, 6)
    await world.answers(check_in, 7)
    answer = (await exported(world))["clients"][0]["check_ins"][-1]["answers"][0]
    assert answer["value"] == 7
    assert [one["value"] for one in answer["versions"]] == [4, 6]


async def test_all_moments_are_utc(world: World) -> None:
    await world.low()
    found = await exported(world)

    def moments(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [
                one for name, item in value.items() for one in ([item] if str(name).endswith("_at") else moments(item))
            ]
        return [one for item in value for one in moments(item)] if isinstance(value, list) else []

    given = [one for one in moments(found) if one]
    assert given
    assert all(datetime.fromisoformat(one).utcoffset().total_seconds() == 0 for one in given)


async def test_one_client_can_be_asked_for(world: World) -> None:
    assert [one["ref"] for one in (await exported(world, "R-118"))["clients"]] == ["R-118"]
    assert (await exported(world, "R-999"))["clients"] == []


async def test_a_skipped_question_has_no_value(world: World) -> None:
    check_in = await world.asked()
    await world.answers(check_in, None, 8, 8)
    answer = (await exported(world))["clients"][0]["check_ins"][-1]["answers"][0]
    assert answer["skipped"]
    assert answer["value"] is None
    assert answer["value_0_10"] is None


@pytest.mark.parametrize(
    ("label", "wish"),
    [("Tell", "tell"), ("I'll say it myself", "myself"), ("I'd like someone else", "someone_else")],
)
async def test_what_the_client_chose_stands_in_the_history_by_its_whole_name(world: World, label: str, wish: str) -> None:
    await world.low()
    await world.alex.taps(label)
    matters = (await exported(world))["clients"][0]["alerts"]
    assert f"wish_{wish}" in [line["state"] for one in matters for line in one["history"]]


async def test_csv_has_a_row_for_everything(world: World) -> None:
    await world.low()
    client = (await exported(world))["clients"][0]
    tables = rows(client)
    assert set(tables) == set(TABLES)
    assert len(tables["answers"]) == 21
    assert len(tables["alert_history"]) == len(client["alerts"][0]["history"])
    text = as_csv("answers", tables["answers"])
    assert text.splitlines()[0].startswith("ref,check_in,question,construct")
    assert len(text.splitlines()) == 22


async def test_each_table_names_its_columns_and_rows_bring_no_others(world: World) -> None:
    check_in = await world.low()
    await world.answers(check_in, 3)
    tables = rows((await exported(world))["clients"][0])
    filled = {name for name, found in tables.items() if found}
    assert filled >= {"clients", "check_ins", "answers", "versions", "signals", "alerts", "alert_history"}
    for name, found in tables.items():
        assert all(tuple(row) == ("ref", *COLUMNS[name]) for row in found), name
        assert as_csv(name, []).rstrip("\n").split(",") == ["ref", *COLUMNS[name]]


def test_no_cell_is_a_formula() -> None:
    assert as_csv("remarks", [{"text": '=HYPERLINK("x")'}]).splitlines()[1].startswith(",\"'=HYPERLINK")
