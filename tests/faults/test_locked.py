"""R17: somebody else holds the database for longer than anybody waits: nothing is lost, and it goes on by itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from storage import engine
from tests.faults.conftest import Line, hours
from tests.faults.test_clock import an_alert_is_under_way, minutes, questions
from tests.support.town import alerts_on


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 20)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another program writes, and does not come to an end."""
    with closing(sqlite3.connect(folder / "checkin.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("away", [pytest.param(1 / 60, marks=pytest.mark.slow), 1.0])
async def test_a_database_that_is_locked_costs_no_answer_and_no_alert(line: Line, away: float) -> None:
    """For a minute: the tap is still at Telegram. For an hour: only the words are."""
    async with line.open() as town:
        await an_alert_is_under_way(town)
        with locked(line.folder):
            town.bo.tap("7", next(one.id for one in town.bo.messages if "7" in one.labels))
            town.bo.text("9")
            await hours(town, away, step=1 / 60)
            assert alerts_on(town.sam) == []
        await minutes(town, 6)
        assert len(alerts_on(town.sam)) == 1
        assert questions(town) == [0, 1]
        kept = await town.kept("R-204")
        assert [one["value"] for one in kept["check_ins"][-1]["answers"]] == ([7.0, 9.0] if away < 1 else [9.0])
        assert bool(kept["absences"]) == (away == 1)
        assert [one["state"] for one in await town.alerts()] == ["raised"]
