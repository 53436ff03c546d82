"""A database with something in every column of every table, and all of it read: for what carries or changes rows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.pouring import blocking, tables

NOON = datetime(2026, 5, 12, 12, 0, 0, 123456, tzinfo=UTC)
EACH = 3
"""Rows in every table; in the last one what may be empty is."""


def fill(url: str) -> None:
    """Rows in every table that the database has now, whatever its version."""
    engine = blocking(url)
    with engine.begin() as con:
        rows: dict[str, list[dict[str, Any]]] = {}
        for table in tables(con):
            rows[table.name] = [_row(table, number, rows) for number in range(1, EACH + 1)]
            for row in rows[table.name]:
                con.execute(table.insert().values(row))
    engine.dispose()


def _row(table: sa.Table, number: int, rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {one.name: _value(one, number, rows) for one in table.columns}


def _value(column: sa.Column[Any], number: int, rows: dict[str, list[dict[str, Any]]]) -> Any:
    for key in column.foreign_keys:
        table, name = key.target_fullname.split(".")
        return rows[table][number - 1][name]
    if column.nullable and number == EACH:
        return sa.null()
    made = {
        sa.DateTime: NOON + timedelta(days=number),
        sa.Date: date(2026, 5, number),
        sa.Boolean: number % 2 == 0,
        sa.Float: number / 3,
        sa.Integer: number + 2**40 if isinstance(column.type, sa.BigInteger) else number,
        sa.LargeBinary: bytes(range(number)) + column.name.encode(),
        sa.JSON: [None, {"said": f"“{column.name}” {number}", "n": 0.1 + number}],
        sa.String: f"{column.name[:4]}{number}"[: getattr(column.type, "length", None) or 80],
    }
    return next(value for kind, value in made.items() if isinstance(column.type, kind))


def everything(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as plain values that are the same on either kind of database."""
    engine = blocking(url)
    with engine.connect() as con:
        found = {one.name: [_plain(row) for row in con.execute(sa.select(one)).mappings()] for one in tables(con)}
    engine.dispose()
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def _plain(row: Any) -> dict[str, Any]:
    return {str(name): _utc(value) for name, value in row.items()}


def _utc(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return bytes(value) if isinstance(value, memoryview) else value
