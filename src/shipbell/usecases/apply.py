"""Apply: make the settings what files say, or say what would change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shipbell.domain import validation
from shipbell.domain.errors import ChannelUnavailable, InvalidFile, NameTaken, NotFound, Stale
from shipbell.domain.validation import Findings
from shipbell.ports.directory import By, Directory, Edit
from shipbell.usecases.plan import Differ, Difference
from shipbell.usecases.settings_file import files_of, read_file
from shipbell.usecases.validate import SUBSCRIPTION_KEYS, Drafts, Raw, finished

_FILE_KEYS = ("defaults", "projects")
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would change: edits for the store, lines for people."""

    edits: tuple[Edit, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """Compares files with the settings and carries out the difference."""

    directory: Directory
    drafts: Drafts

    async def plan(self, path: Path, *, prune: bool = False) -> Plan:
        """What a file or folder would change.

        Raises InvalidFile (not readable), InvalidValue (broken rules, each with its key) or ChannelUnavailable.
        """
        differ = Differ(drafts=self.drafts, prune=prune)
        differences: list[Difference] = []
        problems = Findings()
        refusals: list[str] = []
        for place, raw in _projects(files_of(path), problems):
            found = problems.within(place)
            key = raw.get("key")
            usable = isinstance(key, str) and validation.project_key(Findings(), key) is not None
            known = await self.directory.whole(str(key)) if usable else None
            try:
                differences.append(differ.project(found, raw, known))
            except ChannelUnavailable as error:
                refusals.append(error.sentence)
        finished(problems)
        if refusals:
            raise ChannelUnavailable(" ".join(refusals))
        return Plan(
            edits=tuple(edit for one in differences for edit in one.edits),
            lines=tuple(line for one in differences for line in one.lines),
        )

    async def __call__(self, path: Path, by: By, *, prune: bool = False) -> Plan:
        """Carry out what `plan` says; a second time changes nothing.

        A plan that somebody's change has overtaken is made anew, a few times.
        """
        tries = 0
        while True:
            tries += 1
            plan = await self.plan(path, prune=prune)
            try:
                await self.directory.change(plan.edits, by)
            except (Stale, NotFound, NameTaken):
                if tries >= _TRIES:
                    raise
            else:
                return plan


def _projects(files: Iterable[Path], found: Findings) -> Iterable[tuple[str, Raw]]:
    """Each project of the files with its place, the file's defaults merged into its subscriptions."""
    seen: dict[str, Path] = {}
    many = list(files)
    for file in many:
        content = read_file(file)
        prefix = f"{file.name}: " if len(many) > 1 else ""
        inner = found.within(prefix)
        inner.unknown_keys(content, _FILE_KEYS)
        defaults = _mapping(content.get("defaults"), "defaults", inner)
        inner.within("defaults.").unknown_keys(defaults, SUBSCRIPTION_KEYS)
        projects = content.get("projects", [])
        if not isinstance(projects, list):
            inner.add("projects", "not-a-list", "Write a list of projects.")
            continue
        for index, raw in enumerate(projects):
            place = f"projects[{index}]"
            if not isinstance(raw, dict):
                inner.add(place, "not-an-object", "Write a project with its key.")
                continue
            key = raw.get("key")
            if isinstance(key, str):
                if key in seen:
                    told = f"in {seen[key].name} and in {file.name} ({place})"
                    raise InvalidFile(f"The project {key} stands twice: {told}.")
                seen[key] = file
            yield f"{prefix}{place}.", {**raw, "subscriptions": _with_defaults(raw.get("subscriptions"), defaults)}


def _mapping(value: object, field: str, found: Findings) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        found.add(field, "not-an-object", "Write keys with values.")
        return {}
    return value


def _with_defaults(value: object, defaults: Raw) -> object:
    if not isinstance(value, list):
        return value
    return [{**defaults, **one} if isinstance(one, dict) else one for one in value]
