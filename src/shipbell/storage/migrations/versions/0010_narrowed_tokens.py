"""Tokens narrowed to a project that ended lose its key, also where a later project has it by now."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Keep the keys of projects that are older than the token: it was narrowed to one that was there."""
    connection = op.get_bind()
    projects = connection.execute(sa.text("SELECT key, created_at FROM projects"))
    made: dict[str, int] = {row.key: row.created_at for row in projects.all()}
    narrowed = connection.execute(sa.text("SELECT id, projects, created_at FROM tokens WHERE projects IS NOT NULL"))
    for row in narrowed.all():
        keys = json.loads(row.projects)
        kept = [key for key in keys if key in made and made[key] <= row.created_at]
        if kept != keys:
            values = {"id": row.id, "projects": json.dumps(kept)}
            connection.execute(sa.text("UPDATE tokens SET projects = :projects WHERE id = :id"), values)
