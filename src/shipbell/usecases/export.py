"""Export: the settings as the file that `apply` takes; applying it changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipbell.domain.errors import NotFound
from shipbell.ports.directory import Directory, ProjectWhole, SourceRecord, SubscriptionRecord
from shipbell.usecases.settings_file import write_yaml
from shipbell.usecases.validate import SECRET_MASK, wish_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Writes one project or all of them; secrets are masked unless they are asked for."""

    directory: Directory

    async def __call__(self, key: str | None = None, *, with_secrets: bool = False) -> str:
        """The YAML; raises NotFound for a project that is not there."""
        keys = [key] if key is not None else [one.key for one in await self.directory.projects()]
        wholes: list[ProjectWhole] = []
        for one in keys:
            whole = await self.directory.whole(one)
            if whole is None:
                raise NotFound(f"There is no project {one}.")
            wholes.append(whole)
        return write_yaml({"projects": [_project(one, with_secrets=with_secrets) for one in wholes]})


def _project(whole: ProjectWhole, *, with_secrets: bool) -> dict[str, object]:
    project = whole.project
    return {
        "key": project.key,
        "name": project.name,
        "region": project.region,
        "time_zone": project.time_zone,
        "members": {one.user: one.role.value for one in whole.members},
        "sources": _sources(whole.sources, with_secrets=with_secrets),
        "subscriptions": [_subscription(one, with_secrets=with_secrets) for one in whole.subscriptions],
    }


def _sources(sources: Sequence[SourceRecord], *, with_secrets: bool) -> list[dict[str, object]]:
    return [
        {"name": one.name, "kind": one.kind, "secret": one.secret.reveal() if with_secrets else SECRET_MASK}
        for one in sources
    ]


def _subscription(one: SubscriptionRecord, *, with_secrets: bool) -> dict[str, object]:
    wish = wish_of(one)
    content = {"content": wish["content"]} if wish["content"] else {}
    return {
        **{name: value for name, value in wish.items() if name != "content"},
        "url": one.url.reveal() if with_secrets else one.url_mask,
        **content,
    }
