"""How much came in each quarter of an hour."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; the tidy loop fills it."""
    op.create_table(
        "tallies",
        sa.Column("project_id", _ID, nullable=False, autoincrement=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("ignored", sa.Integer(), nullable=False),
        sa.Column("tests", sa.Integer(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "quarter"),
        sqlite_with_rowid=False,
    )
