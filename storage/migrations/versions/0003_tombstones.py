"""Who was erased, as marks that tell nothing; since when a client is discharged.

Until now discharge was the last thing that could change `asking_since` of whoever is discharged.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tombstone",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
    )
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("discharged_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_client_discharged_at"), ["discharged_at"], unique=False)
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_sent_at"), ["sent_at"], unique=False)
    op.execute(
        "UPDATE client SET discharged_at = asking_since"
        " WHERE person_id IN (SELECT id FROM person WHERE role = 'client' AND status = 'discharged')"
    )


def downgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_sent_at"))
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_client_discharged_at"))
        batch_op.drop_column("discharged_at")
    op.drop_table("tombstone")
