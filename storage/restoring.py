"""Putting the rows of a prepared copy in the place of what a database holds: all of them in one transaction, or none."""

import shutil
from pathlib import Path

import sqlalchemy as sa

from storage import backups, migrate, pouring
from storage import tables as t
from storage.engine import is_sqlite
from storage.marks import DATABASE
from storage.tombstones import Tombstone

STONES, PERSON = t.tombstone.name, t.person.name


class InUse(Exception):
    """Somebody works with this database. Nothing was changed."""


class NotEmpty(Exception):
    """There are people in it already. Nothing was changed."""


def copy_of(backup: Path, folder: Path) -> str:
    """A copy to work on, brought to this version; its URL. Raises NewerDatabase."""
    copy = folder / "copy.db"
    shutil.copyfile(backup, copy)
    copy.chmod(0o600)
    url = f"sqlite+aiosqlite:///{copy}"
    migrate.upgrade(url)
    return url


def tombstones_in(url: str) -> list[Tombstone]:
    """Those that the database to be replaced knows of. Changes nothing in it; none where there is none."""
    file = backups.file_of(url)
    if file is not None and not file.exists():
        return []
    with pouring.as_it_stands(url) as con:
        if not sa.inspect(con).has_table(STONES):
            return []
        return [Tombstone(row.id, row.mark, row.at) for row in con.execute(sa.select(t.tombstone))]


def name_in(url: str) -> str | None:
    """Which database that is which is to be replaced; None where that is not known."""
    file = backups.file_of(url)
    if file is not None and not file.exists():
        return None
    with pouring.as_it_stands(url) as con:
        if not sa.inspect(con).has_table(t.mark.name):
            return None
        return con.scalar(sa.select(t.mark.c.value).where(t.mark.c.name == DATABASE))


def people_in(url: str) -> int:
    """How many people the database holds that is to be replaced. Changes nothing in it."""
    file = backups.file_of(url)
    if file is not None and not file.exists():
        return 0
    with pouring.as_it_stands(url) as con:
        return _count(con, PERSON) if sa.inspect(con).has_table(PERSON) else 0


def put_in_place(copy: str, url: str, *, replace: bool, step: pouring.Step) -> dict[str, int]:
    """Returns the rows by table. Raises InUse and NotEmpty. `replace`: what is there goes."""
    migrate.upgrade(url)
    engine = pouring.blocking(url)
    with pouring.as_it_stands(copy) as source, engine.connect() as target:
        if is_sqlite(url):
            pouring.by_hand(target)
            for pragma in ("secure_delete=ON", "synchronous=FULL", "foreign_keys=ON"):
                target.exec_driver_sql(f"PRAGMA {pragma}")
            target.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            _have_alone(target)
        poured = _exchange(source, target, replace=replace, step=step)
        target.commit()
        if is_sqlite(url):
            target.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return poured


def _exchange(source: sa.Connection, target: sa.Connection, *, replace: bool, step: pouring.Step) -> dict[str, int]:
    if not replace and _count(target, PERSON):
        raise NotEmpty
    for table in reversed(pouring.tables(target)):
        target.execute(sa.delete(table))
    poured = pouring.pour(source, target, step)
    if pouring.count(target) != poured:
        raise RuntimeError("not every row has arrived")
    return poured


GLANCES = 20
"""A tenth of a second each: so long a connection that has been closed may still be listed, as that of the migration."""


def _have_alone(con: sa.Connection) -> None:
    """PostgreSQL knows who is there; whoever comes meanwhile waits, and finds the new rows."""
    own = "datname = current_database() AND usename = current_user AND pid != pg_backend_pid()"
    others = sa.text(f"SELECT count(*) FROM pg_stat_activity WHERE {own}")  # noqa: S608  # no value in it
    for _ in range(GLANCES):
        if not con.scalar(others):
            break
        # Within a transaction it shows what it has shown before, unless that is cleared.
        con.exec_driver_sql("SELECT pg_sleep(0.1), pg_stat_clear_snapshot()")
    else:
        raise InUse
    names = ", ".join(f'"{table.name}"' for table in pouring.tables(con))
    con.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")


def _count(con: sa.Connection, table: str) -> int:
    return int(con.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0)
