"""A store of settings in a folder, with a clock that the test moves and another process beside it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import RowMapping, Select

from hand_clock import HandClock
from shipbell import channels, sources
from shipbell.domain.access import Role
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import ALL_FIELDS, Content, Format, GateFilter, Locale
from shipbell.ports.directory import (
    By,
    MemberRecord,
    ProjectRecord,
    ProjectWhole,
    PutMember,
    PutProject,
    PutSource,
    PutSubscription,
    SourceRecord,
    SubscriptionRecord,
)
from shipbell.storage.database.engine import Database
from shipbell.storage.database.ids import TimeOrderedIds
from shipbell.storage.open import Opened, open_store
from shipbell.storage.settings.accounts import SqlAccounts
from shipbell.storage.settings.directory import SqlDirectory
from shipbell.usecases.apply import Apply
from shipbell.usecases.export import Export
from shipbell.usecases.validate import Drafts

ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
KEY_A = "aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"
KEY_B = "bbbbbbbb-2222-4bc4-97a0-0ec2a1fa5bbb"
ALICE = By(actor="alice", via="console", address="203.0.113.7")
CHANNELS = channels.by_kind()
HOME = "ap-southeast-3"


def offered(channel: str, region: str) -> bool:
    """WeCom is offered in Singapore alone, as by default."""
    return channel == "wecom" and region == HOME


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What one process works with."""

    database: Database
    opened: Opened
    clock: HandClock
    ids: TimeOrderedIds
    directory: SqlDirectory
    accounts: SqlAccounts
    apply: Apply
    export: Export
    heard: list[str]

    async def rows(self, statement: Select[*tuple[object, ...]]) -> Sequence[RowMapping]:
        """The rows of a statement."""
        return await self.database.read(lambda connection: connection.execute(statement).mappings().all())

    async def whole(self, key: str = "payments") -> ProjectWhole:
        """A project that is there."""
        found = await self.directory.whole(key)
        assert found is not None
        return found

    async def subscribed(self, name: str = "release group") -> SubscriptionRecord:
        """A subscription of `payments` that is there."""
        [found] = [one for one in (await self.whole()).subscriptions if one.name == name]
        return found


def new_key() -> Secret:
    """A secret key, as settings hold it."""
    return Secret(Fernet.generate_key().decode())


@contextmanager
def process(folder: Path, key: Secret, clock: HandClock) -> Iterator[Store]:
    """One process on the store of this folder."""
    opened = open_store(folder / "shipbell.db", [key])
    ids = TimeOrderedIds(clock)
    heard: list[str] = []
    directory = SqlDirectory(
        opened.database,
        opened.vault,
        clock,
        ids,
        offered=offered,
        lane_of=lambda kind, url: CHANNELS[kind].lane(url),
        changed=lambda: heard.append("changed"),
    )
    drafts = Drafts(channels=CHANNELS, source_kinds=tuple(one.kind for one in sources.REGISTRY), offered=offered)
    try:
        yield Store(
            database=opened.database,
            opened=opened,
            clock=clock,
            ids=ids,
            directory=directory,
            accounts=SqlAccounts(opened.database, clock, ids),
            apply=Apply(directory=directory, drafts=drafts),
            export=Export(directory=directory),
            heard=heard,
        )
    finally:
        opened.database.close()


@asynccontextmanager
async def opened_store(folder: Path) -> AsyncIterator[Store]:
    """One process on a new store."""
    with process(folder, new_key(), HandClock()) as made:
        yield made


# --- records to put ------------------------------------------------------------------------------------------


def project(key: str = "payments", *, region: str = HOME, expected: int | None = None) -> PutProject:
    """A project to put."""
    record = ProjectRecord(key=key, name=key.title(), region=region, time_zone="Asia/Singapore")
    return PutProject(project=record, expected=expected)


def member(user: str, role: Role = Role.VIEWER, *, key: str = "payments", expected: int | None = None) -> PutMember:
    """A member to put."""
    return PutMember(project=key, member=MemberRecord(user=user, role=role), expected=expected)


def source(
    name: str = "ci", *, secret: str = "s3cret-of-ci", key: str = "payments", kind: str = "generic"
) -> PutSource:
    """A source to put."""
    return PutSource(project=key, source=SourceRecord(name=name, kind=kind, secret=Secret(secret)))


def subscription(
    name: str = "release group",
    *,
    url: str = ROBOT + KEY_A,
    key: str = "payments",
    events: tuple[str, ...] = ("pipeline.run.failed",),
    content: Content = ALL_FIELDS,
    user_ids: str = "",
    enabled: bool = True,
    id: int = 0,  # noqa: A002 - the record's own word
    expected: int | None = None,
) -> PutSubscription:
    """A subscription to put."""
    secret = Secret(url)
    record = SubscriptionRecord(
        id=id,
        name=name,
        channel="wecom",
        url=secret,
        url_mask=CHANNELS["wecom"].mask(secret),
        events=events,
        gate=GateFilter.ALL,
        content=content,
        user_ids=user_ids,
        locale=Locale.EN,
        format=Format.MARKDOWN,
        enabled=enabled,
    )
    return PutSubscription(project=key, subscription=record, expected=expected)
