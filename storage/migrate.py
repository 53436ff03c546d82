"""Bringing a database to the shape that this version of the program expects, and keeping what is in it.

A new migration, after a change to `storage/tables.py` (see docs/architecture.md):

    .venv/bin/python -c "from storage import migrate; migrate.revise('what changes')"
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from storage.engine import BUSY_MS, is_sqlite

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
"""The newest migration; a test holds it against the folder."""
EMPTY = "base"
"""Where a database without any table of ours stands."""
FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x636865636B696E
"""Number of the PostgreSQL advisory lock that one migrating process holds: "checkin" in hexadecimal."""


Check: TypeAlias = Callable[[sa.Connection], None]


class NotReached(Exception):
    """The database can't be opened, or is none. Says why in the driver's words, without the password."""


class NewerDatabase(Exception):
    """The database was changed by a newer version of this program; this one would misread it. Nothing was done."""


def upgrade(url: str, check: Check | None = None) -> bool:
    """Bring the database up to date; False if it already was. Blocking: call it before the loops start.

    `check` looks at the new shape before it is kept; if it raises, nothing has happened. Raises NewerDatabase and
    NotReached.
    """
    return _move(url, HEAD, forwards=True, check=check)


def bring(url: str, to: str) -> bool:
    """Bring a database to this very version, which is not behind where it stands."""
    return _move(url, to, forwards=True)


def downgrade(url: str, to: str) -> bool:
    """Take the database back to an earlier shape, or to EMPTY. What the earlier shape has no place for is gone."""
    return _move(url, to, forwards=False)


def standing(url: str) -> str | None:
    """The migration that a database stands at; None for an empty one, or none. Makes no file. Raises NotReached."""
    if is_sqlite(url) and not Path(sa.make_url(url).database or "").is_file():
        return None
    with _opened(url) as (_, here):
        return here


def current(con: sa.Connection) -> str | None:
    """The migration that the database behind this connection stands at; None for an empty one."""
    if not sa.inspect(con).has_table("alembic_version"):
        return None
    found: str | None = con.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def revise(words: str) -> None:
    """Write the next migration: from where the folder stands to `storage/tables.py`. Read it before you keep it."""
    from alembic import command
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory.from_config(_config(None)).get_current_head()
    engine = sa.create_engine("sqlite://")
    with engine.connect() as con:
        config = _config(con)
        if newest is not None:
            command.upgrade(config, newest)
        command.revision(config, words, autogenerate=True, rev_id=f"{int(newest or 0) + 1:04}")
    engine.dispose()


def _move(url: str, to: str, *, forwards: bool, check: Check | None = None) -> bool:
    with _opened(url) as (con, here):
        if here == to or (here is None and to == EMPTY):
            return False
        if forwards and here is not None and here > to:
            raise NewerDatabase(f"the database stands at {here}, this version of the program knows only {to}")
        _run(con, to, forwards=forwards, check=check)
        return True


@contextmanager
def _opened(url: str) -> Iterator[tuple[sa.Connection, str | None]]:
    """A connection, and where the database stands."""
    with ExitStack() as stack:
        try:
            engine = _engine(url)
            stack.callback(engine.dispose)
            con = stack.enter_context(engine.connect())
            here = current(con)
            con.rollback()
        except (sa.exc.DBAPIError, sa.exc.ArgumentError) as broken:
            raise NotReached(in_the_drivers_words(broken, url)) from None
        yield con, here


def in_the_drivers_words(broken: Exception, url: str) -> str:
    """One line, and no password in it."""
    words = (str(getattr(broken, "orig", None) or broken).strip().splitlines() or [type(broken).__name__])[0]
    password = None if isinstance(broken, sa.exc.ArgumentError) else sa.make_url(url).password
    return words.replace(str(password), "***") if password else words


def _run(con: sa.Connection, to: str, *, forwards: bool, check: Check | None) -> None:
    # Imported here: it costs a start-up that has nothing to migrate a third of a second.
    from alembic import command

    with _alone(con):
        # Whoever came first has done the work by now; Alembic looks where the database stands, and then does nothing.
        (command.upgrade if forwards else command.downgrade)(_config(con), to)
        if check is not None:
            check(con)


@contextmanager
def _alone(con: sa.Connection) -> Iterator[None]:
    """One transaction that no other migration runs beside. All of it happens, or nothing."""
    if not is_sqlite(str(con.engine.url)):
        con.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        yield
        con.commit()
        return
    raw: Any = con.connection.dbapi_connection
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    raw.execute("PRAGMA foreign_keys=OFF")
    con.exec_driver_sql("BEGIN IMMEDIATE")
    yield
    broken = con.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        con.rollback()
        raise RuntimeError(f"the migration would have left {len(broken)} rows without what they belong to")
    con.commit()


def _config(con: sa.Connection | None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = con
    return config


def _engine(url: str) -> sa.Engine:
    """The same database for a driver that blocks, as Alembic wants it."""
    if is_sqlite(url):
        return sa.create_engine(sa.make_url(url).set(drivername="sqlite"), hide_parameters=True)
    return sa.create_engine(url, hide_parameters=True, connect_args={"connect_timeout": 10})
