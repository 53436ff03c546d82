"""What the properties that need a running service are tried on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parsers.house import House, a_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_house(tmp_path) as house:
        yield house
