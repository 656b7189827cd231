"""Which instance administrators are so by a group of their identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the mark; who is an administrator so far was made one by hand."""
    op.add_column("users", sa.Column("admin_by_groups", sa.Boolean(), nullable=False, server_default=sa.false()))
