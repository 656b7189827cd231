"""What the console's pages work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from shipbell.domain.secret import Secret
from shipbell.ports.accounts import Accounts
from shipbell.ports.channel import Channel
from shipbell.ports.clock import Clock
from shipbell.ports.directory import Directory
from shipbell.ports.history import History
from shipbell.ports.sessions import Sessions
from shipbell.usecases.accounts import ManageAccounts
from shipbell.usecases.identity import Access
from shipbell.usecases.manage_subscriptions import ManageSubscriptions
from shipbell.usecases.send_test import SendTest
from shipbell.usecases.sign_in import SignIn
from shipbell.usecases.sign_in_oidc import SignInWithOpenId
from shipbell.web.auth import Auth
from shipbell.web.console.frame.project_services import ProjectServices


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleServices:
    """Ports and use cases behind the pages; `sealed` and `opened` encrypt and decrypt under the secret key."""

    auth: Auth
    access: Access
    sign_in: SignIn
    sessions: Sessions
    directory: Directory
    history: History
    accounts: Accounts
    manage_accounts: ManageAccounts
    subscriptions: ManageSubscriptions
    send_test: SendTest
    channels: Mapping[str, Channel]
    offered: Callable[[str, str], bool]
    channel_regions: Mapping[str, frozenset[str]]
    time_zone: str
    project: ProjectServices
    clock: Clock
    public_url: str
    sealed: Callable[[Secret], bytes]
    opened: Callable[[bytes], Secret]
    openid: SignInWithOpenId | None = None


def services_of(request: Request) -> ConsoleServices:
    """The services of the application that a request came to."""
    services = request.app.state.console
    assert isinstance(services, ConsoleServices)  # noqa: S101 - set where the application is built
    return services
