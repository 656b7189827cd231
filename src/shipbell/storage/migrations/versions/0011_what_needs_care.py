"""Tests count in no figure, dead and expired deliveries can be acknowledged, refused calls keep what was told."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ENDED_BADLY = sa.text("state IN ('dead', 'expired', 'cancelled')")
_NEEDS_CARE = sa.text("state IN ('dead', 'expired') AND acknowledged_at IS NULL AND NOT test")


def upgrade() -> None:
    """Add the columns, let the indexes tell tests apart, and have the tallies counted again without them."""
    op.add_column("deliveries", sa.Column("acknowledged_at", sa.BigInteger()))
    op.add_column("door_calls", sa.Column("detail", sa.Text(), nullable=False, server_default=""))
    op.add_column("door_calls", sa.Column("event", sa.Text()))
    op.drop_index("deliveries_of_project", "deliveries")
    op.create_index("deliveries_of_project", "deliveries", ["project_id", "id", "test"])
    op.drop_index("deliveries_ended_badly", "deliveries")
    _partial("deliveries_ended_badly", ["project_id", "state", "id", "test"], _ENDED_BADLY)
    _partial("deliveries_needing_care", ["project_id", "state", "id"], _NEEDS_CARE)
    op.execute("DELETE FROM tallies")
    op.execute("DELETE FROM counters WHERE name IN ('tallied-from', 'tallied-until')")


def _partial(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "deliveries", columns, sqlite_where=where, postgresql_where=where)
