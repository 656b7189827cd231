"""A test is told by a column; what is called is the URL of the subscription, so lanes keep none."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Mark the tests, which stood before every place, and drop the addresses of lanes."""
    op.add_column("deliveries", sa.Column("test", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("url", sa.LargeBinary()))
    op.execute("UPDATE deliveries SET test = (1 = 1) WHERE place < 0")
    with_url = sa.text("url IS NOT NULL")
    op.create_index("deliveries_with_url", "deliveries", ["id"], sqlite_where=with_url, postgresql_where=with_url)
    op.drop_column("lanes", "url")
