"""What is told of a setting, in the words of the file: to the audit log and to who changes some of it."""

from shipbell.ports.directory import ProjectRecord, SourceRecord, SubscriptionRecord

Facts = dict[str, object]


def project(record: ProjectRecord) -> Facts:
    """A project's own facts."""
    return {"key": record.key, "name": record.name, "region": record.region, "time_zone": record.time_zone}


def source(record: SourceRecord) -> Facts:
    """A source without its secret."""
    return {"name": record.name, "kind": record.kind}


def subscription(record: SubscriptionRecord) -> Facts:
    """All that people can change of a subscription, its URL masked."""
    return {
        "name": record.name,
        "channel": record.channel,
        "url": record.url_mask,
        "events": list(record.events),
        "gate": record.gate.value,
        "content": {service: list(fields) for service, fields in record.content.chosen.items()},
        "user_ids": record.user_ids,
        "locale": record.locale.value,
        "format": record.format.value,
        "enabled": record.enabled,
    }
