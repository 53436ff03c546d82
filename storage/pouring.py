"""Every row of one database into another, whichever kind each of them is.

The tables are read off the databases themselves, so that a database of an older version is carried as it stands. Values
go over as they are: moments in UTC, what is sealed as bytes, JSON letter by letter.
"""

import sqlite3
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa

from storage import migrate
from storage.engine import BUSY_MS, is_sqlite

AT_ONCE = 500
TABLES = "tables"
STANDING = "alembic_version"
"""Where a database stands is told by its migrations, not copied."""

Step = Callable[[int], None]
"""Told of so many rows more."""


class Broken(Exception):
    """A database failed half way: locked, full, damaged, out of reach. Says so in the driver's words."""


@contextmanager
def in_plain_words(url: str) -> Iterator[None]:
    """Whatever a driver says comes out as one line without a password."""
    try:
        yield
    except sa.exc.DBAPIError as broken:
        raise Broken(migrate.in_the_drivers_words(broken, url)) from None
    except sqlite3.Error as broken:
        raise Broken(str(broken)) from None


def blocking(url: str) -> sa.Engine:
    """The database for a driver that blocks, one connection and no more, moments in UTC."""
    if is_sqlite(url):
        plain = sa.make_url(url).set(drivername="sqlite")
        return sa.create_engine(plain, hide_parameters=True, poolclass=sa.NullPool)
    options = {"connect_timeout": 10, "options": "-c timezone=UTC -c statement_timeout=0"}
    return sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool, connect_args=options)


@contextmanager
def as_it_stands(url: str) -> Iterator[sa.Connection]:
    """One moment of a database, however much is written to it meanwhile. Only read."""
    engine = blocking(url)
    if is_sqlite(url):
        with engine.connect() as con:
            by_hand(con)
            con.exec_driver_sql("PRAGMA query_only=ON")
            con.exec_driver_sql("BEGIN")
            con.exec_driver_sql("SELECT count(*) FROM sqlite_master")  # the moment is that of the first look
            yield con
            con.rollback()
        return
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as con:
        yield con
        con.rollback()


def by_hand(con: sa.Connection) -> None:
    """No BEGIN from the driver: it would come too late, or not at all."""
    raw: Any = con.connection.dbapi_connection
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")


def tables(con: sa.Connection) -> list[sa.Table]:
    """Every table of ours, in an order in which each comes after those that it refers to. Read once a connection."""
    if TABLES in con.info:
        return list(con.info[TABLES])
    found = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # about kinds of index that don't matter here
        found.reflect(con, only=lambda name, _: name != STANDING and not name.startswith("checkin_"))
    con.info[TABLES] = found.sorted_tables
    return list(found.sorted_tables)


def count(con: sa.Connection) -> dict[str, int]:
    """Rows by table."""
    every = ((one, sa.select(sa.func.count()).select_from(one)) for one in tables(con))
    return {one.name: int(con.execute(query).scalar_one()) for one, query in every}


def pour(source: sa.Connection, target: sa.Connection, step: Step) -> dict[str, int]:
    """All rows, into tables that are empty. Returns how many of each. The caller commits."""
    there = {one.name: one for one in tables(target)}
    poured = {}
    for table in tables(source):
        poured[table.name] = _pour(source, table, target, there[table.name], step)
    _go_on_counting(target, there)
    return poured


def _pour(source: sa.Connection, table: sa.Table, target: sa.Connection, into: sa.Table, step: Step) -> int:
    query = sa.select(*(_read(one) for one in table.columns)).order_by(*table.primary_key.columns)
    rows = source.execution_options(yield_per=AT_ONCE).execute(query).mappings()
    statement, done = _insert(target, into), 0
    while some := [dict(row) for row in islice(rows, AT_ONCE)]:
        target.execute(statement, some)
        done += len(some)
        step(len(some))
    return done


def _read(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """JSON as it is written: reading and writing it again would take `null` for nothing."""
    return sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, sa.JSON) else column


def _insert(target: sa.Connection, into: sa.Table) -> sa.Insert:
    if target.dialect.name == "sqlite":
        plain = (sa.column(one.name, sa.Text() if isinstance(one.type, sa.JSON) else one.type) for one in into.columns)
        return sa.insert(sa.table(into.name, *plain))
    values = {
        one.name: sa.cast(sa.bindparam(one.name, type_=sa.Text()), one.type)
        for one in into.columns
        if isinstance(one.type, sa.JSON)
    }
    return sa.insert(into).values({one.name: values.get(one.name, sa.bindparam(one.name)) for one in into.columns})


def _go_on_counting(target: sa.Connection, there: Mapping[str, sa.Table]) -> None:
    """Where the server numbers rows itself, the next number comes after those that were brought along."""
    if target.dialect.name == "sqlite":
        return
    for table in there.values():
        for column in table.primary_key.columns:
            if isinstance(column.type, sa.Integer):
                counter = sa.func.pg_get_serial_sequence(table.name, column.name)
                if (name := target.scalar(sa.select(counter))) is not None:
                    top = int(target.scalar(sa.select(sa.func.max(column))) or 0)
                    target.execute(sa.select(sa.func.setval(name, max(top, 1), top > 0)))
