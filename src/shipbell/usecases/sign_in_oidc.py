"""Sign in with OpenID Connect: an identity of the provider becomes an account, its groups roles, and a session."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from shipbell.domain import validation
from shipbell.domain.access import Role
from shipbell.domain.errors import NameTaken, SignInRefused, Stale, TooOften, WrongKey
from shipbell.domain.openid import Refusal, granted
from shipbell.domain.secret import Secret
from shipbell.domain.validation import Findings
from shipbell.ports.accounts import Accounts, User
from shipbell.ports.clock import Clock
from shipbell.ports.directory import By, Directory, DropMember, Edit, MemberRecord, PutMember
from shipbell.ports.openid import Arrival, Identities, Provider
from shipbell.ports.sessions import RefusedSignIns, Session, Sessions
from shipbell.usecases.sign_in import begun
from shipbell.usecases.throttle import NetworkThrottle, networks

# Who gives and takes roles by groups; no account can have a name with a space.
GROUPS = "OpenID Connect"
LASTS_AWAY = timedelta(minutes=10)
_MOST_CODE = 4_096
_TRIES = 3


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser carries to the provider and back, sealed."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    way: str
    language: str | None
    began_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What the provider sends a browser back with."""

    trip: str
    state: str
    code: str
    error: str
    issuer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInWithOpenId:
    """Signs people in through the provider; keep one a process, it remembers who tried too often.

    `table` says what each group gives; `sealed` and `opened` encrypt and decrypt under the secret key.
    """

    provider: Provider
    table: Mapping[str, tuple[str, ...]]
    identities: Identities
    accounts: Accounts
    directory: Directory
    sessions: Sessions
    clock: Clock
    sealed: Callable[[Secret], bytes]
    opened: Callable[[bytes], Secret]
    refused: RefusedSignIns
    per_network: NetworkThrottle = field(default_factory=NetworkThrottle)

    async def depart(self, redirect_uri: str, *, way: str, language: str | None, address: str) -> tuple[str, str]:
        """Begin: where to send the browser, and the cookie that it keeps meanwhile. Raises SignInRefused."""
        self._take(address)
        departure = await self.provider.departure(redirect_uri)
        trip = Trip(
            state=departure.state,
            nonce=departure.nonce,
            verifier=departure.verifier,
            redirect_uri=redirect_uri,
            way=way,
            language=language,
            began_at=self.clock.now().timestamp(),
        )
        return departure.url, self.sealed(Secret(msgspec.json.encode(trip).decode())).decode()

    async def arrive(self, back: Return, *, address: str, agent: str) -> tuple[str, Session]:
        """End: the session's cookie, which is shown this once, and the session. Raises SignInRefused."""
        self._take(address)
        try:
            user = await self._user(back, address)
        except SignInRefused as error:
            await self.refused.note(error.account, networks(address)[0])
            raise
        now = self.clock.now()
        self.per_network.of(address).give_back(now, count=2)
        by = By(actor=user.name, via="console", address=address)
        return await begun(self.sessions, user.name, now=now, agent=agent, by=by)

    def trip(self, cookie: str) -> Trip | None:
        """What a browser carried; None when it is not ours, damaged or too old."""
        try:
            trip = msgspec.json.decode(self.opened(cookie.encode()).reveal(), type=Trip)
        except (WrongKey, msgspec.MsgspecError, UnicodeEncodeError):
            return None
        away = self.clock.now().timestamp() - trip.began_at
        return trip if 0 <= away <= LASTS_AWAY.total_seconds() else None

    def _take(self, address: str) -> None:
        try:
            self.per_network.of(address).take(self.clock.now())
        except TooOften as error:
            raise SignInRefused(error.sentence, Refusal.TOO_OFTEN) from error

    async def _user(self, back: Return, address: str) -> User:
        trip = self.trip(back.trip)
        if trip is None or not hmac.compare_digest(trip.state.encode(), back.state.encode()):
            raise SignInRefused("The answer belongs to no sign-in that this browser began.", Refusal.OUT_OF_DATE)
        if back.issuer not in {None, self.provider.issuer}:
            raise SignInRefused("The answer comes from another issuer.", Refusal.NOT_TRUSTED)
        if back.error or not 0 < len(back.code) <= _MOST_CODE:
            raise SignInRefused(f"The provider says no: {_plain(back.error) or 'no code'}.", Refusal.DENIED)
        arrival = await self.provider.arrival(
            back.code, redirect_uri=trip.redirect_uri, nonce=trip.nonce, verifier=trip.verifier
        )
        return await self._settled(arrival, address)

    async def _settled(self, arrival: Arrival, address: str) -> User:
        """The account of who arrived, with what its groups give."""
        name = (arrival.name or "").strip()
        found = Findings()
        validation.user_name(found, name, known=name if await self.accounts.user(name) else None)
        if found.problems:
            raise SignInRefused("The claim of the user name is absent or cannot be a name here.", Refusal.NO_NAME)
        grants = granted(arrival.groups, self.table)
        by = By(actor=GROUPS, via="console", address=address)
        try:
            user = await self.identities.settle(arrival.identity, name, is_admin=grants.is_admin, by=by)
        except NameTaken as error:
            sentence = "Another account has this name: remove it, or use another claim."
            raise SignInRefused(sentence, Refusal.NAME_TAKEN, name) from error
        await self._give(user.name, grants.roles, by)
        return user

    async def _give(self, user: str, roles: Mapping[str, Role], by: By) -> None:
        """Give and take roles by groups; what somebody changes at the same moment is looked at again."""
        for left in reversed(range(_TRIES)):
            edits = await self._edits(user, roles)
            try:
                if edits:
                    await self.directory.change(edits, by)
            except Stale:
                if not left:
                    raise
            else:
                return

    async def _edits(self, user: str, roles: Mapping[str, Role]) -> list[Edit]:
        edits: list[Edit] = []
        for key in sorted({*roles, *await self.accounts.roles(user)}):
            whole = await self.directory.whole(key)
            if whole is None:
                continue
            member = next((one for one in whole.members if one.user == user), None)
            edit = _edit(key, user, roles.get(key), member)
            if edit is not None:
                edits.append(edit)
        return edits


def _edit(project: str, user: str, role: Role | None, member: MemberRecord | None) -> Edit | None:
    """What makes a member's role the one that groups give; a role given by hand is left alone."""
    if member is None or member.stamp is None:
        return (
            None if role is None else PutMember(project=project, member=MemberRecord(user=user, role=role), expected=0)
        )
    if member.stamp.updated_by != GROUPS or member.role is role:
        return None
    seen = member.stamp.revision
    if role is None:
        return DropMember(project=project, user=user, expected=seen)
    return PutMember(project=project, member=MemberRecord(user=user, role=role), expected=seen)


def _plain(word: str) -> str:
    """An error code as it may stand in a log."""
    return word[:100] if word.isascii() and word.isprintable() else "unreadable"
