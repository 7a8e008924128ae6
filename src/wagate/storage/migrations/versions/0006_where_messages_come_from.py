"""Which request a message came with, and where it and its events stand in a trace."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("messages", sa.Column("request_id", sa.String(), nullable=True))
    op.add_column("messages", sa.Column("traceparent", sa.String(), nullable=True))
    op.add_column("events", sa.Column("traceparent", sa.String(), nullable=True))
