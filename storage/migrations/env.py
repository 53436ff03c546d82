"""How Alembic reaches the database: through the connection that `storage.migrate` hands over.

SQLite changes a table by copying it. With foreign keys on, dropping the old one would take its children along, and the
switch does nothing inside a transaction: it is turned off before, checked and turned on again after.
"""

from alembic import context

from storage.tables import meta

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=meta,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
