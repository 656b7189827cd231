"""The tables of people and settings: users, projects, members, sources, subscriptions, tokens, sign-ins, audit."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from shipbell.storage.tables.flow import METADATA, RowId

users = Table(
    "users",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    # argon2; None for accounts of an identity provider.
    Column("password_hash", Text),
    Column("is_admin", Boolean, nullable=False, default=False),
    # Whether a group of an identity provider made it an administrator: then losing the group unmakes it.
    Column("admin_by_groups", Boolean, nullable=False, default=False, server_default=false()),
    # Issuer and subject, joined by a space; never joined to a local account of the same name.
    Column("identity", Text, unique=True),
    Column("locale", Text),
    Column("time_zone", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("last_seen_at", BigInteger),
)

projects = Table(
    "projects",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("revision", BigInteger, nullable=False, default=1),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", Text, nullable=False),
)

# By name: a member may be named before the account exists.
members = Table(
    "members",
    METADATA,
    Column("project_id", RowId, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("user_name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("revision", BigInteger, nullable=False, default=1),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", Text, nullable=False),
    Index("members_of_user", "user_name"),
)

sources = Table(
    "sources",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("project_id", RowId, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    # The secret before the last rotation, and until when it still works.
    Column("old_secret", LargeBinary),
    Column("old_until", BigInteger),
    Column("revision", BigInteger, nullable=False, default=1),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", Text, nullable=False),
    UniqueConstraint("project_id", "name"),
)

subscriptions = Table(
    "subscriptions",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("project_id", RowId, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("lane_id", RowId, ForeignKey("lanes.id"), nullable=False),
    # As given, encrypted: what is called for this subscription.
    Column("url", LargeBinary, nullable=False),
    Column("url_mask", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("gate", Text, nullable=False),
    # JSON object service -> list of field ids; "{}" = every field of every service.
    Column("content", Text, nullable=False),
    # As given: joined by ";".
    Column("user_ids", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False, default=1),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", Text, nullable=False),
    UniqueConstraint("project_id", "name"),
    Index("subscriptions_of_lane", "lane_id"),
)

tokens = Table(
    "tokens",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("user_id", RowId, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    # SHA-256 of the token: it has 256 random bits, so a slow hash would add nothing.
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("read_only", Boolean, nullable=False),
    # JSON list of project keys; None = every project of the user.
    Column("projects", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
    Index("tokens_of_user", "user_id"),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("user_id", RowId, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    # SHA-256 of the cookie.
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("csrf", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("sessions_of_user", "user_id"),
)

# Apart from the audit log, since strangers make these; retention and a number bound them.
refused_sign_ins = Table(
    "refused_sign_ins",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    # The minute in which they failed.
    Column("at", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    # An IPv4 address or an IPv6 /64.
    Column("network", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    UniqueConstraint("at", "name", "network"),
)

# Each entry is chained to the one before by hash; retention never touches it.
audit = Table(
    "audit",
    METADATA,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    # cli, api, console, hook or system.
    Column("via", Text, nullable=False),
    Column("address", Text),
    # noun.verb, as `subscription.updated`.
    Column("action", Text, nullable=False),
    # The project's key, also after its end; None for what belongs to the instance.
    Column("project", Text),
    Column("target", Text, nullable=False),
    # JSON objects with secrets masked.
    Column("before", Text),
    Column("after", Text),
    Column("hash", LargeBinary, nullable=False),
    # Whichever of them a filter goes in by, the others are told apart without reading entries.
    Index("audit_of_project", "project", "id", "actor", "action"),
    Index("audit_of_actor", "actor", "id", "project", "action"),
    Index("audit_of_action", "action", "id", "project", "actor"),
)
