"""Put the parts together: the one place where every layer meets."""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shipbell import channels, sources
from shipbell.clock import SystemClock
from shipbell.domain.errors import BadSettings, DatabaseUnusable
from shipbell.domain.pacing import PaceRule
from shipbell.domain.secret import Secret
from shipbell.ports.clock import Clock
from shipbell.settings import Settings
from shipbell.settings.keys import secret_keys
from shipbell.storage.audit.pages import SqlAuditPages
from shipbell.storage.audit.refused_sign_ins import SqlRefusedSignIns
from shipbell.storage.database.ids import TimeOrderedIds
from shipbell.storage.history.call_pages import SqlDoorPages
from shipbell.storage.history.history import SqlHistory
from shipbell.storage.open import FILE, Opened, open_store
from shipbell.storage.queue.claim import Rules
from shipbell.storage.queue.lanes import SqlLanes
from shipbell.storage.queue.message_tests import SqlTrials
from shipbell.storage.secrets.vault import Seal
from shipbell.storage.settings.accounts import SqlAccounts
from shipbell.storage.settings.directory import SqlDirectory
from shipbell.storage.settings.identities import SqlIdentities
from shipbell.storage.settings.sessions import SqlSessions
from shipbell.storage.upkeep.upkeep import SqlUpkeep
from shipbell.transport.openid import OpenIdProvider
from shipbell.usecases.accounts import ManageAccounts
from shipbell.usecases.apply import Apply
from shipbell.usecases.export import Export
from shipbell.usecases.identity import Access
from shipbell.usecases.known_browsers import KnownBrowsers
from shipbell.usecases.manage import ManageProjects
from shipbell.usecases.manage_sources import ManageSources
from shipbell.usecases.manage_subscriptions import ManageSubscriptions
from shipbell.usecases.next_call import Pick
from shipbell.usecases.replay import Replay
from shipbell.usecases.send_test import SendTest
from shipbell.usecases.sign_in import SignIn
from shipbell.usecases.sign_in_oidc import SignInWithOpenId
from shipbell.usecases.validate import Drafts
from shipbell.usecases.why import Why


@dataclass(slots=True)
class Woken:
    """Who wants to hear that there is something to do."""

    listeners: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self) -> None:
        """Tell them."""
        for listener in self.listeners:
            listener()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every command works with."""

    settings: Settings
    clock: Clock
    ids: TimeOrderedIds
    keys: tuple[Secret, ...]
    opened: Opened
    directory: SqlDirectory
    history: SqlHistory
    accounts: SqlAccounts
    sessions: SqlSessions
    upkeep: SqlUpkeep
    lanes: SqlLanes
    trials: SqlTrials
    refused: SqlRefusedSignIns
    audit_pages: SqlAuditPages
    door_pages: SqlDoorPages
    woken: Woken
    drafts: Drafts

    @property
    def per_minute(self) -> Mapping[str, int]:
        """How many messages a robot of each channel may get a minute; 0 = unpaced."""
        return {kind: rule.per_minute for kind, rule in _paces(self.settings).items()}

    @property
    def apply(self) -> Apply:
        """The use case behind `shipbell apply`."""
        return Apply(directory=self.directory, drafts=self.drafts)

    @property
    def export(self) -> Export:
        """The use case behind `shipbell export`."""
        return Export(directory=self.directory)

    @property
    def manage_accounts(self) -> ManageAccounts:
        """The use case behind `shipbell user` and `token`."""
        return ManageAccounts(
            accounts=self.accounts, directory=self.directory, clock=self.clock, hashed=PasswordHasher().hash
        )

    @property
    def manage_projects(self) -> ManageProjects:
        """What the API and the console do with projects and members."""
        return ManageProjects(directory=self.directory, drafts=self.drafts)

    @property
    def manage_sources(self) -> ManageSources:
        """What the API and the console do with sources."""
        return ManageSources(directory=self.directory, drafts=self.drafts, clock=self.clock)

    @property
    def manage_subscriptions(self) -> ManageSubscriptions:
        """What the API and the console do with subscriptions."""
        return ManageSubscriptions(directory=self.directory, drafts=self.drafts)

    @property
    def send_test(self) -> SendTest:
        """Test messages."""
        return SendTest(
            directory=self.directory, subscriptions=self.manage_subscriptions, trials=self.trials, clock=self.clock
        )

    @property
    def replay(self) -> Replay:
        """Replays of one project."""
        return Replay(history=self.history)

    @property
    def why(self) -> Why:
        """Answers to “why did I (not) get this?”."""
        return Why(directory=self.directory, history=self.history, offered=self.settings.offered)

    @property
    def access(self) -> Access:
        """Who may do what."""
        return Access(accounts=self.accounts)

    def seal(self, purpose: str) -> Seal:
        """What encrypts what browsers carry for this purpose, and for no other."""
        return Seal.of(purpose, self.keys)

    def sign_in(self) -> SignIn:
        """A new one with an empty throttle: keep it as long as the process."""
        hasher, seal = PasswordHasher(), self.seal("known browser")
        return SignIn(
            accounts=self.accounts,
            sessions=self.sessions,
            clock=self.clock,
            verified=lambda known, password: _verified(hasher, known, password),
            decoy=_decoy(hasher),
            refused=self.refused,
            browsers=KnownBrowsers(sealed=seal.seal, opened=seal.unseal, clock=self.clock),
        )

    def sign_in_with_openid(self) -> SignInWithOpenId | None:
        """A new one with an empty throttle, when a provider is configured: keep it as long as the process."""
        if self.settings.oidc is None:
            return None
        seal = self.seal("openid trip")
        return SignInWithOpenId(
            provider=OpenIdProvider(settings=self.settings.oidc, clock=self.clock, allow=self.settings.outbound_allow),
            table=self.settings.oidc.roles,
            identities=SqlIdentities(self.opened.database, self.clock, self.ids),
            accounts=self.accounts,
            directory=self.directory,
            sessions=self.sessions,
            clock=self.clock,
            refused=self.refused,
            sealed=seal.seal,
            opened=seal.unseal,
        )


def _paces(settings: Settings) -> Mapping[str, PaceRule]:
    """The pace of each channel: its own, unless the settings say otherwise."""
    return {**{one.about.kind: one.about.pace for one in channels.REGISTRY}, **settings.paces}


def _rules(settings: Settings, opened: Opened, ids: TimeOrderedIds) -> Rules:
    """What handing out calls needs from outside of the storage."""
    known = channels.by_kind()
    pick = Pick(known)
    return Rules(
        pick=pick,
        alert=pick.alert,
        pace=_paces(settings),
        open_url=opened.vault.decrypt,
        address_of=lambda kind, url: known[kind].address(url),
        ids=ids,
    )


def _decoy(hasher: PasswordHasher) -> str:
    """A hash that no password fits: free to make, since its bytes are random, and as dear to check as a real one."""
    salt, digest = (b64encode(token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${digest}"


def _verified(hasher: PasswordHasher, known: str, password: str) -> bool:
    try:
        return hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


def database_path(settings: Settings) -> Path:
    """The SQLite file of the settings; raises BadSettings for another database."""
    if settings.database_url is None:
        return settings.data / FILE
    url = settings.database_url.reveal()
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///"))
    raise BadSettings(
        "SHIPBELL_DATABASE_URL: this version works with SQLite alone; leave it out or use sqlite:///PATH."
    )


def check_channels(settings: Settings) -> None:
    """Raise BadSettings for a channel that is not there: a slip, by which the one that was meant is offered nowhere."""
    known = channels.by_kind()
    unknown = [one for one in settings.channel_regions if one not in known]
    if unknown:
        raise BadSettings(
            f"SHIPBELL_CHANNEL_REGIONS names no channel with “{unknown[0]}”: there is {', '.join(known)}."
        )


def assemble(settings: Settings) -> Parts:
    """Open the store of these settings and build what works on it; raises an Unusable error in words."""
    clock = SystemClock()
    ids = TimeOrderedIds(clock)
    known = channels.by_kind()
    check_channels(settings)
    path = database_path(settings)
    keys = secret_keys(settings)
    opened = open_store(path, keys)
    refused = SqlRefusedSignIns(opened.database, clock, ids)
    woken = Woken()
    rules = _rules(settings, opened, ids)
    return Parts(
        settings=settings,
        clock=clock,
        ids=ids,
        keys=keys,
        opened=opened,
        directory=SqlDirectory(
            opened.database,
            opened.vault,
            clock,
            ids,
            offered=settings.offered,
            lane_of=lambda kind, url: known[kind].lane(url),
            changed=woken,
        ),
        history=SqlHistory(opened.database, clock, expiry=settings.expiry, offered=settings.offered),
        accounts=SqlAccounts(opened.database, clock, ids),
        sessions=SqlSessions(opened.database, clock, ids),
        upkeep=SqlUpkeep(opened.database, clock, offered=settings.offered, expiry=settings.expiry),
        lanes=SqlLanes(opened.database, rules, clock),
        trials=SqlTrials(
            opened.database, opened.vault, clock, ids, lane_of=lambda kind, url: known[kind].lane(url), woken=woken
        ),
        refused=refused,
        audit_pages=SqlAuditPages(opened.database, refused),
        door_pages=SqlDoorPages(opened.database),
        woken=woken,
        drafts=Drafts(
            channels=known,
            source_kinds=tuple(one.kind for one in sources.REGISTRY),
            offered=settings.offered,
            time_zone=settings.time_zone,
        ),
    )


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[Parts]:
    """The parts, closed at the end."""
    parts = assemble(settings)
    try:
        yield parts
    finally:
        with suppress(DatabaseUnusable):
            await parts.refused.keep()
        await parts.opened.database.aclose()
