"""Upgrades keep data (R14): up, down, up on both databases; the tables of the code are those of the files."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from storage import migrate
from storage import tables as t
from tests.support.full import EACH, everything, fill

NOW = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]
NEXT = f"{int(migrate.HEAD) + 1:04}"
VERSIONS = sorted(path.name[:4] for path in (migrate.FOLDER / "versions").glob("[0-9]*.py"))


def told(url: str, *statements: sa.Executable) -> None:
    engine = sa.create_engine(url.replace("+aiosqlite", ""))
    with engine.begin() as con:
        for statement in statements:
            con.execute(statement)
    engine.dispose()


def asked(url: str, query: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url.replace("+aiosqlite", ""))
    with engine.connect() as con:
        rows = [tuple(row) for row in con.execute(sa.text(query))]
    engine.dispose()
    return rows


def tables(url: str) -> set[str]:
    engine = sa.create_engine(url.replace("+aiosqlite", ""))
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


def put_a_client_with_an_answer(url: str) -> None:
    person = {"role": "client", "ref": "R-118", "language": "en", "timezone": "Europe/London", "status": "joined"}
    told(
        url,
        t.person.insert().values(id="p1", name_sealed=b"sealed", created_at=NOW, **person),
        t.client.insert().values(person_id="p1"),
        t.check_in.insert().values(
            id="c1", client_id="p1", schedule="weekly", local_date=date(2026, 5, 12), slot="14:00", items=["B1"],
            plan_version="v1", planned_at=NOW,
        ),
        t.answer.insert().values(
            id="a1", check_in_id="c1", client_id="p1", question="B1", construct="bond", value=2.0, value_0_10=2.0,
            answered_at=NOW,
        ),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations' folder, to add some to."""
    copy = shutil.copytree(migrate.FOLDER, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "FOLDER", copy)
    return copy


def one_more(folder: Path, monkeypatch: pytest.MonkeyPatch, up: str, down: str = "pass") -> None:
    """One migration more than there is, which the program now expects."""
    (folder / "versions" / f"{NEXT}_more.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f'revision, down_revision, branch_labels, depends_on = "{NEXT}", "{migrate.HEAD}", None, None\n'
        f"def upgrade():\n    {up}\ndef downgrade():\n    {down}\n"
    )
    monkeypatch.setattr(migrate, "HEAD", NEXT)


REBUILD = """with op.batch_alter_table("client") as batch:
        batch.add_column(sa.Column("colour", sa.String(8), nullable=False, server_default="none"))
        batch.alter_column("style", type_=sa.String(16))"""
REBUILD_BACK = """with op.batch_alter_table("client") as batch:
        batch.alter_column("style", type_=sa.String(8))
        batch.drop_column("colour")"""
EVERYTHING = """SELECT ref, question, value FROM answer
    JOIN client ON client.person_id = answer.client_id JOIN person ON person.id = client.person_id"""


# ---------------------------------------------------------------- up, down, up


def test_up_down_and_up_again_step_by_step(url: str) -> None:
    for version in VERSIONS:
        before = tables(url)
        assert migrate._move(url, version, forwards=True)
        after = tables(url)
        earlier = f"{int(version) - 1:04}" if int(version) > 1 else migrate.EMPTY
        assert migrate.downgrade(url, earlier)
        assert tables(url) == before
        assert migrate._move(url, version, forwards=True)
        assert tables(url) == after
    assert tables(url) == set(t.meta.tables)


def test_the_migrated_database_is_what_the_tables_in_the_code_say(url: str) -> None:
    migrate.upgrade(url)
    engine = sa.create_engine(url.replace("+aiosqlite", ""))
    with engine.connect() as con:
        context = MigrationContext.configure(con, opts={"compare_type": True})
        assert compare_metadata(context, t.meta) == []
    engine.dispose()


def test_the_program_expects_the_newest_file_in_the_folder() -> None:
    assert VERSIONS[-1] == migrate.HEAD


# ---------------------------------------------------------------- rows stay


def in_common(one: Rows, other: Rows) -> tuple[Rows, Rows]:
    """Both, but only tables and columns that both have; with what was empty where a column is new."""
    names = {name: set(rows[0]) & set(other[name][0]) for name, rows in one.items() if other.get(name)}

    def part(rows: Rows) -> Rows:
        return {name: sorted(({c: row[c] for c in some} for row in rows[name]), key=repr) for name, some in names.items()}

    return part(one), part(other)


@pytest.mark.slow
@pytest.mark.parametrize("since", VERSIONS)
def test_a_full_database_of_any_version_keeps_everything_up_down_and_up_again(url: str, since: str) -> None:
    """What both shapes have a place for is the same before and after each step."""
    migrate.bring(url, since)
    fill(url)
    every = everything(url)
    assert min(len(rows) for rows in every.values()) == EACH
    for version in VERSIONS[VERSIONS.index(since) :]:
        migrate.bring(url, version)
        assert_kept(every, everything(url))
        if version != since:
            migrate.downgrade(url, f"{int(version) - 1:04}")
            assert_kept(every, everything(url))
            migrate.bring(url, version)
            assert_kept(every, everything(url))
    if since != VERSIONS[0]:  # and down to the first from here
        migrate.downgrade(url, VERSIONS[0])
        assert_kept(every, everything(url))
        migrate.upgrade(url)
        assert_kept(every, everything(url), lost=True)


def assert_kept(before: Rows, after: Rows, *, lost: bool = False) -> None:
    """`lost`: a column that the way down had no place for is there again, and empty or worked out anew."""
    assert {name: len(rows) for name, rows in before.items() if name in after and (after[name] or not lost)} == {
        name: len(after[name]) for name in before if name in after and (after[name] or not lost)
    }
    if not lost:
        one, other = in_common(before, after)
        assert one == other


@pytest.mark.slow
def test_who_is_discharged_at_an_upgrade_counts_from_the_day_it_happened(url: str) -> None:
    migrate.bring(url, "0001")
    put_a_client_with_an_answer(url)
    told(
        url,
        sa.text("UPDATE person SET status = 'discharged'"),
        t.client.update().values(asking_since=NOW),
    )
    migrate.upgrade(url)
    assert asked(url, "SELECT discharged_at = asking_since FROM client") in ([(True,)], [(1,)])


def test_an_upgrade_keeps_rows_and_what_belongs_to_them(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebuilding a table that others refer to takes none of them along: that is how SQLite alters a table."""
    migrate.upgrade(url)
    put_a_client_with_an_answer(url)
    one_more(folder, monkeypatch, REBUILD, REBUILD_BACK)
    assert migrate.upgrade(url)
    assert asked(url, EVERYTHING) == [("R-118", "B1", 2.0)]
    assert asked(url, "SELECT colour FROM client") == [("none",)]
    assert migrate.downgrade(url, f"{int(NEXT) - 1:04}")
    assert asked(url, EVERYTHING) == [("R-118", "B1", 2.0)]
    assert migrate.upgrade(url)
    assert asked(url, EVERYTHING) == [("R-118", "B1", 2.0)]


def test_a_migration_that_fails_half_way_leaves_everything_as_it_was(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.upgrade(url)
    put_a_client_with_an_answer(url)
    one_more(folder, monkeypatch, f"{REBUILD}\n    raise RuntimeError('broken on purpose')")
    with pytest.raises(RuntimeError, match="on purpose"):
        migrate.upgrade(url)
    assert migrate.standing(url) < NEXT
    assert asked(url, "SELECT value FROM answer") == [(2.0,)]
    assert "colour" not in str(asked_columns(url))


def asked_columns(url: str) -> list[str]:
    engine = sa.create_engine(url.replace("+aiosqlite", ""))
    names = [column["name"] for column in sa.inspect(engine).get_columns("client")]
    engine.dispose()
    return names


def test_a_migration_that_would_orphan_rows_is_refused(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL refuses by itself; on SQLite foreign keys are off meanwhile, so it is checked before the commit."""
    migrate.upgrade(url)
    put_a_client_with_an_answer(url)
    one_more(folder, monkeypatch, 'op.execute("DELETE FROM client")')
    with pytest.raises((RuntimeError, sa.exc.IntegrityError)):
        migrate.upgrade(url)
    assert asked(url, "SELECT person_id FROM client") == [("p1",)]


# ---------------------------------------------------------------- starting


def test_the_second_start_has_nothing_to_do(url: str) -> None:
    assert migrate.upgrade(url) is True
    assert migrate.upgrade(url) is False


def test_two_processes_that_start_at_once_both_come_up(url: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrate.upgrade, [url, url]))
    assert migrate.standing(url) == migrate.HEAD
    assert tables(url) == set(t.meta.tables)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    migrate.upgrade(url)
    told(url, sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.NewerDatabase, match="9999"):
        migrate.upgrade(url)
    assert migrate.standing(url) == "9999"
    assert tables(url) == set(t.meta.tables)


def test_a_start_with_nothing_to_migrate_does_not_load_the_migration_tool(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'checkin.db'}"
    migrate.upgrade(url)
    code = f"import sys; from storage import migrate; migrate.upgrade({url!r}); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_database_stands_nowhere_before_it_is_made(url: str) -> None:
    assert migrate.standing(url) is None
    assert migrate.downgrade(url, migrate.EMPTY) is False


def test_the_next_migration_is_written_by_comparing_with_the_tables(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = sa.MetaData(naming_convention=t.meta.naming_convention)
    for table in t.meta.tables.values():
        table.to_metadata(grown)
    sa.Table("weather", grown, sa.Column("id", sa.Integer, primary_key=True), sa.Column("seen_at", t.Instant))
    monkeypatch.setattr(t, "meta", grown)
    migrate.revise("weather")
    written = (folder / "versions" / f"{NEXT}_weather.py").read_text()
    assert written.count("op.create_table") == 1
    assert "sa.DateTime(timezone=True)" in written  # not the code's own type, which may change later
