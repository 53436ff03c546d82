"""Databases with nothing in them, not even tables: for what makes and changes tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from storage.tables import new_id


def empty_sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'checkin.db'}"


@contextmanager
def empty_postgres(server_url: str, like: str = "template1") -> Iterator[str]:
    """A database of one's own on the server, for as long as the block lasts; `like` names one to copy."""
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    name = f"empty_{new_id()}"
    with server.connect() as con:
        con.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {like}")
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as con:
            con.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()
