"""Edits of subscriptions: their lanes, and what waits on them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, RowMapping, delete, insert, update

from shipbell.domain.errors import NotFound
from shipbell.domain.secret import Secret
from shipbell.ports import facts
from shipbell.ports.clock import Ids
from shipbell.ports.directory import By, DropSubscription, PutSubscription, SubscriptionRecord
from shipbell.storage.audit.chain import Entry
from shipbell.storage.database.codec import write_json
from shipbell.storage.queue.lane_addresses import NewLane, lane_for
from shipbell.storage.queue.requeue import cancel_of_subscription, move
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.settings.edit_rows import check_seen, named_row, stamped
from shipbell.storage.settings.records import subscription_of
from shipbell.storage.tables.settings import subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionEditor:
    """Puts and drops subscriptions inside a transaction."""

    vault: Vault
    ids: Ids
    lane_of: Callable[[str, Secret], Secret]

    def put(self, connection: Connection, project: RowMapping, edit: PutSubscription, by: By, now: int) -> list[Entry]:
        """Make or change one; a new URL moves what waits, switching off cancels it."""
        row = named_row(connection, subscriptions, project["id"], edit.subscription.id, edit.subscription.name)
        check_seen(row, edit.expected)
        lane_id = self._lane(connection, edit.subscription, now)
        new = replace(edit.subscription, lane_id=lane_id)
        values = {**self._values(new), **stamped(row, by, now)}
        after = facts.subscription(new)
        if row is None:
            made = insert(subscriptions).values(id=self.ids.next(), project_id=project["id"], **values)
            connection.execute(made)
            return [Entry(action="subscription.created", target=new.name, project=project["key"], after=after)]
        connection.execute(update(subscriptions).where(subscriptions.c.id == row["id"]).values(**values))
        if row["enabled"] and not new.enabled:
            cancel_of_subscription(connection, row["id"], cause="subscription-disabled", now=now)
        elif row["lane_id"] != lane_id:
            move(connection, row["id"], old_lane=row["lane_id"], new_lane=lane_id, now=now)
        before = facts.subscription(subscription_of(row, self.vault))
        return [
            Entry(action="subscription.updated", target=new.name, project=project["key"], before=before, after=after)
        ]

    def drop(self, connection: Connection, project: RowMapping, edit: DropSubscription, now: int) -> list[Entry]:
        """End one; what waits is cancelled."""
        row = named_row(connection, subscriptions, project["id"], 0, edit.name)
        if row is None:
            raise NotFound(f"{project['key']} has no subscription {edit.name}.")
        check_seen(row, edit.expected)
        cancel_of_subscription(connection, row["id"], cause="subscription-deleted", now=now)
        connection.execute(delete(subscriptions).where(subscriptions.c.id == row["id"]))
        before = facts.subscription(subscription_of(row, self.vault))
        return [Entry(action="subscription.deleted", target=edit.name, project=project["key"], before=before)]

    def _lane(self, connection: Connection, new: SubscriptionRecord, now: int) -> int:
        """The robot's lane."""
        made = NewLane(
            id=self.ids.next(),
            channel=new.channel,
            fingerprint=self.vault.fingerprint(new.channel, self.lane_of(new.channel, new.url)),
            mask=new.url_mask,
            created_at=now,
        )
        return lane_for(connection, made)

    def _values(self, new: SubscriptionRecord) -> dict[str, object]:
        return {
            "name": new.name,
            "channel": new.channel,
            "lane_id": new.lane_id,
            "url": self.vault.encrypt(new.url),
            "url_mask": new.url_mask,
            "events": write_json(new.events),
            "gate": new.gate.value,
            "content": write_json(new.content.chosen),
            "user_ids": new.user_ids,
            "locale": new.locale.value,
            "format": new.format.value,
            "enabled": new.enabled,
        }
