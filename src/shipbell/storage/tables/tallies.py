"""The table of tallies: how much came in each quarter of an hour, so that long charts need not count it again."""

from sqlalchemy import BigInteger, Column, Integer, Table

from shipbell.storage.tables.flow import METADATA, RowId

# Written by the tidy loop, once a quarter is over and never changed; which ones are there, the counters
# `tallied-from` and `tallied-until` say. A quarter in which nothing came has no row.
tallies = Table(
    "tallies",
    METADATA,
    Column("project_id", RowId, primary_key=True, autoincrement=False),
    # Quarters of an hour since the epoch of ids.
    Column("quarter", BigInteger, primary_key=True, autoincrement=False),
    Column("events", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("tests", Integer, nullable=False),
    # Without tests.
    Column("deliveries", Integer, nullable=False),
    sqlite_with_rowid=False,
)
