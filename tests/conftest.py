"""Fixtures, and the order of tests. `memory` and `desk` come twice: once on SQLite, once on PostgreSQL."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from bot.actions.desk import Desk
from bot.domain.plan import Plan
from storage.unit_of_work import Memory
from tests.parsers.cases import CASES, SEED
from tests.support.desks import broom, desk_for, make_sqlite, postgres_memory, sqlite_memory
from tests.support.plans import a_plan
from tests.support.postgres import postgres

HERE = Path(__file__).parent

# Made-up input is the same in each run, and a busy computer is no failure.
settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("steady")


# Nobody watches these logs, and colours and boxes for a terminal take longer than many a test.
structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.KeyValueRenderer(["event"])])


LONG_FAMILIES = frozenset(
    {
        "actions/test_alerts.py",
        "actions/test_alerts_card.py",
        "actions/test_alerts_ladder.py",
        "actions/test_alerts_wishes.py",
        "actions/test_budget.py",
        "actions/test_digest.py",
        "actions/test_kept_apart.py",
        "actions/test_operations.py",
        "actions/test_ratings.py",
        "actions/test_reassigning.py",
        "actions/test_rotation.py",
        "actions/test_signals_action.py",
        "actions/test_why.py",
        "handlers/test_access_table.py",
        "handlers/test_accounts.py",
        "handlers/test_checkin_taps.py",
        "handlers/test_goals.py",
        "handlers/test_joining.py",
        "handlers/test_menu.py",
        "journeys/test_controls.py",
        "journeys/test_way_in.py",
    }
)
"""Long stories that ask the database nothing that others do not ask: their half on PostgreSQL is for `make test-all`, and
so is that of whatever else is slow, but for the memory's own tests."""


STORIES = {
    "actions/test_alerts_card.py": ("test_every_number", "test_a_steady_ten"),
    "actions/test_alerts_in_flight.py": (),
    "actions/test_alerts_ladder.py": (),
    "actions/test_alerts_not_lost.py": (),
    "actions/test_alerts_wishes.py": (),
    "actions/test_digest.py": (),
    "actions/test_kept_apart.py": (),
    "actions/test_operations.py": (),
    "handlers/test_accounts.py": (),
    "journeys/test_alert.py": ("test_the_main_story", "test_the_alert_is_on", "test_a_client_who_walks_away"),
    "journeys/test_bad_input.py": ("test_a_double_tap",),
    "journeys/test_controls.py": ("test_stop_in_any_mood",),
    "journeys/test_ladder.py": ("test_when_nobody_acts",),
    "journeys/test_nothing_leaks.py": (),
    "journeys/test_wall_times.py": (),
    "journeys/test_way_in.py": (),
    "rehearsal/test_page_in_browser.py": ("test_a_question_is_answered",),
}
"""About a second each, together half of all the time: slow, but for those that are named."""


NOT_EACH_TIME = frozenset(
    {
        "actions/test_budget.py",
        "actions/test_checkins_rounds.py",
        "actions/test_export.py",
        "actions/test_reassigning.py",
        "actions/test_restoring.py",
        "actions/test_why.py",
        "cli/test_audit_command.py",
        "cli/test_erase_command.py",
        "cli/test_keys_command.py",
        "domain/test_signals_replay.py",
        "handlers/test_access_table.py",
        "rehearsal/test_faults.py",
        "storage/test_migrations.py",
    }
)
"""What takes its time and seldom changes: slow, to keep `make test` short; `.ci/run` has it all, on both databases."""


AT_LENGTH = frozenset(
    {
        "actions/test_restoring.py",
        "actions/test_two_at_once.py",
        "journeys/test_backups.py",
        "journeys/test_key_rotation.py",
        "journeys/test_replicas.py",
        "journeys/test_webhook.py",
    }
)
"""What is slow here, and in `faults/`, takes a minute and more, mostly with whole processes: for `make test-all`."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Says what is slow before that is left out, and puts what stays in order."""
    for item in items:
        where = str(item.path.relative_to(HERE))
        if where in STORIES and not item.name.startswith(STORIES[where]):
            item.add_marker(pytest.mark.slow)
        slow = item.get_closest_marker("slow") is not None
        twice = "[postgres" in item.name and (where in LONG_FAMILIES or (slow and not where.startswith("storage/")))
        if twice or (slow and (where in AT_LENGTH or where.startswith(("faults/", "benchmarks/")))):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.at_length)
        elif where in NOT_EACH_TIME:
            item.add_marker(pytest.mark.slow)
    yield
    items[:] = _dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def _dealt(items: list[pytest.Item], players: int) -> list[pytest.Item]:
    """Each process begins with an equal piece of the list: the longest are dealt out like cards and stand first in
    every piece, and the others stay with those of their file, which share what has been learnt and parsed once.
    """
    long = sorted((item for item in items if _allowed(item)), key=_allowed, reverse=True)
    others = iter([item for item in items if not _allowed(item)])
    order: list[pytest.Item] = []
    for player in range(players):
        hand = long[player::players]
        piece = (len(items) - len(order)) // (players - player)
        order += [*hand, *islice(others, max(0, piece - len(hand)))]
    return order


def _allowed(item: pytest.Item) -> float:
    """Seconds that a test may take; those that need more than the usual say so."""
    own = item.get_closest_marker("timeout")
    return float(own.args[0]) if own else 0.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind) if one.when == "call"]
    cases = sum(count for one in reports for name, count in one.user_properties if name == CASES)
    if cases:
        terminalreporter.write_line(f"{cases:,} made-up cases for what reads input, PARSER_SEED={SEED}")


@pytest.fixture(autouse=True)
def no_settings_of_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """`CHECKIN_…` of whoever runs the tests must neither configure nor break what is tested."""
    for name in [name for name in os.environ if name.startswith("CHECKIN_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def same_umask() -> Iterator[None]:
    """A command line that ran in this process makes files for their owner only; the next test starts as before."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def same_logs() -> Iterator[None]:
    """A command line that ran in this process sets the logs up as it likes; the next test starts as before."""
    root = logging.getLogger()
    shape, handlers, level = structlog.get_config(), root.handlers[:], root.level
    yield
    structlog.configure(**shape)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    await make_sqlite(path)
    return path


@pytest.fixture(scope="session")
async def sqlite_shared(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Memory]:
    async with sqlite_memory(sqlite_template, tmp_path_factory.mktemp("shared")) as memory:
        yield memory


@pytest.fixture(scope="session")
async def postgres_shared(postgres_url: str) -> AsyncIterator[Memory]:
    async with postgres_memory(postgres_url) as memory:
        yield memory


@pytest.fixture(scope="session")
def sqlite_broom(sqlite_shared: Memory) -> Iterator[Callable[[], object]]:
    with broom(sqlite_shared.url) as sweep:
        yield sweep


@pytest.fixture(scope="session")
def postgres_broom(postgres_shared: Memory) -> Iterator[Callable[[], object]]:
    with broom(postgres_shared.url) as sweep:
        yield sweep


@pytest.fixture
def sqlite_empty(sqlite_shared: Memory, sqlite_broom: Callable[[], object]) -> Memory:
    sqlite_broom()
    return sqlite_shared


@pytest.fixture
def postgres_empty(postgres_shared: Memory, postgres_broom: Callable[[], object]) -> Memory:
    postgres_broom()
    return postgres_shared


@pytest.fixture(params=["sqlite", "postgres"])
def memory(request: pytest.FixtureRequest) -> Memory:
    """An empty database. Its connections stay from test to test, since each new engine learns every statement anew."""
    found: Memory = request.getfixturevalue(f"{request.param}_empty")
    return found


@pytest.fixture
def plan() -> Plan:
    return a_plan()


@pytest.fixture
def desk(memory: Memory, plan: Plan) -> Desk:
    return desk_for(memory, plan)
