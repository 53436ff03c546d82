"""The export as a folder of CSV files: one file per kind of row, each row with the client's ref."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_SPAN = ("starts_at", "ends_at")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "clients": ("status", "timezone"),
    "consents": ("version", "language", "agreed", "at"),
    "goals": ("id", "number", "text", "state", "made_at"),
    "check_ins": (
        *("check_in", "schedule", "state", "reason", "planned_at", "sent_at", "first_touched_at", "last_touched_at"),
        *("finished_at", "expires_at", "questions"),
    ),
    "answers": (
        *("check_in", "question", "construct", "asks", "goal", "value", "value_0_10", "text", "skipped", "answered_at"),
    ),
    "versions": ("check_in", "question", "value", "value_0_10", "text", "answered_at"),
    "remarks": ("text", "shown_to", "said_at"),
    "signals": ("rule", "construct", "raised_at", "tier", "severity", "note", "evidence", "held"),
    "alerts": (
        *(
            "alert",
            "id",
            "kind",
            "raised_at",
            "severity",
            "state",
            "rules",
            "wish",
            "client_said",
            "client_feels",
            "useful",
        ),
    ),
    "alert_history": ("alert", "at", "state", "by"),
    "sessions": ("at", "state", "said_by", "said_at"),
    "assignments": ("worker", *_SPAN),
    "pauses": ("why", *_SPAN),
    "absences": _SPAN,
}
"""Table → what stands in it behind the client's ref, whether it has rows or not."""
TABLES = tuple(COLUMNS)
_FORMULA = ("=", "+", "-", "@", "\t")
_LINE_END = re.compile("\r\n?")


def rows(client: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """One exported client → table → rows."""
    ref = client["ref"]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    found["clients"].append({"ref": ref, "status": client["status"], "timezone": client["timezone"]})
    for name in ("consents", "goals", "remarks", "signals", "sessions", "assignments", "pauses", "absences"):
        found[name] += [{"ref": ref, **row} for row in client[name]]
    for number, check_in in enumerate(client["check_ins"], 1):
        where = {"ref": ref, "check_in": number}
        found["check_ins"].append({**where, **_without(check_in, "answers")})
        for answer in check_in["answers"]:
            found["answers"].append({**where, **_without(answer, "versions")})
            found["versions"] += [{**where, "question": answer["question"], **one} for one in answer["versions"]]
    for number, alert in enumerate(client["alerts"], 1):
        where = {"ref": ref, "alert": number}
        found["alerts"].append({**where, **_without(alert, "history")})
        found["alert_history"] += [{**where, **line} for line in alert["history"]]
    return found


def _without(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def as_csv(table: str, found: Iterable[Mapping[str, Any]]) -> str:
    """Comma-separated, with a line of names; lists and evidence as JSON; no cell is read as a formula."""
    listed = list(found)
    names = dict.fromkeys(("ref", *COLUMNS[table], *(name for row in listed for name in row)))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in listed)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if not isinstance(value, str):
        return value
    lines = _LINE_END.sub("\n", value)  # a bare carriage return ends a row for spreadsheets, quoted or not
    return "'" + lines if lines.startswith(_FORMULA) else lines
