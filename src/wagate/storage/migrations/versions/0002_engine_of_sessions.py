"""Each session runs on the engine that it names."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("engine", sa.String(), nullable=True))
    # Whose keys a session has says what it ran on.
    op.execute(
        "UPDATE sessions SET engine = CASE WHEN EXISTS (SELECT 1 FROM signal_keys"
        " WHERE signal_keys.session_id = sessions.id AND signal_keys.kind = 'native/device')"
        " THEN 'native' ELSE 'baileys' END"
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.alter_column("engine", existing_type=sa.String(), nullable=False)
