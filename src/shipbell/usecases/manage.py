"""Manage: one project or member at a time, with the revision that the writer saw."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from shipbell.domain import validation
from shipbell.domain.errors import Forbidden, NameTaken, NotFound, Stale
from shipbell.domain.validation import Findings
from shipbell.ports.directory import (
    By,
    Directory,
    DropMember,
    DropProject,
    MemberRecord,
    ProjectRecord,
    ProjectWhole,
    PutMember,
    PutProject,
    Stamp,
)
from shipbell.usecases.validate import Drafts, Raw, finished

T = TypeVar("T")

FACTS = ("key", "name", "region", "time_zone")
_TRIES = 5
_MOVED = "Only an instance administrator moves a project to another region."


def revision(stamp: Stamp | None) -> int:
    """The revision of what is kept; 0 = not kept yet."""
    return stamp.revision if stamp else 0


def check_seen(stamp: Stamp | None, expected: int | None) -> None:
    """Raise Stale when it is not the revision that the writer saw (None = any)."""
    if expected is not None and revision(stamp) != expected:
        raise Stale


async def settled(work: Callable[[], Awaitable[T]], expected: int | None) -> T:
    """Do work that reads and then writes; one who did not say what was seen is not told of a race, it is redone."""
    for _ in range(_TRIES):
        try:
            return await work()
        except Stale:
            if expected is not None:
                raise
    return await work()


async def whole_of(directory: Directory, key: str) -> ProjectWhole:
    """A project with all that belongs to it; raises NotFound."""
    whole = await directory.whole(key)
    if whole is None:
        raise NotFound(f"There is no project {key}, or it is not yours to know.")
    return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageProjects:
    """What the API and the console do with projects and their members."""

    directory: Directory
    drafts: Drafts

    async def create(self, raw: Raw, by: By) -> ProjectRecord:
        """Make a project; raises InvalidValue, NameTaken."""
        record = self._checked(raw, None)
        try:
            await self.directory.change([PutProject(project=record, expected=0)], by)
        except Stale as error:
            raise NameTaken(f"There is a project {record.key} already: choose another key.") from error
        return (await whole_of(self.directory, record.key)).project

    async def replace(
        self, key: str, change: Callable[[ProjectRecord], Raw], by: By, *, expected: int | None, may_move: bool
    ) -> ProjectRecord:
        """Change a project's own facts to what `change` makes of them; the key stays.

        Raises InvalidValue, NotFound, Stale; Forbidden for another region unless `may_move`.
        """

        async def work() -> ProjectRecord:
            known = (await whole_of(self.directory, key)).project
            check_seen(known.stamp, expected)
            record = self._checked({"key": key, **change(known)}, known)
            if record.region != known.region and not may_move:
                raise Forbidden(_MOVED)
            if _facts(record) == _facts(known):
                return known
            edit = PutProject(project=record, expected=revision(known.stamp))
            await self.directory.change([edit], by)
            return (await whole_of(self.directory, key)).project

        return await settled(work, expected)

    async def delete(self, key: str, by: By, *, expected: int | None) -> None:
        """End a project; raises NotFound, Stale."""
        await self.directory.change([DropProject(key=key, expected=expected)], by)

    async def put_member(
        self, key: str, user: str, raw: Raw, by: By, *, expected: int | None
    ) -> tuple[MemberRecord, bool]:
        """Give a user a role: the member, and whether it is a new one. Raises InvalidValue, NotFound, Stale."""

        async def work() -> tuple[MemberRecord, bool]:
            known = _member(await whole_of(self.directory, key), user)
            check_seen(known.stamp if known else None, expected)
            found = Findings()
            name = validation.user_name(found, user, "user", known.user if known else None)
            found.unknown_keys(raw, ("role",))
            given = validation.role(found, raw.get("role"))
            finished(found)
            assert name is not None and given is not None  # noqa: S101, PT018 - else the findings hold the reason
            if known is not None and known.role is given:
                return known, False
            edit = PutMember(
                project=key,
                member=MemberRecord(user=name, role=given),
                expected=revision(known.stamp if known else None),
            )
            await self.directory.change([edit], by)
            made = _member(await whole_of(self.directory, key), name)
            return made or edit.member, known is None

        return await settled(work, expected)

    async def remove_member(self, key: str, user: str, by: By, *, expected: int | None) -> None:
        """Take a user's role; raises NotFound, Stale."""
        if _member(await whole_of(self.directory, key), user) is None:
            raise NotFound(f"{user} is no member of {key}.")
        await self.directory.change([DropMember(project=key, user=user, expected=expected)], by)

    def _checked(self, raw: Raw, known: ProjectRecord | None) -> ProjectRecord:
        found = Findings()
        found.unknown_keys(raw, FACTS)
        if known is not None and raw.get("key") != known.key:
            found.add("key", "key-fixed", f"The key stays {known.key}: addresses of hooks hold it.")
        record = self.drafts.project(found, raw, known)
        finished(found)
        assert record is not None  # noqa: S101 - a record that is missing has its reason in the findings
        return record


def _facts(record: ProjectRecord) -> tuple[str, str, str]:
    return record.name, record.region, record.time_zone


def _member(whole: ProjectWhole, user: str) -> MemberRecord | None:
    return next((one for one in whole.members if one.user == user), None)
