"""The access log becomes a chain. Lines that are there already are tied when the bot or a command next starts: that
takes the key, which a migration does not have."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("end", sa.String(length=64), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.add_column("audit", sa.Column("place", sa.Integer(), nullable=True))
    op.add_column("audit", sa.Column("hash", sa.String(length=64), nullable=True))
    op.create_index("ix_audit_place", "audit", ["place"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_audit_place", "audit")
    with op.batch_alter_table("audit") as batch_op:
        batch_op.drop_column("hash")
        batch_op.drop_column("place")
    op.drop_table("audit_head")
