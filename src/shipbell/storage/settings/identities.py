"""Accounts of an identity provider on a database."""

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from shipbell.domain.errors import NameTaken
from shipbell.ports.accounts import User
from shipbell.ports.clock import Clock, Ids
from shipbell.ports.directory import By
from shipbell.storage.audit import chain
from shipbell.storage.audit.chain import Entry
from shipbell.storage.database.codec import to_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.settings.accounts import user_named, user_of
from shipbell.storage.tables.settings import users


class SqlIdentities:
    """The store of identities (see `ports.openid.Identities`)."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        """Work on this database."""
        self._database = database
        self._clock = clock
        self._ids = ids

    async def settle(self, identity: str, name: str, *, is_admin: bool, by: By) -> User:
        """The account of an identity, made at its first sign-in; raises NameTaken for another account's name."""
        now = to_ms(self._clock.now())
        new = {
            "id": self._ids.next(), "name": name, "password_hash": None, "identity": identity, "is_admin": is_admin,
            "admin_by_groups": is_admin, "created_at": now, "updated_at": now, "updated_by": by.actor,
        }  # fmt: skip

        def work(connection: Connection) -> User:
            row = _row(connection, identity)
            if row is None:
                if user_named(connection, name) is not None:
                    raise NameTaken(f"There is an account {name} already, and it is not this identity's.")
                connection.execute(insert(users).values(**new))
                facts = {"name": name, "is_admin": is_admin, "identity": identity}
                chain.write(connection, [Entry(action="user.created", target=name, after=facts)], by, at=now)
            else:
                _grant(connection, row, is_admin=is_admin, by=by, now=now)
            return user_of(connection.execute(select(users).where(users.c.identity == identity)).mappings().one())

        return await self._database.write(work)


def _row(connection: Connection, identity: str) -> RowMapping | None:
    return connection.execute(select(users).where(users.c.identity == identity)).mappings().first()


def _grant(connection: Connection, row: RowMapping, *, is_admin: bool, by: By, now: int) -> None:
    """Make or unmake an administrator by groups; one made by hand, and the last one, stay."""
    if bool(row["is_admin"]) == is_admin:
        return
    if not is_admin and (not row["admin_by_groups"] or _is_last(connection)):
        return
    values = {"is_admin": is_admin, "admin_by_groups": is_admin, "updated_at": now, "updated_by": by.actor}
    connection.execute(update(users).where(users.c.id == row["id"]).values(**values))
    entry = Entry(
        action="user.updated", target=row["name"], before={"is_admin": not is_admin}, after={"is_admin": is_admin}
    )
    chain.write(connection, [entry], by, at=now)


def _is_last(connection: Connection) -> bool:
    return connection.execute(select(func.count()).select_from(users).where(users.c.is_admin)).scalar_one() <= 1
