"""The town, made once for all journeys on each database and copied for each."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.town import Town, open_town, prepare

PREPARED, COPY = "town_prepared", "town_copy"


@pytest.fixture(scope="session")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an SQLite database and the key to it."""
    folder = tmp_path_factory.mktemp("town")
    await prepare(folder)
    return folder


@pytest.fixture(scope="session")
async def prepared_postgres(prepared: Path, postgres_url: str) -> AsyncIterator[str]:
    """The same in a database of the test server, opened by the same key. Yields the server's URL."""
    with a_database(postgres_url, PREPARED) as url:
        await prepare(prepared, url)
        yield postgres_url


@pytest.fixture
async def town(prepared: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """On SQLite."""
    async with open_town(prepared, tmp_path) as one:
        yield one


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The address of a copy of the prepared database; None for the SQLite file."""
    if request.param == "sqlite":
        yield None
        return
    server = request.getfixturevalue("prepared_postgres")
    with a_database(server, COPY, PREPARED) as url:
        yield url


@pytest.fixture
async def either_town(where: str | None, prepared: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """On SQLite, and once more on PostgreSQL."""
    async with open_town(prepared, tmp_path, url=where) as one:
        yield one


@contextmanager
def a_database(server: str, name: str, like: str = "template1") -> Iterator[str]:
    """A database of its own for as long as the block lasts; its URL."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as con:
        con.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
        con.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {like}"))
        try:
            yield _named(server, name)
        finally:
            con.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()


def _named(server: str, name: str) -> str:
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)
