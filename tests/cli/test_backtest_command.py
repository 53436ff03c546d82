"""`backtest` on the command line: over a file without touching any database, and every mistake is one clear line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

START = datetime(2026, 1, 6, 14, tzinfo=UTC)
PARTS = (("B1", "bond"), ("G1", "goals"), ("T1", "tasks"))


def check_in(n: int, value: float) -> dict[str, Any]:
    at = START + timedelta(days=3.5 * n)
    answers = [
        {"question": question, "construct": part, "value": value, "answered_at": (at + timedelta(hours=1)).isoformat()}
        for question, part in PARTS
    ]
    return {"planned_at": at.isoformat(), "answers": answers}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text((Path(__file__).parents[2] / "config.example.toml").read_text("utf-8"), "utf-8")
    clients = [
        {"ref": "R-1", "check_ins": [check_in(n, 8 if n < 8 else 2) for n in range(9)]},
        {"ref": "R-2", "check_ins": [check_in(n, 10) for n in range(9)]},
    ]
    (tmp_path / "export.json").write_text(json.dumps({"format": 1, "clients": clients}))
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def test_json_is_one_document_with_signals_alerts_and_held(folder: Path) -> None:
    done = run("backtest", "--input", "export.json", "--json")
    assert done.exit_code == 0
    found = {one["ref"]: one for one in json.loads(done.stdout)["clients"]}
    assert set(found["R-1"]) == {"ref", "signals", "alerts", "held"}
    assert set(found["R-1"]["alerts"][0]["rules"]) >= {"item_low", "drop"}
    assert found["R-1"]["alerts"][0]["severity"] == "medium"
    assert found["R-2"]["alerts"] == []


def test_nothing_is_read_from_or_written_to_a_database(folder: Path) -> None:
    before = {one.name for one in folder.iterdir()}
    assert run("backtest", "--input", "export.json").exit_code == 0
    assert {one.name for one in folder.iterdir()} == before


def test_other_numbers_show_what_would_be_gained_and_lost(folder: Path) -> None:
    done = run("backtest", "--input", "export.json", "--set", "signals.item_low.enabled=false", "--json")
    assert json.loads(done.stdout)["compared"]["by_rule"]["item_low"]["before"] == 1
    said = run("backtest", "--input", "export.json", "--set", "signals.drop.z=-2.5").stdout
    assert "useful lost" in said
    assert "all alerts" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("signals.drop.z=-99", "--set: signals.drop.z: -99 is outside what makes sense"),
        ("signals.dorp.z=-2", 'did you mean "drop"'),
        ("drop.z=-2", "write signals.RULE.KEY=VALUE"),
        ("signals.drop.z", "write signals.RULE.KEY=VALUE"),
    ],
)
def test_a_wrong_change_is_one_line(folder: Path, change: str, said: str) -> None:
    done = run("backtest", "--input", "export.json", "--set", change)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("content", "said"), [("{", "is not JSON"), ('{"format": 1}', "clients"), (None, "cannot be read")]
)
def test_a_wrong_file_is_named(folder: Path, content: str | None, said: str) -> None:
    if content is not None:
        (folder / "wrong.json").write_text(content)
    done = run("backtest", "--input", "wrong.json")
    assert done.exit_code == 2
    assert done.stderr.startswith("wrong.json:")
    assert said in done.stderr


def test_the_database_is_replayed_where_no_file_is_given(folder: Path) -> None:
    (folder / "roster.csv").write_text(
        "role,ref,name,worker,language,timezone,next_session,status\n"
        "worker,W-1,Sam,,en,Europe/London,,\nclient,R-118,Alex,W-1,en,Europe/London,,\n"
    )
    assert run("roster", "import", "roster.csv").exit_code == 0
    done = run("backtest", "--json")
    assert json.loads(done.stdout)["clients"] == [{"ref": "R-118", "signals": [], "alerts": [], "held": []}]


@pytest.mark.parametrize("content", ["[" * 200_000, '{"format": ' + "1" * 5000 + "}"])
def test_a_hostile_file_is_one_line_and_no_traceback(folder: Path, content: str) -> None:
    (folder / "wrong.json").write_text(content)
    done = run("backtest", "--input", "wrong.json")
    assert done.exit_code == 2
    assert done.stderr.startswith("wrong.json:1: is no export")
