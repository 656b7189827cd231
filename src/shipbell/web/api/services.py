"""What the API works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shipbell.ports.accounts import Accounts
from shipbell.ports.clock import Clock
from shipbell.ports.directory import Directory
from shipbell.ports.history import History
from shipbell.ports.pages import AuditPages, DoorPages
from shipbell.usecases.accounts import ManageAccounts
from shipbell.usecases.identity import Access
from shipbell.usecases.manage import ManageProjects
from shipbell.usecases.manage_sources import ManageSources
from shipbell.usecases.manage_subscriptions import ManageSubscriptions
from shipbell.usecases.replay import Replay
from shipbell.usecases.send_test import SendTest
from shipbell.usecases.why import Why
from shipbell.web.auth import Auth


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """Ports and use cases behind the operations.

    `channels` and `source_kinds` are the words of the registries; `per_minute` is the pace by channel.
    """

    auth: Auth
    access: Access
    clock: Clock
    directory: Directory
    history: History
    accounts: Accounts
    audit: AuditPages
    doors: DoorPages
    manage_accounts: ManageAccounts
    projects: ManageProjects
    sources: ManageSources
    subscriptions: ManageSubscriptions
    send_test: SendTest
    replay: Replay
    why: Why
    channels: tuple[str, ...]
    source_kinds: tuple[str, ...]
    offered: Callable[[str, str], bool]
    per_minute: Mapping[str, int]
    public_url: str
