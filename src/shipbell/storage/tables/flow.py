"""The tables of the flow: events, deliveries, lanes, attempts.

Times are whole milliseconds since 1970 in UTC. Ids are numbers that sort by time (`domain.ids`); retention
and, later, partitions go by id. The tables of people and settings stand in `schema_people`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    and_,
    literal_column,
)

METADATA = MetaData()

# 64 bits on both; on SQLite a primary key of this type is the row number itself and needs no second index.
RowId = BigInteger().with_variant(Integer(), "sqlite")

# One row each: `place` (the acceptance sequence), `configuration` (moves with every change of settings).
counters = Table(
    "counters",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# `data-key`: the random key of lane fingerprints, encrypted; `key-check`: a known text, encrypted.
vault = Table(
    "vault",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("project_id", RowId, nullable=False),
    # None for a test message.
    Column("source_id", RowId),
    Column("tool_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    # None = accepted; else the plain reason why nobody can subscribe to it.
    Column("ignored", Text),
    Column("happened_at", BigInteger, nullable=False),
    # Lower case and cut to 128 characters: what free text is compared with, by its beginning.
    Column("name_key", Text, nullable=False),
    Column("number_key", Text),
    Column("commit_key", Text),
    Column("url", Text),
    # The whole event as JSON, as `storage.database.codec` writes it.
    Column("body", LargeBinary, nullable=False),
    Index("events_of_project", "project_id", "id"),
    Index("events_by_name", "project_id", "name_key", "id"),
)
Index("events_by_number", events.c.project_id, events.c.number_key, events.c.id,
      sqlite_where=events.c.number_key.is_not(None), postgresql_where=events.c.number_key.is_not(None))  # fmt: skip
Index("events_by_commit", events.c.project_id, events.c.commit_key, events.c.id,
      sqlite_where=events.c.commit_key.is_not(None), postgresql_where=events.c.commit_key.is_not(None))  # fmt: skip

# The last column repeats the condition: an index that covers the question is the one that is chosen.
Index("events_ignored", events.c.project_id, events.c.id, events.c.ignored,
      sqlite_where=events.c.ignored.is_not(None), postgresql_where=events.c.ignored.is_not(None))  # fmt: skip
Index("events_of_tests", events.c.project_id, events.c.id, events.c.source_id,
      sqlite_where=events.c.source_id.is_(None), postgresql_where=events.c.source_id.is_(None))  # fmt: skip

# Uniqueness stands apart from `events`, so that those can be partitioned by time; the hash leads, for searches by it.
event_keys = Table(
    "event_keys",
    METADATA,
    Column("id_hash", LargeBinary, primary_key=True),
    Column("project_id", RowId, primary_key=True, autoincrement=False),
    Column("source_id", RowId, primary_key=True, autoincrement=False),
    Column("event_id", RowId, nullable=False),
    Index("event_keys_of_event", "event_id"),
    sqlite_with_rowid=False,
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    # Acceptance order; replay and stepping aside give a new place at the tail, a test message one before all others.
    Column("place", BigInteger, nullable=False),
    Column("project_id", RowId, nullable=False),
    Column("event_id", RowId, nullable=False),
    # None for a test of an unsaved subscription.
    Column("subscription_id", RowId),
    Column("lane_id", RowId, nullable=False),
    Column("state", Text, nullable=False),
    # Why it is dead, expired or cancelled: a code of `domain.explanations`.
    Column("cause", Text),
    Column("maybe_delivered", Boolean, nullable=False, default=False),
    Column("alone", Boolean, nullable=False, default=False),
    Column("stepped_aside", Boolean, nullable=False, default=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("uncertain", SmallInteger, nullable=False, default=0),
    Column("failing_since", BigInteger),
    Column("uncertain_since", BigInteger),
    # A test message.
    Column("test", Boolean, nullable=False, default=False),
    # How a test message is to read and what it calls, encrypted, when its subscription is not saved (JSON).
    Column("wish", Text),
    Column("url", LargeBinary),
    Column("accepted_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    # When somebody took it off the list of what needs care.
    Column("acknowledged_at", BigInteger),
    # The test stands in it, so that what is no test is counted over the index alone.
    Index("deliveries_of_project", "project_id", "id", "test"),
    Index("deliveries_of_event", "event_id"),
)
# A literal, so that both dialects see that the partial indexes serve a statement that asks for it.
WAITS = deliveries.c.state == literal_column("'waiting'")
Index("deliveries_waiting", deliveries.c.lane_id, deliveries.c.place, sqlite_where=WAITS, postgresql_where=WAITS)
Index("deliveries_expiring", deliveries.c.expires_at, sqlite_where=WAITS, postgresql_where=WAITS)
_ENDED_BADLY = deliveries.c.state.in_(("dead", "expired", "cancelled"))
Index("deliveries_ended_badly", deliveries.c.project_id, deliveries.c.state, deliveries.c.id, deliveries.c.test,
      sqlite_where=_ENDED_BADLY, postgresql_where=_ENDED_BADLY)  # fmt: skip
_NEEDS_CARE = and_(deliveries.c.state.in_(("dead", "expired")), deliveries.c.acknowledged_at.is_(None),
                   literal_column("NOT test"))  # fmt: skip
Index("deliveries_needing_care", deliveries.c.project_id, deliveries.c.state, deliveries.c.id,
      sqlite_where=_NEEDS_CARE, postgresql_where=_NEEDS_CARE)  # fmt: skip
Index("deliveries_of_subscription", deliveries.c.subscription_id, deliveries.c.id)
_DEAD = deliveries.c.state == "dead"
_WITH_URL = deliveries.c.url.is_not(None)
Index("deliveries_with_url", deliveries.c.id, sqlite_where=_WITH_URL, postgresql_where=_WITH_URL)
Index("deliveries_dead_of_lane", deliveries.c.lane_id, deliveries.c.id, sqlite_where=_DEAD, postgresql_where=_DEAD)

lanes = Table(
    "lanes",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    # HMAC-SHA256 of the channel's name for the robot, under the data key.
    Column("fingerprint", LargeBinary, nullable=False, unique=True),
    Column("mask", Text, nullable=False),
    Column("state", Text, nullable=False, default="open"),
    # The code of the last bad result and the robot's redacted words, while the state is not open.
    Column("cause", Text),
    Column("cause_detail", Text),
    Column("state_since", BigInteger),
    # Not null = somebody may claim it from then on; null while leased, idle, failing or closed.
    Column("due_at", BigInteger),
    # The earliest next start: the pace or a pause, whichever ends later.
    Column("ready_at", BigInteger, nullable=False, default=0),
    # Starts of the last window (JSON list of milliseconds, oldest first), and when the bucket is full.
    Column("starts", Text, nullable=False, default="[]"),
    Column("full_at", BigInteger),
    Column("failures", Integer, nullable=False, default=0),
    # First delivery ids of the messages rejected in a row (JSON list).
    Column("rejected", Text, nullable=False, default="[]"),
    Column("answered_at", BigInteger),
    Column("owner", Text),
    Column("lease_until", BigInteger),
    Column("epoch", BigInteger, nullable=False, default=0),
    # The call in flight (JSON): what a crash leaves behind as an attempt that may have been delivered.
    Column("flight", Text),
    # Mentions that wait for companion texts (JSON), and when the last one started.
    Column("companion", Text),
    Column("companion_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)
_DUE = lanes.c.due_at.is_not(None)
Index("lanes_due", lanes.c.due_at, sqlite_where=_DUE, postgresql_where=_DUE)
_LEASED = lanes.c.owner.is_not(None)
Index("lanes_leased", lanes.c.lease_until, sqlite_where=_LEASED, postgresql_where=_LEASED)

_CLOSED = lanes.c.state == "closed"
Index("lanes_closed", lanes.c.id, sqlite_where=_CLOSED, postgresql_where=_CLOSED)

attempts = Table(
    "attempts",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("lane_id", RowId, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    # A name of `domain.results.type_names`, or `interrupted` when our own process died during the call.
    Column("result", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("status", Integer),
    Column("maybe_delivered", Boolean, nullable=False, default=False),
    Column("companion", Boolean, nullable=False, default=False),
    Column("carried", Integer, nullable=False),
    # The JSON body that was sent.
    Column("body", LargeBinary, nullable=False),
    Index("attempts_of_lane", "lane_id", "id"),
)

attempt_deliveries = Table(
    "attempt_deliveries",
    METADATA,
    Column("delivery_id", RowId, primary_key=True, autoincrement=False),
    Column("attempt_id", RowId, primary_key=True, autoincrement=False),
    # This delivery's own line of a digest; None when the message spoke of it alone.
    Column("line", Text),
    Index("deliveries_of_attempt", "attempt_id"),
    sqlite_with_rowid=False,
)

# What knocked at each source's door, bounded per source.
door_calls = Table(
    "door_calls",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("source_id", RowId, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("accepted", Integer, nullable=False, default=0),
    Column("duplicates", Integer, nullable=False, default=0),
    Column("ignored", Integer, nullable=False, default=0),
    # What the caller was told when it was refused, and the event's id where it could be read; both cut.
    Column("detail", Text, nullable=False, default=""),
    Column("event", Text),
    Index("door_calls_of_source", "source_id", "id"),
)
