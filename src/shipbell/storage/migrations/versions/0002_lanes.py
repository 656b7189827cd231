"""Lanes, attempts, and what the store keeps for itself."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _attempt_deliveries()
    _attempts()
    _counters()
    _door_calls()
    _lanes()
    _vault()


def _where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, in both dialects."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _attempt_deliveries() -> None:
    op.create_table(
        "attempt_deliveries",
        sa.Column("delivery_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("attempt_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("line", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "attempt_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("deliveries_of_attempt", "attempt_deliveries", ["attempt_id"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("lane_id", ROW_ID, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("maybe_delivered", sa.Boolean(), nullable=False),
        sa.Column("companion", sa.Boolean(), nullable=False),
        sa.Column("carried", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attempts_of_lane", "attempts", ["lane_id", "id"])


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _door_calls() -> None:
    op.create_table(
        "door_calls",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("ignored", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("door_calls_of_source", "door_calls", ["source_id", "id"])


def _lanes() -> None:
    op.create_table(
        "lanes",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("mask", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("cause_detail", sa.Text(), nullable=True),
        sa.Column("state_since", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=False),
        sa.Column("full_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("flight", sa.Text(), nullable=True),
        sa.Column("companion", sa.Text(), nullable=True),
        sa.Column("companion_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_index("lanes_closed", "lanes", ["id"], **_where("state = 'closed'"))
    op.create_index("lanes_due", "lanes", ["due_at"], **_where("due_at IS NOT NULL"))
    op.create_index("lanes_leased", "lanes", ["lease_until"], **_where("owner IS NOT NULL"))


def _vault() -> None:
    op.create_table(
        "vault",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
