"""A roster file: everything that spreadsheets do to CSV, and every mistake at once."""

from zoneinfo import available_timezones

import pytest

from bot.domain.roster import COLUMNS, Entry, Known, decode, read
from bot.domain.roster_changes import changes, write
from bot.domain.words import Role

KNOWN = Known({"W-1": Role.WORKER, "R-118": Role.CLIENT}, ("en", "pl"), "Europe/London", available_timezones())
HEADER = ",".join(COLUMNS)


def problems(*lines: str, header: str = HEADER) -> list[tuple[int, str]]:
    return [(one.line, one.column) for one in read("\n".join((header, *lines)), KNOWN).problems]


def entries(*lines: str, header: str = HEADER) -> tuple[Entry, ...]:
    sheet = read("\n".join((header, *lines)), KNOWN)
    assert sheet.problems == ()
    return sheet.entries


@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_any_line_end_reads_the_same(between: str, end: str) -> None:
    text = end.join((HEADER, "worker,W-2,Ann,,,,,", "client,R-1,,W-2,en,Europe/London,,", "")).replace(",", between)
    found = read(text, KNOWN)
    assert found.problems == ()
    assert [(one.ref, one.worker, one.line) for one in found.entries] == [("W-2", None, 2), ("R-1", "W-2", 3)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encodings_of_spreadsheets_are_recognised(encoding: str) -> None:
    assert decode("name\nZoë\n".encode(encoding)) == "name\nZoë\n"


def test_every_mistake_of_a_file_is_found_in_one_pass_with_its_line() -> None:
    assert problems(
        "clint,R-1,,W-9,xx,Mars/Olympus,soon,lost",
        "client,R-2,,W-1,,,,",
        "client,R-2,,,,,,",
        "worker,,Ann,,,,,",
        "worker,W-3,,,,,,",
        "client,W-1,,,,,,",
    ) == [
        (2, "role"),
        (2, "language"),
        (2, "timezone"),
        (2, "next_session"),
        (2, "status"),
        (2, "worker"),
        (4, "worker"),
        (4, "ref"),
        (5, "ref"),
        (6, "name"),
        (7, "role"),
    ]


def test_with_one_mistake_no_entry_counts() -> None:
    sheet = read(f"{HEADER}\nclient,R-1,,W-1,,,,\nclient,R-2,,nobody,,,,", KNOWN)
    assert sheet.problems
    assert sheet.entries == ()


def test_a_ref_in_other_letters_is_the_same_ref() -> None:
    assert problems("client,r-118,,W-1,,,,") == [(2, "ref")]
    assert problems("client,R-1,,W-1,,,,", "client,r-1,,W-1,,,,") == [(3, "ref")]


def test_a_worker_may_stand_below_their_clients() -> None:
    assert [one.ref for one in entries("client,R-1,,W-9,,,,", "worker,W-9,Ann,,,,,")] == ["R-1", "W-9"]


def test_a_client_is_nobodys_worker() -> None:
    assert problems("client,R-1,,R-118,,,,") == [(2, "worker")]


def test_missing_and_unknown_columns_are_named_before_anything_is_read() -> None:
    assert problems("x,y", header="role,reff,name") == [(1, "ref"), (1, "worker"), (1, "reff")]


def test_an_empty_file_says_which_columns_it_needs() -> None:
    (problem,) = read(" \n", KNOWN).problems
    assert HEADER in problem.right


def test_a_session_is_in_the_persons_own_time() -> None:
    (entry,) = entries("client,R-1,,W-1,,America/New_York,2026-05-14 11:00,")
    assert entry.next_session is not None
    assert entry.next_session.isoformat() == "2026-05-14T15:00:00+00:00"


def test_a_cell_too_many_is_a_mistake_and_lines_behind_a_long_cell_keep_their_number() -> None:
    assert problems('worker,W-2,"Ann\nMary",,,,,', "worker,W-3,Bo,,,,,,spare") == [(4, "line")]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (['worker,W-2,"Ann,,,,,', "worker,W-3,Bo,,,,,"], 2),
        (["worker,W-2,Ann,,,,,", 'worker,W-3,"Bo,,,,,'], 3),
        (['worker,W-2,"Ann,,,,,', 'worker,W-3,"Bo,,,,,', "worker,W-4,Cy,,,,,"], 2),
        (['worker,W-2,"Ann" Lee,,,,,', "worker,W-3,Bo,,,,,"], 2),
        (["worker,W-2,Ann,,,,,", '"worker,W-3,Bo,,,,,', "worker,W-4,Cy,,,,,"], 3),
    ],
)
def test_a_quotation_mark_that_is_not_closed_swallows_nobody(lines: list[str], line: int) -> None:
    sheet = read("\n".join((HEADER, *lines)), KNOWN)
    assert [(one.line, one.column) for one in sheet.problems] == [(line, "line")]
    assert "quotation mark" in sheet.problems[0].wrong


def test_in_the_first_line_too() -> None:
    assert problems("worker,W-2,Ann,,,,,", header=f'"{HEADER}') == [(1, "line")]


def test_a_blank_cell_changes_nothing_and_a_new_person_gets_the_defaults() -> None:
    before = Entry(Role.CLIENT, "R-118", "Al", "W-1", "pl", "Asia/Kathmandu", None, "joined")
    found = changes(entries("client,R-118,,W-1,,,,", "client,R-9,,W-1,,,,"), {"R-118": before}, "en", "Europe/London")
    assert found.unchanged == ("R-118",)
    assert [(one.ref, one.language, one.timezone) for one in found.new] == [("R-9", "en", "Europe/London")]
    assert found.changed == ()


def test_changed_columns_are_named() -> None:
    before = Entry(Role.CLIENT, "R-118", "Al", "W-1", "en", "Europe/London", None, "joined")
    found = changes(entries("client,R-118,Bo,,pl,Asia/Tokyo,,discharged"), {"R-118": before}, "en", "Europe/London")
    (change,) = found.changed
    assert change.fields == ("name", "language", "timezone", "status")
    assert change.ends
    assert change.after.worker == "W-1"


def test_a_roster_that_was_written_reads_back_the_same() -> None:
    made = entries('worker,W-2,"Ann; Mary, too",,,,,', "client,R-1,,W-2,pl,Asia/Tokyo,2026-05-14 11:00,")
    again = read(write(made), KNOWN)
    assert again.problems == ()
    same = [one for one in again.entries if one.ref == "R-1"]
    assert (same[0].next_session, same[0].language) == (made[1].next_session, "pl")
    assert [one.name for one in again.entries] == ["Ann; Mary, too", None]
