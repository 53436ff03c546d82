"""Roster files, whatever spreadsheets and people make of them: entries, or problems with their lines; never both."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import category

import pytest
from hypothesis import strategies as st

from bot.actions.csvs import as_csv
from bot.domain.roster import COLUMNS, LONGEST_NAME, STATUSES, Entry, Known, Sheet, decode, read
from bot.domain.roster_changes import changes, write
from bot.domain.words import Role
from tests.parsers.cases import made_up
from tests.parsers.shapes import json_values, texts

ZONES = ("Europe/London", "America/New_York", "Asia/Kathmandu", "Asia/Tokyo", "Pacific/Kiritimati")
KNOWN = Known({"W-1": Role.WORKER, "R-118": Role.CLIENT, "M-1": Role.MANAGER}, ("en", "pl"), "Europe/London", ZONES)
HEADER = ",".join(COLUMNS)
GOOD = f"{HEADER}\nworker,W-2,Sam,,,,,\nclient,R-1,,W-2,en,Asia/Tokyo,2026-05-14 11:00,\n"
CELLS = (
    *("client", "worker", "Manager", "R-1", "R-118", "r-118", "W-1", "W-2", "_x", "-1", "Sam", "en", "xx", "", " "),
    *("Mars/Olympus", "2026-05-14 11:00", "2026-05-14", "0001-01-01T00:00", "9999-12-31 23:59", "2026-W20-4", "20260514"),
    *("2026-05-14T11:00+14:00", "0001-01-01T00:00+14:00", "24:00", "discharged", "Active", "a\nb", 'say "hi"', "a;b"),
)
cells = st.one_of(st.sampled_from((*CELLS, *ZONES)), texts)
rows = st.lists(st.lists(cells, max_size=9), max_size=4)
broken = st.lists(
    st.one_of(
        st.sampled_from(
            [HEADER.encode(), b"\n", b"\r\n", b"\r", b",", b";", b"\t", b'"', b"\0", b"\xff\xfe", b"\xef\xbb\xbf"]
        ),
        st.sampled_from(
            [b"client", b"worker,W-3,Ann,,,,,", b"R-1", b"\x81\x8d", "Zoë".encode("utf-16-le"), "é".encode("cp1252")]
        ),
        st.binary(max_size=12),
    ),
    max_size=10,
).map(b"".join)


def outcome(sheet: Sheet) -> None:
    """Entries that can be kept, or problems that can be printed."""
    assert not (sheet.entries and sheet.problems)
    for problem in sheet.problems:
        assert problem.line >= 1
        assert problem.wrong
        assert problem.right
        str(problem).encode()
    for entry in sheet.entries:
        assert 0 < len(entry.ref) <= 40
        assert entry.name is None or 0 < len(entry.name) <= LONGEST_NAME
        assert not any(category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in f"{entry.ref}{entry.name}")
        assert entry.language in (None, *KNOWN.languages)
        assert entry.timezone in (None, *ZONES)
        assert entry.status in (None, *STATUSES)
        if entry.next_session is not None:
            assert entry.next_session.astimezone(UTC) - timedelta(days=2) < entry.next_session
    assert len({entry.ref.casefold() for entry in sheet.entries}) == len(sheet.entries)
    done = changes(sheet.entries, {"W-1": Entry(Role.WORKER, "W-1", "Sam")}, "en", "Europe/London")
    assert len(done.new) + len(done.changed) + len(done.unchanged) == len(sheet.entries)


@made_up(
    "roster_bytes",
    raw=st.one_of(
        broken,
        st.builds(lambda at, junk: GOOD.encode()[:at] + junk + GOOD.encode()[at:], st.integers(0, len(GOOD)), broken),
    ),
)
def test_any_bytes_are_a_roster_or_problems(raw: bytes) -> None:
    outcome(read(decode(raw), KNOWN))


@made_up(
    "roster_cells",
    table=rows,
    between=st.sampled_from(",;\t"),
)
def test_any_cells_are_people_or_problems(table: list[list[str]], between: str) -> None:
    out = io.StringIO()
    sheet = csv.writer(out, delimiter=between, lineterminator="\n")
    sheet.writerow(COLUMNS)
    sheet.writerows(table)
    outcome(read(out.getvalue(), KNOWN))


names = st.text(st.characters(exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=20)
entries = st.builds(
    Entry,
    role=st.sampled_from(Role),
    ref=st.text(st.sampled_from("aZ9éß7"), min_size=1, max_size=3).flatmap(
        lambda start: st.text(st.sampled_from("aZ9éß7_./-"), max_size=37).map(lambda rest: start + rest)
    ),
    name=st.lists(names, min_size=1, max_size=3).map(" ".join).filter(lambda one: len(one) <= LONGEST_NAME),
    language=st.sampled_from(KNOWN.languages),
    timezone=st.sampled_from(ZONES),
    status=st.sampled_from(STATUSES),
)
sessions = st.one_of(st.none(), st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001  # wall times


@made_up(
    "roster_written",
    people=st.lists(st.tuples(entries, sessions), max_size=3, unique_by=lambda one: one[0].ref.casefold()),
)
def test_a_roster_that_is_written_reads_back_as_it_is(people: list[tuple[Entry, datetime | None]]) -> None:
    roster = [_fitting(entry, session) for entry, session in people]
    known = Known({one.ref: one.role for one in roster} | {"W-1": Role.WORKER}, KNOWN.languages, "Europe/London", ZONES)
    sheet = read(write(roster), known)
    assert sheet.problems == ()
    found = {entry.ref: entry for entry in sheet.entries}
    for one in roster:
        assert {name: getattr(found[one.ref], name) for name in COLUMNS} == {name: getattr(one, name) for name in COLUMNS}


def _fitting(entry: Entry, session: datetime | None) -> Entry:
    """Only clients have a worker and sessions, which are kept to the minute."""
    is_client = entry.role is Role.CLIENT
    at = session.replace(second=0, microsecond=0, tzinfo=UTC) if session and is_client else None
    return Entry(
        entry.role, entry.ref, entry.name, "W-1" if is_client else None, entry.language, entry.timezone, at, entry.status
    )


@made_up(
    "export_cells",
    row=st.dictionaries(st.sampled_from(["ref", "text", "value", "at"]), json_values, min_size=1),
)
def test_an_export_is_a_table_in_which_no_cell_is_a_formula(row: dict[str, Any]) -> None:
    names, *values = csv.reader(io.StringIO(as_csv("remarks", [row]), newline=""))
    assert names[0] == "ref"
    assert set(row) <= set(names)
    assert all(len(line) == len(names) for line in values)
    assert len(values) == 1
    written = [value for name, value in zip(names, values[0], strict=True) if isinstance(row.get(name), str)]
    assert not any(value.startswith(("=", "+", "-", "@", "\t")) for value in written)
    assert all("\r" not in value for value in written)


@pytest.mark.parametrize("ref", ["_x", ".a", "/", "-1", "a b", "ſ" * 41])
def test_a_ref_begins_with_a_letter_or_digit_as_it_does_in_the_config(ref: str) -> None:
    assert [one.column for one in read(f"{HEADER}\nworker,{ref},Sam,,,,,", KNOWN).problems] == ["ref"]
