"""The keys of events begin with the hash of the tool's id, so that one tree serves uniqueness and search."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COPY = (
    "INSERT INTO event_keys (id_hash, project_id, source_id, event_id)"
    " SELECT id_hash, project_id, source_id, event_id FROM event_keys_before ORDER BY id_hash"
)


def upgrade() -> None:
    """Copy the keys into a table of the new order."""
    op.drop_index("event_keys_by_hash", "event_keys")
    op.drop_index("event_keys_of_event", "event_keys")
    op.rename_table("event_keys", "event_keys_before")
    op.create_table(
        "event_keys",
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("project_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("source_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("event_id", _ROW_ID, nullable=False),
        # Named, since PostgreSQL keeps the old table's default name for the renamed one.
        sa.PrimaryKeyConstraint("id_hash", "project_id", "source_id", name="event_keys_unique"),
        sqlite_with_rowid=False,
    )
    op.execute(_COPY)
    op.drop_table("event_keys_before")
    op.create_index("event_keys_of_event", "event_keys", ["event_id"])
