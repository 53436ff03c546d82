"""R1, R2, R3: real processes die at any instant while a third of all calls go wrong: nothing is lost or doubled."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.sealing import new_key
from tests.faults.__main__ import Trial, table
from tests.faults.trial import Order, Outcome, Place, run
from tests.journeys.conftest import a_database


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def postgres(tmp_path: Path, postgres_url: str) -> Iterator[Place]:
    with a_database(postgres_url, "kills") as url:
        yield Place(tmp_path, url, {"CHECKIN_DATABASE__ENCRYPTION_KEYS": json.dumps([new_key()])})


def nothing_is_lost(came: Outcome) -> None:
    """Every answer that was handed out is kept once, every alert was taken, nobody can answer in two places."""
    found = came.found
    print(table({"here": Trial(came)}))
    assert found.taps > came.kills
    assert found.typed
    assert found.alerts
    assert found.faults == []


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_kills_while_a_third_of_all_calls_go_wrong_lose_nothing(sqlite: Place) -> None:
    nothing_is_lost(await run(sqlite, Order(kills=10, seconds=40, seed=4, share=0.3)))


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_the_same_on_a_server(postgres: Place) -> None:
    nothing_is_lost(await run(postgres, Order(kills=6, seconds=25, seed=5, share=0.3)))
