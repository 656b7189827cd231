"""Test messages on a database."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update

from shipbell.domain.secret import Secret
from shipbell.ports.clock import Clock, Ids
from shipbell.ports.message_tests import Trial, TrialState
from shipbell.storage.database.codec import from_ms, to_ms, write_event, write_json
from shipbell.storage.database.engine import Database
from shipbell.storage.queue.insert_events import next_places, search_key
from shipbell.storage.queue.lane_addresses import NewLane, lane_for
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.tables.flow import attempt_deliveries, attempts, deliveries, events, lanes

# A place before every real one, yet in the order in which tests were made.
_HEAD = -(2**62)
# A test that did not go out by then is of no use to who made it.
_WAITS_MS = int(timedelta(minutes=15).total_seconds() * 1000)


class SqlTrials:
    """The store of test messages (see `ports.message_tests.Trials`)."""

    def __init__(  # noqa: PLR0913 - what the store stands on, each by its name
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        ids: Ids,
        *,
        lane_of: Callable[[str, Secret], Secret],
        woken: Callable[[], None] = lambda: None,
    ) -> None:
        """Work on this database; `woken` is called when a test waits."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._ids = ids
        self._lane_of = lane_of
        self._woken = woken

    async def start(self, trial: Trial) -> int:
        """Put a test message at the head of its lane, closed or not; the id of its delivery."""
        made = await self._database.write(lambda connection: self._start(connection, trial))
        self._woken()
        return made

    async def state(self, delivery_id: int) -> TrialState | None:
        """How a test message stands; None when it is forgotten already."""
        return await self._database.read(lambda connection: _state(connection, delivery_id))

    def _start(self, connection: Connection, trial: Trial) -> int:
        now = to_ms(self._clock.now())
        event_id, delivery_id = self._ids.next(), self._ids.next()
        lane_id = self._lane(connection, trial, now)
        event = trial.event
        connection.execute(
            insert(events).values(
                id=event_id, project_id=trial.project_id, source_id=None, tool_id=event.id, type=event.type,
                happened_at=to_ms(event.time), name_key=search_key(event.subject.name) or "", body=write_event(event),
            )
        )  # fmt: skip
        connection.execute(
            insert(deliveries).values(
                id=delivery_id, place=_HEAD + next_places(connection, 1), project_id=trial.project_id,
                event_id=event_id, subscription_id=trial.subscription_id, lane_id=lane_id, state="waiting",
                test=True, wish=None if trial.subscription_id else write_json(trial.wish),
                url=None if trial.subscription_id else self._vault.encrypt(trial.url),
                accepted_at=now, expires_at=now + _WAITS_MS,
            )
        )  # fmt: skip
        # Unlike other deliveries a test wakes a robot that is failing or closed: it is how one finds out.
        idle = (lanes.c.id == lane_id, lanes.c.owner.is_(None))
        connection.execute(update(lanes).where(*idle).values(due_at=lanes.c.ready_at))
        return delivery_id

    def _lane(self, connection: Connection, trial: Trial, now: int) -> int:
        """The robot's lane."""
        made = NewLane(
            id=self._ids.next(),
            channel=trial.channel,
            fingerprint=self._vault.fingerprint(trial.channel, self._lane_of(trial.channel, trial.url)),
            mask=trial.url_mask,
            created_at=now,
        )
        return lane_for(connection, made)


def _state(connection: Connection, delivery_id: int) -> TrialState | None:
    statement = select(deliveries.c.state, deliveries.c.cause, lanes.c.owner, lanes.c.due_at, lanes.c.ready_at).join(
        lanes, lanes.c.id == deliveries.c.lane_id
    )
    row = connection.execute(statement.where(deliveries.c.id == delivery_id)).first()
    if row is None:
        return None
    last = connection.execute(
        select(attempts.c.result, attempts.c.code)
        .join(attempt_deliveries, attempt_deliveries.c.attempt_id == attempts.c.id)
        .where(attempt_deliveries.c.delivery_id == delivery_id)
        .order_by(attempts.c.id.desc())
        .limit(1)
    ).first()
    due = max(row.due_at or 0, row.ready_at)
    return TrialState(
        state=row.state,
        cause=row.cause,
        result=last.result if last else None,
        code=last.code if last else None,
        starts_at=None if row.owner else from_ms(due),
    )
