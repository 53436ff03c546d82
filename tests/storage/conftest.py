"""What several tests of the memory stand on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.empty import empty_postgres, empty_sqlite


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of one's own with nothing in it."""
    if request.param == "sqlite":
        yield empty_sqlite(tmp_path)
    else:
        with empty_postgres(request.getfixturevalue("postgres_url")) as url:
            yield url
