"""Accounts on a database."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from shipbell.domain.access import Role
from shipbell.domain.errors import Conflict, LastAdministrator, NameTaken, NotFound, Stale
from shipbell.ports.accounts import NewToken, Token, User
from shipbell.ports.clock import Clock, Ids
from shipbell.ports.directory import By
from shipbell.storage.audit import chain
from shipbell.storage.audit.chain import Entry
from shipbell.storage.database.codec import from_ms, from_ms_or_none, to_ms, to_ms_or_none, write_json
from shipbell.storage.database.engine import Database
from shipbell.storage.settings.records import list_of
from shipbell.storage.tables.flow import counters
from shipbell.storage.tables.settings import members, projects, sessions, tokens, users

# A use is written down at most this often.
_USED_EVERY_MS = 60_000
_LAST = "{name} is the last instance administrator: make another one first."


class SqlAccounts:
    """The store of accounts (see `ports.accounts.Accounts`)."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        """Work on this database."""
        self._database = database
        self._clock = clock
        self._ids = ids

    async def users(self) -> Sequence[User]:
        """Every account in order of name."""
        return await self._database.read(_all_users)

    async def user(self, name: str) -> User | None:
        """One account; None when there is none."""
        return await self._database.read(lambda connection: user_named(connection, name))

    async def roles(self, user: str) -> Mapping[str, Role]:
        """The roles of a user, by project key."""
        statement = (
            select(projects.c.key, members.c.role)
            .join(projects, projects.c.id == members.c.project_id)
            .where(members.c.user_name == user)
        )
        return await self._database.read(
            lambda connection: {row.key: Role(row.role) for row in connection.execute(statement)}
        )

    async def password_hash(self, name: str) -> str | None:
        """The password hash of a local account."""
        statement = select(users.c.password_hash).where(users.c.name == name)
        return await self._database.read(lambda connection: connection.execute(statement).scalar())

    async def add_user(self, name: str, password_hash: str | None, *, is_admin: bool, by: By) -> None:
        """Make an account; raises NameTaken."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> None:
            if user_named(connection, name) is not None:
                raise NameTaken(f"There is an account {name} already.")
            connection.execute(
                insert(users).values(
                    id=self._ids.next(), name=name, password_hash=password_hash, is_admin=is_admin,
                    created_at=now, updated_at=now, updated_by=by.actor,
                )
            )  # fmt: skip
            facts = {"name": name, "is_admin": is_admin}
            chain.write(connection, [Entry(action="user.created", target=name, after=facts)], by, at=now)

        await self._database.write(work)

    async def change(
        self, name: str, by: By, *, is_admin: bool | None = None, password_hash: str | None = None,
        seen: datetime | None = None,
    ) -> None:  # fmt: skip
        """Change what is given, all or nothing; a new password ends the sessions.

        Raises NotFound, Conflict for a provider's password, LastAdministrator; Stale for another version than `seen`.
        """
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> None:
            row = _row(connection, name, seen)
            values: dict[str, object] = {}
            entries: list[Entry] = []
            if is_admin is not None and bool(row["is_admin"]) != is_admin:
                if not is_admin:
                    _check_not_last(connection, name)
                values |= {"is_admin": is_admin, "admin_by_groups": False}
                before, after = {"is_admin": not is_admin}, {"is_admin": is_admin}
                entries.append(Entry(action="user.updated", target=name, before=before, after=after))
            if password_hash is not None:
                if row["identity"] is not None:
                    raise Conflict(f"{name} signs in through the identity provider: its password is changed there.")
                values["password_hash"] = password_hash
                connection.execute(delete(sessions).where(sessions.c.user_id == row["id"]))
                entries.append(Entry(action="user.password_changed", target=name))
            if entries:
                values |= {"updated_at": now, "updated_by": by.actor}
                connection.execute(update(users).where(users.c.id == row["id"]).values(**values))
                chain.write(connection, entries, by, at=now)

        await self._database.write(work)

    async def set_preferences(self, name: str, *, locale: str | None, time_zone: str | None, by: By) -> None:
        """Keep an account's language and time zone (None = by the browser, by the project); raises NotFound."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> None:
            row = _row(connection, name)
            after = {"locale": locale, "time_zone": time_zone}
            before = {field: row[field] for field in after}
            if before == after:
                return
            values = {**after, "updated_at": now, "updated_by": by.actor}
            connection.execute(update(users).where(users.c.id == row["id"]).values(**values))
            entry = Entry(action="user.updated", target=name, before=before, after=after)
            chain.write(connection, [entry], by, at=now)

        await self._database.write(work)

    async def remove_user(self, name: str, by: By, *, seen: datetime | None = None) -> None:
        """End an account with its sessions, tokens and memberships; raises NotFound, LastAdministrator, Stale."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> None:
            row = _row(connection, name, seen)
            if row["is_admin"]:
                _check_not_last(connection, name)
            connection.execute(delete(sessions).where(sessions.c.user_id == row["id"]))
            connection.execute(delete(tokens).where(tokens.c.user_id == row["id"]))
            connection.execute(delete(users).where(users.c.id == row["id"]))
            facts = {"name": name, "is_admin": bool(row["is_admin"])}
            ended = [Entry(action="user.removed", target=name, before=facts), *_leave(connection, name)]
            chain.write(connection, ended, by, at=now)

        await self._database.write(work)

    async def add_token(self, token: NewToken, by: By) -> int:
        """Keep a token; raises NotFound for the user."""
        now = to_ms(self._clock.now())
        made = self._ids.next()

        def work(connection: Connection) -> int:
            row = _row(connection, token.user)
            connection.execute(
                insert(tokens).values(
                    id=made, user_id=row["id"], name=token.name, hash=token.hash, read_only=token.read_only,
                    projects=None if token.projects is None else write_json(token.projects),
                    created_at=now, expires_at=to_ms_or_none(token.expires_at),
                )
            )  # fmt: skip
            facts = {"user": token.user, "name": token.name, "read_only": token.read_only, "projects": token.projects}
            chain.write(connection, [Entry(action="token.created", target=token.name, after=facts)], by, at=now)
            return made

        return await self._database.write(work)

    async def tokens(self, user: str | None = None) -> Sequence[Token]:
        """The tokens of a user, or of all (None)."""
        statement = select(tokens, users.c.name.label("user")).join(users, users.c.id == tokens.c.user_id)
        if user is not None:
            statement = statement.where(users.c.name == user)
        ordered = statement.order_by(tokens.c.id)
        found = await self._database.read(lambda connection: connection.execute(ordered).mappings().all())
        return [_token(row) for row in found]

    async def revoke_token(self, token_id: int, by: By, *, user: str | None = None) -> None:
        """End a token (of this user); raises NotFound."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> None:
            statement = select(tokens.c.name, users.c.name.label("user")).join(users, users.c.id == tokens.c.user_id)
            row = connection.execute(statement.where(tokens.c.id == token_id)).first()
            if row is None or user not in {None, row.user}:
                raise NotFound("There is no such token.")
            connection.execute(delete(tokens).where(tokens.c.id == token_id))
            facts = {"user": row.user, "name": row.name}
            chain.write(connection, [Entry(action="token.revoked", target=row.name, before=facts)], by, at=now)

        await self._database.write(work)

    async def token_owner(self, token_hash: bytes) -> tuple[User, Token] | None:
        """Whose token this is, unless it is unknown or expired; notes the use."""
        now = to_ms(self._clock.now())
        found = await self._database.read(lambda connection: _owner(connection, token_hash))
        if found is None or (found[1].expires_at is not None and to_ms(found[1].expires_at) <= now):
            return None
        used = found[1].last_used_at
        if used is None or now - to_ms(used) > _USED_EVERY_MS:
            touch = update(tokens).where(tokens.c.id == found[1].id).values(last_used_at=now)
            await self._database.write(lambda connection: connection.execute(touch))
        return found


def _all_users(connection: Connection) -> list[User]:
    return [user_of(row) for row in connection.execute(select(users).order_by(users.c.name)).mappings()]


def user_named(connection: Connection, name: str) -> User | None:
    """One account; None when there is none."""
    row = connection.execute(select(users).where(users.c.name == name)).mappings().first()
    return None if row is None else user_of(row)


def _row(connection: Connection, name: str, seen: datetime | None = None) -> RowMapping:
    """The row of an account; raises NotFound, and Stale when it was changed after somebody saw it."""
    row = connection.execute(select(users).where(users.c.name == name)).mappings().first()
    if row is None:
        raise NotFound(f"There is no account {name}.")
    if seen is not None and row["updated_at"] != to_ms(seen):
        raise Stale
    return row


def _leave(connection: Connection, name: str) -> list[Entry]:
    """Take every role of a name, so that a later account of that name inherits none; one entry a project."""
    statement = select(projects.c.key, members.c.role).join(projects, projects.c.id == members.c.project_id)
    held = connection.execute(statement.where(members.c.user_name == name).order_by(projects.c.key)).all()
    if held:
        connection.execute(delete(members).where(members.c.user_name == name))
        touched = update(counters).where(counters.c.name == "configuration").values(value=counters.c.value + 1)
        connection.execute(touched)
    return [Entry(action="member.removed", target=name, project=row.key, before={"role": row.role}) for row in held]


def forget_key(connection: Connection, key: str) -> None:
    """Take the key of a project that ends from tokens narrowed to it: a later project of that key is another one."""
    narrowed = select(tokens.c.id, tokens.c.projects).where(tokens.c.projects.is_not(None))
    for row in connection.execute(narrowed).all():
        keys = list_of(row.projects)
        if key in keys:
            left = write_json([one for one in keys if one != key])
            connection.execute(update(tokens).where(tokens.c.id == row.id).values(projects=left))


def _check_not_last(connection: Connection, name: str) -> None:
    count = connection.execute(select(func.count()).select_from(users).where(users.c.is_admin)).scalar_one()
    if count <= 1:
        raise LastAdministrator(_LAST.format(name=name))


def _owner(connection: Connection, token_hash: bytes) -> tuple[User, Token] | None:
    statement = select(tokens, users.c.name.label("user")).join(users, users.c.id == tokens.c.user_id)
    row = connection.execute(statement.where(tokens.c.hash == token_hash)).mappings().first()
    if row is None:
        return None
    user = user_named(connection, row["user"])
    return None if user is None else (user, _token(row))


def user_of(row: RowMapping) -> User:
    """An account from its row."""
    return User(
        id=row["id"],
        name=row["name"],
        is_admin=bool(row["is_admin"]),
        local=row["password_hash"] is not None,
        locale=row["locale"],
        time_zone=row["time_zone"],
        created_at=from_ms(row["created_at"]),
        updated_at=from_ms(row["updated_at"]),
        updated_by=row["updated_by"],
        last_seen_at=from_ms_or_none(row["last_seen_at"]),
    )


def _token(row: RowMapping) -> Token:
    return Token(
        id=row["id"],
        user=row["user"],
        name=row["name"],
        read_only=bool(row["read_only"]),
        projects=None if row["projects"] is None else list_of(row["projects"]),
        created_at=from_ms(row["created_at"]),
        expires_at=from_ms_or_none(row["expires_at"]),
        last_used_at=from_ms_or_none(row["last_used_at"]),
    )
