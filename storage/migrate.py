"""Bringing a database to the shape that this version of the program expects, and keeping what is in it."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage.engine import BUSY_MS, is_sqlite

HEAD = "0001"
"""The newest migration; a test holds it against the folder."""
FOLDER = Path(__file__).parent / "migrations"


def upgrade(url: str) -> bool:
    """Bring the database up to date; False if it already was. Blocking: call it before the loops start."""
    return _move(url, HEAD)


def downgrade(url: str, to: str) -> bool:
    return _move(url, to)


def _move(url: str, to: str) -> bool:
    engine = sa.create_engine(_blocking(url), hide_parameters=True)
    try:
        with engine.connect() as con:
            if current(con) == to:
                return False
            con.rollback()
            _run(con, to)
            return True
    finally:
        engine.dispose()


def current(con: sa.Connection) -> str | None:
    """The migration that the database stands at; None for an empty one."""
    if not sa.inspect(con).has_table("alembic_version"):
        return None
    found: str | None = con.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _run(con: sa.Connection, to: str) -> None:
    # Imported here: it costs a start-up that has nothing to migrate a third of a second.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = con
    here = current(con)
    con.rollback()
    if is_sqlite(str(con.engine.url)):
        raw: Any = con.connection.dbapi_connection
        raw.isolation_level = None
        raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        raw.execute("PRAGMA foreign_keys=OFF")
        con.exec_driver_sql("BEGIN IMMEDIATE")
    forwards = here is None or (to != "base" and here < to)
    (command.upgrade if forwards else command.downgrade)(config, to)
    if is_sqlite(str(con.engine.url)):
        broken = con.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            con.rollback()
            raise RuntimeError(f"the migration would have left {len(broken)} rows without what they belong to")
    con.commit()


def _blocking(url: str) -> sa.URL:
    """The same database for a driver that blocks, as Alembic wants it."""
    made = sa.make_url(url)
    return made.set(drivername="sqlite") if is_sqlite(url) else made
