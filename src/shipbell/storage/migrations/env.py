"""Where Alembic begins: on the connection that `storage.database.migrate` gives it."""

from alembic import context

from shipbell.storage.tables import settings, tallies  # noqa: F401 - their tables belong to the metadata
from shipbell.storage.tables.flow import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
