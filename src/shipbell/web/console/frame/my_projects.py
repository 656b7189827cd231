"""The projects of the one who looks."""

from dataclasses import dataclass

from starlette.requests import Request

from shipbell.domain.access import Role
from shipbell.ports.directory import KnownProject
from shipbell.web.console.frame.page import who_of
from shipbell.web.console.frame.services import services_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MyProject:
    """A project and one's role in it (None for an instance administrator without one)."""

    project: KnownProject
    role: Role | None


def named(key: str, name: str, text: str) -> bool:
    """Whether a text is the beginning of a project's key, or of a word of its name."""
    wanted, words = text.casefold(), name.casefold()
    return key.startswith(wanted) or words.startswith(wanted) or f" {wanted}" in words


async def my_projects(request: Request) -> list[MyProject]:
    """The projects that one is a member of, for an instance administrator all, in order of name."""
    who, services = who_of(request), services_of(request)
    roles = await services.access.roles(who)
    known = (await services.directory.snapshot()).projects
    mine = [
        MyProject(project=one, role=roles.get(key)) for key, one in known.items() if key in roles or who.user.is_admin
    ]
    return sorted(mine, key=lambda one: (one.project.name.casefold(), one.project.key))
