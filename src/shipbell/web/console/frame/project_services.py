"""What the pages inside a project work with, beside what every page has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from shipbell.ports.insight import Insight
from shipbell.ports.pages import AuditPages, DoorPages
from shipbell.usecases.manage import ManageProjects
from shipbell.usecases.manage_sources import ManageSources
from shipbell.usecases.replay import Replay
from shipbell.usecases.why import Why
from shipbell.web.console.frame.streams import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectServices:
    """Ports and use cases behind the pages of a project.

    `instructions` gives the page of a source kind in a language, with `{hook_url}` and `{secret}` in it.
    `per_minute` is how many messages a robot of a channel may get a minute, 0 = unpaced.
    """

    insight: Insight
    audit: AuditPages
    door: DoorPages
    why: Why
    replay: Replay
    manage_projects: ManageProjects
    manage_sources: ManageSources
    source_kinds: Sequence[str]
    instructions: Callable[[str, str], str]
    per_minute: Mapping[str, int]
    streams: Streams


def project_services(request: Request) -> ProjectServices:
    """The services of the application that a request came to."""
    services = request.app.state.console.project
    assert isinstance(services, ProjectServices)  # noqa: S101 - set where the application is built
    return services
