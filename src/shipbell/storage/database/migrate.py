"""Bring a database to the present schema; a new one is made."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from shipbell.domain.errors import DatabaseUnusable

_HERE = Path(__file__).parent.parent / "migrations"


def config_of(connection: Connection) -> Config:
    """Alembic's settings for one connection."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> bool:
    """Take every step that is missing; True when there was one. Raises DatabaseUnusable for a newer schema."""
    config = config_of(connection)
    script = ScriptDirectory.from_config(config)
    present = MigrationContext.configure(connection).get_current_revision()
    head = script.get_current_head()
    if present == head:
        return False
    if present is not None and present not in {one.revision for one in script.walk_revisions()}:
        raise DatabaseUnusable("A newer Shipbell has written this database: install that version or a later one.")
    command.upgrade(config, "head")
    return True
