"""Fixtures. `memory` and `desk` come twice: once on SQLite, once on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.actions.desk import Desk
from bot.domain.plan import Plan
from storage.unit_of_work import Memory
from tests.support.desks import desk_for, make_sqlite, postgres_memory, sqlite_memory
from tests.support.plans import a_plan
from tests.support.postgres import postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    await make_sqlite(path)
    return path


@pytest.fixture(params=["sqlite", "postgres"])
async def memory(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Memory]:
    if request.param == "sqlite":
        async with sqlite_memory(sqlite_template, tmp_path) as memory:
            yield memory
    else:
        async with postgres_memory(request.getfixturevalue("postgres_url")) as memory:
            yield memory


@pytest.fixture
def plan() -> Plan:
    return a_plan()


@pytest.fixture
def desk(memory: Memory, plan: Plan) -> Desk:
    return desk_for(memory, plan)
