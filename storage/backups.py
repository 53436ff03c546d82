"""A backup: one SQLite file, whatever kind of database it was made of, with the rows of one moment.

It is made by the migrations themselves and stands at the version of the database it came from, so that the same
migrations bring it forward (docs/decisions/0016-one-kind-of-backup.md). What is sealed stays sealed, and no key is in it.
A sealed proof binds every byte of every row: a file that was damaged or changed by hand is found out.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from storage import migrate, pouring, working
from storage.engine import is_sqlite
from storage.sealing import NUMBER_BYTES, Seal, WrongKey

FORMAT = 1
PROOF = "backup.proof"
HALF = ".checkin-backup-"
"""What the names of folders begin with in which a backup is being written, beside where it will stand."""
SLIP = "checkin_backup"
"""The table in which the backup says what it is."""


class NotABackup(Exception):
    """This file is none, or is damaged. Says what is wrong, in words for whoever looks after the computer."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What a backup says of itself. `made_at` is the moment that it shows."""

    made_at: datetime
    program: str
    schema: str
    engine: str
    key: str
    """The number of the key that sealed its proof."""
    counts: Mapping[str, int]

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def standing(url: str) -> str:
    """Where the database stands. Raises NotReached where there is nothing to back up."""
    file = file_of(url)
    if file is not None and not file.exists():
        raise migrate.NotReached(f"{file} is not there")
    found = migrate.standing(url)
    if found is None:
        raise migrate.NotReached("there is nothing in it")
    if found > migrate.HEAD:
        raise migrate.NewerDatabase(
            f"the database stands at {found}, this version of the program knows only {migrate.HEAD}"
        )
    return found


def file_of(url: str) -> Path | None:
    """Where an SQLite database lies."""
    name = sa.make_url(url).database
    return Path(name) if is_sqlite(url) and name else None


# ---------------------------------------------------------------- writing


@contextmanager
def a_new_file(path: Path) -> Iterator[Path]:
    """A file for its owner only, under its name only once it is whole and on the disk. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(path)
    with working.folder(HALF, path.absolute().parent) as folder:
        half = folder / "half.db"
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield half
        _to_disk(half)
        os.link(half, path)  # unlike renaming, this never takes the place of another file
        _to_disk(path.parent)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(url: str, path: Path, seal: Seal, program: str, now: datetime, step: pouring.Step) -> Slip:
    """The rows of this moment into `path`, which must not hold anything yet. Other processes may go on writing."""
    schema = standing(url)
    to = f"sqlite:///{path}"
    migrate.bring(to, schema)
    with pouring.as_it_stands(url) as source, pouring.blocking(to).connect() as target:
        pouring.by_hand(target)
        target.exec_driver_sql("PRAGMA synchronous=OFF")  # half a file is thrown away, a whole one synced at the end
        target.exec_driver_sql("BEGIN IMMEDIATE")
        counts = pouring.pour(source, target, step)
        target.commit()
    slip = Slip(now, program, schema, "sqlite" if is_sqlite(url) else "postgresql", seal.number, counts)
    _say(path, slip, seal)
    return slip


def rows(url: str) -> int:
    """How many there are to be written."""
    with pouring.as_it_stands(url) as con:
        return sum(pouring.count(con).values())


def _say(path: Path, slip: Slip, seal: Seal) -> None:
    said = json.dumps(
        {"made_at": slip.made_at.isoformat(), "program": slip.program, "schema": slip.schema, "engine": slip.engine}
        | {"key": slip.key, "counts": dict(slip.counts)}
    )
    with closing(sqlite3.connect(path)) as raw:
        proof = seal.close(PROOF, str(FORMAT), _digest(raw, said))
        raw.execute(f"CREATE TABLE {SLIP} (format INTEGER NOT NULL, said TEXT NOT NULL, proof_sealed BLOB NOT NULL)")
        raw.execute(f"INSERT INTO {SLIP} VALUES (?, ?, ?)", (FORMAT, said, proof))  # noqa: S608  # a name of our own
        raw.commit()


def _digest(raw: sqlite3.Connection, said: str, step: pouring.Step = lambda _: None) -> str:
    """Of what it says, how its tables are made, and every value of every row."""
    sum_ = sha256(said.encode())
    named = "SELECT type, name, sql FROM sqlite_master WHERE name != ? ORDER BY type, name"
    for kind, name, sql in raw.execute(named, (SLIP,)).fetchall():
        sum_.update(f"{kind} {name} {sql}".encode())
        if kind != "table":
            continue
        rows = raw.execute(f'SELECT * FROM "{name}" ORDER BY rowid')  # noqa: S608  # a name from the file itself
        while some := rows.fetchmany(pouring.AT_ONCE):
            for row in some:
                sum_.update(repr(row).encode())
            step(len(some))
    return sum_.hexdigest()


# ---------------------------------------------------------------- looking at one


def look(path: Path) -> Slip:
    """What the backup says of itself. Raises NotABackup."""
    if not path.is_file():
        raise NotABackup(f"{path} is not there")
    with _opened(path) as raw:
        return _slip(*_said(raw)[:2])


def _slip(form: int, said: str) -> Slip:
    if form != FORMAT:
        raise NotABackup(f"it is of format {form}, this version of the program knows only {FORMAT}")
    try:
        told = json.loads(said)
        told["made_at"] = datetime.fromisoformat(told["made_at"])
        return Slip(**told)
    except (ValueError, TypeError, KeyError):
        raise NotABackup("what it says of itself can't be read") from None


def verify(path: Path, seal: Seal, step: pouring.Step = lambda _: None) -> tuple[int, int]:
    """Is it whole, and is every row as it was written? Returns (sealed values, those for which the key is missing).

    Raises NotABackup where it is damaged or changed, WrongKey where the key that proves it is not at hand.
    """
    slip = look(path)
    with _opened(path) as raw:
        _, said, proof = _said(raw)
        if (
            raw.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
            or raw.execute("PRAGMA foreign_key_check").fetchall()
        ):
            raise NotABackup("it is damaged")
        if not seal.has(proof[:NUMBER_BYTES]):
            raise WrongKey(PROOF)
        if _proved(seal, proof) != _digest(raw, said, step):
            raise NotABackup("it is not as it was written: damaged, or changed by hand")
        if {name: _count(raw, name) for name in slip.counts} != dict(slip.counts):
            raise NotABackup("rows are missing")
        return _sealed(raw, seal)


def _proved(seal: Seal, proof: bytes) -> str | None:
    try:
        return seal.open(PROOF, str(FORMAT), proof)
    except WrongKey:
        return None


def _sealed(raw: sqlite3.Connection, seal: Seal) -> tuple[int, int]:
    every = foreign = 0
    named = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    named += " AND m.name != ? AND c.name LIKE '%\\_sealed' ESCAPE '\\'"
    for table, column in raw.execute(named, (SLIP,)).fetchall():
        number = f'substr("{column}", 1, {NUMBER_BYTES})'
        query = f'SELECT {number}, count(*) FROM "{table}" WHERE "{column}" IS NOT NULL GROUP BY 1'  # noqa: S608  # names from the file itself
        for found, count in raw.execute(query):
            every += count
            foreign += 0 if seal.has(bytes(found)) else count
    return every, foreign


def _count(raw: sqlite3.Connection, name: str) -> int:
    return int(raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608  # a name that was proved


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Only to read; a damaged file is said to be one."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as raw:
            yield raw
    except (sqlite3.Error, UnicodeError, ValueError, TypeError, OverflowError):
        raise NotABackup("it is damaged, or no backup made by `checkin-bot backup`") from None


def _said(raw: sqlite3.Connection) -> tuple[int, str, bytes]:
    row = raw.execute(f"SELECT format, said, proof_sealed FROM {SLIP}").fetchone()  # noqa: S608  # a name of our own
    if row is None:
        raise NotABackup("it does not say what it is")
    return row[0], row[1], bytes(row[2])
