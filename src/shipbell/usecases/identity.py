"""Identity: who asks, and what that one may do."""

from collections.abc import Mapping
from dataclasses import dataclass

from shipbell.domain.access import OF_THE_INSTANCE, Action, Role, may
from shipbell.domain.errors import Forbidden, NotFound
from shipbell.ports.accounts import Accounts, Token, User
from shipbell.ports.directory import By
from shipbell.ports.sessions import Session

_NO_PROJECT = "There is no project {key}, or it is not yours to know."
_READ_ONLY = "This token may only read: make one that may write."
_NARROWED = "This token is for some projects alone: use one that is not narrowed."
_CURE = {
    True: "Only an instance administrator may do this.",
    False: "Your role in this project does not allow this: ask a project administrator.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An account, with the token or the session that it came by."""

    user: User
    token: Token | None = None
    session: Session | None = None
    address: str | None = None

    @property
    def by(self) -> By:
        """Who it is, for the audit log."""
        return By(actor=self.user.name, via="console" if self.session else "api", address=self.address)

    def reaches(self, key: str) -> bool:
        """Whether the token, if there is one, is for this project."""
        return self.token is None or self.token.projects is None or key in self.token.projects

    def check_writes(self) -> None:
        """Raise Forbidden for a token that may only read."""
        if self.token is not None and self.token.read_only:
            raise Forbidden(_READ_ONLY)

    def check_whole(self) -> None:
        """Raise Forbidden for a token that is for some projects alone."""
        if self.token is not None and self.token.projects is not None:
            raise Forbidden(_NARROWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Says whether somebody may do something."""

    accounts: Accounts

    async def roles(self, identity: Identity) -> Mapping[str, Role]:
        """The roles that somebody has, by project key, as far as the token reaches."""
        found = await self.accounts.roles(identity.user.name)
        return {key: role for key, role in found.items() if identity.reaches(key)}

    async def project(self, identity: Identity, key: str, action: Action, *, changes: bool) -> Role | None:
        """The role by which somebody may do this in a project; None for an instance administrator without one.

        Raises NotFound for who is no member, as for a project that does not exist; Forbidden for who may look
        but not do this. Whether the project exists is asked by whoever reads it next.
        """
        role = (await self.roles(identity)).get(key)
        if not identity.reaches(key) or (role is None and not identity.user.is_admin):
            raise NotFound(_NO_PROJECT.format(key=key))
        if not may(role, action, instance_administrator=identity.user.is_admin):
            raise Forbidden(_CURE[action in {Action.DELETE_PROJECT, Action.MOVE_REGION}])
        if changes:
            identity.check_writes()
        return role

    def instance(self, identity: Identity, action: Action, *, changes: bool) -> None:
        """Raise Forbidden unless somebody may do this with the instance."""
        if action not in OF_THE_INSTANCE or not may(None, action, instance_administrator=identity.user.is_admin):
            raise Forbidden(_CURE[True])
        identity.check_whole()
        if changes:
            identity.check_writes()
