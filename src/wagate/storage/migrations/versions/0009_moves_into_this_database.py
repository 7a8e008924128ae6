"""Moves into this database."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "unfinished_move",
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_unfinished_move")),
    )
