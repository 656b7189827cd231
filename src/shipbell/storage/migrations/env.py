"""Where Alembic begins: on the connection that `storage.migrate` gives it."""

from alembic import context

from shipbell.storage import schema_people, schema_tallies  # noqa: F401 - their tables belong to the metadata
from shipbell.storage.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
