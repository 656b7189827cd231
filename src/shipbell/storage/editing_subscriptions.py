"""Edits of subscriptions: their lanes, and what waits on them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from shipbell.domain.errors import NameTaken, NotFound, Stale
from shipbell.domain.secret import Secret
from shipbell.ports.clock import Ids
from shipbell.ports.directory import By, DropSubscription, PutSubscription, SubscriptionRecord
from shipbell.storage import facts
from shipbell.storage.audit import Entry
from shipbell.storage.codec import write_json
from shipbell.storage.records import subscription_of
from shipbell.storage.schema import lanes
from shipbell.storage.schema_people import subscriptions
from shipbell.storage.vault import Vault
from shipbell.storage.waiting import cancel_of_subscription, move

_STALE = "Somebody changed it after you read it: read it again and repeat your change."


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionEditor:
    """Puts and drops subscriptions inside a transaction."""

    vault: Vault
    ids: Ids
    lane_of: Callable[[str, Secret], Secret]

    def put(self, connection: Connection, project: RowMapping, edit: PutSubscription, by: By, now: int) -> list[Entry]:
        """Make or change one; a new URL moves what waits, switching off cancels it."""
        row = self._row(connection, project["id"], edit.subscription)
        _check(row, edit.expected)
        lane_id = self._lane(connection, edit.subscription, now)
        new = replace(edit.subscription, lane_id=lane_id)
        values = {**self._values(new), "updated_at": now, "updated_by": by.actor}
        after = facts.subscription(new)
        if row is None:
            connection.execute(
                insert(subscriptions).values(
                    id=self.ids.next(), project_id=project["id"], created_at=now, revision=1, **values
                )
            )
            return [Entry(action="subscription.created", target=new.name, project=project["key"], after=after)]
        connection.execute(
            update(subscriptions).where(subscriptions.c.id == row["id"]).values(revision=row["revision"] + 1, **values)
        )
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
        row = self._named(connection, project["id"], edit.name)
        if row is None:
            raise NotFound(f"{project['key']} has no subscription {edit.name}.")
        _check(row, edit.expected)
        cancel_of_subscription(connection, row["id"], cause="subscription-deleted", now=now)
        connection.execute(delete(subscriptions).where(subscriptions.c.id == row["id"]))
        before = facts.subscription(subscription_of(row, self.vault))
        return [Entry(action="subscription.deleted", target=edit.name, project=project["key"], before=before)]

    def _row(self, connection: Connection, project_id: int, new: SubscriptionRecord) -> RowMapping | None:
        named = self._named(connection, project_id, new.name)
        if not new.id:
            return named
        this = select(subscriptions).where(subscriptions.c.project_id == project_id, subscriptions.c.id == new.id)
        row = connection.execute(this).mappings().first()
        if row is None:
            raise NotFound("This subscription does not exist any more.")
        if named is not None and named["id"] != new.id:
            raise NameTaken(f"The project has another subscription named {new.name}: choose another name.")
        return row

    def _named(self, connection: Connection, project_id: int, name: str) -> RowMapping | None:
        this = select(subscriptions).where(subscriptions.c.project_id == project_id, subscriptions.c.name == name)
        return connection.execute(this).mappings().first()

    def _lane(self, connection: Connection, new: SubscriptionRecord, now: int) -> int:
        """The robot's lane, made when it is new; the newest way of writing its URL is the one that is called."""
        fingerprint = self.vault.fingerprint(new.channel, self.lane_of(new.channel, new.url))
        url = self.vault.encrypt(new.url)
        found: int | None = connection.execute(select(lanes.c.id).where(lanes.c.fingerprint == fingerprint)).scalar()
        if found is not None:
            connection.execute(update(lanes).where(lanes.c.id == found).values(url=url, mask=new.url_mask))
            return found
        made = self.ids.next()
        connection.execute(
            insert(lanes).values(
                id=made, channel=new.channel, fingerprint=fingerprint, url=url, mask=new.url_mask, created_at=now
            )
        )
        return made

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


def _check(row: RowMapping | None, expected: int | None) -> None:
    if expected is not None and (0 if row is None else row["revision"]) != expected:
        raise Stale(_STALE)
