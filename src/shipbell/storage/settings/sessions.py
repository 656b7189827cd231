"""Sessions on a database."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from shipbell.domain.errors import NotFound
from shipbell.ports.accounts import User
from shipbell.ports.clock import Clock, Ids
from shipbell.ports.directory import By
from shipbell.ports.sessions import NewSession, Session
from shipbell.storage.audit import chain
from shipbell.storage.audit.chain import Entry
from shipbell.storage.database.codec import from_ms, to_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.settings.accounts import user_named
from shipbell.storage.tables.settings import sessions, users

# A use is written down at most this often.
_SEEN_EVERY_MS = 60_000


class SqlSessions:
    """The store of sessions (see `ports.sessions.Sessions`)."""

    def __init__(self, database: Database, clock: Clock, ids: Ids, *, idle: timedelta = timedelta(hours=12)) -> None:
        """Work on this database; a session that is not used for `idle` ends."""
        self._database = database
        self._clock = clock
        self._ids = ids
        self._idle_ms = int(idle.total_seconds() * 1000)

    async def start(self, new: NewSession, by: By) -> Session:
        """Keep a session; raises NotFound for the user."""
        now = to_ms(self._clock.now())
        made = self._ids.next()

        def work(connection: Connection) -> Session:
            user = user_named(connection, new.user)
            if user is None:
                raise NotFound(f"There is no account {new.user}.")
            connection.execute(
                insert(sessions).values(
                    id=made, user_id=user.id, hash=new.hash, csrf=new.csrf, address=new.address, agent=new.agent,
                    created_at=now, seen_at=now, expires_at=to_ms(new.expires_at),
                )
            )  # fmt: skip
            connection.execute(update(users).where(users.c.id == user.id).values(last_seen_at=now))
            chain.write(connection, [Entry(action="session.started", target=user.name)], by, at=now)
            return Session(
                id=made, user=user.name, csrf=new.csrf, address=new.address, agent=new.agent,
                created_at=from_ms(now), seen_at=from_ms(now), expires_at=new.expires_at,
            )  # fmt: skip

        return await self._database.write(work)

    async def owner(self, session_hash: bytes) -> tuple[User, Session] | None:
        """Whose session this is, unless it is unknown, idle for too long or over; notes the use."""
        now = to_ms(self._clock.now())
        found = await self._database.read(lambda connection: _owner(connection, session_hash))
        if found is None or not self._in_force(found[1], now):
            return None
        if now - to_ms(found[1].seen_at) > _SEEN_EVERY_MS:
            seen = update(sessions).where(sessions.c.id == found[1].id).values(seen_at=now)
            person = update(users).where(users.c.id == found[0].id).values(last_seen_at=now)

            def work(connection: Connection) -> None:
                connection.execute(seen)
                connection.execute(person)

            await self._database.write(work)
        return found

    async def of_user(self, user: str) -> Sequence[Session]:
        """The sessions of a user that are in force, the newest first."""
        now = to_ms(self._clock.now())
        statement = _SESSION.where(users.c.name == user).order_by(sessions.c.id.desc())
        found = await self._database.read(lambda connection: connection.execute(statement).mappings().all())
        return [one for one in map(_session, found) if self._in_force(one, now)]

    async def end(self, session_id: int, by: By, *, user: str) -> None:
        """End a session of this user; raises NotFound."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> None:
            row = connection.execute(_SESSION.where(sessions.c.id == session_id)).mappings().first()
            if row is None or row["user"] != user:
                raise NotFound("There is no such session.")
            connection.execute(delete(sessions).where(sessions.c.id == session_id))
            chain.write(connection, [Entry(action="session.ended", target=user)], by, at=now)

        await self._database.write(work)

    def _in_force(self, session: Session, now: int) -> bool:
        return now < to_ms(session.expires_at) and now - to_ms(session.seen_at) <= self._idle_ms


_SESSION = select(sessions, users.c.name.label("user")).join(users, users.c.id == sessions.c.user_id)


def _owner(connection: Connection, session_hash: bytes) -> tuple[User, Session] | None:
    row = connection.execute(_SESSION.where(sessions.c.hash == session_hash)).mappings().first()
    if row is None:
        return None
    user = user_named(connection, row["user"])
    return None if user is None else (user, _session(row))


def _session(row: RowMapping) -> Session:
    return Session(
        id=row["id"],
        user=row["user"],
        csrf=row["csrf"],
        address=row["address"],
        agent=row["agent"],
        created_at=from_ms(row["created_at"]),
        seen_at=from_ms(row["seen_at"]),
        expires_at=from_ms(row["expires_at"]),
    )
