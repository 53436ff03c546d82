"""The roster as a CSV file: text in, entries or every problem at once out.

    role,ref,name,worker,language,timezone,next_session,status
    worker,W-1,Sam,,,,,
    client,R-118,,W-1,en,Europe/London,2026-05-14 11:00,

Commas, semicolons or tabs; with or without a byte order mark; any line ends. A blank cell means "as it is", and for
somebody new the default of the config. What changes for whom is worked out in `roster_changes`.
"""

import csv
import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from bot.domain.words import REF, Role

COLUMNS = ("role", "ref", "name", "worker", "language", "timezone", "next_session", "status")
NEEDED = ("role", "ref", "name", "worker")
ENDED = "discharged"
STATUSES = ("active", "invited", "joined", "declined", "left", ENDED)
"""What `status` may say. Only `discharged` does something; the others say that somebody is not discharged."""
LONGEST_NAME = 60
YEARS = range(2000, 2100)
_LINE_END = re.compile("\r\n|\r|\n")
_NO_LETTER = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffd]")
"""Control signs, what turns the direction of reading round, and what stands where a letter could not be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One person as a file or the database has them. None = the file says nothing about it. `worker` is a ref."""

    role: Role
    ref: str
    name: str | None = field(default=None, repr=False)
    worker: str | None = None
    language: str | None = None
    timezone: str | None = None
    next_session: datetime | None = None
    status: str | None = None
    line: int = 0

    @property
    def ended(self) -> bool:
        return self.status == ENDED


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the file: where, what, and what would be right."""

    line: int
    column: str
    wrong: str
    right: str

    def __str__(self) -> str:
        return f"{self.line}: {self.column}: {self.wrong}; {self.right}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the cells are checked against: who is on the roster already, and what the config speaks and keeps time by."""

    roles: Mapping[str, Role]
    languages: Sequence[str]
    timezone: str
    timezones: Collection[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was read: all its entries, or all its problems."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: Mapping[str, str]
    spare: bool


class _NotARow(Exception):
    """What begins in this line can't be divided into cells."""


def decode(raw: bytes) -> str:
    """The letters of a file, as spreadsheets write them: UTF-8, UTF-16 with its mark, else Western Windows.

    What is no letter in any of them shows as such, and is a problem of its cell.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def read(text: str, known: Known) -> Sheet:
    """The whole file, with every problem in it. Entries count only where there is none."""
    lines = _LINE_END.split(text.removeprefix("\ufeff"))
    at = next((n for n, line in enumerate(lines) if line.strip()), None)
    if at is None:
        return Sheet((), (Problem(1, "file", "it is empty", "the first line names the columns: " + ",".join(COLUMNS)),))
    try:
        (_, header), *body = _split(lines[at:], at + 1)
    except _NotARow as where:
        wrong = "it can't be divided into cells; perhaps a quotation mark is opened and not closed"
        return Sheet((), (Problem(where.args[0], "line", wrong, "take the mark out, or write it twice inside a cell"),))
    names = [name.strip().casefold() for name in header]
    if problems := list(_wrong_columns(at + 1, names)):
        return Sheet((), tuple(problems))
    rows = tuple(_rows(body, names))
    problems = sorted((*_each(rows, known), *_together(rows, known)), key=lambda one: one.line)
    return Sheet(() if problems else tuple(_entry(row, known) for row in rows), tuple(problems))


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _wrong_columns(line: int, names: Sequence[str]) -> Iterator[Problem]:
    for name in NEEDED:
        if name not in names:
            yield Problem(line, name, "this column is missing", "the columns are " + ",".join(COLUMNS))
    for n, name in enumerate(names):
        if name and name not in COLUMNS:
            yield Problem(line, name, "there is no such column", _nearest(name, COLUMNS))
        elif name and name in names[:n]:
            yield Problem(line, name, "this column is there twice", "keep one of them")


def _nearest(word: str, choices: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, choices, 1, cutoff=0.7)
    return f"perhaps {near[0]}" if near else "one of " + ", ".join(choices)


def _split(lines: Sequence[str], start: int) -> Iterator[tuple[int, list[str]]]:
    """Each row's cells, and the line that it begins in."""
    reader, first = csv.reader(lines, delimiter=_delimiter(lines[0]), skipinitialspace=True, strict=True), start
    try:
        for cells in reader:
            yield start, cells
            start = first + reader.line_num
    except csv.Error:
        raise _NotARow(start) from None


def _rows(body: Iterable[tuple[int, list[str]]], names: Sequence[str]) -> Iterator[_Row]:
    for line, cells in body:
        filled = [" ".join(cell.split()) for cell in cells]
        if any(filled):
            yield _Row(line, dict(zip(names, filled, strict=False)), spare=any(filled[len(names) :]))


def _each(rows: Sequence[_Row], known: Known) -> Iterator[Problem]:
    for row in rows:
        for column, check in _CHECKS.items():
            cell = row.cells.get(column, "")
            if _NO_LETTER.search(cell):
                right = "type this cell again, and save the file as UTF-8"
                yield Problem(row.line, column, "there is something in it that is no letter", right)
            elif cell:
                yield from (Problem(row.line, column, wrong, right) for wrong, right in check(cell, known))
            elif column in ("role", "ref"):
                yield Problem(row.line, column, "this cell is empty", "everybody has a role and a ref")
        if row.spare:
            yield Problem(row.line, "line", "it has more cells than there are columns", "put cells with commas in quotes")
        yield from _fits(row, known)


def _fits(row: _Row, known: Known) -> Iterator[Problem]:
    """What depends on two cells of a line."""
    role, ref, new = _role(row), row.cells.get("ref", ""), row.cells.get("ref", "") not in known.roles
    if role is None:
        return
    if not new and known.roles[ref] is not role:
        right = "a person with another role gets another ref"
        yield Problem(row.line, "role", f"this ref belongs to a {known.roles[ref]}", right)
    if role is Role.CLIENT and new and not row.cells.get("worker") and row.cells.get("status", "").casefold() != ENDED:
        yield Problem(row.line, "worker", "a client needs a worker", "the ref of a worker")
    if role is not Role.CLIENT:
        if new and not row.cells.get("name"):
            yield Problem(row.line, "name", f"a {role} needs a name", "clients and others read it in messages")
        for column in ("worker", "next_session"):
            if row.cells.get(column):
                yield Problem(row.line, column, f"a {role} has none", "only clients do; leave it empty")


def _together(rows: Sequence[_Row], known: Known) -> Iterator[Problem]:
    """What depends on other lines: refs that come twice, workers who are nowhere."""
    first: dict[str, int] = {}
    spelt = {ref.casefold(): ref for ref in known.roles}
    staff = {ref for ref, role in known.roles.items() if role is not Role.CLIENT}
    staff |= {row.cells["ref"] for row in rows if _role(row) in (Role.WORKER, Role.MANAGER) and row.cells.get("ref")}
    for row in rows:
        ref, worker = row.cells.get("ref", ""), row.cells.get("worker", "")
        if ref and (before := first.setdefault(ref.casefold(), row.line)) != row.line:
            yield Problem(row.line, "ref", f"this ref is on line {before} already", "each person has one line")
        elif spelt.get(ref.casefold(), ref) != ref:
            yield Problem(row.line, "ref", "it is on the roster in other letters", f"write it {spelt[ref.casefold()]}")
        if worker and _role(row) not in (Role.WORKER, Role.MANAGER) and worker not in staff:
            near = difflib.get_close_matches(worker, sorted(staff), 1)
            right = f"perhaps {near[0]}" if near else "add a line for this worker, or give another ref"
            yield Problem(row.line, "worker", "no such worker in this file or on the roster", right)


def _role(row: _Row) -> Role | None:
    given = row.cells.get("role", "").casefold()
    return Role(given) if given in tuple(Role) else None


def _entry(row: _Row, known: Known) -> Entry:
    cell = {column: row.cells.get(column) or None for column in COLUMNS}
    zone, session, status = cell["timezone"], cell["next_session"], cell["status"]
    return Entry(
        role=Role((cell["role"] or "").casefold()),
        ref=cell["ref"] or "",
        name=cell["name"],
        worker=cell["worker"],
        language=cell["language"],
        timezone=zone,
        next_session=_moment(session, ZoneInfo(zone or known.timezone)) if session else None,
        status=status.casefold() if status else None,
        line=row.line,
    )


def _moment(cell: str, zone: ZoneInfo) -> datetime:
    """A date with a time; the person's own wall time unless it says otherwise. A date alone counts as its midday."""
    moment = datetime.fromisoformat(cell)
    if len(cell) <= len("2026-05-14"):
        moment = datetime.combine(moment.date(), time(12))
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


_Wrong = Iterator[tuple[str, str]]


def _check_role(cell: str, known: Known) -> _Wrong:
    if cell.casefold() not in tuple(Role):
        yield f"{cell!r} is no role", _nearest(cell.casefold(), tuple(Role))


def _check_ref(cell: str, known: Known) -> _Wrong:
    if not REF.fullmatch(cell):
        yield f"{cell!r} is no ref", "at most 40 letters, digits and . / _ -, beginning with a letter or digit"


def _check_name(cell: str, known: Known) -> _Wrong:
    if len(cell) > LONGEST_NAME:
        yield "this name is too long", f"at most {LONGEST_NAME} letters"


def _check_language(cell: str, known: Known) -> _Wrong:
    if cell not in known.languages:
        yield f"{cell!r} is not among service.languages", _nearest(cell, known.languages)


def _check_timezone(cell: str, known: Known) -> _Wrong:
    if cell not in known.timezones:
        near = difflib.get_close_matches(cell, sorted(known.timezones), 1)
        yield f"{cell!r} is no time zone", f"perhaps {near[0]}" if near else f"a name such as {known.timezone}"


def _check_session(cell: str, known: Known) -> _Wrong:
    try:
        year = datetime.fromisoformat(cell).year
    except ValueError:
        yield f"{cell!r} is no date with a time", "write it 2026-05-14 11:00"
    else:
        if year not in YEARS:
            yield f"{cell!r} lies in another century", "write it 2026-05-14 11:00"


def _check_status(cell: str, known: Known) -> _Wrong:
    if cell.casefold() not in STATUSES:
        yield f"{cell!r} is no status", _nearest(cell.casefold(), STATUSES)


_CHECKS = {
    "role": _check_role,
    "ref": _check_ref,
    "name": _check_name,
    "worker": lambda cell, known: iter(()),  # looked up among the lines of the file
    "language": _check_language,
    "timezone": _check_timezone,
    "next_session": _check_session,
    "status": _check_status,
}
