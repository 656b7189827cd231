"""A database with many deliveries, written straight into the tables."""

import json
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from hand_clock import AT
from shipbell.domain.ids import first_at
from shipbell.storage.database.codec import to_ms
from shipbell.storage.tables.flow import attempt_deliveries, attempts, deliveries, events
from shipbell.storage.tables.settings import projects, sources, subscriptions

SPAN = timedelta(hours=24)
TYPES = ("pipeline.run.completed", "pipeline.run.failed", "check.task.completed", "deploy.application.deployed")


def state_of(index: int) -> str:
    """The state of a delivery: now and then one ends badly, the newest few wait."""
    if index % 500 == 7:
        return "dead"
    return "expired" if index % 1_000 == 9 else "delivered"


def event_body(index: int, kind: str, at: datetime) -> bytes:
    """An event as the store writes it."""
    return json.dumps(
        {
            "id": f"run-{index}",
            "type": kind,
            "time": at.isoformat(),
            "subject": {"name": f"pipeline-{index % 40:02d}"},
            "run": {"number": str(index), "status": "FAILED" if kind.endswith("failed") else "COMPLETED"},
        }
    ).encode()


def fill(connection: Connection, *, many: int, waiting: int = 5) -> None:
    """Write `many` events with one delivery and one attempt each, over the last day."""
    project = connection.execute(select(projects.c.id)).scalar_one()
    source = connection.execute(select(sources.c.id)).scalars().first()
    wanted = connection.execute(select(subscriptions.c.id, subscriptions.c.lane_id)).all()
    step = SPAN / many
    batch: tuple[list[dict[str, object]], ...] = ([], [], [], [])
    for index in range(many):
        at = AT - SPAN + step * index
        number = first_at(at) + index % 1_000 + 1
        kind, (subscription, lane) = TYPES[index % len(TYPES)], wanted[index % len(wanted)]
        state = "waiting" if index >= many - waiting else state_of(index)
        batch[0].append(
            {
                "id": number, "project_id": project, "source_id": source, "tool_id": f"run-{index}", "type": kind,
                "ignored": None, "happened_at": to_ms(at), "name_key": f"pipeline-{index % 40:02d}",
                "number_key": str(index), "commit_key": None, "url": f"https://ci.example.com/{index}",
                "body": event_body(index, kind, at),
            }
        )  # fmt: skip
        batch[1].append(
            {
                "id": number, "place": index + 1, "project_id": project, "event_id": number,
                "subscription_id": subscription, "lane_id": lane, "state": state,
                "cause": "93000" if state == "dead" else None, "maybe_delivered": False, "alone": False,
                "stepped_aside": False, "failures": int(state == "waiting" and index % 2), "uncertain": 0,
                "accepted_at": to_ms(at), "expires_at": to_ms(at + SPAN),
                "settled_at": None if state == "waiting" else to_ms(at) + 400 + index % 50,
            }
        )  # fmt: skip
        if state == "delivered":
            batch[2].append(
                {
                    "id": number, "lane_id": lane, "started_at": to_ms(at), "ended_at": to_ms(at) + 400,
                    "result": "delivered", "code": "0", "detail": "ok", "status": 200, "maybe_delivered": False,
                    "companion": False, "carried": 1, "body": b"{}",
                }
            )  # fmt: skip
            batch[3].append({"delivery_id": number, "attempt_id": number, "line": None})
    for table, rows in zip((events, deliveries, attempts, attempt_deliveries), batch, strict=True):
        connection.execute(insert(table), rows)
