"""Moves into this database."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "unfinished_move",
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_unfinished_move")),
    )
