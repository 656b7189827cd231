"""Migrations make the schema that the code speaks of, step by step, with data in it."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, inspect, select, text

from shipbell.storage.database.engine import Database
from shipbell.storage.database.migrate import config_of, migrate
from shipbell.storage.tables import settings
from shipbell.storage.tables.flow import METADATA, counters, event_keys


def opened(folder: Path) -> Database:
    return Database.open(folder / "shipbell.db")


def indexes(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    return {row.name: " ".join(row.sql.replace('"', "").split()) for row in rows}


def test_migrations_end_at_the_schema_of_the_code(tmp_path: Path) -> None:
    database = opened(tmp_path)
    assert database.write_here(migrate)
    difference = database.read_here(lambda one: compare_metadata(MigrationContext.configure(one), METADATA))
    assert difference == []
    database.close()


def test_partial_indexes_have_the_conditions_of_the_code(tmp_path: Path) -> None:
    migrated, made = opened(tmp_path / "migrated"), opened(tmp_path / "made")
    migrated.write_here(migrate)
    made.write_here(METADATA.create_all)
    assert migrated.read_here(indexes) == made.read_here(indexes)
    migrated.close()
    made.close()


def test_primary_keys_have_the_order_of_the_code(tmp_path: Path) -> None:
    database = opened(tmp_path)
    database.write_here(migrate)
    made = database.read_here(
        lambda one: {name: inspect(one).get_pk_constraint(name)["constrained_columns"] for name in METADATA.tables}
    )
    assert made == {name: [one.name for one in table.primary_key] for name, table in METADATA.tables.items()}
    database.close()


def test_a_second_migration_has_nothing_to_do(tmp_path: Path) -> None:
    database = opened(tmp_path)
    database.write_here(migrate)
    assert not database.write_here(migrate)
    database.close()


def test_each_step_keeps_the_rows_of_the_one_before(tmp_path: Path) -> None:
    database = opened(tmp_path)
    database.write_here(lambda one: command.upgrade(config_of(one), "0002"))
    database.write_here(lambda one: one.execute(insert(counters).values(name="place", value=7)))
    keys = [{"id_hash": bytes([one]), "project_id": 1, "source_id": 9 - one, "event_id": one} for one in range(5)]
    database.write_here(lambda one: one.execute(insert(event_keys), keys))
    database.write_here(migrate)
    kept = database.read_here(
        lambda one: one.execute(select(event_keys).order_by(event_keys.c.event_id)).mappings().all()
    )
    assert [dict(one) for one in kept] == keys
    assert database.read_here(lambda one: one.execute(select(counters.c.value)).scalar_one()) == 7
    assert database.read_here(lambda one: inspect(one).has_table(settings.users.name))
    database.close()


def test_tokens_that_were_narrowed_to_a_project_that_ended_do_not_reach_a_later_one_of_its_key(tmp_path: Path) -> None:
    database = opened(tmp_path)
    database.write_here(lambda one: command.upgrade(config_of(one), "0009"))
    by = {"updated_at": 0, "updated_by": "test"}
    user = {"id": 1, "name": "alice", "is_admin": False, "created_at": 0, **by}
    facts = {"region": "ap-southeast-3", "time_zone": "UTC", **by}
    made = [
        {"id": at, "key": key, "name": key, "created_at": at, **facts}
        for key, at in (("older", 10), ("made-again", 30))
    ]
    narrowed = {1: '["older","made-again","gone"]', 2: '["older"]', 3: None}
    token = {"user_id": 1, "name": "ci", "read_only": False, "created_at": 20}
    kept = [{"id": at, "hash": bytes([at]), "projects": keys, **token} for at, keys in narrowed.items()]
    tokens = settings.tokens
    database.write_here(lambda one: one.execute(insert(settings.users), [user]))
    database.write_here(lambda one: one.execute(insert(settings.projects), made))
    database.write_here(lambda one: one.execute(insert(tokens), kept))
    database.write_here(migrate)
    left = database.read_here(lambda one: one.execute(select(tokens.c.id, tokens.c.projects)).all())
    assert {row.id: row.projects for row in left} == {1: '["older"]', 2: '["older"]', 3: None}
    database.close()
