"""Runs the migrations on the connection that `storage/schema.py` hands over, in its transaction."""

from alembic import context

from clockwire.storage.schema import VERSION_TABLE
from clockwire.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
