"""Events, their keys and their deliveries."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _events()
    _event_keys()
    _deliveries()


def _where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, in both dialects."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("source_id", ROW_ID, nullable=True),
        sa.Column("tool_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("ignored", sa.Text(), nullable=True),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=True),
        sa.Column("commit_key", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "events_by_commit", "events", ["project_id", "commit_key", "id"], **_where("commit_key IS NOT NULL")
    )
    op.create_index("events_by_name", "events", ["project_id", "name_key", "id"])
    op.create_index(
        "events_by_number", "events", ["project_id", "number_key", "id"], **_where("number_key IS NOT NULL")
    )
    op.create_index("events_ignored", "events", ["project_id", "id", "ignored"], **_where("ignored IS NOT NULL"))
    op.create_index("events_of_project", "events", ["project_id", "id"])
    op.create_index("events_of_tests", "events", ["project_id", "id", "source_id"], **_where("source_id IS NULL"))


def _event_keys() -> None:
    op.create_table(
        "event_keys",
        sa.Column("project_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("source_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("event_id", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "source_id", "id_hash"),
        sqlite_with_rowid=False,
    )
    op.create_index("event_keys_by_hash", "event_keys", ["id_hash"])
    op.create_index("event_keys_of_event", "event_keys", ["event_id"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("event_id", ROW_ID, nullable=False),
        sa.Column("subscription_id", ROW_ID, nullable=True),
        sa.Column("lane_id", ROW_ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("maybe_delivered", sa.Boolean(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("stepped_aside", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("uncertain", sa.SmallInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("uncertain_since", sa.BigInteger(), nullable=True),
        sa.Column("wish", sa.Text(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("deliveries_dead_of_lane", "deliveries", ["lane_id", "id"], **_where("state = 'dead'"))
    op.create_index(
        "deliveries_ended_badly",
        "deliveries",
        ["project_id", "state", "id"],
        **_where("state IN ('dead', 'expired', 'cancelled')"),
    )
    op.create_index("deliveries_expiring", "deliveries", ["expires_at"], **_where("state = 'waiting'"))
    op.create_index("deliveries_of_event", "deliveries", ["event_id"])
    op.create_index("deliveries_of_project", "deliveries", ["project_id", "id"])
    op.create_index("deliveries_of_subscription", "deliveries", ["subscription_id", "id"])
    op.create_index("deliveries_waiting", "deliveries", ["lane_id", "place"], **_where("state = 'waiting'"))
