"""What a roster file changes, compared with who is there; and the roster written as a file again."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from bot.domain.roster import COLUMNS, Entry
from bot.domain.words import Role

_COMPARED = ("name", "worker", "language", "timezone", "next_session")


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody on the roster and what becomes different about them; `fields` are columns of the file."""

    before: Entry
    after: Entry
    fields: tuple[str, ...]

    @property
    def ends(self) -> bool:
        return self.after.ended and not self.before.ended

    @property
    def comes_back(self) -> bool:
        return self.before.ended and not self.after.ended


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that a file does. People of the roster who are not in the file are left alone."""

    new: tuple[Entry, ...]
    changed: tuple[Change, ...]
    unchanged: tuple[str, ...]


def changes(entries: Sequence[Entry], there: Mapping[str, Entry], language: str, timezone: str) -> Changes:
    """`there`: the roster by ref. `language` and `timezone` are given to new people whose cells are blank."""
    new, changed, unchanged = [], [], []
    for entry in entries:
        before = there.get(entry.ref)
        if before is None:
            new.append(replace(entry, language=entry.language or language, timezone=entry.timezone or timezone))
        elif fields := _different(before, entry):
            changed.append(Change(before, _over(before, entry), fields))
        else:
            unchanged.append(entry.ref)
    return Changes(tuple(new), tuple(changed), tuple(unchanged))


def _different(before: Entry, entry: Entry) -> tuple[str, ...]:
    """The columns in which a file says something else; a blank cell says nothing."""
    found = [name for name in _COMPARED if getattr(entry, name) not in (None, getattr(before, name))]
    if entry.status is not None and entry.ended != before.ended:
        found.append("status")
    return tuple(found)


def _over(before: Entry, entry: Entry) -> Entry:
    given = {name: getattr(entry, name) for name in (*_COMPARED, "status") if getattr(entry, name) is not None}
    return replace(before, line=entry.line, **given)


def write(entries: Iterable[Entry]) -> str:
    """The roster as a file that reads back as it is: staff first, so that workers stand before their clients."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(COLUMNS)
    for entry in sorted(entries, key=lambda one: (one.role is Role.CLIENT, one.ref)):
        sheet.writerow([as_cell(entry, column) for column in COLUMNS])
    return out.getvalue()


def as_cell(entry: Entry, column: str) -> str:
    """One value as it stands in the file; a session in the person's own wall time, with its offset."""
    value = getattr(entry, column)
    if value is None:
        return ""
    if column == "next_session":
        return str(value.astimezone(ZoneInfo(entry.timezone or "UTC")).isoformat(sep=" ", timespec="minutes"))
    return str(value)
