"""Called by Alembic; ``storage/schema.py`` passes the connection and what to compare with."""

from alembic import context

context.configure(**context.config.attributes["wagate"])
with context.begin_transaction():
    context.run_migrations()
