"""How Alembic reaches the database: through the connection that `storage.migrate` hands over.

SQLite changes a table by copying it. With foreign keys on, dropping the old one would take its children along, and the
switch does nothing inside a transaction: it is turned off before, and what refers to what is checked before the commit.
"""

from typing import Any, Literal

from alembic import context

from storage.tables import Instant, meta


def plainly(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types as what they are in the database: a migration must not change when the code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrations run through storage.migrate; see docs/architecture.md.")
context.configure(
    connection=connection,
    target_metadata=meta,
    render_as_batch=True,
    render_item=plainly,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
