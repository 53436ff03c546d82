"""A backup holds every row of one moment, whatever the database, and shows when it was damaged or changed."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from storage import backups, migrate, restoring
from storage import tables as t
from storage.backups import NotABackup, Slip
from storage.pouring import as_it_stands, blocking
from storage.sealing import Seal, WrongKey, new_key
from tests.support.empty import empty_postgres, empty_sqlite
from tests.support.full import EACH, NOON, everything, fill

NOW = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
SEAL = Seal([new_key()])


@pytest.fixture(scope="module")
def full_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    url = empty_sqlite(folder)
    migrate.upgrade(url)
    fill(url)
    with closing(sqlite3.connect(folder / "checkin.db")) as raw:
        raw.execute("PRAGMA journal_mode=WAL")  # as the bot does
    return folder / "checkin.db"


@pytest.fixture(scope="module")
def full_postgres(postgres_url: str) -> Iterator[str]:
    with empty_postgres(postgres_url) as url:
        migrate.upgrade(url)
        fill(url)
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path, full_sqlite: Path) -> str:
    shutil.copy(full_sqlite, tmp_path / "checkin.db")
    return empty_sqlite(tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with something in every column."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    full = sa.make_url(request.getfixturevalue("full_postgres")).database
    with empty_postgres(request.getfixturevalue("postgres_url"), like=str(full)) as url:
        yield url


def backed_up(url: str, path: Path) -> Slip:
    with backups.a_new_file(path) as half:
        return backups.write(url, half, SEAL, "0.1.0", NOW, lambda _: None)


def test_everything_is_in_it_and_nothing_else_was_touched(url: str, tmp_path: Path) -> None:
    before = everything(url)
    slip = backed_up(url, tmp_path / "one.backup")
    assert everything(f"sqlite:///{tmp_path / 'one.backup'}") == before == everything(url)
    assert slip.counts == {one.name: EACH for one in t.meta.sorted_tables}
    assert backups.look(tmp_path / "one.backup") == slip


@pytest.mark.slow
def test_no_value_and_json_that_says_nothing_stay_two_things(url: str, tmp_path: Path) -> None:
    query = "SELECT coalesce(CAST(own_times AS TEXT), 'no value') FROM client ORDER BY 1"
    changed = "UPDATE client SET own_times = 'null' WHERE person_id = (SELECT max(person_id) FROM client)"
    engine = blocking(url)
    with engine.begin() as con:
        con.exec_driver_sql("UPDATE client SET own_times = NULL")
        con.exec_driver_sql(changed)
    with engine.connect() as con:
        before = con.exec_driver_sql(query).fetchall()
    backed_up(url, tmp_path / "one.backup")
    with as_it_stands(f"sqlite:///{tmp_path / 'one.backup'}") as con:
        assert con.exec_driver_sql(query).fetchall() == before == [("no value",), ("no value",), ("null",)]


@pytest.mark.slow
def test_put_back_into_either_kind_of_database_it_is_the_same(url: str, tmp_path: Path, postgres_url: str) -> None:
    before = everything(url)
    backed_up(url, tmp_path / "one.backup")
    copy = restoring.copy_of(tmp_path / "one.backup", tmp_path)
    (tmp_path / "new").mkdir()
    with empty_postgres(postgres_url) as other:
        for there in (empty_sqlite(tmp_path / "new"), other):
            restoring.put_in_place(copy, there, replace=False, step=lambda _: None)
            assert everything(there) == before
            with blocking(there).begin() as con:  # what the database numbers itself goes on behind the last
                row = t.audit.insert().values(at=NOON, by="M-1", did="looked").returning(t.audit.c.number)
                assert con.scalar(row) == EACH + 1


@pytest.mark.slow
def test_of_a_database_that_is_written_to_it_shows_one_moment(url: str, tmp_path: Path) -> None:
    """A goal is added while the first table is being copied: it is in the next backup."""
    written = []

    def meanwhile(_: int) -> None:
        if not written:
            with blocking(url).begin() as con:
                row = {"id": "late", "client_id": "pers1", "text_sealed": b"x", "made_at": NOON, "changed_at": NOON}
                client = con.scalar(sa.select(t.client.c.person_id).limit(1))
                con.execute(t.goal.insert().values(**row | {"client_id": client}))
            written.append(True)

    with backups.a_new_file(tmp_path / "one.backup") as half:
        slip = backups.write(url, half, SEAL, "0.1.0", NOW, meanwhile)
    assert slip.counts["goal"] == EACH
    assert len(everything(url)["goal"]) == EACH + 1


@pytest.mark.slow
def test_a_backup_of_an_older_version_is_made_as_it_stands_and_brought_forward(tmp_path: Path) -> None:
    url = empty_sqlite(tmp_path)
    migrate.bring(url, "0001")
    fill(url)
    before = everything(url)
    assert backed_up(url, tmp_path / "old.backup").schema == "0001"
    assert migrate.standing(url) == "0001"
    copy = restoring.copy_of(tmp_path / "old.backup", tmp_path / "..")
    assert migrate.standing(copy) == migrate.HEAD
    people = [row["ref"] for row in everything(copy)["person"]]
    assert people == [row["ref"] for row in before["person"]]


# ---------------------------------------------------------------- the file


def test_the_file_is_for_its_owner_only_and_takes_no_other_files_place(tmp_path: Path, sqlite_url: str) -> None:
    path = tmp_path / "one.backup"
    backed_up(sqlite_url, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(backups.HALF)] == []
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        backed_up(sqlite_url, path)
    assert path.read_bytes() == before


@pytest.mark.slow
def test_one_that_failed_half_way_leaves_no_file(tmp_path: Path, sqlite_url: str) -> None:
    def broken(_: int) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), backups.a_new_file(tmp_path / "one.backup") as half:
        backups.write(sqlite_url, half, SEAL, "0.1.0", NOW, broken)
    assert [one.name for one in tmp_path.iterdir() if "backup" in one.name] == []


@pytest.fixture
def backup(tmp_path: Path, sqlite_url: str) -> Path:
    backed_up(sqlite_url, tmp_path / "one.backup")
    return tmp_path / "one.backup"


@pytest.mark.slow
def test_a_whole_one_is_found_whole(backup: Path) -> None:
    sealed, foreign = backups.verify(backup, SEAL)
    assert sealed > 0
    assert foreign == sealed  # what `fill` writes was closed by nobody's key


CHANGES = (
    "UPDATE person SET chat_id = 1 WHERE id = (SELECT max(id) FROM person)",
    "DELETE FROM tombstone",
    "INSERT INTO mark VALUES ('x', '2026-05-12 12:00:00.000000', NULL)",
)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE answer SET value = 9",
        *(pytest.param(one, marks=pytest.mark.slow) for one in CHANGES),
        "CREATE TRIGGER sly AFTER INSERT ON answer BEGIN DELETE FROM tombstone; END",
    ],
)
def test_one_that_was_changed_by_hand_is_found_out(backup: Path, change: str) -> None:
    con = sqlite3.connect(backup)
    con.executescript(change)
    con.commit()
    con.close()
    with pytest.raises(NotABackup, match="not as it was written"):
        backups.verify(backup, SEAL)


@pytest.mark.slow
def test_one_with_a_flipped_byte_anywhere_is_found_out(backup: Path) -> None:
    whole = backup.read_bytes()
    for place in range(100, len(whole), len(whole) // 60):
        page = bytearray(whole)
        page[place] ^= 0xFF
        backup.write_bytes(page)
        try:
            backups.verify(backup, SEAL)
        except (NotABackup, WrongKey):
            continue
        assert everything(f"sqlite:///{backup}") == _of(whole, backup), place  # a byte that nothing stands in


def _of(whole: bytes, backup: Path) -> object:
    backup.write_bytes(whole)
    return everything(f"sqlite:///{backup}")


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(NotABackup):
        backups.look(tmp_path / "x")
    with pytest.raises(NotABackup, match="not there"):
        backups.look(tmp_path / "y")


@pytest.mark.slow
def test_without_its_key_it_proves_nothing(backup: Path) -> None:
    with pytest.raises(WrongKey):
        backups.verify(backup, Seal([new_key()]))


# ---------------------------------------------------------------- what must not be replaced


@pytest.mark.slow
def test_people_who_are_there_are_not_replaced_unless_it_is_said(url: str, tmp_path: Path) -> None:
    backed_up(url, tmp_path / "one.backup")
    copy = restoring.copy_of(tmp_path / "one.backup", tmp_path)
    with blocking(url).begin() as con:
        con.execute(t.mark.insert().values(name="newer", at=NOON))
    before = everything(url)
    with pytest.raises(restoring.NotEmpty):
        restoring.put_in_place(copy, url, replace=False, step=lambda _: None)
    assert everything(url) == before
    restoring.put_in_place(copy, url, replace=True, step=lambda _: None)
    assert everything(url) == everything(copy) != before


@pytest.mark.slow
def test_a_restore_that_fails_half_way_leaves_what_was_there(url: str, tmp_path: Path) -> None:
    backed_up(url, tmp_path / "one.backup")
    copy = restoring.copy_of(tmp_path / "one.backup", tmp_path)
    with blocking(url).begin() as con:
        con.execute(t.mark.insert().values(name="newer", at=NOON))
    before = everything(url)

    def broken(_: int) -> None:
        raise OSError("cut off")

    with pytest.raises(OSError, match="cut off"):
        restoring.put_in_place(copy, url, replace=True, step=broken)
    assert everything(url) == before


@pytest.mark.slow
def test_on_a_server_nobody_else_may_be_working_with_it(tmp_path: Path, postgres_url: str) -> None:
    with empty_postgres(postgres_url) as url:
        migrate.upgrade(url)
        backed_up(url, tmp_path / "one.backup")
        copy = restoring.copy_of(tmp_path / "one.backup", tmp_path)
        with blocking(url).connect() as other:
            other.scalar(sa.text("SELECT 1"))
            with pytest.raises(restoring.InUse):
                restoring.put_in_place(copy, url, replace=True, step=lambda _: None)
        restoring.put_in_place(copy, url, replace=True, step=lambda _: None)


@pytest.mark.slow
def test_on_a_server_whoever_is_just_going_is_waited_for(tmp_path: Path, postgres_url: str) -> None:
    """A closed connection is listed for a moment. Here it goes as soon as it sees that it is waited for."""
    looks = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    with empty_postgres(postgres_url) as url:
        migrate.upgrade(url)
        backed_up(url, tmp_path / "one.backup")
        copy = restoring.copy_of(tmp_path / "one.backup", tmp_path)
        with blocking(url).connect() as other:
            other.scalar(sa.text("SELECT 1"))

            def goes() -> None:
                while not other.scalar(sa.text(looks)):
                    other.rollback()
                other.invalidate()

            going = Thread(target=goes)
            going.start()
            restoring.put_in_place(copy, url, replace=True, step=lambda _: None)
            going.join()
