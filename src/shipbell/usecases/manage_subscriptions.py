"""Manage subscriptions: one at a time, by the rules of the form and of the region."""

from collections.abc import Callable
from dataclasses import dataclass

from shipbell.domain.errors import NameTaken, NotFound, Stale
from shipbell.domain.validation import Findings
from shipbell.ports.directory import By, Directory, DropSubscription, ProjectWhole, PutSubscription, SubscriptionRecord
from shipbell.usecases.manage import check_seen, revision, settled, whole_of
from shipbell.usecases.validate import Drafts, Raw, finished, same_wish


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageSubscriptions:
    """What the API and the console do with subscriptions."""

    directory: Directory
    drafts: Drafts

    async def one(self, key: str, subscription_id: int) -> SubscriptionRecord:
        """A subscription of this project; raises NotFound."""
        return _one(await whole_of(self.directory, key), subscription_id)

    async def create(self, key: str, raw: Raw, by: By) -> SubscriptionRecord:
        """Make a subscription; raises InvalidValue, NotFound, NameTaken, ChannelUnavailable."""
        whole = await whole_of(self.directory, key)
        record = self.checked(raw, None)
        self.drafts.check_offered(whole.project.region, record, None)
        try:
            await self.directory.change([PutSubscription(project=key, subscription=record, expected=0)], by)
        except Stale as error:
            raise NameTaken(
                f"The project has a subscription named {record.name} already: choose another name."
            ) from error
        for one in (await whole_of(self.directory, key)).subscriptions:
            if one.name == record.name:
                return one
        raise NotFound("The subscription was deleted at the same moment.")

    async def replace(
        self, key: str, subscription_id: int, change: Callable[[SubscriptionRecord], Raw], by: By, *,
        expected: int | None,
    ) -> SubscriptionRecord:  # fmt: skip
        """Change a subscription to what `change` makes of it; a masked URL stays.

        Raises InvalidValue, NotFound, NameTaken, Stale, ChannelUnavailable.
        """

        async def work() -> SubscriptionRecord:
            whole = await whole_of(self.directory, key)
            known = _one(whole, subscription_id)
            check_seen(known.stamp, expected)
            record = self.checked(change(known), known)
            self.drafts.check_offered(whole.project.region, record, known)
            if same_wish(record, known):
                return known
            edit = PutSubscription(project=key, subscription=record, expected=revision(known.stamp))
            await self.directory.change([edit], by)
            return await self.one(key, subscription_id)

        return await settled(work, expected)

    async def delete(self, key: str, subscription_id: int, by: By, *, expected: int | None) -> None:
        """End a subscription; raises NotFound, Stale."""

        async def work() -> None:
            known = await self.one(key, subscription_id)
            check_seen(known.stamp, expected)
            edit = DropSubscription(project=key, name=known.name, expected=revision(known.stamp))
            await self.directory.change([edit], by)

        await settled(work, expected)

    def checked(self, raw: Raw, known: SubscriptionRecord | None) -> SubscriptionRecord:
        """The record of a request; raises InvalidValue."""
        found = Findings()
        record = self.drafts.subscription(found, raw, known)
        finished(found)
        assert record is not None  # noqa: S101 - a record that is missing has its reason in the findings
        return record


def _one(whole: ProjectWhole, subscription_id: int) -> SubscriptionRecord:
    for one in whole.subscriptions:
        if one.id == subscription_id:
            return one
    raise NotFound("There is no such subscription in this project.")
