"""Manage sources: one at a time; a secret is made up when none is given, and shown once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import token_urlsafe

from shipbell.domain.errors import NameTaken, NotFound, Stale
from shipbell.domain.secret import Secret
from shipbell.domain.validation import Findings
from shipbell.ports import facts
from shipbell.ports.clock import Clock
from shipbell.ports.directory import By, Directory, DropSource, PutSource, SourceRecord
from shipbell.usecases.manage import check_seen, revision, settled, whole_of
from shipbell.usecases.validate import SECRET_MASK, Drafts, Raw, finished

MOST_OVERLAP_HOURS = 24 * 90
OVERLAP_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageSources:
    """What the API and the console do with sources."""

    directory: Directory
    drafts: Drafts
    clock: Clock

    async def one(self, key: str, source_id: int) -> SourceRecord:
        """A source of this project; raises NotFound."""
        for source in (await whole_of(self.directory, key)).sources:
            if source.id == source_id:
                return source
        raise NotFound("There is no such source in this project.")

    async def create(self, key: str, raw: Raw, by: By) -> SourceRecord:
        """Make a source; raises InvalidValue, NotFound, NameTaken."""
        record = self._checked(raw, None)
        try:
            await self.directory.change([PutSource(project=key, source=record, expected=0)], by)
        except Stale as error:
            raise NameTaken(f"The project has a source named {record.name} already: choose another name.") from error
        return await self._named(key, record.name)

    async def replace(
        self, key: str, source_id: int, change: Callable[[SourceRecord], Raw], by: By, *, expected: int | None
    ) -> SourceRecord:
        """Change a source to what `change` makes of it; a secret that is left out or masked stays.

        Raises InvalidValue, NotFound, NameTaken, Stale.
        """

        async def work() -> SourceRecord:
            known = await self.one(key, source_id)
            check_seen(known.stamp, expected)
            record = self._checked(change(known), known)
            if _wish(record) == _wish(known):
                return known
            edit = PutSource(project=key, source=record, expected=revision(known.stamp))
            await self.directory.change([edit], by)
            return await self.one(key, source_id)

        return await settled(work, expected)

    async def rotate(self, key: str, source_id: int, raw: Raw, by: By, *, expected: int | None) -> SourceRecord:
        """Give a source a new secret; the old one works for `overlap_hours` (24) more, with 0 no longer.

        Raises InvalidValue, NotFound, Stale.
        """
        hours = _overlap(raw)

        async def work() -> SourceRecord:
            known = await self.one(key, source_id)
            check_seen(known.stamp, expected)
            overlaps = hours > 0
            record = replace(
                known,
                secret=Secret(token_urlsafe(32)),
                old_secret=known.secret if overlaps else None,
                old_until=self.clock.now() + timedelta(hours=hours) if overlaps else None,
            )
            edit = PutSource(project=key, source=record, expected=revision(known.stamp))
            await self.directory.change([edit], by)
            return await self.one(key, source_id)

        return await settled(work, expected)

    async def delete(self, key: str, source_id: int, by: By, *, expected: int | None) -> None:
        """End a source; raises NotFound, Stale."""

        async def work() -> None:
            known = await self.one(key, source_id)
            check_seen(known.stamp, expected)
            edit = DropSource(project=key, name=known.name, expected=revision(known.stamp))
            await self.directory.change([edit], by)

        await settled(work, expected)

    async def _named(self, key: str, name: str) -> SourceRecord:
        for source in (await whole_of(self.directory, key)).sources:
            if source.name == name:
                return source
        raise NotFound("The source was deleted at the same moment.")

    def _checked(self, raw: Raw, known: SourceRecord | None) -> SourceRecord:
        found = Findings()
        record = self.drafts.source(found, raw, known, make_up=True)
        finished(found)
        assert record is not None  # noqa: S101 - a record that is missing has its reason in the findings
        return record


def facts_of(record: SourceRecord) -> dict[str, object]:
    """A source in the words of the file, its secret masked."""
    return {**facts.source(record), "secret": SECRET_MASK}


def _wish(record: SourceRecord) -> tuple[str, str, Secret]:
    return record.name, record.kind, record.secret


def _overlap(raw: Raw) -> float:
    found = Findings()
    found.unknown_keys(raw, ("overlap_hours",))
    hours = raw.get("overlap_hours", OVERLAP_HOURS)
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 <= hours <= MOST_OVERLAP_HOURS:
        found.add("overlap_hours", "overlap-range", f"Give a number of hours from 0 to {MOST_OVERLAP_HOURS}.")
        hours = 0
    finished(found)
    return hours
